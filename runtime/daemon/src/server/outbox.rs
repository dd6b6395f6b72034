//! Answers and events to clients: queued for each connection, sent as far as its socket takes them.

use std::sync::Arc;

use cordline_sdk::wire::codec;
use cordline_sdk::wire::reply::{Answer, Reply};

use super::Server;
use super::connection::OutgoingMessage;
use super::listener::send_to;
use super::subscriptions::EventFanout;
use crate::origin::{ConnectionId, RequestOrigin};
use crate::replies::ServerMessage;

impl Server {
    /// Takes a message of another thread.
    pub(super) fn handle_reply(&mut self, message: ServerMessage) {
        match message {
            ServerMessage::Answer(origin, mut answer) => {
                self.settle(&origin);
                if let Answer::Upload(upload) = &mut answer {
                    upload.credit = self.chunk_credit();
                }
                self.answer(&origin, answer, None);
            }
            // Subscribers are served from the journal by `send_queued`: old and new events go one way.
            ServerMessage::EventsAppended => {
                self.connections.values_mut().for_each(|connection| connection.needs_events = true);
            }
        }
    }

    /// Queues the answer to a request, unless its session has ended.
    pub(super) fn answer(&mut self, origin: &RequestOrigin, answer: Answer, raw: Option<Vec<u8>>) {
        let connection = self.connections.get(&origin.connection);
        if connection.is_some_and(|connection| connection.peer.session == origin.peer.session) {
            let answer = self.queries.with_queue_position(answer);
            self.queue_answer(&origin.connection, origin.id, answer, raw);
        }
    }

    /// Queues an answer on a connection.
    pub(super) fn queue_answer(&mut self, id: &ConnectionId, request: u64, answer: Answer, raw: Option<Vec<u8>>) {
        if let Some(connection) = self.connections.get_mut(id) {
            let header = codec::header(&Reply { id: request, answer });
            connection.push(Arc::new(OutgoingMessage { header, raw }));
        }
    }

    /// Sends an answer past all queues, or drops it where the socket does not take it: for senders without a session.
    pub(super) fn send_now(&self, id: &ConnectionId, request: u64, answer: Answer) {
        let header = codec::header(&Reply { id: request, answer });
        let message = OutgoingMessage { header, raw: None };
        let _ = send_to(&self.listeners[id.listener].socket, &id.identity, &message, &self.metrics);
    }

    /// Fills each queue with the events of its subscriptions, and sends what the sockets take; true where they took anything.
    pub(super) fn send_queued(&mut self) -> bool {
        let Self { listeners, connections, queries, metrics, .. } = self;
        let mut fanout = EventFanout::new(queries);
        let (mut sent, mut gone, mut queued_bytes) = (0, Vec::new(), 0);
        for (id, connection) in connections.iter_mut() {
            loop {
                let more = connection.needs_events && fanout.fill(connection);
                let socket = &listeners[id.listener].socket;
                match connection.flush(|message| send_to(socket, &id.identity, message, metrics)) {
                    Ok(count) => sent += count,
                    Err(()) => {
                        gone.push(id.clone());
                        break;
                    }
                }
                // What was sent made room for further events.
                if connection.has_backlog() || !more {
                    break;
                }
            }
            queued_bytes += connection.queued_bytes();
        }
        self.queued_bytes = queued_bytes;
        for id in gone {
            self.remove_connection(&id);
        }
        sent > 0
    }
}
