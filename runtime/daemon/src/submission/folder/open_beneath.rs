//! Opens what lies below a folder that another user may change at any moment, without following links or blocking.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

/// Opening a FIFO or a device does not block.
const FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// Opens `path`, which is relative and has no `..`, below `base`; `more` adds to the flags.
///
/// # Errors
///
/// It is not there, may not be opened, or a link leads to it.
pub(super) fn open_beneath(base: BorrowedFd<'_>, path: &Path, more: OFlags) -> io::Result<OwnedFd> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let flags = flags(more);
    let rules = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    match openat2(base, path, flags, Mode::empty(), rules) {
        // A kernel before 5.6, or a container that forbids the call.
        Err(Errno::NOSYS | Errno::PERM) => step_by_step(base, path, more),
        opened => Ok(opened?),
    }
}

/// `O_PATH` allows few other flags.
fn flags(more: OFlags) -> OFlags {
    match more.contains(OFlags::PATH) {
        true => OFlags::NOFOLLOW | OFlags::CLOEXEC | more,
        false => FLAGS | more,
    }
}

/// The same with older system calls: each folder on the way is opened by itself, and none may be a link.
fn step_by_step(base: BorrowedFd<'_>, path: &Path, more: OFlags) -> io::Result<OwnedFd> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name),
            Component::CurDir => {}
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        }
    }
    let Some((last, folders)) = names.split_last() else { return Ok(openat(base, ".", flags(more), Mode::empty())?) };
    let mut at: Option<OwnedFd> = None;
    for name in folders {
        let from = at.as_ref().map_or(base, AsFd::as_fd);
        at = Some(openat(from, *name, flags(OFlags::PATH | OFlags::DIRECTORY), Mode::empty())?);
    }
    Ok(openat(at.as_ref().map_or(base, AsFd::as_fd), *last, flags(more), Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, FileType, mknodat};

    use super::*;

    #[test]
    fn both_ways_open_what_lies_below_and_nothing_by_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), b"x").unwrap();
        fs::write(folder.path().join("outside"), b"x").unwrap();
        symlink(folder.path().join("outside"), root.join("a/link")).unwrap();
        symlink("b", root.join("a/inner")).unwrap();
        mknodat(CWD, root.join("a/fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        let base = fs::File::open(&root).unwrap();
        for open in [open_beneath, step_by_step] {
            for good in ["a/b/file", "a/b", "a", ".", "a/fifo"] {
                assert!(open(base.as_fd(), Path::new(good), OFlags::empty()).is_ok(), "{good}");
                assert!(open(base.as_fd(), Path::new(good), OFlags::PATH).is_ok(), "{good}");
            }
            for bad in ["a/link", "a/inner/file", "a/inner", "../outside", "a/none", "/etc/passwd", "a/b/file/x"] {
                assert!(open(base.as_fd(), Path::new(bad), OFlags::empty()).is_err(), "{bad}");
            }
            assert!(open(base.as_fd(), Path::new("a/b/file"), OFlags::DIRECTORY).is_err());
        }
    }
}
