//! What browsers are served: OHIF, our extension for it, and headers that let nothing else in.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::fault::Refusal;

/// Everything comes from here. OHIF decodes images in WebAssembly workers made of blobs, and styles its elements in place.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; \
    worker-src 'self' blob:; connect-src 'self' blob: data:; object-src 'none'; base-uri 'self'; form-action 'self'; \
    frame-ancestors 'self'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval'";

/// Beginnings of paths that programs ask for, on other servers or on this one: never a page of OHIF.
const FOR_PROGRAMS: [&str; 4] = ["api", "docs", "metrics", "status"];

/// The pages. Addresses that are no file are OHIF's own, which it reads itself, where a browser goes to them; others are not there.
pub fn router(ohif: Option<&Path>, extension: Option<&Path>) -> Router {
    let mut router = Router::new();
    if let Some(extension) = extension {
        router = router
            .nest_service("/ext", ServeDir::new(extension))
            // OHIF asks for its configuration beside its own pages.
            .route_service("/app-config.js", ServeFile::new(extension.join("app-config.js")));
    }
    match ohif {
        Some(ohif) => {
            let elsewhere = any(elsewhere).with_state(Some(ohif.join("index.html")));
            let files = ServeDir::new(ohif).call_fallback_on_method_not_allowed(true).fallback(elsewhere);
            router.fallback_service(files)
        }
        None => router.fallback_service(any(elsewhere).with_state(None)),
    }
}

/// What is no file: OHIF's page, or the refusal that a program can read.
async fn elsewhere(State(page): State<Option<PathBuf>>, request: Request) -> Response {
    match page.filter(|_| is_navigation(request.method(), request.uri().path(), request.headers())) {
        Some(page) => match ServeFile::new(&page).try_call(request).await {
            Ok(answer) => answer.into_response(),
            Err(error) => {
                tracing::error!(%error, page = %page.display(), "the page of the viewer cannot be read");
                Refusal::no_such_path().into_response()
            }
        },
        None => Refusal::no_such_path().into_response(),
    }
}

/// True where a browser goes to an address: it asks for a page by name, which programs, scripts and pictures do not.
pub(crate) fn is_navigation(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    matches!(*method, Method::GET | Method::HEAD)
        && accepted.any(|value| value.contains("text/html"))
        && !FOR_PROGRAMS.contains(&first)
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
    fn a_browser_goes_to_a_page_and_a_program_does_not() {
        let asked = |path, accept: Option<&str>| {
            let headers = accept.map(|accept| (ACCEPT, accept.parse().unwrap())).into_iter().collect();
            is_navigation(&Method::GET, path, &headers)
        };
        let browser = Some("text/html,application/xhtml+xml,*/*;q=0.8");
        assert!(asked("/cordline", browser) && asked("/", browser) && asked("/statuses", browser));
        for path in ["/metrics", "/status/", "/docs", "/api/v1/nonsense", "//metrics"] {
            assert!(!asked(path, browser), "{path}");
        }
        assert!(!asked("/cordline", None) && !asked("/cordline", Some("*/*")));
    }

    #[test]
    fn only_the_scripts_of_the_page_itself_may_run_where_they_stand() {
        let page =
            "<head><script src=\"a.js\"></script><script>let a = 1 > 0;</script><script type=\"module\">b()</script>";
        assert_eq!(inline_scripts(page).collect::<Vec<_>>(), ["let a = 1 > 0;", "b()"]);
        assert_eq!(digest(""), "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }
}
