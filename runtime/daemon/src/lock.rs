//! A lock on a file that ends with its process: two daemons never share a spool or a socket.

use std::fs::File;
use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

/// How long a lock may outlive its daemon: a reader process that was being started when the daemon was killed holds it until its `exec`.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(1);
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// Why a file was not locked.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Another process holds the lock: its process id, empty where that cannot be read.
    Taken(String),
    /// It could not be locked, or written into.
    Io(io::Error),
}

/// Locks an open file, and writes this process's id into it. The kernel releases the lock when the file is closed, even if the process is
/// killed.
///
/// # Errors
///
/// Another process holds the lock, the file system has none, or the id cannot be written.
pub(crate) fn lock_file(mut file: File) -> Result<File, LockError> {
    let deadline = Instant::now() + RELEASE_TIMEOUT;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => break,
            Err(Errno::INTR) => {}
            Err(Errno::WOULDBLOCK) if Instant::now() < deadline => thread::sleep(RETRY_INTERVAL),
            Err(Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                // The holder is only a hint to the operator.
                let _ = file.read_to_string(&mut holder);
                return Err(LockError::Taken(holder.trim().to_owned()));
            }
            // A file system without locks, for instance.
            Err(error) => return Err(LockError::Io(error.into())),
        }
    }
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(LockError::Io)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;

    use super::*;

    #[test]
    fn a_file_that_cannot_be_locked_is_not_taken_by_another() {
        let file = tempfile::NamedTempFile::new().unwrap();
        // A descriptor that refuses every lock.
        let refusing = File::options().read(true).custom_flags(OFlags::PATH.bits() as i32).open(file.path()).unwrap();
        assert!(matches!(lock_file(refusing), Err(LockError::Io(_))));
    }
}
