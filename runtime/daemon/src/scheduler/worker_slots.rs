//! The workers as the scheduler knows them: who waits for a job, and who runs which.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use cordline_sdk::job::JobId;

use super::Assignment;
use crate::journal::JobRecord;

/// All workers, by number.
pub(super) struct WorkerSlots(Vec<WorkerSlot>);

struct WorkerSlot {
    assignments: Sender<Assignment>,
    is_idle: bool,
    running: Option<Running>,
}

struct Running {
    job: JobId,
    /// Set where it is to end.
    cancel: Arc<AtomicBool>,
    /// True for a job during which the daemon died before.
    is_suspect: bool,
}

impl WorkerSlots {
    /// None of them waits for a job yet.
    pub(super) fn new(assignments: Vec<Sender<Assignment>>) -> Self {
        let slot = |assignments| WorkerSlot { assignments, is_idle: false, running: None };
        Self(assignments.into_iter().map(slot).collect())
    }

    /// A worker waits for a job, and what it ran has ended.
    pub(super) fn set_idle(&mut self, worker: usize) {
        if let Some(slot) = self.0.get_mut(worker) {
            (slot.is_idle, slot.running) = (true, None);
        }
    }

    /// True where one waits for a job, and may be given one.
    pub(super) fn any_idle(&self) -> bool {
        self.0.iter().any(|slot| slot.is_idle) && !self.running().any(|running| running.is_suspect)
    }

    /// True where a job may be handed over now. One during which the daemon died runs alone: if it dies again, that was its doing.
    pub(super) fn may_take(&self, record: &JobRecord) -> bool {
        record.attempts == 0 || self.running().next().is_none()
    }

    fn running(&self) -> impl Iterator<Item = &Running> {
        self.0.iter().filter_map(|slot| slot.running.as_ref())
    }

    /// Hands a job to the first one that waits; false where that one has ended, since the daemon shuts down.
    pub(super) fn assign(&mut self, record: JobRecord) -> bool {
        let Some(slot) = self.0.iter_mut().find(|slot| slot.is_idle) else { return false };
        let (job, cancel, is_suspect) = (record.job.clone(), Arc::new(AtomicBool::new(false)), record.attempts > 0);
        slot.is_idle = false;
        let is_sent = slot.assignments.send(Assignment { record, cancel: cancel.clone() }).is_ok();
        slot.running = is_sent.then_some(Running { job, cancel, is_suspect });
        is_sent
    }

    /// Has a running job end, at the next moment when its worker looks; false where it does not run.
    pub(super) fn cancel(&self, job: &JobId) -> bool {
        let found = self.running().find(|running| running.job == *job);
        found.inspect(|running| running.cancel.store(true, Ordering::Relaxed)).is_some()
    }

    /// True where no job runs.
    #[cfg(test)]
    pub(super) fn none_runs(&self) -> bool {
        self.running().next().is_none()
    }
}
