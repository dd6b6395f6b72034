//! Messages that arrive: checked against the rights of their sender, queued, and taken one of each client in turn.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cordline_core::printable::printable;
use cordline_sdk::problem::Code;
use cordline_sdk::wire::codec;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::glance::{GREETING_BYTES, Glance, glance};
use cordline_sdk::wire::reply::{Answer, Role};
use cordline_sdk::wire::request::Verb;

use super::listener::{Received, receive_from};
use super::manifests::LONG_HEADER;
use super::{PendingMessage, Server};
use crate::audit::{AuditEntry, AuditEvent};
use crate::origin::{ConnectionId, RequestOrigin};

/// Messages that are read from a socket before what was read is processed.
const RECV_BATCH: usize = 64;
/// Messages of a client, and bytes of all, that may wait for their turn.
const MAX_PER_LANE: usize = 256;
const MAX_INBOX_BYTES: usize = 64 << 20;
/// How long requests are answered before the answers are sent.
const TIME_SLICE: Duration = Duration::from_millis(3);
/// Characters of a client's own name in the log.
const MAX_NAME_CHARS: usize = 60;

impl Server {
    /// Reads what has arrived into the inbox.
    ///
    /// # Errors
    ///
    /// A socket fails.
    pub(super) fn receive_all(&mut self) -> Result<(), zmq::Error> {
        for listener in 0..self.listeners.len() {
            let (mut batch, mut bytes) = (Vec::new(), 0);
            // Beyond the bound the rest stays in ZeroMQ's queues, and then in those of the senders.
            while batch.len() < RECV_BATCH && self.inbox_bytes + bytes <= MAX_INBOX_BYTES {
                match receive_from(&self.listeners[listener].socket) {
                    Ok(received) => {
                        bytes += total_bytes(&received.frames);
                        batch.push(received);
                    }
                    Err(zmq::Error::EAGAIN) => break,
                    Err(zmq::Error::EINTR) => {}
                    Err(e) => return Err(e),
                }
            }
            // Once for all of them, and after they came: what was sent after a key was revoked is refused.
            if let Some(keys) = self.listeners[listener].keys.as_ref().filter(|_| !batch.is_empty()) {
                keys.refresh();
            }
            batch.into_iter().for_each(|received| self.receive(listener, received));
        }
        Ok(())
    }

    fn receive(&mut self, listener: usize, Received { identity, key, frames }: Received) {
        let bytes = total_bytes(&frames);
        self.metrics.received(bytes);
        let id = ConnectionId { listener, identity };
        let role = match self.sender_role(listener, &key) {
            Ok(role) => role,
            // No sign of life either: a client that was expelled stays out.
            Err(fault) => return self.refuse(&id, &frames, fault),
        };
        let known = self.connections.get_mut(&id).filter(|connection| *connection.peer.key == *key);
        let Some(connection) = known else { return self.greet(id, &key, role, &frames) };
        connection.last_heard = Instant::now();
        if connection.is_overloaded() {
            self.remove_connection(&id);
            return;
        }
        let (session, lane) = (connection.peer.session, connection.peer.lane.clone());
        if self.inbox.waiting(&lane) >= MAX_PER_LANE {
            self.metrics.busy("requests");
            let fault = Fault::busy(format!("{MAX_PER_LANE} requests of this client wait already"), 100);
            let (seen, _) = peek(&frames);
            return self.queue_answer(&id, seen.id.unwrap_or(0), Answer::Fault(fault), None);
        }
        self.inbox_bytes += bytes;
        self.inbox.push(lane, PendingMessage { connection: id, session, frames });
    }

    /// The first message of a connection: nothing but a short `hello` is read.
    fn greet(&mut self, id: ConnectionId, key: &str, role: (Arc<str>, Role), frames: &[zmq::Message]) {
        let hello_first = Fault::new(Code::HelloRequired, "`hello` comes first", "send `hello`");
        if frames.first().is_some_and(|header| header.len() as u64 > GREETING_BYTES) {
            return self.refuse(&id, frames, hello_first);
        }
        let views: Vec<&[u8]> = frames.iter().map(|frame| &frame[..]).collect();
        let request = match codec::request(&views, self.queries.limits()) {
            Ok((request, _)) => request,
            Err(refused) => return self.send_now(&id, refused.id, Answer::Fault(refused.fault)),
        };
        let Verb::Hello(hello) = request.verb else {
            return self.send_now(&id, request.id, Answer::Fault(hello_first));
        };
        let (name, granted) = (printable(&hello.client, MAX_NAME_CHARS), role.1);
        let entry = AuditEntry { event: AuditEvent::Connected, who: role.0.to_string(), about: name.clone() };
        if !self.scheduler.try_audit(entry) {
            let busy = self.busy("connections", "more connections come than can be written down", 1000);
            return self.send_now(&id, request.id, busy);
        }
        let peer = self.new_peer(&id, key, role);
        tracing::info!(who = &*peer.name, client = %name, "connected");
        self.add_connection(id.clone(), peer);
        let welcome = self.welcome(granted);
        self.queue_answer(&id, request.id, welcome, None);
    }

    /// Processes waiting messages for the length of a time slice, one of each client in turn.
    pub(super) fn process_inbox(&mut self) {
        let until = Instant::now() + TIME_SLICE;
        while let Some(PendingMessage { connection, session, frames }) = self.inbox.pop() {
            self.inbox_bytes -= total_bytes(&frames);
            self.process(connection, session, frames);
            if Instant::now() >= until {
                return;
            }
        }
    }

    fn process(&mut self, id: ConnectionId, session: u64, mut frames: Vec<zmq::Message>) {
        let Some(connection) = self.connections.get(&id).filter(|c| c.peer.session == session) else { return };
        let peer = connection.peer.clone();
        let mut origin = RequestOrigin { connection: id, peer, id: 0, chunk_bytes: None, required: Role::Submitter };
        if frames.first().is_some_and(|header| header.len() > LONG_HEADER) && frames.len() == 1 {
            let (seen, looked) = peek(&frames);
            origin.id = seen.id.unwrap_or(0);
            if looked.is_ok() && seen.is_submit() {
                return self.queue_manifest(origin, frames.remove(0));
            }
        }
        let views: Vec<&[u8]> = frames.iter().map(|frame| &frame[..]).collect();
        let read = codec::request(&views, self.queries.limits()).map(|(request, raw)| (request, raw.is_some()));
        let answer = match read {
            Ok((request, has_raw)) => {
                (origin.id, origin.required) = (request.id, request.verb.required_role());
                let raw = if has_raw { frames.pop() } else { None };
                self.dispatch(&origin, request, raw)
            }
            Err(refused) => {
                origin.id = refused.id;
                Some(Answer::Fault(refused.fault))
            }
        };
        if let Some(answer) = answer {
            self.answer(&origin, answer, None);
        }
    }

    /// Has a long manifest parsed by another thread.
    fn queue_manifest(&mut self, origin: RequestOrigin, header: zmq::Message) {
        let allowed = origin.peer.role.check(origin.required).map_err(Answer::Fault);
        let queued = allowed.and_then(|()| self.reserve_command(&origin)).and_then(|()| {
            self.manifests.push(origin.clone(), header).map_err(|fault| {
                self.settle(&origin);
                self.metrics.busy("manifests");
                Answer::Fault(fault)
            })
        });
        if let Err(refused) = queued {
            self.answer(&origin, refused, None);
        }
    }

    /// Refuses a message of a sender without a session.
    fn refuse(&self, id: &ConnectionId, frames: &[zmq::Message], fault: Fault) {
        self.send_now(id, peek(frames).0.id.unwrap_or(0), Answer::Fault(fault));
    }
}

/// The first look at a header, however broken the message is.
fn peek(frames: &[zmq::Message]) -> (Glance<'_>, Result<(), Fault>) {
    frames.first().map_or_else(|| (Glance::default(), Ok(())), |header| glance(header))
}

fn total_bytes(frames: &[zmq::Message]) -> usize {
    frames.iter().map(|frame| frame.len()).sum()
}
