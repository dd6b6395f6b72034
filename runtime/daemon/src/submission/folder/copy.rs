//! Copies the files of a folder into the spool: each as it was listed, or none.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{OFlags, fstat};
use rustix::io::Errno;

use super::listing::{FileStamp, Listing};
use super::open_beneath::open_beneath;
use crate::spool::sync_input;

/// Bytes between two checks that the copy is still wanted and the disk has room.
const CHECK_INTERVAL: u64 = 8 << 20;

/// Why a folder was not copied. Files are numbered from 1 in their order, since their names are often those of patients.
#[derive(Debug)]
pub(crate) enum CopyError {
    /// A file is not what was listed, or did not stay so.
    Changed { number: usize, of: usize },
    /// A file cannot be read.
    Unreadable { number: usize, of: usize, why: ErrorKind },
    /// The disk of the spool is full.
    NoRoom,
    /// The spool cannot be written.
    Unwritable(io::Error),
    /// The job was cancelled.
    Cancelled,
}

/// Checked while a folder is copied.
pub(crate) struct CopyGuard<'a> {
    pub is_wanted: &'a dyn Fn() -> bool,
    /// Is there room for this many bytes more?
    pub has_room: &'a dyn Fn(u64) -> bool,
}

impl Listing {
    /// Copies the files into the new folder `to`, numbered, and forces them to the disk.
    ///
    /// # Errors
    ///
    /// What stopped it; some files may be there by then.
    pub(crate) fn copy(&self, to: &Path, guard: &CopyGuard<'_>) -> Result<(), CopyError> {
        fs::create_dir_all(to).map_err(unwritable)?;
        let mut names = Vec::with_capacity(self.files.len());
        for (index, (path, stamp)) in self.files.iter().enumerate() {
            let name = format!("{index:06}");
            let (number, of) = (index + 1, self.files.len());
            let changed = CopyError::Changed { number, of };
            let opened = open_beneath(self.base.as_fd(), path, OFlags::empty()).map_err(|e| match e.kind() {
                ErrorKind::PermissionDenied => CopyError::Unreadable { number, of, why: e.kind() },
                _ if e.raw_os_error() == Some(Errno::IO.raw_os_error()) => {
                    CopyError::Unreadable { number, of, why: e.kind() }
                }
                _ => CopyError::Changed { number, of },
            })?;
            let mut from = File::from(opened);
            if !is_still(&from, *stamp) {
                return Err(changed);
            }
            let target = File::options().write(true).create_new(true).mode(0o600).open(to.join(&name));
            let mut target = target.map_err(unwritable)?;
            let mut left = stamp.bytes;
            loop {
                let piece = left.min(CHECK_INTERVAL);
                if !(guard.is_wanted)() {
                    return Err(CopyError::Cancelled);
                }
                if !(guard.has_room)(piece) {
                    return Err(CopyError::NoRoom);
                }
                let copied = io::copy(&mut (&mut from).take(piece), &mut target);
                let copied = copied.map_err(|e| match e.kind() {
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded => CopyError::NoRoom,
                    why => CopyError::Unreadable { number, of, why },
                })?;
                left -= copied;
                if left == 0 {
                    break;
                }
                if copied < piece {
                    return Err(changed);
                }
            }
            // Written to meanwhile: what was copied is neither the one nor the other.
            if !is_still(&from, *stamp) {
                return Err(changed);
            }
            names.push(name);
        }
        sync_input(to, &names).map_err(unwritable)
    }
}

fn is_still(file: &File, stamp: FileStamp) -> bool {
    fstat(file).is_ok_and(|now| FileStamp::of_file(&now) == Some(stamp))
}

fn unwritable(error: io::Error) -> CopyError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => CopyError::NoRoom,
        _ => CopyError::Unwritable(error),
    }
}
