//! The OpenAPI document, made of the routes themselves.

use aide::NoApi;
use aide::openapi::{self, Info, MediaType, OpenApi, ReferenceOr, Response, SecurityScheme};
use aide::transform::{TransformOpenApi, TransformOperation};
use axum::Extension;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use cordline_sdk::RESEARCH_USE;

use crate::error::ApiError;

/// Name of the security scheme in the document.
const TOKEN: &str = "token";

/// A document without routes.
pub(super) fn empty() -> OpenApi {
    OpenApi {
        info: Info {
            title: "Cordline gateway".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            description: Some(format!(
                "Jobs, events and results of the Cordline daemon, for browsers and archives. {RESEARCH_USE}."
            )),
            ..Info::default()
        },
        ..OpenApi::default()
    }
}

/// Describes what holds for every route: a token, and the shape of an error.
pub(super) fn describe(api: TransformOpenApi) -> TransformOpenApi {
    let token = SecurityScheme::Http {
        scheme: "bearer".into(),
        bearer_format: None,
        description: Some("From `cordline-gateway token`; browsers carry it in a cookie instead".into()),
        extensions: Default::default(),
    };
    let mut api = api.security_scheme(TOKEN, token).security_requirement(TOKEN).default_response::<ApiError>();
    // OpenAPI has no sign for a path parameter that takes all that follows.
    if let Some(paths) = &mut api.inner_mut().paths {
        paths.paths =
            std::mem::take(&mut paths.paths).into_iter().map(|(p, item)| (p.replace("{*", "{"), item)).collect();
    }
    api
}

/// Describes an answer that is bytes.
pub(super) fn bytes<'a>(mut operation: TransformOperation<'a>, media_type: &str) -> TransformOperation<'a> {
    let content = [(media_type.to_owned(), MediaType::default())].into_iter().collect();
    let answer = Response { description: "The bytes".into(), content, ..Response::default() };
    let responses = operation.inner_mut().responses.get_or_insert_default();
    responses.responses.insert(openapi::StatusCode::Code(200), ReferenceOr::Item(answer));
    operation
}

/// Marks a route that needs no token.
pub(super) fn without_token(mut operation: TransformOperation) -> TransformOperation {
    operation.inner_mut().security = vec![Default::default()];
    operation
}

/// Serves the document, which is written once at the start: it can be asked for without a token.
pub(super) async fn serve(Extension(document): Extension<Bytes>) -> NoApi<impl IntoResponse> {
    NoApi(([(CONTENT_TYPE, "application/json")], document))
}
