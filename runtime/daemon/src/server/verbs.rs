//! What each verb does: a look at the journal, or a command to the scheduler.

use std::time::Instant;

use cordline_sdk::RESEARCH_USE;
use cordline_sdk::problem::Code;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::reply::{Answer, EventsBegin, Role, Welcome};
use cordline_sdk::wire::request::{Artifact, Chunk, Events, Nothing, Request, Verb};
use cordline_sdk::wire::{MAJOR, MINOR};

use super::Server;
use super::connection::Subscription;
use crate::audit::{AuditEntry, AuditEvent};
use crate::error::{no_such_job, shutting_down};
use crate::origin::RequestOrigin;
use crate::queries::JobProgress;
use crate::scheduler::SchedulerCommand;

/// Commands of a client, all its connections together, that may wait for the scheduler.
const MAX_COMMANDS: usize = 64;
/// Jobs to which a connection may subscribe at once.
const MAX_SUBSCRIPTIONS: usize = 256;
/// Bytes of chunks that may wait for the scheduler; beyond, each connection has [`MIN_CHUNKS`] at most.
const MAX_CHUNK_BYTES: usize = 128 << 20;
const MIN_CHUNKS: u32 = 2;
/// Bytes that may wait to be sent to all clients together before large answers are refused.
const MAX_QUEUED_BYTES: usize = 128 << 20;
const AUDIT_TOO_FAST: &str = "this client does more than can be written down";
/// When a refused request is worth another try.
const RETRY_SOON_MS: u64 = 100;
const RETRY_LATER_MS: u64 = 1000;

impl Server {
    /// The answer, where it can be given at once.
    pub(super) fn dispatch(
        &mut self,
        origin: &RequestOrigin,
        request: Request,
        raw: Option<zmq::Message>,
    ) -> Option<Answer> {
        if let Err(fault) = origin.peer.role.check(origin.required) {
            return Some(Answer::Fault(fault));
        }
        let command = match request.verb {
            Verb::Hello(_) => return Some(self.welcome(origin.peer.role.get().unwrap_or(Role::Viewer))),
            Verb::Ping(_) => return Some(Answer::Pong(Nothing {})),
            Verb::List(_) | Verb::Artifact(_) | Verb::Status(_) | Verb::Device(_) if self.reads_too_slowly(origin) => {
                return Some(self.busy("reads", "too many answers wait to be read", RETRY_SOON_MS));
            }
            Verb::List(list) => return Some(self.queries.list(&list)),
            Verb::Status(status) => return Some(self.queries.status(status.job.as_ref())),
            Verb::Device(_) => return Some(self.queries.device()),
            Verb::Events(events) => return Some(self.subscribe(origin, &events)),
            Verb::Artifact(artifact) => return self.send_artifact(origin, &artifact),
            // The codec refuses a chunk without its bytes.
            Verb::Chunk(chunk) => return self.push_chunk(origin, chunk, raw?),
            Verb::Commit(_) | Verb::Cancel(_) | Verb::Forget(_) | Verb::Choose(_) | Verb::Review(_)
                if !self.may_audit(origin) =>
            {
                return Some(self.busy("lines", AUDIT_TOO_FAST, RETRY_LATER_MS));
            }
            Verb::Submit(submit) => SchedulerCommand::Submit(origin.clone(), submit, None),
            Verb::Commit(of) => SchedulerCommand::Commit(origin.clone(), of.job),
            Verb::Cancel(of) => SchedulerCommand::Cancel(origin.clone(), of.job),
            Verb::Forget(of) => SchedulerCommand::Forget(origin.clone(), of.job),
            Verb::Choose(choose) => SchedulerCommand::Choose(origin.clone(), choose.job, choose.series),
            Verb::Review(review) => SchedulerCommand::Review(origin.clone(), review),
            later => {
                return Some(Answer::Fault(Fault::new(
                    Code::UnknownVerb,
                    format!("the verb `{}` is not served here", later.name()),
                    "ask a daemon of a later version",
                )));
            }
        };
        match self.reserve_command(origin) {
            Ok(()) => self.push_command(command, origin),
            Err(busy) => Some(busy),
        }
    }

    fn push_chunk(&mut self, origin: &RequestOrigin, chunk: Chunk, bytes: zmq::Message) -> Option<Answer> {
        let limit = self.queries.limits().chunks_in_flight;
        let allowed = if self.chunk_bytes > MAX_CHUNK_BYTES { limit.min(MIN_CHUNKS) } else { limit };
        let connection = self.connections.get_mut(&origin.connection)?;
        if connection.chunks >= allowed {
            return Some(Answer::Fault(Fault::new(
                Code::CreditExceeded,
                format!("{} chunks wait for their answers already", connection.chunks),
                "wait for an answer before the next chunk",
            )));
        }
        connection.chunks += 1;
        self.chunk_bytes += bytes.len();
        let origin = RequestOrigin { chunk_bytes: Some(bytes.len()), ..origin.clone() };
        self.push_command(SchedulerCommand::Chunk(origin.clone(), chunk, bytes), &origin)
    }

    /// Reserves a place among the commands of a client.
    ///
    /// # Errors
    ///
    /// `busy`, where all are taken.
    pub(super) fn reserve_command(&mut self, origin: &RequestOrigin) -> Result<(), Answer> {
        match self.shares.get_mut(&origin.peer.lane) {
            Some(share) if share.commands < MAX_COMMANDS => {
                share.commands += 1;
                Ok(())
            }
            _ => {
                let what = format!("{MAX_COMMANDS} requests of this client wait already");
                Err(self.busy("commands", &what, RETRY_SOON_MS))
            }
        }
    }

    fn push_command(&mut self, command: SchedulerCommand, origin: &RequestOrigin) -> Option<Answer> {
        match self.scheduler.push(origin.peer.lane.clone(), command) {
            Ok(()) => None,
            Err(_) => {
                self.settle(origin);
                Some(Answer::Fault(shutting_down()))
            }
        }
    }

    /// Frees the place of a command or chunk that was answered.
    pub(super) fn settle(&mut self, origin: &RequestOrigin) {
        match origin.chunk_bytes {
            Some(bytes) => {
                self.chunk_bytes = self.chunk_bytes.saturating_sub(bytes);
                let connection = self.connections.get_mut(&origin.connection);
                if let Some(connection) = connection.filter(|c| c.peer.session == origin.peer.session) {
                    connection.chunks = connection.chunks.saturating_sub(1);
                }
            }
            None => {
                if let Some(share) = self.shares.get_mut(&origin.peer.lane) {
                    share.commands = share.commands.saturating_sub(1);
                    if share.is_unused() {
                        self.shares.remove(&origin.peer.lane);
                    }
                }
            }
        }
    }

    /// Chunks that a connection may have in flight: fewer where many upload.
    pub(super) fn chunk_credit(&self) -> u32 {
        let limits = self.queries.limits();
        let uploading = self.connections.values().filter(|c| c.chunks > 0).count().max(1) as u64;
        let each = MAX_CHUNK_BYTES as u64 / limits.frame_bytes.max(1) / uploading;
        u32::try_from(each).unwrap_or(u32::MAX).max(MIN_CHUNKS).min(limits.chunks_in_flight)
    }

    /// True where the client does not read its answers, or all clients together have more unread than the daemon keeps.
    fn reads_too_slowly(&self, origin: &RequestOrigin) -> bool {
        self.connections.get(&origin.connection).is_none_or(|connection| {
            connection.free_slots() == 0 || (self.queued_bytes > MAX_QUEUED_BYTES && connection.has_backlog())
        })
    }

    /// Counts a line of the audit file that this client causes; false where it caused too many.
    fn may_audit(&mut self, origin: &RequestOrigin) -> bool {
        let share = self.shares.get_mut(&origin.peer.lane);
        share.is_some_and(|share| share.audit_lines.try_acquire(Instant::now()))
    }

    /// Answers with a piece of a file. The first piece is audited.
    fn send_artifact(&mut self, origin: &RequestOrigin, artifact: &Artifact) -> Option<Answer> {
        let is_first = artifact.offset == 0;
        if is_first && !self.may_audit(origin) {
            return Some(self.busy("lines", AUDIT_TOO_FAST, RETRY_LATER_MS));
        }
        let (answer, piece) = self.queries.artifact(artifact);
        if piece.is_some() && is_first {
            let about = format!("{} {}", artifact.job, artifact.path);
            let entry = AuditEntry { event: AuditEvent::Fetched, who: origin.peer.name.to_string(), about };
            if !self.scheduler.try_audit(entry) {
                return Some(self.busy("lines", AUDIT_TOO_FAST, RETRY_LATER_MS));
            }
        }
        self.answer(origin, answer, piece);
        None
    }

    /// A refusal for now, which is counted.
    pub(super) fn busy(&self, what: &'static str, why: &str, after_ms: u64) -> Answer {
        self.metrics.busy(what);
        Answer::Fault(Fault::busy(why, after_ms))
    }

    pub(super) fn welcome(&self, role: Role) -> Answer {
        let (bundle, ready) = self.queries.bundle();
        Answer::Welcome(Box::new(Welcome {
            daemon: format!("cordline {}", env!("CARGO_PKG_VERSION")),
            notice: RESEARCH_USE.into(),
            protocol: [MAJOR, MINOR],
            role,
            limits: self.queries.limits().clone(),
            bundle,
            ready,
        }))
    }

    fn subscribe(&mut self, origin: &RequestOrigin, events: &Events) -> Answer {
        let JobProgress { last, state } = match self.queries.job_progress(&events.job) {
            Ok(Some(progress)) => progress,
            Ok(None) => return Answer::Fault(no_such_job(&events.job)),
            Err(fault) => return Answer::Fault(fault),
        };
        if let Some(connection) = self.connections.get_mut(&origin.connection) {
            let subscriptions = &mut connection.subscriptions;
            if subscriptions.len() >= MAX_SUBSCRIPTIONS && !subscriptions.contains_key(&events.job) {
                let what = format!("this connection follows {MAX_SUBSCRIPTIONS} jobs already");
                return self.busy("followed", &what, RETRY_LATER_MS);
            }
            let until = (!events.follow).then_some(last);
            let subscription = Subscription { request: origin.id, last_sent: events.since, until };
            subscriptions.insert(events.job.clone(), subscription);
            connection.needs_events = true;
        }
        Answer::Events(EventsBegin { job: events.job.clone(), last, state })
    }
}
