//! What browsers are served: OHIF, our extension for it, and headers that let nothing else in.

use std::path::Path;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// Everything comes from here. OHIF decodes images in WebAssembly workers made of blobs, and styles its elements in place.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; \
    worker-src 'self' blob:; connect-src 'self' blob: data:; object-src 'none'; base-uri 'self'; form-action 'self'; \
    frame-ancestors 'self'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval'";

/// The pages. Addresses that are no file are OHIF's own, which it reads itself.
pub fn router(ohif: Option<&Path>, extension: Option<&Path>) -> Router {
    let mut router = Router::new();
    if let Some(extension) = extension {
        router = router
            .nest_service("/ext", ServeDir::new(extension))
            // OHIF asks for its configuration beside its own pages.
            .route_service("/app-config.js", ServeFile::new(extension.join("app-config.js")));
    }
    if let Some(ohif) = ohif {
        router = router.fallback_service(ServeDir::new(ohif).fallback(ServeFile::new(ohif.join("index.html"))));
    }
    router
}

/// Adds the headers to every answer that has not set its own. `ohif`: whose own scripts may run where they stand.
pub fn guarded(router: Router, ohif: Option<&Path>) -> Router {
    let page = ohif.and_then(|folder| std::fs::read_to_string(folder.join("index.html")).ok()).unwrap_or_default();
    let allowed: String = inline_scripts(&page).map(|script| format!(" '{}'", digest(script))).collect();
    let headers: [(HeaderName, String); 7] = [
        (CONTENT_SECURITY_POLICY, format!("{POLICY}{allowed}")),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".into()),
        (X_FRAME_OPTIONS, "SAMEORIGIN".into()),
        (REFERRER_POLICY, "no-referrer".into()),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin".into()),
        (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp".into()),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin".into()),
    ];
    headers.into_iter().fold(router, |router, (name, value)| {
        let value = HeaderValue::from_str(&value).expect("plain words and digests");
        router.layer(SetResponseHeaderLayer::if_not_present(name, value))
    })
}

/// The scripts that stand in a page itself.
fn inline_scripts(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (script, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=")).then_some(script)
    })
}

/// A script as a policy names it.
fn digest(script: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(script)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_scripts_of_the_page_itself_may_run_where_they_stand() {
        let page =
            "<head><script src=\"a.js\"></script><script>let a = 1 > 0;</script><script type=\"module\">b()</script>";
        assert_eq!(inline_scripts(page).collect::<Vec<_>>(), ["let a = 1 > 0;", "b()"]);
        assert_eq!(digest(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
