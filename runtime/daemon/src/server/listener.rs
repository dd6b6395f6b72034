//! A socket on which clients connect.

use std::sync::Arc;

use cordline_sdk::wire::limits::Limits;

use super::connection::{OutgoingMessage, SendOutcome};
use crate::auth::KeyStore;
use crate::metrics::Metrics;

/// Messages that ZeroMQ itself may hold for a client.
const HIGH_WATER_MARK: i32 = 16;
/// How long the last messages may take at shutdown, in ms.
const LINGER_MS: i32 = 1000;
/// How long a handshake may take, in ms: a stranger holds a place for no longer.
const HANDSHAKE_MS: i32 = 5000;
/// Silence after which TCP asks whether a host is still there, in s.
const KEEPALIVE_S: i32 = 20;
/// Connections that wait to be accepted.
const BACKLOG: i32 = 128;
/// Frames of a message that are kept: one more than any message has, so that one too many is noticed.
const MAX_FRAMES: usize = 3;

/// A socket, and who may connect to it.
pub(super) struct SocketListener {
    pub socket: zmq::Socket,
    /// The accepted keys; `None` where the rights on the socket file decide.
    pub keys: Option<Arc<KeyStore>>,
    /// Number of the key list against which connections were checked last.
    pub generation: u64,
}

impl SocketListener {
    pub(super) fn new(socket: zmq::Socket, keys: Option<Arc<KeyStore>>) -> Self {
        let generation = keys.as_ref().map_or(0, |keys| keys.generation());
        Self { socket, keys, generation }
    }
}

/// A ROUTER socket that refuses what is too large and reports what it cannot send.
///
/// # Errors
///
/// What libzmq says of an option.
pub(super) fn router(context: &zmq::Context, limits: &Limits) -> Result<zmq::Socket, zmq::Error> {
    let router = context.socket(zmq::ROUTER)?;
    router.set_router_mandatory(true)?;
    router.set_linger(LINGER_MS)?;
    router.set_sndhwm(HIGH_WATER_MARK)?;
    router.set_rcvhwm(HIGH_WATER_MARK)?;
    router.set_backlog(BACKLOG)?;
    router.set_handshake_ivl(HANDSHAKE_MS)?;
    router.set_maxmsgsize(limits.header_bytes.max(limits.frame_bytes) as i64)?;
    // A host that is gone is noticed by the kernel, which frees its place. Not by ZeroMQ's heartbeats: in 4.3.4 one that is due
    // while a connection is closed behind a full queue aborts the process.
    router.set_tcp_keepalive(1)?;
    router.set_tcp_keepalive_idle(KEEPALIVE_S)?;
    router.set_tcp_keepalive_intvl(KEEPALIVE_S)?;
    router.set_tcp_keepalive_cnt(3)?;
    Ok(router)
}

/// A message as ZeroMQ hands it over.
pub(super) struct Received {
    /// Routing id of the connection.
    pub identity: Vec<u8>,
    /// Public key of the client; empty where there is none.
    pub key: String,
    pub frames: Vec<zmq::Message>,
}

/// The next message.
///
/// # Errors
///
/// `EAGAIN` where none waits.
pub(super) fn receive_from(socket: &zmq::Socket) -> Result<Received, zmq::Error> {
    let identity = socket.recv_bytes(zmq::DONTWAIT)?;
    let (mut key, mut frames) = (String::new(), Vec::with_capacity(2));
    while socket.get_rcvmore()? {
        let mut frame = socket.recv_msg(0)?;
        if frames.len() == MAX_FRAMES {
            continue;
        }
        // What the ZAP thread answered; the identity, which ROUTER puts before, does not carry it.
        if let Some(named) = frame.gets("User-Id") {
            named.clone_into(&mut key);
        }
        frames.push(frame);
    }
    Ok(Received { identity, key, frames })
}

/// Sends a message, if the client takes it now.
pub(super) fn send_to(
    router: &zmq::Socket,
    identity: &[u8],
    message: &OutgoingMessage,
    metrics: &Metrics,
) -> SendOutcome {
    let frames = [Some(identity), Some(message.header.as_slice()), message.raw.as_deref()];
    match router.send_multipart(frames.into_iter().flatten(), zmq::DONTWAIT) {
        Ok(()) => {
            metrics.sent(message.bytes());
            SendOutcome::Sent
        }
        Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => SendOutcome::Full,
        Err(_) => SendOutcome::Gone,
    }
}
