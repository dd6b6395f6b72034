//! Copies the files of a folder into the spool: each as it was listed, or none.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{OFlags, fstat};
use rustix::io::Errno;

use super::listing::{FileStamp, Listing};
use super::open_beneath::open_beneath;
use crate::spool::{is_full, sync_input};

/// Bytes between two checks that the copy is still wanted and the disk has room.
const CHECK_INTERVAL: u64 = 8 << 20;

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 256 << 10;

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
        let mut buffer = vec![0; BUFFER_BYTES];
        for (index, (path, stamp)) in self.files.iter().enumerate() {
            let name = format!("{index:06}");
            let (number, of) = (index + 1, self.files.len());
            let changed = CopyError::Changed { number, of };
            let opened = open_beneath(self.base.as_fd(), path, OFlags::empty());
            let opened = opened.map_err(|e| unopened(&e, number, of))?;
            let from = File::from(opened);
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
                let copied =
                    copy_bytes((&from).take(piece), &mut target, &mut buffer).map_err(|failed| match failed {
                        PieceError::Read(e) => CopyError::Unreadable { number, of, why: e.kind() },
                        PieceError::Write(e) => unwritable(e),
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

/// What an error says of a file that was listed: another thing stands in its place, or it is there and cannot be opened now.
fn unopened(error: &io::Error, number: usize, of: usize) -> CopyError {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NXIO) => CopyError::Changed { number, of },
        _ => CopyError::Unreadable { number, of, why: error.kind() },
    }
}

/// Which side of a copy failed: the folder of somebody else, or the spool.
#[derive(Debug)]
enum PieceError {
    Read(io::Error),
    Write(io::Error),
}

/// Copies to the end of `from`; returns the number of bytes.
fn copy_bytes(mut from: impl Read, to: &mut impl Write, buffer: &mut [u8]) -> Result<u64, PieceError> {
    let mut copied = 0;
    loop {
        match from.read(buffer) {
            Ok(0) => return Ok(copied),
            Ok(bytes) => {
                to.write_all(&buffer[..bytes]).map_err(PieceError::Write)?;
                copied += bytes as u64;
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(PieceError::Read(e)),
        }
    }
}

fn unwritable(error: io::Error) -> CopyError {
    match is_full(&error) {
        true => CopyError::NoRoom,
        false => CopyError::Unwritable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_there_any_more_counts_as_changed() {
        let opened = |errno: Errno| unopened(&errno.into(), 1, 2);
        for gone in [Errno::NOENT, Errno::NOTDIR, Errno::LOOP, Errno::NXIO] {
            assert!(matches!(opened(gone), CopyError::Changed { number: 1, of: 2 }), "{gone}");
        }
        for passing in
            [Errno::ACCESS, Errno::IO, Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::STALE, Errno::TIMEDOUT]
        {
            assert!(matches!(opened(passing), CopyError::Unreadable { number: 1, of: 2, .. }), "{passing}");
        }
    }

    #[test]
    fn the_side_that_failed_is_named() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(Errno::IO.into())
            }
        }
        impl Write for Failing {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(Errno::IO.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut buffer = [0; 2];
        assert!(matches!(copy_bytes(Failing, &mut Vec::new(), &mut buffer), Err(PieceError::Read(_))));
        assert!(matches!(copy_bytes(&b"abc"[..], &mut Failing, &mut buffer), Err(PieceError::Write(_))));
        let mut copied = Vec::new();
        assert_eq!(copy_bytes(&b"abc"[..], &mut copied, &mut buffer).unwrap(), 3);
        assert_eq!(copied, b"abc");
    }
}
