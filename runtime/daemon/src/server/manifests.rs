//! Long `submit` headers are parsed on a thread of their own: the manifest of a large study takes as long as a hundred other requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use cordline_sdk::wire::codec;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::reply::Answer;
use cordline_sdk::wire::request::Verb;

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
    headers: SharedFairQueue<(RequestOrigin, zmq::Message)>,
    bytes: Arc<AtomicUsize>,
}

impl ManifestQueue {
    /// Queues the header of a `submit`. Its answer comes as a reply.
    ///
    /// # Errors
    ///
    /// Too many manifests wait already.
    pub(super) fn push(&self, origin: RequestOrigin, header: zmq::Message) -> Result<(), Fault> {
        let bytes = header.len();
        let full = || Fault::busy("too many manifests wait to be read", RETRY_AFTER_MS);
        if self.bytes.load(Ordering::Relaxed) + bytes > MAX_BYTES {
            return Err(full());
        }
        // Counted before the other thread can subtract it.
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let lane = origin.peer.lane.clone();
        self.headers.push(&lane, MAX_PER_CLIENT, (origin, header)).map_err(|_| {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            full()
        })
    }

    /// Parses headers until `stop` is set.
    pub(crate) fn run(&self, limits: &Limits, scheduler: &CommandQueue, replies: &ReplySender, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            let Some((origin, header)) = self.headers.pop(SHUTDOWN_POLL) else { continue };
            let parsed = codec::request(&[&header[..]], limits).map(|(request, _)| request.verb);
            self.bytes.fetch_sub(header.len(), Ordering::Relaxed);
            drop(header);
            let refused = match parsed {
                Ok(Verb::Submit(submit)) => {
                    let lane = origin.peer.lane.clone();
                    match scheduler.push(lane, SchedulerCommand::Submit(origin.clone(), submit)) {
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
