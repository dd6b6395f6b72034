//! What browsers are served: OHIF, our extension for it, and headers that let nothing else in.

use std::path::Path;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// Everything comes from here. OHIF decodes images in WebAssembly workers made of blobs, and styles its elements in place.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' blob: data:; \
    object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'";

/// The pages. Addresses that are no file are OHIF's own, which it reads itself.
pub fn router(ohif: Option<&Path>, extension: Option<&Path>) -> Router {
    let mut router = Router::new();
    if let Some(extension) = extension {
        router = router.nest_service("/ext", ServeDir::new(extension));
    }
    if let Some(ohif) = ohif {
        router = router.fallback_service(ServeDir::new(ohif).fallback(ServeFile::new(ohif.join("index.html"))));
    }
    router
}

/// Adds the headers to every answer that has not set its own.
pub fn guarded(router: Router) -> Router {
    let headers: [(HeaderName, &'static str); 7] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "SAMEORIGIN"),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    headers.into_iter().fold(router, |router, (name, value)| {
        router.layer(SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)))
    })
}
