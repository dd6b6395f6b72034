//! A lock on a file that ends with its process: two daemons never share a spool or a socket.

use std::fs::File;
use std::io::{self, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

/// How long a lock may outlive its daemon: a reader process that was being started when the daemon was killed holds it until its `exec`.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(1);
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// Why a file was not locked.
#[derive(Debug)]
pub(crate) enum LockError {
    /// Another process holds the lock: its process id, empty where that cannot be read.
    Taken(String),
    /// It could not be written into.
    Io(io::Error),
}

/// Locks an open file, and writes this process's id into it. The kernel releases the lock when the file is closed, even if the process is
/// killed.
///
/// # Errors
///
/// Another process holds the lock, or the id cannot be written.
pub(crate) fn lock_file(mut file: File) -> Result<File, LockError> {
    let deadline = Instant::now() + RELEASE_TIMEOUT;
    while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        if Instant::now() < deadline {
            thread::sleep(RETRY_INTERVAL);
            continue;
        }
        let mut holder = String::new();
        // The holder is only a hint to the operator.
        let _ = file.read_to_string(&mut holder);
        return Err(LockError::Taken(holder.trim().to_owned()));
    }
    file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(LockError::Io)?;
    Ok(file)
}
