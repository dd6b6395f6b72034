//! Items of a manifest, piece by piece: nothing counts as received that did not arrive whole and as it was announced.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use cordline_sdk::job::JobId;
use sha2::{Digest, Sha256};

use super::{Spool, SpoolError, sync_folder};
use crate::digest;
use crate::private_folder::private_folder;

/// Pieces from this many bytes on are written and digested at the same time; below, the thread would cost more.
const WORTH_A_THREAD: usize = 256 << 10;

/// An item as the manifest announces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its length.
    pub bytes: u64,
    /// 64 hexadecimal digits.
    pub sha256: String,
}

/// What a job takes in: the items of its manifest, and the one that grows.
#[derive(Debug, Default)]
pub struct Intake {
    items: Vec<Item>,
    growing: Option<Growing>,
}

/// An item on its way. Its digest grows with it, so that the last piece need not wait until all is read again.
#[derive(Debug)]
struct Growing {
    index: usize,
    file: File,
    bytes: u64,
    /// `None` where the first bytes came before an interruption.
    hash: Option<Sha256>,
}

impl Intake {
    /// For a manifest of which any part may be here already.
    pub fn new(items: Vec<Item>) -> Self {
        Self { items, growing: None }
    }

    /// The manifest.
    pub fn items(&self) -> &[Item] {
        &self.items
    }
}

impl Growing {
    fn open(index: usize, part: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(part)?;
        let bytes = file.metadata()?.len();
        Ok(Self { index, file, bytes, hash: (bytes == 0).then(Sha256::new) })
    }

    fn add(&mut self, piece: &[u8]) -> io::Result<()> {
        let Self { file, hash, bytes: here, .. } = self;
        let digest = |hash: &mut Option<Sha256>| {
            if let Some(hash) = hash {
                hash.update(piece);
            }
        };
        let written = if piece.len() < WORTH_A_THREAD {
            digest(hash);
            file.write_all(piece)
        } else {
            // Digest and disk take about as long as each other.
            std::thread::scope(|scope| {
                scope.spawn(move || digest(hash));
                file.write_all(piece)?;
                begin_writing_back(file, *here, piece.len());
                Ok(())
            })
        };
        if let Err(error) = written {
            // A full disk may have taken half of the piece. The digest knows too much now: it is made anew at the end.
            let _ = self.file.set_len(self.bytes);
            self.hash = None;
            return Err(error);
        }
        self.bytes += piece.len() as u64;
        Ok(())
    }

    fn sha256(self, part: &Path) -> io::Result<String> {
        let hash = match self.hash {
            Some(hash) => hash,
            None => {
                let mut hash = Sha256::new();
                io::copy(&mut File::open(part)?, &mut hash)?;
                hash
            }
        };
        Ok(digest::hexadecimal(&hash.finalize()))
    }
}

/// Has the kernel begin to bring a piece to the disk, so that little is left to wait for when the item is sealed.
#[allow(unsafe_code)] // The safe crates do not have this call.
fn begin_writing_back(file: &File, offset: u64, bytes: usize) {
    // SAFETY: the descriptor is open, all else are numbers. A file system that cannot do it refuses: the seal waits for all then.
    unsafe {
        libc::sync_file_range(file.as_raw_fd(), offset as i64, bytes as i64, libc::SYNC_FILE_RANGE_WRITE);
    }
}

impl Spool {
    /// Bytes that are here of each item.
    pub fn received(&self, job: &JobId, items: &[Item]) -> Vec<u64> {
        let length = |path: &Path| fs::metadata(path).map(|m| m.len());
        let count = |i: usize, item: &Item| match length(&self.item(job, i)) {
            Ok(bytes) => bytes,
            // An item of no bytes is whole before it begins.
            Err(_) => length(&self.part(job, i)).unwrap_or(0).min(item.bytes),
        };
        items.iter().enumerate().map(|(i, item)| count(i, item)).collect()
    }

    /// Adds a piece to item `index` of the intake; returns how many bytes of it are here now. The last piece is followed by a
    /// check of the whole item: where it is not what was announced it is thrown away, and begins anew.
    pub fn add(
        &self,
        job: &JobId,
        intake: &mut Intake,
        index: usize,
        offset: u64,
        piece: &[u8],
    ) -> Result<u64, SpoolError> {
        let folder = self.input(job);
        let fails = |source| SpoolError::write(&folder, source);
        let item = intake.items.get(index).ok_or(SpoolError::Unknown { item: index, count: intake.items.len() })?;
        let (path, part) = (self.item(job, index), self.part(job, index));
        let mut growing = match intake.growing.take().filter(|growing| growing.index == index) {
            Some(growing) => growing,
            // Sent again after a lost answer.
            None if path.exists() => return Ok(item.bytes),
            None => {
                private_folder(&folder).map_err(fails)?;
                Growing::open(index, &part).map_err(fails)?
            }
        };
        let here = growing.bytes;
        let after = here + piece.len() as u64;
        let refused = if here != offset {
            Some(SpoolError::Order { item: index, offset, here })
        } else if after > item.bytes {
            Some(SpoolError::TooLong { item: index, bytes: after, announced: item.bytes })
        } else {
            None
        };
        if let Some(refused) = refused {
            intake.growing = Some(growing);
            return Err(refused);
        }
        growing.add(piece).map_err(fails)?;
        if after < item.bytes {
            intake.growing = Some(growing);
            return Ok(after);
        }
        if growing.sha256(&part).map_err(fails)? != item.sha256.to_ascii_lowercase() {
            fs::remove_file(&part).map_err(fails)?;
            return Err(SpoolError::Digest { item: index });
        }
        fs::rename(&part, &path).map_err(fails)?;
        Ok(after)
    }

    /// Forces every item to the disk; the first that is not whole is an error.
    pub fn seal(&self, job: &JobId, items: &[Item]) -> Result<(), SpoolError> {
        let folder = self.input(job);
        let fails = |source| SpoolError::write(&folder, source);
        for (index, item) in items.iter().enumerate() {
            match File::open(self.item(job, index)) {
                Ok(file) => file.sync_all().map_err(fails)?,
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    let here = fs::metadata(self.part(job, index)).map_or(0, |m| m.len());
                    return Err(SpoolError::Incomplete { item: index, here, announced: item.bytes });
                }
                Err(e) => return Err(fails(e)),
            }
        }
        for level in [folder.as_path()].into_iter().chain(folder.ancestors().skip(1).take(2)) {
            sync_folder(level).map_err(fails)?;
        }
        Ok(())
    }

    fn item(&self, job: &JobId, index: usize) -> PathBuf {
        self.input(job).join(format!("{index:06}"))
    }

    fn part(&self, job: &JobId, index: usize) -> PathBuf {
        self.input(job).join(format!("{index:06}.part"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(bytes: &[u8]) -> Item {
        Item { bytes: bytes.len() as u64, sha256: digest::sha256(bytes) }
    }

    fn spool() -> (tempfile::TempDir, Spool, JobId) {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        (folder, spool, JobId::new("j1").unwrap())
    }

    #[test]
    fn items_arrive_in_pieces_and_are_sealed() {
        let (folder, spool, job) = spool();
        let items = [item(b"abcdef"), item(b"xyz")];
        let mut intake = Intake::new(items.to_vec());
        assert_eq!(spool.received(&job, &items), [0, 0]);
        assert_eq!(spool.add(&job, &mut intake, 0, 0, b"abcd").unwrap(), 4);
        assert_eq!(spool.add(&job, &mut intake, 1, 0, b"xyz").unwrap(), 3);
        assert_eq!(spool.received(&job, &items), [4, 3]);
        let open = spool.seal(&job, &items).unwrap_err();
        assert!(matches!(open, SpoolError::Incomplete { item: 0, here: 4, announced: 6 }), "{open}");
        drop(spool);

        // After a restart the upload goes on where it was.
        let spool = Spool::open(folder.path()).unwrap();
        let mut intake = Intake::new(items.to_vec());
        assert_eq!(spool.received(&job, &items), [4, 3]);
        assert_eq!(spool.add(&job, &mut intake, 0, 4, b"ef").unwrap(), 6);
        assert_eq!(spool.add(&job, &mut intake, 0, 4, b"ef").unwrap(), 6, "sent again after a lost answer");
        spool.seal(&job, &items).unwrap();
        assert_eq!(fs::read(spool.input(&job).join("000000")).unwrap(), b"abcdef");
    }

    #[test]
    fn a_piece_out_of_order_or_too_long_changes_nothing() {
        let (_folder, spool, job) = spool();
        let item = item(b"abcdef");
        let mut intake = Intake::new(vec![item.clone()]);
        spool.add(&job, &mut intake, 0, 0, b"abc").unwrap();
        assert!(matches!(spool.add(&job, &mut intake, 0, 4, b"ef"), Err(SpoolError::Order { here: 3, .. })));
        assert!(matches!(spool.add(&job, &mut intake, 0, 3, b"defg"), Err(SpoolError::TooLong { bytes: 7, .. })));
        assert!(matches!(spool.add(&job, &mut intake, 1, 0, b"a"), Err(SpoolError::Unknown { item: 1, count: 1 })));
        assert_eq!(spool.received(&job, std::slice::from_ref(&item)), [3]);
        assert_eq!(spool.add(&job, &mut intake, 0, 3, b"def").unwrap(), 6);
    }

    #[test]
    fn an_item_that_is_not_what_was_announced_begins_anew() {
        let (_folder, spool, job) = spool();
        let item = item(b"abcdef");
        let mut intake = Intake::new(vec![item.clone()]);
        assert!(matches!(spool.add(&job, &mut intake, 0, 0, b"abcdeX"), Err(SpoolError::Digest { item: 0 })));
        assert_eq!(spool.received(&job, std::slice::from_ref(&item)), [0]);
        assert_eq!(spool.add(&job, &mut intake, 0, 0, b"abcdef").unwrap(), 6);
    }

    #[test]
    fn what_came_before_an_interruption_is_checked_too() {
        let (_folder, spool, job) = spool();
        let item = item(b"abcdef");
        spool.add(&job, &mut Intake::new(vec![item.clone()]), 0, 0, b"Xbc").unwrap();
        let mut intake = Intake::new(vec![item.clone()]);
        assert!(matches!(spool.add(&job, &mut intake, 0, 3, b"def"), Err(SpoolError::Digest { item: 0 })));
    }
}
