//! The files of a folder at one moment.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use cordline_dicom::read::limits::FileLimits;
use cordline_sdk::problem::Code;
use cordline_sdk::sha256::Hasher;
use cordline_sdk::wire::fault::Fault;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::Errno;

use super::open_beneath::open_beneath;

/// Entries other than files (folders, links, sockets) per allowed file: examining them takes time too.
const OTHERS_PER_FILE: usize = 2;

/// The files of a folder (or one file), in a fixed order.
#[derive(Debug)]
pub(crate) struct Listing {
    /// Open, so that it stays the same folder when its path is replaced.
    pub(super) base: OwnedFd,
    /// Where it was when it was opened.
    path: PathBuf,
    /// Relative to `base`.
    pub(super) files: Vec<(PathBuf, FileStamp)>,
}

/// A regular file as it was: another file, or the same one after a write, has another stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileStamp {
    device: u64,
    inode: u64,
    pub(super) bytes: u64,
    modified: [u64; 2],
}

impl FileStamp {
    /// `None` for anything but a regular file.
    pub(super) fn of_file(stat: &Stat) -> Option<Self> {
        FileType::from_raw_mode(stat.st_mode).is_file().then(|| Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            bytes: u64::try_from(stat.st_size).unwrap_or(0),
            modified: [stat.st_mtime as u64, stat.st_mtime_nsec],
        })
    }
}

impl Listing {
    /// Lists the files under `path`, which must lie under one of `roots` once links are followed. Links inside are left out.
    /// Blocks for as long as the disk, or the network behind it, does.
    ///
    /// # Errors
    ///
    /// It lies elsewhere, cannot be read, or holds too much.
    pub(crate) fn of(path: &str, roots: &[PathBuf], limits: &FileLimits) -> Result<Self, Fault> {
        let mut listing = Self::found(path, roots)?;
        if listing.files.is_empty() {
            collect(listing.base.as_fd(), Path::new(""), limits, 0, &mut listing.files, &mut 0)
                .map_err(|e| refused(&e.to_string()))?;
        }
        let bytes = listing.bytes();
        if bytes > limits.study_bytes {
            return Err(refused(&format!("it holds {bytes} bytes, beyond the limit of {}", limits.study_bytes)));
        }
        listing.files.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(listing)
    }

    /// The folder; or, for a path to a file, its folder with that file.
    fn found(path: &str, roots: &[PathBuf]) -> Result<Self, Fault> {
        // One message for both: clients must not learn what exists elsewhere on this host.
        let outside = || refused("it is not there, or lies outside the allowed roots");
        let real = fs::canonicalize(path).map_err(|_| outside())?;
        let (root, inside) = roots
            .iter()
            .filter_map(|root| fs::canonicalize(root).ok())
            .find_map(|root| real.strip_prefix(&root).map(Path::to_owned).ok().map(|inside| (root, inside)))
            .ok_or_else(outside)?;
        let changed = |e: io::Error| refused(&e.kind().to_string());
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let root = openat(CWD, &root, flags, Mode::empty()).map_err(|e| changed(e.into()))?;
        let opened = open_beneath(root.as_fd(), &inside, OFlags::PATH).map_err(changed)?;
        let about = fstat(&opened).map_err(|e| changed(e.into()))?;
        let (path, inside, files) = match FileStamp::of_file(&about) {
            None => (real, inside, Vec::new()),
            Some(stamp) => {
                let name = real.file_name().map(PathBuf::from).ok_or_else(outside)?;
                let parent = |path: &Path| path.parent().map(Path::to_owned).unwrap_or_default();
                (parent(&real), parent(&inside), vec![(name, stamp)])
            }
        };
        let base = open_beneath(root.as_fd(), &inside, OFlags::DIRECTORY).map_err(changed)?;
        Ok(Self { base, path, files })
    }

    /// Bytes of all files together.
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, stamp)| stamp.bytes).fold(0, u64::saturating_add)
    }

    /// Changes as soon as a file is added, removed or written.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hasher = Hasher::default();
        for (path, stamp) in &self.files {
            hasher.update(self.path.join(path).as_os_str().as_encoded_bytes());
            hasher.update([0]);
            for part in [stamp.bytes, stamp.inode, stamp.modified[0], stamp.modified[1]] {
                hasher.update(part.to_le_bytes());
            }
        }
        hasher.finish().to_string()
    }
}

fn refused(why: &str) -> Fault {
    Fault::new(
        Code::FolderNotAllowed,
        format!("the folder cannot be taken: {why}"),
        "name a folder under one of the allowed roots; the operator sets them in the configuration",
    )
}

fn collect(
    folder: BorrowedFd<'_>,
    path: &Path,
    limits: &FileLimits,
    depth: usize,
    files: &mut Vec<(PathBuf, FileStamp)>,
    other_entries: &mut usize,
) -> io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let about = match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
            // Gone since the name was read.
            Err(Errno::NOENT) => continue,
            about => about?,
        };
        if let Some(stamp) = FileStamp::of_file(&about) {
            files.push((path.join(name), stamp));
            if files.len() > limits.files {
                return Err(io::Error::other(format!("it holds more than {} files", limits.files)));
            }
            continue;
        }
        *other_entries += 1;
        if *other_entries > limits.files.saturating_mul(OTHERS_PER_FILE) {
            return Err(io::Error::other("it holds too many folders, links and the like"));
        }
        if FileType::from_raw_mode(about.st_mode).is_dir() {
            if depth >= limits.folder_depth {
                return Err(io::Error::other(format!("folders lie more than {} deep", limits.folder_depth)));
            }
            match open_beneath(folder, Path::new(name), OFlags::DIRECTORY) {
                Ok(inner) => collect(inner.as_fd(), &path.join(name), limits, depth + 1, files, other_entries)?,
                // It was replaced since its name was read.
                Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
                Err(e) if e.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {}
                Err(e) => return Err(e),
            }
        }
    }
    Ok(())
}
