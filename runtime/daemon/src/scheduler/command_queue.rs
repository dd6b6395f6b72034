//! Commands and audit entries on their way to the scheduler. Internal commands go first, then one of each client in turn; audit entries are
//! taken in batches, since one sync of the disk serves many.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::command::SchedulerCommand;
use crate::audit::AuditEntry;
use crate::fair_queue::FairQueue;
use crate::origin::Lane;

/// Audit entries of clients that may wait.
const MAX_ENTRIES: usize = 4096;
/// Audit entries that are taken at once.
const ENTRY_BATCH: usize = 512;

/// The queue; copies share it.
#[derive(Clone, Default)]
pub(crate) struct CommandQueue(Arc<(Mutex<QueueState>, Condvar)>);

#[derive(Default)]
struct QueueState {
    internal: VecDeque<SchedulerCommand>,
    entries: VecDeque<AuditEntry>,
    of_clients: FairQueue<SchedulerCommand>,
    is_closed: bool,
}

/// What there is to do now.
#[derive(Default)]
pub(super) struct Batch {
    pub command: Option<SchedulerCommand>,
    pub entries: Vec<AuditEntry>,
}

/// The scheduler takes no more commands of clients.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed;

impl CommandQueue {
    /// Queues a command of the daemon itself, before those of clients. Without a bound, since its sender waits for what comes of it.
    pub(crate) fn push_internal(&self, command: SchedulerCommand) {
        self.lock().internal.push_back(command);
        self.wake();
    }

    /// Queues a command of a client.
    ///
    /// # Errors
    ///
    /// The daemon is shutting down.
    pub(crate) fn push(&self, lane: Lane, command: SchedulerCommand) -> Result<(), Closed> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(Closed);
        }
        state.of_clients.push(lane, command);
        drop(state);
        self.wake();
        Ok(())
    }

    /// Queues an audit entry of the daemon itself.
    pub(crate) fn audit(&self, entry: AuditEntry) {
        self.lock().entries.push_back(entry);
        self.wake();
    }

    /// Queues an audit entry that a client causes; false where too many wait already.
    pub(crate) fn try_audit(&self, entry: AuditEntry) -> bool {
        let mut state = self.lock();
        if state.entries.len() >= MAX_ENTRIES {
            return false;
        }
        state.entries.push_back(entry);
        drop(state);
        self.wake();
        true
    }

    /// The next command and a batch of entries, `max_entries` at most; nothing after `timeout`.
    pub(super) fn pop(&self, timeout: Duration, max_entries: usize) -> Batch {
        let deadline = Instant::now() + timeout;
        let mut state = self.lock();
        loop {
            let command = state.internal.pop_front().or_else(|| state.of_clients.pop());
            let count = state.entries.len().min(ENTRY_BATCH).min(max_entries);
            let entries: Vec<AuditEntry> = state.entries.drain(..count).collect();
            let left = deadline.saturating_duration_since(Instant::now());
            if command.is_some() || !entries.is_empty() || left.is_zero() {
                return Batch { command, entries };
            }
            state = self.0.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.internal.is_empty() && state.entries.is_empty() && state.of_clients.is_empty()
    }

    /// From now on commands of clients are refused.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
    }

    fn wake(&self) {
        self.0.1.notify_one();
    }

    // A thread that panicked while holding the lock left a whole queue: nothing in there can fail halfway.
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::AuditEvent;

    fn entry() -> AuditEntry {
        AuditEntry { event: AuditEvent::Fetched, who: "viewer".into(), about: "job".into() }
    }

    #[test]
    fn entries_are_bounded_and_come_in_batches_beside_the_commands() {
        let queue = CommandQueue::default();
        let kept = (0..2 * MAX_ENTRIES).filter(|_| queue.try_audit(entry())).count();
        assert_eq!(kept, MAX_ENTRIES);
        queue.audit(entry());
        assert!(queue.pop(Duration::from_millis(1), 0).entries.is_empty(), "for more there is no room");
        queue.push_internal(SchedulerCommand::WorkerIdle(0));
        let batch = queue.pop(Duration::ZERO, usize::MAX);
        assert!(matches!(batch.command, Some(SchedulerCommand::WorkerIdle(0))) && batch.entries.len() == ENTRY_BATCH);
        let rest: usize =
            std::iter::repeat_with(|| queue.pop(Duration::ZERO, usize::MAX).entries.len()).take_while(|n| *n > 0).sum();
        assert_eq!(rest, MAX_ENTRIES + 1 - ENTRY_BATCH);
    }
}
