//! Items of an upload, piece by piece. An item counts as received once it is whole and has the announced digest. That is computed as the pieces come;
//! where an interruption lost it, the item is read again when the upload is sealed, for which no other client waits.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cordline_sdk::job::JobId;
use cordline_sdk::sha256::{Hasher, Sha256};

use super::error::SpoolError;
use super::layout::Spool;
use super::sync::sync_input;
use crate::private_folder::private_folder;

/// Pieces from this length on are written and digested at the same time; for shorter ones a thread costs more than it saves.
const MIN_PARALLEL: usize = 256 << 10;
/// Unfinished digests that an upload keeps.
const MAX_PAUSED: usize = 4096;

/// An item as the manifest announces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub bytes: u64,
    /// `None` where the manifest holds no digest, but another text: no bytes match it.
    pub sha256: Option<Sha256>,
}

/// Takes in the items of a job.
#[derive(Debug)]
pub struct ItemReceiver {
    items: Arc<[Item]>,
    open_item: Option<OpenItem>,
    /// Digests of other items that are not whole yet, since the pieces of items may alternate; with the number of bytes digested.
    paused: BTreeMap<usize, (u64, Hasher)>,
    /// Of a folder when it was submitted.
    fingerprint: Option<String>,
}

/// An item that is not whole yet. Its digest is updated with each piece, so that the last one need not wait until everything is read again.
#[derive(Debug)]
struct OpenItem {
    index: usize,
    file: File,
    bytes: u64,
    /// `None` where the first bytes came before an interruption.
    hasher: Option<Hasher>,
}

impl ItemReceiver {
    /// For a manifest of which any part may have been received already.
    pub fn new(items: Vec<Item>) -> Self {
        Self { items: items.into(), open_item: None, paused: BTreeMap::new(), fingerprint: None }
    }

    /// For a folder of this host, which is copied only while it has this fingerprint.
    pub fn of_folder(fingerprint: String) -> Self {
        Self { fingerprint: Some(fingerprint), ..Self::new(Vec::new()) }
    }

    pub fn items(&self) -> Arc<[Item]> {
        self.items.clone()
    }

    /// Fingerprint of the folder when it was submitted.
    pub fn fingerprint(&self) -> Option<&str> {
        self.fingerprint.as_deref()
    }

    /// Takes the open item where it is this one. Of another one the digest is kept.
    fn take_open(&mut self, index: usize) -> Option<OpenItem> {
        let open_item = self.open_item.take()?;
        if open_item.index == index {
            return Some(open_item);
        }
        if let Some(hasher) = open_item.hasher.filter(|_| self.paused.len() < MAX_PAUSED) {
            self.paused.insert(open_item.index, (open_item.bytes, hasher));
        }
        None
    }
}

impl OpenItem {
    fn open(index: usize, part: &Path, paused: Option<(u64, Hasher)>) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(part)?;
        let bytes = file.metadata()?.len();
        let paused = paused.filter(|(digested, _)| *digested == bytes).map(|(_, hasher)| hasher);
        Ok(Self { index, file, bytes, hasher: paused.or_else(|| (bytes == 0).then(Hasher::default)) })
    }

    fn add(&mut self, piece: &[u8]) -> io::Result<()> {
        let Self { file, hasher, bytes: here, .. } = self;
        let digest = |hasher: &mut Option<Hasher>| {
            if let Some(hasher) = hasher {
                hasher.update(piece);
            }
        };
        let written = if piece.len() < MIN_PARALLEL {
            digest(hasher);
            file.write_all(piece)
        } else {
            // Digesting and writing take about as long as each other.
            std::thread::scope(|scope| {
                scope.spawn(move || digest(hasher));
                file.write_all(piece)?;
                begin_writing_back(file, *here, piece.len());
                Ok(())
            })
        };
        if let Err(error) = written {
            // A full disk may have taken half of the piece, and the digest includes all of it.
            let _ = self.file.set_len(self.bytes);
            self.hasher = None;
            return Err(error);
        }
        self.bytes += piece.len() as u64;
        Ok(())
    }
}

/// Reads a file and computes its digest. May take long.
fn sha256_of(path: &Path) -> io::Result<Sha256> {
    let mut hasher = Hasher::default();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.finish())
}

/// Has the kernel start to write a piece to the disk, so that little is left to wait for when the item is sealed.
#[allow(unsafe_code)] // The safe crates do not have this call.
fn begin_writing_back(file: &File, offset: u64, bytes: usize) {
    // SAFETY: the descriptor is open, the other arguments are numbers. A file system that cannot do it refuses, and sealing takes longer.
    unsafe {
        libc::sync_file_range(file.as_raw_fd(), offset as i64, bytes as i64, libc::SYNC_FILE_RANGE_WRITE);
    }
}

impl Spool {
    /// Bytes of each item that were received.
    pub fn received(&self, job: &JobId, items: &[Item]) -> Vec<u64> {
        if !self.input(job).exists() {
            return vec![0; items.len()];
        }
        let length = |path: &Path| fs::metadata(path).map(|m| m.len());
        let count = |i: usize, item: &Item| match length(&self.item(job, i)) {
            Ok(bytes) => bytes,
            // An item of no bytes is whole before it begins.
            Err(_) => length(&self.part(job, i)).unwrap_or(0).min(item.bytes),
        };
        items.iter().enumerate().map(|(i, item)| count(i, item)).collect()
    }

    /// Adds a piece to an item, and returns how many bytes of it were received. After its last piece the digest of the item is checked, unless
    /// an interruption lost it: then [`Spool::seal`] does. One with another digest is discarded, and begins again.
    ///
    /// # Errors
    ///
    /// The piece does not fit, the digest is another one, or the disk cannot be written.
    pub fn add(
        &self,
        job: &JobId,
        receiver: &mut ItemReceiver,
        index: usize,
        offset: u64,
        piece: &[u8],
    ) -> Result<u64, SpoolError> {
        let folder = self.input(job);
        let fails = |source| SpoolError::write(&folder, source);
        let items = receiver.items();
        let item = items.get(index).ok_or(SpoolError::Unknown { item: index, count: items.len() })?;
        let (path, part) = (self.item(job, index), self.part(job, index));
        let mut open_item = match receiver.take_open(index) {
            Some(open_item) => open_item,
            // Sent again after a lost answer.
            None if path.exists() => return Ok(item.bytes),
            None => {
                private_folder(&folder).map_err(fails)?;
                OpenItem::open(index, &part, receiver.paused.remove(&index)).map_err(fails)?
            }
        };
        let here = open_item.bytes;
        // Whole, and to be checked by `seal`.
        if here == item.bytes && here > 0 {
            return Ok(here);
        }
        let after = here + piece.len() as u64;
        let refused = if here != offset {
            Some(SpoolError::Order { item: index, offset, here })
        } else if after > item.bytes {
            Some(SpoolError::TooLong { item: index, bytes: after, announced: item.bytes })
        } else {
            None
        };
        if let Some(refused) = refused {
            receiver.open_item = Some(open_item);
            return Err(refused);
        }
        open_item.add(piece).map_err(fails)?;
        if after < item.bytes {
            receiver.open_item = Some(open_item);
            return Ok(after);
        }
        if let Some(hasher) = open_item.hasher {
            self.finish_item(job, index, item, hasher.finish())?;
        }
        Ok(after)
    }

    /// Gives an item of which all bytes came its name, or discards it where its digest is another one.
    fn finish_item(&self, job: &JobId, index: usize, item: &Item, sha256: Sha256) -> Result<(), SpoolError> {
        let fails = |source| SpoolError::write(&self.input(job), source);
        let part = self.part(job, index);
        if Some(sha256) != item.sha256 {
            fs::remove_file(&part).map_err(fails)?;
            return Err(SpoolError::Digest { item: index });
        }
        fs::rename(&part, self.item(job, index)).map_err(fails)
    }

    /// Forces every item to the disk. An item whose digest was lost by an interruption is read again first. May take long.
    ///
    /// # Errors
    ///
    /// An item is not whole, has another digest and begins again, or the disk cannot be written.
    pub fn seal(&self, job: &JobId, items: &[Item]) -> Result<(), SpoolError> {
        let folder = self.input(job);
        for (index, item) in items.iter().enumerate() {
            match fs::metadata(self.item(job, index)) {
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    let part = self.part(job, index);
                    let here = fs::metadata(&part).map(|m| m.len()).ok();
                    if here != Some(item.bytes) {
                        let here = here.unwrap_or(0);
                        return Err(SpoolError::Incomplete { item: index, here, announced: item.bytes });
                    }
                    let sha256 = sha256_of(&part).map_err(|e| SpoolError::write(&folder, e))?;
                    self.finish_item(job, index, item, sha256)?;
                }
                Err(e) => return Err(SpoolError::write(&folder, e)),
            }
        }
        let names: Vec<String> = (0..items.len()).map(|index| format!("{index:06}")).collect();
        sync_input(&folder, &names).map_err(|e| SpoolError::write(&folder, e))
    }

    /// Reads every item again and checks its digest. May take long.
    ///
    /// # Errors
    ///
    /// An item is missing, or has another digest.
    pub fn verify(&self, job: &JobId, items: &[Item]) -> Result<(), SpoolError> {
        for (index, item) in items.iter().enumerate() {
            let sha256 = sha256_of(&self.item(job, index)).map_err(|e| SpoolError::write(&self.input(job), e))?;
            if Some(sha256) != item.sha256 {
                return Err(SpoolError::Digest { item: index });
            }
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
        Item { bytes: bytes.len() as u64, sha256: Some(Sha256::of(bytes)) }
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
        let mut receiver = ItemReceiver::new(items.to_vec());
        assert_eq!(spool.received(&job, &items), [0, 0]);
        assert_eq!(spool.add(&job, &mut receiver, 0, 0, b"abcd").unwrap(), 4);
        assert_eq!(spool.add(&job, &mut receiver, 1, 0, b"xyz").unwrap(), 3);
        assert_eq!(spool.received(&job, &items), [4, 3]);
        let open = spool.seal(&job, &items).unwrap_err();
        assert!(matches!(open, SpoolError::Incomplete { item: 0, here: 4, announced: 6 }), "{open}");
        drop(spool);

        // After a restart the upload goes on where it was.
        let spool = Spool::open(folder.path()).unwrap();
        let mut receiver = ItemReceiver::new(items.to_vec());
        assert_eq!(spool.received(&job, &items), [4, 3]);
        assert_eq!(spool.add(&job, &mut receiver, 0, 4, b"ef").unwrap(), 6);
        assert_eq!(spool.add(&job, &mut receiver, 0, 4, b"ef").unwrap(), 6, "sent again after a lost answer");
        spool.seal(&job, &items).unwrap();
        spool.verify(&job, &items).unwrap();
        assert_eq!(fs::read(spool.input(&job).join("000000")).unwrap(), b"abcdef");
        fs::write(spool.input(&job).join("000001"), b"xyZ").unwrap();
        assert!(matches!(spool.verify(&job, &items), Err(SpoolError::Digest { item: 1 })));
    }

    #[test]
    fn a_piece_out_of_order_or_too_long_changes_nothing() {
        let (_folder, spool, job) = spool();
        let item = item(b"abcdef");
        let mut receiver = ItemReceiver::new(vec![item.clone()]);
        spool.add(&job, &mut receiver, 0, 0, b"abc").unwrap();
        assert!(matches!(spool.add(&job, &mut receiver, 0, 4, b"ef"), Err(SpoolError::Order { here: 3, .. })));
        assert!(matches!(spool.add(&job, &mut receiver, 0, 3, b"defg"), Err(SpoolError::TooLong { bytes: 7, .. })));
        assert!(matches!(spool.add(&job, &mut receiver, 1, 0, b"a"), Err(SpoolError::Unknown { item: 1, count: 1 })));
        assert_eq!(spool.received(&job, std::slice::from_ref(&item)), [3]);
        assert_eq!(spool.add(&job, &mut receiver, 0, 3, b"def").unwrap(), 6);
    }

    #[test]
    fn an_item_that_is_not_what_was_announced_begins_anew() {
        let (_folder, spool, job) = spool();
        let item = item(b"abcdef");
        let mut receiver = ItemReceiver::new(vec![item.clone()]);
        assert!(matches!(spool.add(&job, &mut receiver, 0, 0, b"abcdeX"), Err(SpoolError::Digest { item: 0 })));
        assert_eq!(spool.received(&job, std::slice::from_ref(&item)), [0]);
        assert_eq!(spool.add(&job, &mut receiver, 0, 0, b"abcdef").unwrap(), 6);
    }

    #[test]
    fn what_came_before_an_interruption_is_checked_too() {
        let (_folder, spool, job) = spool();
        let item = item(b"abcdef");
        spool.add(&job, &mut ItemReceiver::new(vec![item.clone()]), 0, 0, b"Xbc").unwrap();
        let mut receiver = ItemReceiver::new(vec![item.clone()]);
        for piece in [b"def", b"def"] {
            assert_eq!(spool.add(&job, &mut receiver, 0, 3, piece).unwrap(), 6, "not read again while others wait");
        }
        let items = [item];
        assert!(matches!(spool.seal(&job, &items), Err(SpoolError::Digest { item: 0 })));
        assert_eq!(spool.received(&job, &items), [0]);
        for (offset, piece) in [(0, b"abc"), (3, b"def")] {
            spool.add(&job, &mut ItemReceiver::new(items.to_vec()), 0, offset, piece).unwrap();
        }
        spool.seal(&job, &items).unwrap();
        spool.verify(&job, &items).unwrap();
    }

    #[test]
    fn pieces_of_items_in_turn_are_digested_as_they_come() {
        let (_folder, spool, job) = spool();
        let items = [item(b"abcdef"), item(b"uvwxyz")];
        let mut receiver = ItemReceiver::new(items.to_vec());
        spool.add(&job, &mut receiver, 0, 0, b"ab").unwrap();
        spool.add(&job, &mut receiver, 1, 0, b"uv").unwrap();
        // Whoever reads the item again finds other bytes than came.
        fs::write(spool.part(&job, 0), b"AB").unwrap();
        spool.add(&job, &mut receiver, 0, 2, b"cd").unwrap();
        spool.add(&job, &mut receiver, 1, 2, b"wxyz").unwrap();
        assert_eq!(spool.add(&job, &mut receiver, 0, 4, b"ef").unwrap(), 6);
        spool.seal(&job, &items).unwrap();
    }
}
