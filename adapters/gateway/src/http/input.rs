//! Path, query and body of a request. One that cannot be read is answered with an [`ApiError`], as everything else is.

use std::time::Duration;

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::error::ApiError;

/// Parameters of the path.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub(crate) struct Path<T>(pub(crate) T);

/// Parameters of the query.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub(crate) struct Query<T>(pub(crate) T);

/// A body of JSON, which has to arrive in time.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let read = timeout(BODY_TIMEOUT, axum::Json::<T>::from_request(request, state)).await;
        let axum::Json(body) = read.map_err(|_| ApiError::too_slow())??;
        Ok(Self(body))
    }
}

// The document describes what they hold. It leaves out the errors of axum's own extractors, since ours replace them.
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

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        unreadable(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        unreadable(rejection.status(), rejection.body_text())
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        unreadable(rejection.status(), rejection.body_text())
    }
}

fn unreadable(status: StatusCode, reason: String) -> ApiError {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(),
        status => ApiError::unreadable(status, reason),
    }
}
