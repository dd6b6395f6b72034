//! Errors as HTTP answers them: the fields of a problem, and the status of its code.

use std::time::Duration;

use aide::OperationIo;
use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{AppendHeaders, IntoResponse, Response};
use cordline_sdk::client::ClientError;
use cordline_sdk::problem::{Code, Problem};
use cordline_sdk::wire::fault::Fault;
use schemars::JsonSchema;
use serde::Serialize;

/// Why a request was not served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, OperationIo)]
#[schemars(description = "Why a request came to nothing.")]
#[aide(output_with = "Json<ApiError>", json_schema)]
pub struct ApiError {
    #[serde(skip)]
    status: u16,
    /// Seconds after which the same request may succeed, where that is known.
    #[serde(skip)]
    retry_after_s: Option<u64>,
    /// A stable word for programs.
    code: Code,
    /// The same in a sentence.
    message: String,
    /// What to do about it.
    action: String,
}

impl ApiError {
    /// An error with the status of its code.
    pub(crate) fn new(code: Code, message: impl Into<String>, action: impl Into<String>) -> Self {
        let status = code.http_status();
        Self { status, retry_after_s: None, code, message: message.into(), action: action.into() }
    }

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A limit is reached: the same request may be served after `wait`.
    pub(crate) fn busy(code: Code, message: impl Into<String>, wait: Duration) -> Self {
        let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
        Self { retry_after_s: Some(seconds), ..Self::new(code, message, format!("try again in {seconds} s")) }
    }

    /// Too many requests in a second.
    pub(crate) fn too_fast(wait: Duration) -> Self {
        Self::busy(Code::TooFast, "too many requests in a second", wait)
    }

    /// A body beyond the limit.
    pub(crate) fn too_large() -> Self {
        Self::new(
            Code::TooLarge,
            "the body of the request is larger than is taken here",
            "send less at once, or ask the operator for a higher limit",
        )
    }

    /// A body that does not arrive.
    pub(crate) fn too_slow() -> Self {
        Self::new(Code::TooSlow, "the body of the request did not come in time", "send the request again, whole")
    }

    /// A path, query or body that cannot be read. The status says which kind of fault it is.
    pub(crate) fn unreadable(status: StatusCode, reason: String) -> Self {
        let error = Self::new(Code::Unreadable, reason, "see /api/v1/openapi.json for the shape of the request");
        Self { status: status.as_u16(), ..error }
    }

    /// A request without a valid token.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            Code::NoToken,
            "no token that is known here came with the request",
            "open the address that the gateway printed, or send `Authorization: Bearer TOKEN`",
        )
    }

    /// A role that does not allow the request.
    pub(crate) fn not_allowed() -> Self {
        Self::new(
            Code::NotAllowed,
            "the role of this token does not allow it",
            "ask the operator for a token with another role",
        )
    }

    /// A request for an archive where none is configured.
    pub(crate) fn no_archive() -> Self {
        Self::new(Code::NoArchive, "no archive is configured", "start the gateway with --archive URL")
    }

    /// The archive cannot be reached, or answers with an error.
    pub(crate) fn archive_unreachable() -> Self {
        Self::new(
            Code::ArchiveUnreachable,
            "the archive does not do what it was asked",
            "see that it runs and that the gateway may reach it",
        )
    }

    /// The archive took the request and does not answer.
    pub(crate) fn archive_silent() -> Self {
        let error = Self::new(
            Code::ArchiveSilent,
            "the archive does not answer in time",
            "look at the archive, then try again",
        );
        Self { retry_after_s: Some(10), ..error }
    }

    /// A path without a route.
    pub(crate) fn no_such_path() -> Self {
        Self::new(
            Code::NoSuchPath,
            "nothing is served at this path",
            "see /api/v1/openapi.json for all paths of the interface",
        )
    }

    /// A method that the route does not have.
    pub(crate) fn no_such_method() -> Self {
        Self::new(
            Code::MethodNotAllowed,
            "the path does not take this method",
            "see /api/v1/openapi.json for the methods of each path",
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let after = self.retry_after_s.map(|seconds| [(RETRY_AFTER, seconds.to_string())]);
        (status, after.map(AppendHeaders), Json(self)).into_response()
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        let error = Self::new(problem.code, problem.message, problem.action);
        // The statuses whose meaning is "not now".
        let is_overloaded = matches!(error.status, 429 | 503);
        Self { retry_after_s: is_overloaded.then_some(1), ..error }
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        fault.problem.into()
    }
}

impl From<ClientError> for ApiError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Rejected(fault) => fault.into(),
            other => Self::new(
                Code::DaemonUnreachable,
                other.to_string(),
                "see that the daemon runs (`cordline status`), then try again",
            ),
        }
    }
}
