//! Is anybody there, what is the box, what can it run.

use axum::Json;
use axum::extract::State;
use cordline_sdk::client::Client;
use cordline_sdk::wire::reply::{Daemon, DeviceReport};
use schemars::JsonSchema;
use serde::Serialize;

use crate::fault::Refusal;
use crate::guest::Viewer;
use crate::hall::Hall;

/// What anybody may know.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Health {
    /// The gateway's version.
    gateway: &'static str,
    /// True where the daemon answers.
    daemon: bool,
}

pub(super) async fn health(State(hall): State<Hall>) -> Json<Health> {
    let daemon = hall.daemon.ask(Client::daemon).await.is_ok();
    Json(Health { gateway: env!("CARGO_PKG_VERSION"), daemon })
}

pub(super) async fn status(_: Viewer, State(hall): State<Hall>) -> Result<Json<Daemon>, Refusal> {
    Ok(Json(hall.daemon.ask(Client::daemon).await?))
}

pub(super) async fn device(_: Viewer, State(hall): State<Hall>) -> Result<Json<DeviceReport>, Refusal> {
    Ok(Json(hall.daemon.ask(Client::device).await?))
}
