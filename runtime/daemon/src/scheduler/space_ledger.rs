//! Disk space that is reserved for jobs and not written yet.

use std::collections::BTreeMap;

use cordline_sdk::job::JobId;

/// A job reserves its input this many times: results and pictures take about as much again.
pub(super) const INPUT_MULTIPLE: u64 = 2;

/// Reservations by job.
#[derive(Debug, Default)]
pub(super) struct SpaceLedger {
    reserved: BTreeMap<JobId, u64>,
    total: u64,
}

impl SpaceLedger {
    /// Reserves bytes for a job, in place of an earlier reservation.
    pub(super) fn reserve(&mut self, job: &JobId, bytes: u64) {
        self.release(job);
        self.total = self.total.saturating_add(bytes);
        self.reserved.insert(job.clone(), bytes);
    }

    /// Part of the reservation was written, and counts as used by the disk itself.
    pub(super) fn consume(&mut self, job: &JobId, bytes: u64) {
        if let Some(left) = self.reserved.get_mut(job) {
            let bytes = bytes.min(*left);
            *left -= bytes;
            self.total = self.total.saturating_sub(bytes);
        }
    }

    /// The job has ended or was removed.
    pub(super) fn release(&mut self, job: &JobId) {
        self.total = self.total.saturating_sub(self.reserved.remove(job).unwrap_or(0));
    }

    /// What is left of the reservation of a job.
    pub(super) fn reserved_for(&self, job: &JobId) -> Option<u64> {
        self.reserved.get(job).copied()
    }

    /// What is left of all reservations.
    pub(super) fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_promised_is_counted_until_it_is_taken_or_given_back() {
        let [a, b] = ["a", "b"].map(|name| JobId::new(name).unwrap());
        let mut ledger = SpaceLedger::default();
        ledger.reserve(&a, 100);
        ledger.reserve(&b, 30);
        ledger.consume(&a, 40);
        assert_eq!((ledger.total(), ledger.reserved_for(&a), ledger.reserved_for(&b)), (90, Some(60), Some(30)));
        ledger.reserve(&a, 10);
        ledger.consume(&b, 99);
        assert_eq!(ledger.total(), 10);
        ledger.release(&a);
        ledger.release(&a);
        assert_eq!((ledger.total(), ledger.reserved_for(&a)), (0, None));
    }
}
