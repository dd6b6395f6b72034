//! The protocol itself over a WebSocket.

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;
use cordline_sdk::client::link::Link;

use crate::fault::Refusal;
use crate::guest::Viewer;
use crate::hall::Hall;
use crate::relay;

/// Largest message: a header and a frame at the daemon's own limits, and some.
const MESSAGE_BYTES: usize = 8 << 20;

pub(super) async fn open(
    Viewer(guest): Viewer,
    State(hall): State<Hall>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Refusal> {
    let link = Link::open(hall.daemon.endpoint())?;
    tracing::info!(who = guest.name, "a viewer is connected");
    Ok(upgrade.max_message_size(MESSAGE_BYTES).on_upgrade(|browser| relay::carry(browser, link, guest)))
}
