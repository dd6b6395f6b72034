//! Open connections: how many, whose, and which one is closed when there are too many. A connection on which no valid token has been
//! sent is anonymous, and is closed to make room for the next one.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::auth::token_store::TokenStore;
use crate::auth::tokens::Principal;

/// How long a connection may be open without a whole request.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may be open with no request in flight.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a socket or answer has to end by itself once its token is no longer valid.
const REVOKED_GRACE: Duration = Duration::from_millis(300);

/// All open connections.
#[derive(Debug)]
pub(crate) struct Connections {
    max: usize,
    list: Mutex<OpenConnections>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    next: u64,
    /// By number, so the oldest come first.
    open: BTreeMap<u64, Arc<HttpConnection>>,
    /// Connections that were closed to make room for others, and those for which there was no room.
    evicted: u64,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct HttpConnection {
    number: u64,
    /// Where it comes from.
    pub(crate) address: IpAddr,
    opened: Instant,
    state: Mutex<ConnectionState>,
    close: watch::Sender<bool>,
}

#[derive(Debug)]
struct ConnectionState {
    /// Name of the token that was sent last.
    name: Option<String>,
    /// Requests in flight by number, and for whom once that is known.
    in_flight: BTreeMap<u64, Option<Principal>>,
    next: u64,
    /// Since when none is in flight.
    idle: Option<Instant>,
    had_request: bool,
    /// Since when a request is in flight whose token is no longer valid.
    revoked: Option<Instant>,
}

impl Connections {
    /// `max`: connections at the same time.
    pub(crate) fn new(max: usize) -> Self {
        Self { max: max.max(1), list: Mutex::default() }
    }

    /// Admits a connection, for which another one may have to be closed; `None` where each of them is at work for a token.
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<ConnectionGuard> {
        let mut list = self.list();
        let from_there = list.anonymous().filter(|connection| connection.address == address).count();
        if from_there >= self.max.div_ceil(2) {
            list.evict(|connection| connection.is_anonymous() && connection.address == address);
        }
        if list.open.len() >= self.max
            && !list.evict(HttpConnection::is_anonymous)
            && !list.evict(HttpConnection::is_idle)
        {
            list.evicted += 1;
            return None;
        }
        list.next += 1;
        let connection = Arc::new(HttpConnection::new(list.next, address));
        list.open.insert(connection.number, connection.clone());
        Some(ConnectionGuard { connection, connections: self.clone() })
    }

    /// Notes whose token was sent on a connection. False where this token has a quarter of all connections, and all are at work.
    pub(crate) fn identify(&self, connection: &Arc<HttpConnection>, principal: &Principal) -> bool {
        if connection.state().name.as_deref() == Some(&principal.name) {
            return true;
        }
        let mut list = self.list();
        let is_theirs = |other: &HttpConnection| other.state().name.as_deref() == Some(&principal.name);
        let theirs = list.open.values().filter(|other| is_theirs(other)).count();
        if theirs >= self.max.div_ceil(4) && !list.evict(|other| is_theirs(other) && other.is_idle()) {
            return false;
        }
        connection.state().name = Some(principal.name.clone());
        true
    }

    /// Closes connections that were idle for too long, and those with a request whose token is no longer valid.
    pub(crate) fn close_expired(&self, tokens: &TokenStore) {
        let open: Vec<_> = self.list().open.values().cloned().collect();
        for connection in open.iter().filter(|connection| connection.is_expired(tokens)) {
            self.list().open.remove(&connection.number);
            connection.close();
        }
    }

    /// How many are open.
    pub(crate) fn count(&self) -> usize {
        self.list().open.len()
    }

    /// How many were closed to make room for others, or found no room.
    pub(crate) fn evicted(&self) -> u64 {
        self.list().evicted
    }

    fn list(&self) -> MutexGuard<'_, OpenConnections> {
        // Each change is one insertion or removal: a panic of another thread leaves it usable.
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    fn anonymous(&self) -> impl Iterator<Item = &Arc<HttpConnection>> {
        self.open.values().filter(|connection| connection.is_anonymous())
    }

    /// Closes the oldest connection of a kind, idle ones first; false where there is none.
    fn evict(&mut self, kind: impl Fn(&HttpConnection) -> bool) -> bool {
        let mut candidates = self.open.values().filter(|connection| kind(connection));
        let oldest = candidates.clone().find(|connection| connection.is_idle()).or_else(|| candidates.next()).cloned();
        let Some(connection) = oldest else { return false };
        self.open.remove(&connection.number);
        self.evicted += 1;
        connection.close();
        true
    }
}

impl HttpConnection {
    fn new(number: u64, address: IpAddr) -> Self {
        let now = Instant::now();
        let state = ConnectionState {
            name: None,
            in_flight: BTreeMap::new(),
            next: 0,
            idle: Some(now),
            had_request: false,
            revoked: None,
        };
        Self { number, address, opened: now, state: Mutex::new(state), close: watch::Sender::new(false) }
    }

    /// Counts a request as in flight, and returns its number.
    pub(crate) fn begin_request(&self) -> u64 {
        let mut state = self.state();
        state.next += 1;
        (state.had_request, state.idle) = (true, None);
        let number = state.next;
        state.in_flight.insert(number, None);
        number
    }

    /// Notes for whom a request is.
    pub(crate) fn set_principal(&self, number: u64, principal: Principal) {
        self.state().in_flight.insert(number, Some(principal));
    }

    pub(crate) fn end_request(&self, number: u64) {
        let mut state = self.state();
        state.in_flight.remove(&number);
        if state.in_flight.is_empty() {
            state.idle = Some(Instant::now());
        }
    }

    /// How many requests are in flight.
    pub(crate) fn in_flight(&self) -> usize {
        self.state().in_flight.len()
    }

    pub(crate) fn is_anonymous(&self) -> bool {
        self.state().name.is_none()
    }

    fn is_idle(&self) -> bool {
        self.state().in_flight.is_empty()
    }

    fn is_expired(&self, tokens: &TokenStore) -> bool {
        let mut state = self.state();
        if !state.had_request && self.opened.elapsed() > FIRST_REQUEST_TIMEOUT {
            return true;
        }
        if state.idle.is_some_and(|since| since.elapsed() > IDLE_TIMEOUT) {
            return true;
        }
        if state.in_flight.values().flatten().all(|principal| tokens.is_valid(principal)) {
            state.revoked = None;
            return false;
        }
        state.revoked.get_or_insert_with(Instant::now).elapsed() > REVOKED_GRACE
    }

    fn close(&self) {
        self.close.send_replace(true);
    }

    /// Waits until the connection has to be closed.
    pub(crate) async fn closed(&self) {
        // An error would say that the sender is gone; it lives as long as `self`.
        let _ = self.close.subscribe().wait_for(|close| *close).await;
    }

    fn state(&self) -> MutexGuard<'_, ConnectionState> {
        // Each change is one insertion or assignment: a panic of another thread leaves it usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that was admitted; it leaves the list when this is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionGuard {
    pub(crate) connection: Arc<HttpConnection>,
    connections: Arc<Connections>,
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.connections.list().open.remove(&self.connection.number);
    }
}

#[cfg(test)]
mod tests {
    use cordline_sdk::wire::reply::Role;

    use super::*;
    use crate::auth::tokens::Tokens;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn is_closed(guard: &ConnectionGuard) -> bool {
        *guard.connection.close.borrow()
    }

    #[test]
    fn a_crowd_of_anonymous_connections_makes_room_for_the_next_and_holds_up_no_token() {
        let connections = Arc::new(Connections::new(8));
        let principal = Principal { name: "a".into(), role: Role::Viewer, sha256: String::new() };
        let known = connections.admit(address(1)).unwrap();
        assert!(connections.identify(&known.connection, &principal));
        let crowd: Vec<_> = (0..100).map(|_| connections.admit(address(2)).unwrap()).collect();
        assert!(connections.count() <= 8, "{}", connections.count());
        assert!(crowd[..90].iter().all(is_closed) && !is_closed(crowd.last().unwrap()));
        assert!(!is_closed(&known));
        let from_everywhere: Vec<_> = (0..100).map(|n| connections.admit(address(n)).unwrap()).collect();
        assert!(connections.count() <= 8 && !is_closed(&known) && !is_closed(from_everywhere.last().unwrap()));
        // One with a request in flight is closed after those without.
        let asking = connections.admit(address(3)).unwrap();
        asking.connection.begin_request();
        let silent: Vec<_> = (0..20).map(|_| connections.admit(address(3)).unwrap()).collect();
        assert!(!is_closed(&asking) && is_closed(&silent[0]));
        drop((crowd, from_everywhere, asking, silent, known));
        assert_eq!(connections.count(), 0);
    }

    #[test]
    fn one_token_has_a_quarter_at_most() {
        let connections = Arc::new(Connections::new(8));
        let principal = |name: &str| Principal { name: name.into(), role: Role::Viewer, sha256: String::new() };
        let guard: Vec<_> = (0..3).map(|_| connections.admit(address(1)).unwrap()).collect();
        for one in &guard[..2] {
            assert!(connections.identify(&one.connection, &principal("a")));
            one.connection.begin_request();
        }
        assert!(!connections.identify(&guard[2].connection, &principal("a")), "all of a's are at work");
        guard[0].connection.end_request(1);
        assert!(connections.identify(&guard[2].connection, &principal("a")) && is_closed(&guard[0]));
        assert!(connections.identify(&guard[2].connection, &principal("b")));
    }

    #[test]
    fn a_connection_whose_token_is_revoked_while_it_is_served_is_closed() {
        let mut tokens = Tokens::default();
        let token = tokens.issue("a", Role::Viewer, None).unwrap();
        let principal = tokens.authenticate(&token).unwrap();
        let valid = TokenStore::in_memory(tokens);
        let no_tokens = TokenStore::in_memory(Tokens::default());
        let connections = Arc::new(Connections::new(8));
        let guard = connections.admit(address(1)).unwrap();
        let number = guard.connection.begin_request();
        guard.connection.set_principal(number, principal);
        connections.close_expired(&valid);
        connections.close_expired(&no_tokens);
        assert!(!is_closed(&guard), "it may say goodbye");
        std::thread::sleep(REVOKED_GRACE + Duration::from_millis(50));
        connections.close_expired(&no_tokens);
        assert!(is_closed(&guard));
    }
}
