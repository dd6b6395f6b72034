//! Where a request comes from: the connection, who is behind it, and with whom it shares its turns.

use std::sync::Arc;

use cordline_sdk::wire::reply::Role;

use super::auth::GrantedRole;

/// A connection by name: the listener that accepted it, and what ZeroMQ calls it there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ConnectionId {
    pub listener: usize,
    /// ZeroMQ's routing id.
    pub identity: Vec<u8>,
}

/// Who shares a turn in a fair queue.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// All connections of a key: more connections give no more turns.
    Key(Arc<str>),
    /// One connection through the socket file.
    Connection(Arc<ConnectionId>),
}

/// Who is behind a connection, from its `hello` on.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    /// Counts greetings: another connection with the same routing id is another peer.
    pub session: u64,
    /// Public key; empty where the rights on the socket file decide who may connect.
    pub key: Arc<str>,
    /// Name of the key, or `box` for the socket file.
    pub name: Arc<str>,
    pub role: GrantedRole,
    pub lane: Lane,
}

/// One request of a peer; its answer goes back there.
#[derive(Debug, Clone)]
pub(super) struct RequestOrigin {
    pub connection: ConnectionId,
    pub peer: Peer,
    /// Number of the request on its connection.
    pub id: u64,
    /// Length of the chunk, where the request is one: its answer gives the credit back.
    pub chunk_bytes: Option<usize>,
    /// The role without which the request is refused.
    pub required: Role,
}

/// A peer of the socket file, for tests.
#[cfg(test)]
pub(super) fn test_peer() -> Peer {
    Peer {
        session: 1,
        key: "".into(),
        name: "box".into(),
        role: GrantedRole::new(Role::Admin),
        lane: Lane::Key("box".into()),
    }
}
