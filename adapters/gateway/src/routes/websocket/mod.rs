//! The protocol of the daemon over a WebSocket, for browsers. Each WebSocket has a connection of its own with the daemon.
//!
//! - [`relay`]: messages pass in both directions
//! - [`message`]: their form on either side

mod message;
mod relay;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;

use crate::error::ApiError;
use crate::http::extract::StreamViewer;
use crate::state::AppState;

/// Buffers of a socket for reading and for writing.
const BUFFER_BYTES: usize = 16 << 10;

pub(super) async fn open(
    viewer: StreamViewer,
    State(state): State<AppState>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    let daemon = state.daemon.open_socket()?;
    tracing::info!(who = viewer.principal.name, "a viewer is connected");
    let max_bytes = message::max_bytes(viewer.principal.role);
    let upgrade = upgrade.max_message_size(max_bytes).max_frame_size(max_bytes);
    let upgrade = upgrade.read_buffer_size(BUFFER_BYTES).write_buffer_size(BUFFER_BYTES);
    Ok(upgrade.on_upgrade(|browser| relay::run(browser, daemon, viewer, state)))
}
