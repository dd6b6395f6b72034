//! Input on its way into the spool, brought there by threads for which no client waits: a folder may lie on a disk that answers late or never, and
//! tens of thousands of files take seconds anywhere.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cordline_dicom::read::limits::FileLimits;
use cordline_sdk::job::JobId;
use cordline_sdk::problem::Code;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::request::Submit;

use crate::error::internal;
use crate::origin::{ConnectionId, RequestOrigin};
use crate::spool::Spool;
use crate::submission::folder::{CopyError, CopyGuard, Listing};

/// Folders that are listed or copied at once; and for one client: those on a disk that does not answer keep their slot.
const MAX_FOLDERS: usize = 8;
const MAX_FOLDERS_PER_CLIENT: usize = 3;

/// A submitted folder was listed.
pub(crate) struct FolderListed {
    pub origin: RequestOrigin,
    pub submit: Submit,
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
    /// For whom a folder is copied; `None` for an upload.
    pub folder_of: Option<ConnectionId>,
}

/// For whom folders are listed or copied.
#[derive(Default)]
pub(super) struct FolderSlots(Vec<ConnectionId>);

impl FolderSlots {
    /// Takes a slot; false where none is free.
    pub(super) fn take(&mut self, client: &ConnectionId) -> bool {
        let of_client = self.0.iter().filter(|c| *c == client).count();
        let free = self.0.len() < MAX_FOLDERS && of_client < MAX_FOLDERS_PER_CLIENT;
        if free {
            self.0.push(client.clone());
        }
        free
    }

    pub(super) fn release(&mut self, client: &ConnectionId) {
        if let Some(place) = self.0.iter().position(|c| c == client) {
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
        // What an earlier try left must not be mixed in.
        spool.discard(job).map_err(|e| e.fault())?;
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
