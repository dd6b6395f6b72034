//! Sessions and their rights: the key list is checked with every message, and against every connection whenever it changes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cordline_sdk::problem::Code;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::reply::{Answer, Role};

use super::Server;
use super::client_share::ClientShare;
use super::connection::Connection;
use crate::audit::{AuditEntry, AuditEvent};
use crate::auth::{GrantedRole, key_revoked};
use crate::origin::{ConnectionId, Lane, Peer};

/// How often all connections are checked against the key list.
const RECHECK_INTERVAL: Duration = Duration::from_millis(100);
/// Connections of one key.
const MAX_CONNECTIONS: usize = 64;

impl Server {
    /// Name and role of the sender of a message, by the key list as it was read after the message came.
    ///
    /// # Errors
    ///
    /// The key is not valid any more.
    pub(super) fn sender_role(&self, listener: usize, key: &str) -> Result<(Arc<str>, Role), Fault> {
        match &self.listeners[listener].keys {
            None => Ok((self.local_name.clone(), Role::Admin)),
            Some(keys) => keys.role_as_read(key).map_err(|_| key_revoked()),
        }
    }

    /// The peer of a new session. Nobody tells of a connection that was closed: where its key has as many as it may, the one that was silent
    /// longest is dropped. A client that is there after all greets again, and goes on.
    pub(super) fn new_peer(&mut self, id: &ConnectionId, key: &str, (name, role): (Arc<str>, Role)) -> Peer {
        let key: Arc<str> = key.into();
        let lane = if key.is_empty() { Lane::Connection(Arc::new(id.clone())) } else { Lane::Key(key.clone()) };
        if self.shares.get(&lane).is_some_and(|share| share.connections >= MAX_CONNECTIONS) {
            let of_key = self.connections.iter().filter(|(_, connection)| connection.peer.lane == lane);
            let longest = of_key.min_by_key(|(_, connection)| connection.last_heard).map(|(id, _)| id.clone());
            longest.inspect(|id| drop(self.remove_connection(id)));
        }
        self.sessions += 1;
        Peer { session: self.sessions, key, name, role: GrantedRole::new(role), lane }
    }

    /// Checks all connections against a key list that has changed: one without a key any more is ended, and one with a lower role has to
    /// greet again.
    pub(super) fn recheck_keys(&mut self) {
        if self.keys_checked.elapsed() < RECHECK_INTERVAL {
            return;
        }
        self.keys_checked = Instant::now();
        for listener in 0..self.listeners.len() {
            let Some(keys) = self.listeners[listener].keys.clone() else { continue };
            let generation = keys.generation();
            if self.listeners[listener].generation == generation {
                continue;
            }
            self.listeners[listener].generation = generation;
            let mut lost = Vec::new();
            for (id, connection) in self.connections.iter().filter(|(id, _)| id.listener == listener) {
                match keys.role_of(&connection.peer.key) {
                    Err(_) => lost.push((id.clone(), key_revoked())),
                    Ok((_, role)) if connection.peer.role.get().is_some_and(|had| role < had) => {
                        lost.push((id.clone(), role_lowered()));
                    }
                    Ok((_, role)) => connection.peer.role.set(Some(role)),
                }
            }
            for (id, reason) in lost {
                self.expel(&id, &reason);
            }
        }
    }

    /// Ends a session: its queue is dropped, its subscriptions end with the reason.
    fn expel(&mut self, id: &ConnectionId, reason: &Fault) {
        let Some(connection) = self.remove_connection(id) else { return };
        connection.peer.role.set(None);
        for subscription in connection.subscriptions.values() {
            self.send_now(id, subscription.request, Answer::Fault(reason.clone()));
        }
        let who = connection.peer.name.to_string();
        tracing::warn!(who, reason = reason.problem.message, "a client was sent away");
        self.metrics.expelled();
        self.scheduler.audit(AuditEntry { event: AuditEvent::Refused, who, about: reason.problem.message.clone() });
    }

    pub(super) fn add_connection(&mut self, id: ConnectionId, peer: Peer) {
        self.remove_connection(&id);
        let now = Instant::now();
        self.shares.entry(peer.lane.clone()).or_insert_with(|| ClientShare::new(now)).connections += 1;
        self.connections.insert(id, Connection::new(peer, now));
    }

    pub(super) fn remove_connection(&mut self, id: &ConnectionId) -> Option<Connection> {
        let connection = self.connections.remove(id)?;
        if let Some(share) = self.shares.get_mut(&connection.peer.lane) {
            share.connections -= 1;
            if share.is_unused() {
                self.shares.remove(&connection.peer.lane);
            }
        }
        Some(connection)
    }

    /// Drops connections from which nothing came for longer than the limits allow.
    pub(super) fn drop_silent(&mut self) {
        let silence = Duration::from_secs(u64::from(self.queries.limits().silence_s));
        let is_silent = |connection: &Connection| connection.last_heard.elapsed() >= silence;
        let silent: Vec<ConnectionId> =
            self.connections.iter().filter(|(_, c)| is_silent(c)).map(|(id, _)| id.clone()).collect();
        for id in silent {
            self.remove_connection(&id);
        }
    }
}

/// The client may greet again and go on with its lower role.
fn role_lowered() -> Fault {
    Fault::new(
        Code::HelloRequired,
        "the role of this client's key was changed",
        "send `hello`, then the same once more",
    )
}
