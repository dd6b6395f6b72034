//! Who may come in from other hosts: ZeroMQ asks here (ZAP, RFC 27) at every CURVE handshake.
//!
//! Without this thread CURVE would let every key in.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::sync::{Arc, RwLock};
use std::time::SystemTime;

use cordline_sdk::wire::reply::Role;

use super::clerk::Order;
use super::metrics::Metrics;
use crate::audit::{AuditEvent, Entry};
use crate::keys::{self, ClientKey, KeyFolder};

/// Where ZeroMQ asks.
const ADDRESS: &str = "inproc://zeromq.zap.01";
/// Frames of a question before the credentials.
const QUESTION_FRAMES: usize = 6;

/// The list of clients, read again whenever the file changes.
pub(super) struct Guests {
    keys: KeyFolder,
    metrics: Arc<Metrics>,
    read: RwLock<(Option<SystemTime>, BTreeMap<String, ClientKey>)>,
}

impl Guests {
    /// Nothing is read yet.
    pub(super) fn new(keys: KeyFolder, metrics: Arc<Metrics>) -> Self {
        Self { keys, metrics, read: RwLock::new((None, BTreeMap::new())) }
    }

    /// The list as it is now; an unreadable one lets nobody in.
    fn now(&self) -> BTreeMap<String, ClientKey> {
        let changed = self.keys.changed();
        if let Ok(read) = self.read.read()
            && read.0 == changed
            && changed.is_some()
        {
            return read.1.clone();
        }
        let clients = self.keys.clients().unwrap_or_else(|error| {
            tracing::error!(%error, "the list of client keys cannot be read: nobody is let in");
            BTreeMap::new()
        });
        if let Ok(mut read) = self.read.write() {
            *read = (changed, clients.clone());
        }
        clients
    }

    /// Role of a client by name, as the list says now; `None` once it was taken out or has expired.
    pub(super) fn role(&self, name: &str) -> Option<Role> {
        let clients = self.now();
        let key = clients.get(name)?;
        let today = chrono::Utc::now().date_naive();
        keys::find(&clients, &key.public, today).ok().map(|(_, role)| role)
    }
}

/// Answers ZeroMQ's questions until its context ends. To be started before any guarded socket is bound.
pub(super) fn keep(context: &zmq::Context, guests: Arc<Guests>, clerk: Sender<Order>) -> Result<(), zmq::Error> {
    let socket = context.socket(zmq::REP)?;
    socket.bind(ADDRESS)?;
    let work = move || {
        while let Ok(question) = socket.recv_multipart(0) {
            let answer = judge(&question, &guests, &clerk);
            let frames: Vec<&[u8]> = answer.iter().map(Vec::as_slice).collect();
            if socket.send_multipart(frames, 0).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("gate".into()).spawn(work).map_err(|_| zmq::Error::EAGAIN)?;
    Ok(())
}

fn judge(question: &[Vec<u8>], guests: &Guests, clerk: &Sender<Order>) -> Vec<Vec<u8>> {
    let frame = |i: usize| question.get(i).cloned().unwrap_or_default();
    let reply = |code: &str, why: &str, user: &str| {
        // version, request id, status, text, user id, metadata
        vec![b"1.0".to_vec(), frame(1), code.into(), why.into(), user.into(), Vec::new()]
    };
    let verdict = match (question.len() > QUESTION_FRAMES, frame(5) == b"CURVE") {
        (true, true) => zmq::z85_encode(&frame(QUESTION_FRAMES)).map_err(|_| "a key of the wrong length"),
        _ => Err("no key at all"),
    };
    let clients = guests.now();
    let today = chrono::Utc::now().date_naive();
    match verdict.and_then(|public| keys::find(&clients, &public, today).map(|(name, _)| name.to_owned())) {
        Ok(name) => reply("200", "OK", &name),
        Err(why) => {
            let from = String::from_utf8_lossy(&frame(3)).into_owned();
            guests.metrics.refused();
            tracing::warn!(address = %from, reason = why, "a client was refused");
            let entry = Entry { event: AuditEvent::Refused, who: from, about: why.into() };
            let _ = clerk.send(Order::Audit(entry));
            reply("400", why, "")
        }
    }
}
