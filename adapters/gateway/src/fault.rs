//! Refusals as HTTP carries them: a status, and the same words as on the wire.

use aide::OperationIo;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cordline_sdk::client::ClientError;
use cordline_sdk::wire::fault::{Fault, FaultCode};
use schemars::JsonSchema;
use serde::Serialize;

use crate::orthanc::porter::ArrivalError;
use crate::orthanc::rest::OrthancError;

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, OperationIo)]
#[aide(output_with = "Json<Refusal>", json_schema)]
pub struct Refusal {
    #[serde(skip)]
    status: u16,
    /// A stable word for programs.
    pub code: String,
    /// The same in a sentence.
    pub message: String,
    /// What to do about it.
    pub action: String,
}

impl Refusal {
    /// A refusal of the gateway itself.
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>, action: impl Into<String>) -> Self {
        Self { status: status.as_u16(), code: code.into(), message: message.into(), action: action.into() }
    }

    /// Nobody knows who asks.
    pub fn unknown_guest() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "no_token",
            "no token that is known here came with the request",
            "open the address that the gateway printed, or send `Authorization: Bearer TOKEN`",
        )
    }

    /// There is no archive to look into.
    pub fn no_archive() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no_archive",
            "no archive is configured",
            "start the gateway with --archive URL",
        )
    }

    /// Nothing is served there.
    pub fn no_such_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "no_such_path",
            "nothing is served at this path",
            "see /api/v1/openapi.json for all paths of the interface",
        )
    }

    /// The path is there, and this is not done to it.
    pub fn no_such_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "the path does not take this method",
            "see /api/v1/openapi.json for the methods of each path",
        )
    }

    /// The guest may not do this.
    pub fn not_allowed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not_allowed",
            "the role of this token does not allow it",
            "ask the operator for a token with another role",
        )
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self)).into_response()
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let status = match fault.code {
            FaultCode::NoSuchJob | FaultCode::NoSuchArtifact => StatusCode::NOT_FOUND,
            FaultCode::NotAllowed | FaultCode::Folder => StatusCode::FORBIDDEN,
            FaultCode::WrongState | FaultCode::ChunkOrder | FaultCode::Incomplete => StatusCode::CONFLICT,
            FaultCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            FaultCode::QueueFull | FaultCode::Credit => StatusCode::TOO_MANY_REQUESTS,
            FaultCode::DiskReserve => StatusCode::INSUFFICIENT_STORAGE,
            FaultCode::ShuttingDown | FaultCode::HelloRequired => StatusCode::SERVICE_UNAVAILABLE,
            FaultCode::Internal => StatusCode::BAD_GATEWAY,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let code = serde_json::to_value(fault.code).ok();
        let code = code.as_ref().and_then(serde_json::Value::as_str).unwrap_or("internal").to_owned();
        Self { status: status.as_u16(), code, message: fault.message, action: fault.action }
    }
}

impl From<ArrivalError> for Refusal {
    fn from(error: ArrivalError) -> Self {
        match error {
            ArrivalError::Daemon(error) => error.into(),
            ArrivalError::Orthanc(error @ OrthancError::Unreadable { .. }) => Self::new(
                StatusCode::CONFLICT,
                "note_unreadable",
                error.to_string(),
                "ask the administrator of the archive to look at this metadata of the study",
            ),
            ArrivalError::Orthanc(_) | ArrivalError::Lost => {
                tracing::warn!(%error, "the archive");
                Self::new(
                    StatusCode::BAD_GATEWAY,
                    "archive_unreachable",
                    "the archive does not do what it was asked",
                    "see that it runs and that the gateway may reach it",
                )
            }
            ArrivalError::Folder(_) => {
                tracing::error!(%error, "a study cannot be fetched");
                Self::new(
                    StatusCode::INSUFFICIENT_STORAGE,
                    "not_kept",
                    "the study cannot be put down on this machine",
                    "ask the operator for space",
                )
            }
        }
    }
}

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused(fault) => fault.into(),
            other => Self::new(
                StatusCode::BAD_GATEWAY,
                "daemon_unreachable",
                other.to_string(),
                "see that the daemon runs (`cordline status`), then try again",
            ),
        }
    }
}
