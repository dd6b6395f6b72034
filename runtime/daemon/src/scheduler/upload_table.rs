//! Uploads that were begun: bounded in number and in the bytes of their manifests, for each client and for all together. Only the last few are
//! held open; others are opened again from the journal.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cordline_sdk::job::JobId;
use cordline_sdk::wire::fault::Fault;

use crate::spool::ItemReceiver;

/// Begun uploads of all clients, and bytes of their manifests: in the journal, and in memory once they are open.
const MAX_UPLOADS: usize = 512;
const MAX_BYTES: u64 = 96 << 20;
/// The share of a key. The socket file, with all who come through a gateway, may have the whole.
const MAX_PER_CLIENT: usize = 128;
const MAX_BYTES_PER_CLIENT: u64 = 24 << 20;
/// Uploads that are held open, each with a file, and items of all their manifests.
const MAX_OPEN: usize = 24;
const MAX_OPEN_ITEMS: usize = 200_000;
/// What an item takes in a manifest.
const ITEM_BYTES: u64 = 160;
/// An upload for a job that had ended is forgotten when nothing more comes for this time.
const IDLE: Duration = Duration::from_secs(3600);
/// When a refused upload is worth another try.
const RETRY_AFTER_MS: u64 = 30_000;

/// All begun uploads.
#[derive(Debug, Default)]
pub(super) struct UploadTable {
    begun: BTreeMap<JobId, BegunUpload>,
}

#[derive(Debug)]
struct BegunUpload {
    who: String,
    /// Of its manifest.
    bytes: u64,
    /// `None` while it is not held open.
    receiver: Option<ItemReceiver>,
    touched: Instant,
}

impl UploadTable {
    /// What an earlier start left, with the bytes of each manifest.
    pub(super) fn restored(jobs: Vec<(JobId, u64)>) -> Self {
        let touched = Instant::now();
        let upload = |bytes| BegunUpload { who: String::new(), bytes, receiver: None, touched };
        Self { begun: jobs.into_iter().map(|(job, bytes)| (job, upload(bytes))).collect() }
    }

    /// Begins an upload, or goes on with one.
    ///
    /// # Errors
    ///
    /// `busy`, where too many are begun.
    pub(super) fn begin(&mut self, job: &JobId, who: &str, items: usize) -> Result<(), Fault> {
        let bytes = items as u64 * ITEM_BYTES;
        if let Some(known) = self.begun.get_mut(job) {
            who.clone_into(&mut known.who);
            known.touched = Instant::now();
            return Ok(());
        }
        let sum = |counts: &dyn Fn(&BegunUpload) -> bool| {
            let found = self.begun.values().filter(|upload| counts(upload));
            found.fold((0, 0), |(count, sum), upload| (count + 1, sum + upload.bytes))
        };
        let is_over = |(count, sum): (usize, u64), max: usize, max_bytes: u64| {
            count >= max || sum.saturating_add(bytes) > max_bytes
        };
        let (of_client, of_all) = (sum(&|upload| upload.who == who), sum(&|_| true));
        if who != "box" && is_over(of_client, MAX_PER_CLIENT, MAX_BYTES_PER_CLIENT) {
            let what =
                format!("{} uploads of this key were begun and not committed: commit or cancel one", of_client.0);
            return Err(Fault::busy(what, RETRY_AFTER_MS));
        }
        if is_over(of_all, MAX_UPLOADS, MAX_BYTES) {
            let what = format!("{} uploads were begun and not committed", of_all.0);
            return Err(Fault::busy(what, RETRY_AFTER_MS));
        }
        let touched = Instant::now();
        self.begun.insert(job.clone(), BegunUpload { who: who.into(), bytes, receiver: None, touched });
        Ok(())
    }

    /// Holds an upload open, and closes those that were idle longest for it.
    pub(super) fn open(&mut self, job: &JobId, receiver: ItemReceiver) {
        let (mut open, mut items) = (1, receiver.items().len());
        let mut latest: Vec<&mut BegunUpload> =
            self.begun.iter_mut().filter(|(name, _)| *name != job).map(|(_, upload)| upload).collect();
        latest.sort_by_key(|upload| std::cmp::Reverse(upload.touched));
        for upload in latest {
            let Some(receiver) = &upload.receiver else { continue };
            (open, items) = (open + 1, items + receiver.items().len());
            if open > MAX_OPEN || items > MAX_OPEN_ITEMS {
                upload.receiver = None;
            }
        }
        if let Some(upload) = self.begun.get_mut(job) {
            upload.receiver = Some(receiver);
        }
    }

    pub(super) fn is_open(&self, job: &JobId) -> bool {
        self.begun.get(job).is_some_and(|upload| upload.receiver.is_some())
    }

    /// The receiver of an open upload; counts as a sign of life.
    pub(super) fn receiver(&mut self, job: &JobId) -> Option<&mut ItemReceiver> {
        let upload = self.begun.get_mut(job)?;
        upload.touched = Instant::now();
        upload.receiver.as_mut()
    }

    /// The fingerprint of a folder when it was submitted; `None` where that is not known any more.
    pub(super) fn fingerprint(&self, job: &JobId) -> Option<String> {
        self.begun.get(job)?.receiver.as_ref()?.fingerprint().map(str::to_owned)
    }

    /// Time since the last sign of life, by the monotonic clock; `None` for an upload that is not in the table.
    pub(super) fn idle(&self, job: &JobId) -> Option<Duration> {
        self.begun.get(job).map(|upload| upload.touched.elapsed())
    }

    /// The upload was committed, or is not wanted any more.
    pub(super) fn end(&mut self, job: &JobId) {
        self.begun.remove(job);
    }

    /// As if nothing had come for an upload for as long as it takes to be forgotten.
    #[cfg(test)]
    pub(super) fn let_idle(&mut self, job: &JobId) {
        let upload = self.begun.get_mut(job).unwrap();
        upload.touched = upload.touched.checked_sub(IDLE).unwrap();
    }

    /// Forgets idle uploads, and those of jobs that take no more input; returns their jobs.
    pub(super) fn forget(&mut self, takes_input: impl Fn(&JobId) -> bool) -> Vec<JobId> {
        let is_over = |job: &JobId, upload: &mut BegunUpload| upload.touched.elapsed() >= IDLE || !takes_input(job);
        self.begun.extract_if(.., is_over).map(|(job, _)| job).collect()
    }
}

#[cfg(test)]
mod tests {
    use cordline_sdk::problem::Code;

    use super::*;
    use crate::spool::Item;

    fn job(n: usize) -> JobId {
        JobId::new(format!("job{n}")).unwrap()
    }

    fn items(count: usize) -> ItemReceiver {
        ItemReceiver::new(vec![Item { bytes: 1, sha256: None }; count])
    }

    #[test]
    fn a_key_that_begins_without_end_leaves_room_for_others() {
        let mut uploads = UploadTable::default();
        let begun = (0..1000).take_while(|n| uploads.begin(&job(*n), "greedy", 1).is_ok()).count();
        assert_eq!(begun, MAX_PER_CLIENT);
        assert_eq!(uploads.begin(&job(1000), "greedy", 1).unwrap_err().problem.code, Code::Busy);
        assert_eq!(uploads.begin(&job(0), "greedy", 1), Ok(()), "one that was begun goes on");
        assert_eq!(uploads.begin(&job(2000), "modest", 30_000), Ok(()));
        uploads.end(&job(0));
        assert_eq!(uploads.begin(&job(1000), "greedy", 1), Ok(()));
    }

    #[test]
    fn manifests_are_bounded_in_bytes() {
        let mut uploads = UploadTable::default();
        let begun = (0..1000).take_while(|n| uploads.begin(&job(*n), "greedy", 30_000).is_ok()).count() as u64;
        assert_eq!(begun, MAX_BYTES_PER_CLIENT / (30_000 * ITEM_BYTES));
        let more = (1000..2000).take_while(|n| uploads.begin(&job(*n), "box", 30_000).is_ok()).count() as u64;
        assert!((begun + more) * 30_000 * ITEM_BYTES <= MAX_BYTES);
    }

    #[test]
    fn few_are_held_open_and_memory_is_freed_at_the_end() {
        let mut uploads = UploadTable::restored(vec![(job(999), 5)]);
        for n in 0..100 {
            uploads.begin(&job(n), "box", 3).unwrap();
            uploads.open(&job(n), items(3));
        }
        assert_eq!((0..100).filter(|n| uploads.is_open(&job(*n))).count(), MAX_OPEN);
        assert!(uploads.is_open(&job(99)) && !uploads.is_open(&job(0)) && uploads.receiver(&job(99)).is_some());
        uploads.open(&job(1), items(MAX_OPEN_ITEMS));
        assert_eq!((0..100).filter(|n| uploads.is_open(&job(*n))).count(), 1);
        uploads.end(&job(1));
        let others = uploads.begun.len();
        assert_eq!((uploads.forget(|_| true).len(), uploads.forget(|_| false).len()), (0, others));
        assert!(uploads.begun.is_empty());
    }
}
