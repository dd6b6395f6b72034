//! Input on its way into the spool, brought there by threads for which no client waits: a folder may lie on a disk that answers late or never, and
//! tens of thousands of files take seconds anywhere.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cordline_dicom::read::limits::FileLimits;
use cordline_sdk::job::JobId;
use cordline_sdk::problem::Code;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::request::Submit;

use crate::error::internal;
use crate::origin::{Lane, RequestOrigin};
use crate::spool::Spool;
use crate::submission::folder::{CopyError, CopyGuard, Listing};

/// Folders that are listed or copied at once; for one client, however often it connects; and below one root: those on a disk that does not answer
/// keep their slot.
const MAX_FOLDERS: usize = 8;
const MAX_FOLDERS_PER_CLIENT: usize = 3;
const MAX_FOLDERS_PER_ROOT: usize = 6;

/// A submitted folder was listed.
pub(crate) struct FolderListed {
    pub origin: RequestOrigin,
    pub submit: Submit,
    pub slot: FolderSlot,
    /// Its fingerprint, and bytes of all files.
    pub found: Result<(String, u64), Fault>,
}

/// The input of a job is in the spool and forced to the disk, or could not be brought there.
pub(crate) struct InputStored {
    pub job: JobId,
    /// Its bytes.
    pub result: Result<u64, TransferError>,
}

/// Why input could not be brought into the spool.
pub(crate) enum TransferError {
    /// It may succeed another time.
    Refused(Fault),
    /// What was submitted does not exist any more.
    Changed(String),
}

impl From<Fault> for TransferError {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault)
    }
}

/// A job whose input is on its way into the spool.
pub(super) struct Transfer {
    /// Who committed it, and waits for an answer.
    pub origins: Vec<RequestOrigin>,
    /// Cleared once the job is cancelled.
    pub wanted: Arc<AtomicBool>,
    /// The slot in which a folder is copied; `None` for an upload.
    pub slot: Option<FolderSlot>,
}

/// For whom a folder is listed or copied, and below which root it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FolderSlot {
    pub lane: Lane,
    /// Empty where no root is above it; then it is refused.
    pub root: PathBuf,
}

/// Folders that are listed or copied now.
#[derive(Default)]
pub(super) struct FolderSlots(Vec<FolderSlot>);

impl FolderSlots {
    /// Takes a slot for a folder at `path`; `None` where none is free.
    pub(super) fn take(&mut self, lane: &Lane, path: &str, roots: &[PathBuf]) -> Option<FolderSlot> {
        let above = roots.iter().filter(|root| Path::new(path).starts_with(root));
        let root = above.max_by_key(|root| root.components().count()).cloned().unwrap_or_default();
        let of_client = self.0.iter().filter(|slot| slot.lane == *lane).count();
        let of_root = self.0.iter().filter(|slot| slot.root == root).count();
        let is_free =
            self.0.len() < MAX_FOLDERS && of_client < MAX_FOLDERS_PER_CLIENT && of_root < MAX_FOLDERS_PER_ROOT;
        is_free.then(|| {
            let slot = FolderSlot { lane: lane.clone(), root };
            self.0.push(slot.clone());
            slot
        })
    }

    pub(super) fn release(&mut self, slot: &FolderSlot) {
        if let Some(place) = self.0.iter().position(|taken| taken == slot) {
            self.0.swap_remove(place);
        }
    }
}

/// A folder to be copied into the spool.
pub(super) struct FolderCopy {
    pub path: String,
    pub roots: Vec<PathBuf>,
    pub files: FileLimits,
    pub reserve_bytes: u64,
    pub wanted: Arc<AtomicBool>,
}

impl FolderCopy {
    /// Copies the folder, where `is_same` takes its fingerprint for that of the job; returns its bytes.
    ///
    /// # Errors
    ///
    /// It is another folder by now, or cannot be copied.
    pub(super) fn run(
        &self,
        spool: &Spool,
        job: &JobId,
        is_same: &dyn Fn(&JobId, &str) -> bool,
    ) -> Result<u64, TransferError> {
        let listing = Listing::of(&self.path, &self.roots, &self.files)?;
        if !is_same(job, &listing.fingerprint()) {
            return Err(TransferError::Changed("it is not what it was when it was submitted".into()));
        }
        // What an earlier try left must not be mixed in. Results stay: a job that failed lists its report until it is accepted again.
        spool.discard_input(job).map_err(|e| e.fault())?;
        let has_room =
            |bytes: u64| spool.free_bytes().is_ok_and(|free| free >= bytes.saturating_add(self.reserve_bytes));
        let guard = CopyGuard { is_wanted: &|| self.wanted.load(Ordering::Relaxed), has_room: &has_room };
        listing.copy(&spool.input(job), &guard).map(|()| listing.bytes()).map_err(|why| match why {
            CopyError::Changed { number, of } => {
                TransferError::Changed(format!("file {number} of {of} changed while it was copied"))
            }
            CopyError::Unreadable { number, of, why } => TransferError::Refused(Fault::new(
                Code::FolderNotAllowed,
                format!("the folder could not be copied: file {number} of {of} cannot be read ({why})"),
                "check that the daemon's user may read every file in it, then commit again",
            )),
            CopyError::NoRoom => TransferError::Refused(Fault::new(
                Code::DiskReserve,
                "the disk of the spool has no room for the folder",
                "wait until older jobs are removed, or ask the operator for space",
            )),
            CopyError::Unwritable(error) => {
                tracing::error!(%job, %error, "a folder could not be copied: the spool cannot be written");
                internal("the spool cannot be written").into()
            }
            CopyError::Cancelled => internal("nobody wanted the copy any more").into(),
        })
    }
}

/// Turns a panic into an error: a thread that dies must answer too, or its client waits for ever.
pub(super) fn catch_panic<T, E: From<Fault>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(internal("the work on the input broke off").into()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::origin::ConnectionId;

    #[test]
    fn a_disk_that_does_not_answer_takes_neither_all_slots_of_others_nor_those_of_other_roots() {
        let roots = ["/mnt/dead", "/mnt/dead/alive", "/data"].map(PathBuf::from);
        let mut slots = FolderSlots::default();
        let mut take = |lane: &Lane, path: &str| slots.take(lane, path, &roots);
        let key = Lane::Key("a".into());
        // Reconnecting gives a key nothing.
        let taken = (0..20).filter(|_| take(&key, "/mnt/dead/x").is_some()).count();
        assert_eq!(taken, MAX_FOLDERS_PER_CLIENT);
        let reconnected = |n: u8| Lane::Connection(Arc::new(ConnectionId { listener: 0, identity: vec![n] }));
        let taken = (0..20).filter(|n| take(&reconnected(*n), "/mnt/dead/x").is_some()).count();
        assert_eq!(taken, MAX_FOLDERS_PER_ROOT - MAX_FOLDERS_PER_CLIENT);
        let slot = take(&reconnected(30), "/data/x").unwrap();
        assert!(take(&reconnected(31), "/mnt/dead/alive/x").is_some());
        assert!(take(&reconnected(32), "/data/x").is_none(), "all are taken");
        slots.release(&slot);
        assert!(slots.take(&reconnected(32), "/data/x", &roots).is_some());
    }
}
