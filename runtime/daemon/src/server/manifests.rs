//! Long `submit` headers are parsed on a thread of their own: the manifest of a large study takes as long as a hundred other requests.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cordline_sdk::wire::codec;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::reply::Answer;
use cordline_sdk::wire::request::Verb;

use crate::byte_count::{ByteCount, CountedBytes};
use crate::error::{shutting_down, verb_named_twice};
use crate::fair_queue::SharedFairQueue;
use crate::origin::RequestOrigin;
use crate::replies::{ReplySender, ServerMessage};
use crate::scheduler::{CommandQueue, SchedulerCommand};

/// Headers from this length on are parsed here.
pub(crate) const LONG_HEADER: usize = 64 << 10;
/// Manifests of a client, and bytes of all, that may wait.
const MAX_PER_CLIENT: usize = 4;
const MAX_BYTES: usize = 64 << 20;
const RETRY_AFTER_MS: u64 = 500;
const SHUTDOWN_POLL: Duration = Duration::from_millis(200);

/// Long headers that wait for the parser; copies share them.
#[derive(Clone, Default)]
pub(crate) struct ManifestQueue {
    headers: SharedFairQueue<(RequestOrigin, zmq::Message, CountedBytes)>,
    /// Of all manifests that the scheduler has not taken. One that is parsed takes about twice as much.
    bytes: ByteCount,
}

impl ManifestQueue {
    /// Queues the header of a `submit`. Its answer comes as a reply.
    ///
    /// # Errors
    ///
    /// Too many manifests wait already.
    pub(super) fn push(&self, origin: RequestOrigin, header: zmq::Message) -> Result<(), Fault> {
        let full = || Fault::busy("too many manifests wait to be read", RETRY_AFTER_MS);
        let counted = self.bytes.take(header.len(), MAX_BYTES).ok_or_else(full)?;
        let lane = origin.peer.lane.clone();
        self.headers.push(&lane, MAX_PER_CLIENT, (origin, header, counted)).map_err(|_| full())
    }

    /// Parses headers until `stop` is set.
    pub(crate) fn run(&self, limits: &Limits, scheduler: &CommandQueue, replies: &ReplySender, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let Some((origin, header, counted)) = self.headers.pop(SHUTDOWN_POLL) else { continue };
            let parsed = codec::request(&[&header[..]], limits).map(|(request, _)| request.verb);
            drop(header);
            let refused = match parsed {
                Ok(Verb::Submit(submit)) => {
                    let lane = origin.peer.lane.clone();
                    match scheduler.push(lane, SchedulerCommand::Submit(origin.clone(), submit, Some(counted))) {
                        Ok(()) => continue,
                        Err(_) => shutting_down(),
                    }
                }
                // `glance` sees the first verb, the parser the last: only a header with two verbs comes here.
                Ok(_) => verb_named_twice(),
                Err(refused) => refused.fault,
            };
            replies.send(ServerMessage::Answer(origin, Answer::Fault(refused)));
        }
    }
}
