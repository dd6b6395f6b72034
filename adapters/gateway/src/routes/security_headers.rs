//! Headers of every answer: which scripts a browser may run, and where from.

use std::path::Path;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cordline_sdk::sha256::Sha256;
use tower_http::set_header::SetResponseHeaderLayer;

/// Everything is loaded from the gateway. OHIF decodes images in WebAssembly workers made of blobs, and styles its elements in place.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; \
    worker-src 'self' blob:; connect-src 'self' blob: data:; object-src 'none'; base-uri 'self'; form-action 'self'; \
    frame-ancestors 'self'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval'";

/// Adds the headers to every answer that has not set its own. `ohif`: its folder, whose page may run its own inline scripts.
pub(super) fn add(router: Router, ohif: Option<&Path>) -> Router {
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

/// The inline scripts of a page.
fn inline_scripts(page: &str) -> impl Iterator<Item = &str> {
    page.split("<script").skip(1).filter_map(|rest| {
        let (attributes, rest) = rest.split_once('>')?;
        let (script, _) = rest.split_once("</script>")?;
        (!attributes.contains("src=")).then_some(script)
    })
}

/// A script as a content security policy names it.
fn digest(script: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::of(script).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_inline_scripts_of_the_page_itself_may_run() {
        let page =
            "<head><script src=\"a.js\"></script><script>let a = 1 > 0;</script><script type=\"module\">b()</script>";
        assert_eq!(inline_scripts(page).collect::<Vec<_>>(), ["let a = 1 > 0;", "b()"]);
        assert_eq!(digest(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
