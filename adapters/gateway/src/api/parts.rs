//! Path, query and body of a request. What cannot be read is refused in the words of the wire, as everything else is.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::StatusCode;
use schemars::JsonSchema;

use crate::fault::Refusal;

/// What the path names.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Refusal))]
pub(super) struct Path<T>(pub(super) T);

/// What follows the question mark.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Refusal))]
pub(super) struct Query<T>(pub(super) T);

/// A body of JSON.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(Refusal))]
pub(super) struct Body<T>(pub(super) T);

// In the document they are what they hold. The refusals that axum would answer with are not: ours take their place.
macro_rules! described_as {
    ($($part:ident => $held:ty),+) => {
        $(impl<T: JsonSchema> OperationInput for $part<T> {
            fn operation_input(context: &mut GenContext, operation: &mut Operation) {
                <$held>::operation_input(context, operation);
            }
        })+
    };
}
described_as!(Path => axum::extract::Path<T>, Query => axum::extract::Query<T>, Body => axum::Json<T>);

impl From<PathRejection> for Refusal {
    fn from(rejection: PathRejection) -> Self {
        unreadable(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        unreadable(rejection.status(), rejection.body_text())
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        unreadable(rejection.status(), rejection.body_text())
    }
}

fn unreadable(status: StatusCode, why: String) -> Refusal {
    Refusal::new(status, "unreadable", why, "see /api/v1/openapi.json for the shape of the request")
}
