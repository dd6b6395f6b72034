//! The files of OHIF and of our extension for it.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tower_http::services::{ServeDir, ServeFile};

use crate::error::ApiError;

/// First segments of paths that programs ask for, here or on other servers: never a page of OHIF.
const PROGRAM_PATHS: [&str; 4] = ["api", "docs", "metrics", "status"];

/// The routes. An address that is no file is a page of OHIF where a browser navigates to it; else it is an error.
pub(super) fn router(ohif: Option<&Path>, extension: Option<&Path>) -> Router {
    let mut router = Router::new();
    if let Some(extension) = extension {
        router = router
            .nest_service("/ext", ServeDir::new(extension))
            // OHIF asks for its configuration beside its own pages.
            .route_service("/app-config.js", ServeFile::new(extension.join("app-config.js")));
    }
    match ohif {
        Some(ohif) => {
            let fallback = any(fallback).with_state(Some(ohif.join("index.html")));
            let files = ServeDir::new(ohif).call_fallback_on_method_not_allowed(true).fallback(fallback);
            router.fallback_service(files)
        }
        None => router.fallback_service(any(fallback).with_state(None)),
    }
}

/// What is no file: OHIF's page, or an error that a program can read.
async fn fallback(State(page): State<Option<PathBuf>>, request: Request) -> Response {
    match page.filter(|_| is_navigation(request.method(), request.uri().path(), request.headers())) {
        Some(page) => match ServeFile::new(&page).try_call(request).await {
            Ok(answer) => answer.into_response(),
            Err(error) => {
                tracing::error!(%error, page = %page.display(), "the page of the viewer cannot be read");
                ApiError::no_such_path().into_response()
            }
        },
        None => ApiError::no_such_path().into_response(),
    }
}

/// True where a browser navigates to an address: it accepts HTML by name, which programs, scripts and pictures do not.
pub(super) fn is_navigation(method: &Method, path: &str, headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    matches!(*method, Method::GET | Method::HEAD)
        && accepted.any(|value| value.contains("text/html"))
        && !PROGRAM_PATHS.contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_navigates_to_a_page_and_a_program_does_not() {
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
}
