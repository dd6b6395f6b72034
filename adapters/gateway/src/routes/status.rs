//! Health of the gateway, status of the daemon, its machine.

use axum::Json;
use axum::extract::State;
use cordline_sdk::wire::reply::{Daemon, DeviceReport};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::ApiError;
use crate::http::extract::Viewer;
use crate::state::AppState;

/// What anybody may know.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct GatewayHealth {
    /// The gateway's version.
    gateway: &'static str,
    /// True where the daemon answers, as of a second ago.
    daemon: bool,
    /// True where the tokens can be read; otherwise nobody is let in.
    tokens: bool,
}

pub(super) async fn health(State(state): State<AppState>) -> Json<GatewayHealth> {
    let (daemon, tokens) = (state.daemon.is_reachable().await, state.tokens.is_readable());
    Json(GatewayHealth { gateway: env!("CARGO_PKG_VERSION"), daemon, tokens })
}

pub(super) async fn status(_: Viewer, State(state): State<AppState>) -> Result<Json<Daemon>, ApiError> {
    Ok(Json(state.daemon.daemon_status().await?))
}

pub(super) async fn device(_: Viewer, State(state): State<AppState>) -> Result<Json<DeviceReport>, ApiError> {
    Ok(Json(state.daemon.device().await?))
}
