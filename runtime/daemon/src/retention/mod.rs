//! What is removed by itself: old results, uploads that were given up, input of jobs without answer. A thread of its own scans for it, since that
//! takes long where much is kept; the scheduler removes what was found, after a second look.
//!
//! What is removed is lost for good, so no single source is believed: age is what both the wall clock and the counted uptime say ([`age_clock`]),
//! folders that the journal does not know are set aside instead of removed, and only a share of all jobs is removed at once.
//!
//! - [`age_clock`]: time that the daemon itself counted
//! - [`job_sizes`]: bytes of ended jobs, measured once

mod age_clock;
mod job_sizes;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cordline_analysis::config::Keep;

use super::clock::{DAY_MS, HOUR_MS};
use super::notices::{Notices, Topic};
use super::scheduler::{CommandQueue, IDLE_UPLOAD_MS, RemovalPlan, SchedulerCommand};
use crate::journal::{EndedJob, Journal, JournalError};
use crate::spool::Spool;
use age_clock::Moment;
pub(super) use age_clock::{AgeClock, ClockReadings};
use job_sizes::JobSizes;

/// How often is scanned, and how often discarded folders are deleted from the disk.
const SCAN_INTERVAL: Duration = Duration::from_secs(60);
const SWEEP_INTERVAL: Duration = Duration::from_millis(500);
/// One in so many ended jobs may be removed by one scan, and at most so many.
const SHARE: usize = 10;
const MAX_REMOVED: usize = 32;

/// Looks for what is to be removed.
pub(super) struct RetentionScanner {
    /// Read only.
    pub journal: Journal,
    pub spool: Arc<Spool>,
    pub keep: Keep,
    /// Free bytes that must stay on the disk of the spool.
    pub reserve_bytes: u64,
    pub notices: Notices,
    pub scheduler: CommandQueue,
    /// Set at shutdown.
    pub stop: Arc<AtomicBool>,
}

impl RetentionScanner {
    /// Scans until the daemon shuts down.
    pub(super) fn run(self, mut clock: AgeClock) {
        let mut scanned: Option<Instant> = None;
        let mut sizes = JobSizes::default();
        while !self.stop.load(Ordering::Relaxed) {
            self.spool.empty_trash();
            if scanned.is_none_or(|at| at.elapsed() >= SCAN_INTERVAL) {
                scanned = Some(Instant::now());
                let now = self.now(&mut clock);
                match self.scan(now, &mut sizes) {
                    Ok(plan) => {
                        let plan = RemovalPlan { uptime: clock.uptime().clone(), ..plan };
                        self.scheduler.push_internal(SchedulerCommand::Remove(Box::new(plan)));
                    }
                    Err(error) => tracing::error!(%error, "what is old could not be looked for"),
                }
            }
            std::thread::sleep(SWEEP_INTERVAL);
        }
    }

    /// The moment from which ages are counted; `None` while the wall clock is not to be trusted.
    fn now(&self, clock: &mut AgeClock) -> Option<Moment> {
        let now = clock.advance(ClockReadings::now());
        let jump = clock.jump_ms();
        let notice = jump.map(|ms| {
            format!(
                "the clock of this box jumped by {} minutes: nothing is removed for its age until it went on steadily for an hour; check the \
                 time service of the box",
                ms / 60_000
            )
        });
        self.notices.set(Topic::Clock, notice);
        jump.is_none().then_some(now)
    }

    fn scan(&self, now: Option<Moment>, sizes: &mut JobSizes) -> Result<RemovalPlan, ScanError> {
        // The folders first: a job is in the journal before it has a folder.
        let folders = self.spool.jobs()?;
        let names = self.journal.names()?;
        let unknown_folders = folders.into_iter().filter(|job| !names.contains(job)).collect();
        let mut plan = RemovalPlan { unknown_folders, ..RemovalPlan::default() };
        let Some(now) = now else { return Ok(plan) };
        plan.idle_uploads = self.journal.idle_uploads(now.wall_ms.saturating_sub(IDLE_UPLOAD_MS))?;
        let mut ended = self.journal.ended()?;
        // By counted time first: a job that ended while the wall clock was wrong is not older for it.
        ended.sort_by_key(|job| (job.counted_ms, job.ended_ms));
        let age = |job: &EndedJob| now.since(job.ended_ms, job.counted_ms);
        plan.unanswered = ended
            .iter()
            .filter(|job| job.is_unanswered && age(job) > IDLE_UPLOAD_MS && self.has_leftovers(job))
            .map(|job| job.job.clone())
            .collect();
        let max = (ended.len() / SHARE).clamp(1, MAX_REMOVED);
        let (with_reader_work, ended): (Vec<EndedJob>, Vec<EndedJob>) =
            ended.into_iter().partition(|job| job.has_reader_work);
        sizes.retain(&ended);
        // Measured once each: what is sent again meanwhile grows.
        let measured: Vec<u64> = ended.iter().map(|job| sizes.measure(&self.spool, job)).collect();
        let mut total: u64 = measured.iter().sum();
        let mut missing = self.missing_bytes()?;
        for (job, size) in ended.into_iter().zip(measured) {
            let is_old = age(&job) > u64::from(self.keep.days) * DAY_MS;
            let for_room = missing > 0 && age(&job) > u64::from(self.keep.room_hours) * HOUR_MS;
            if plan.expired.len() < max && (is_old || total > self.keep.bytes || for_room) {
                (total, missing) = (total - size, missing.saturating_sub(size));
                plan.expired.push(job.job);
            }
        }
        // A person's work is not removed for space: only age ends it, and that is announced before.
        let days = u64::from(self.keep.reader_days.max(self.keep.days));
        let old = with_reader_work.into_iter().filter(|job| age(job) > days * DAY_MS).map(|job| job.job);
        plan.expired_reader_work = old.take(max - plan.expired.len()).collect();
        Ok(plan)
    }

    fn has_leftovers(&self, job: &EndedJob) -> bool {
        let lists_files = || self.journal.lists_files(&job.job).unwrap_or(true);
        self.spool.input(&job.job).exists() || (self.spool.job(&job.job).exists() && !lists_files())
    }

    /// Bytes that should be free beyond those that are, so that the next jobs find room.
    fn missing_bytes(&self) -> Result<u64, ScanError> {
        let [free, disk] = self.spool.disk_bytes()?;
        let reserve = self.reserve_bytes;
        // A disk that is hardly larger than the reserve can never have three times the reserve free.
        let wanted = reserve.saturating_mul(3).min(reserve.saturating_add(disk.saturating_sub(reserve) / 2));
        Ok(wanted.saturating_sub(free))
    }
}

/// Why a scan failed.
#[derive(Debug, thiserror::Error)]
enum ScanError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Spool(#[from] crate::spool::SpoolError),
}
