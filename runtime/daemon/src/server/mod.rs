//! The one thread that owns the ZeroMQ sockets: it reads requests, answers at once what can be looked up, passes the rest to the scheduler, and
//! sends what comes back. It waits for no disk but that of the spool, and there for a piece of a file or the number of free bytes.
//!
//! A message whose sender has no right to it is refused unread, and nothing is queued without a bound: what is too much is refused as `busy`.
//!
//! - [`listener`]: the sockets; [`socket_file`] makes one daemon the owner of the socket file
//! - [`sessions`]: who is connected, and with which rights; [`connection`] is one of them, [`client_share`] what a client uses in all
//! - [`inbox`]: messages that arrive, one of each client in turn
//! - [`verbs`]: what each verb does; [`manifests`] parses long headers on another thread
//! - [`outbox`]: replies and events to clients; [`subscriptions`] reads the events

mod client_share;
mod connection;
mod inbox;
mod listener;
pub(super) mod manifests;
mod outbox;
mod sessions;
pub(super) mod socket_file;
mod subscriptions;
mod verbs;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::auth::{KeyStore, spawn_zap};
use super::fair_queue::FairQueue;
use super::metrics::Metrics;
use super::origin::{ConnectionId, Lane};
use super::queries::Queries;
use super::replies::ReplyReceiver;
use super::scheduler::CommandQueue;
use crate::keys::KeyPair;
use crate::stop_on_drop::StopOnDrop;
use client_share::ClientShare;
use connection::Connection;
use listener::{SocketListener, router};
use manifests::ManifestQueue;

/// How soon a client whose queue is full is tried again: doubled each time that no client took anything, up to the maximum.
const MIN_RETRY: Duration = Duration::from_micros(100);
const MAX_RETRY: Duration = Duration::from_millis(16);
/// How long `poll` waits otherwise; also how soon a shutdown is noticed.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How often all subscribers are served from the journal without being woken.
const RESYNC_INTERVAL: Duration = Duration::from_secs(1);

/// Where clients from other hosts connect, and which keys are accepted.
pub(super) struct RemoteAccess {
    /// A `tcp://` endpoint.
    pub endpoint: String,
    /// The daemon's own keys.
    pub pair: KeyPair,
    pub keys: Arc<KeyStore>,
}

/// The rest of the daemon, as the server sees it.
pub(super) struct Links {
    pub scheduler: CommandQueue,
    pub manifests: ManifestQueue,
    pub replies: ReplyReceiver,
    pub metrics: Arc<Metrics>,
    /// Set at shutdown.
    pub stop: Arc<AtomicBool>,
}

/// Sockets and connections.
pub(super) struct Server {
    listeners: Vec<SocketListener>,
    connections: HashMap<ConnectionId, Connection>,
    shares: HashMap<Lane, ClientShare>,
    inbox: FairQueue<PendingMessage>,
    inbox_bytes: usize,
    /// Of chunks that the scheduler has not answered.
    chunk_bytes: usize,
    /// Of all send queues, as of the last pass.
    queued_bytes: usize,
    /// Sessions so far.
    sessions: u64,
    /// Name of clients of the socket file.
    local_name: Arc<str>,
    /// When all connections were checked against the key list.
    keys_checked: Instant,
    queries: Queries,
    scheduler: CommandQueue,
    manifests: ManifestQueue,
    replies: ReplyReceiver,
    metrics: Arc<Metrics>,
}

/// A message that waits for its turn.
struct PendingMessage {
    connection: ConnectionId,
    session: u64,
    frames: Vec<zmq::Message>,
}

impl Server {
    /// Binds the socket file, and the endpoint for other hosts where one is wanted.
    ///
    /// # Errors
    ///
    /// An endpoint cannot be bound.
    pub(super) fn bind(
        local_endpoint: &str,
        remote: Option<RemoteAccess>,
        queries: Queries,
        links: Links,
    ) -> Result<Self, zmq::Error> {
        let Links { scheduler, manifests, replies, metrics, stop } = links;
        let context = zmq::Context::new();
        let socket = router(&context, queries.limits())?;
        socket.bind(local_endpoint)?;
        let mut listeners = vec![SocketListener::new(socket, None)];
        if let Some(RemoteAccess { endpoint, pair, keys }) = remote {
            let audit = scheduler.clone();
            spawn_zap(&context, keys.clone(), metrics.clone(), move |entry| audit.audit(entry), StopOnDrop(stop))?;
            let socket = router(&context, queries.limits())?;
            socket.set_curve_server(true)?;
            socket.set_curve_secretkey(&zmq::z85_decode(&pair.secret).map_err(|_| zmq::Error::EINVAL)?)?;
            socket.set_zap_domain("cordline")?;
            socket.bind(&endpoint)?;
            listeners.push(SocketListener::new(socket, Some(keys)));
        }
        Ok(Self {
            listeners,
            connections: HashMap::new(),
            shares: HashMap::new(),
            inbox: FairQueue::default(),
            inbox_bytes: 0,
            chunk_bytes: 0,
            queued_bytes: 0,
            sessions: 0,
            local_name: "box".into(),
            keys_checked: Instant::now(),
            queries,
            scheduler,
            manifests,
            replies,
            metrics,
        })
    }

    /// Serves until `stop` is set.
    ///
    /// # Errors
    ///
    /// A socket fails.
    pub(super) fn run(mut self, stop: &AtomicBool) -> Result<(), zmq::Error> {
        let mut retry = MIN_RETRY;
        let mut resynced = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            let has_replies = self.poll(match () {
                () if !self.inbox.is_empty() => Duration::ZERO,
                () if self.connections.values().any(Connection::has_backlog) => retry,
                () => POLL_INTERVAL,
            })?;
            self.recheck_keys();
            if has_replies {
                self.replies.take().into_iter().for_each(|message| self.handle_reply(message));
            }
            self.receive_all()?;
            self.process_inbox();
            if resynced.elapsed() > RESYNC_INTERVAL {
                resynced = Instant::now();
                self.connections.values_mut().for_each(|connection| connection.needs_events = true);
                self.drop_silent();
            }
            retry = if self.send_queued() { MIN_RETRY } else { (2 * retry).min(MAX_RETRY) };
        }
        Ok(())
    }

    /// Returns once a message or a reply has come, or after `timeout`; true where there may be replies.
    fn poll(&self, timeout: Duration) -> Result<bool, zmq::Error> {
        // ZeroMQ counts whole milliseconds, in which a client that reads at once would have read everything.
        if !timeout.is_zero() && timeout < Duration::from_millis(1) {
            std::thread::sleep(timeout);
        }
        let wakeup = zmq::PollItem::from_fd(self.replies.wakeup(), zmq::POLLIN);
        let sockets = self.listeners.iter().map(|listener| listener.socket.as_poll_item(zmq::POLLIN));
        let mut items: Vec<zmq::PollItem<'_>> = sockets.chain([wakeup]).collect();
        match zmq::poll(&mut items, timeout.as_millis() as i64) {
            Ok(_) => Ok(items.last().is_some_and(zmq::PollItem::is_readable)),
            Err(zmq::Error::EINTR) => Ok(true),
            Err(e) => Err(e),
        }
    }
}
