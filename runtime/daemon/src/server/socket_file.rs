//! The socket file, owned by one daemon and for its user alone. ZeroMQ replaces whatever is there, even the socket of a running daemon, so a
//! lock beside it decides.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use cordline_sdk::problem::{Code, Problem};

use crate::lock::{LockError, lock_file};
use crate::private_folder::{close_to_writers, private_folder};

/// Ownership of a socket file: no other daemon takes it while this exists.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    /// Holds the lock; the kernel releases it even if the process is killed.
    _lock: File,
}

impl SocketFile {
    /// Takes the file, and makes its folder for this user alone where it is missing. The file of a daemon that was killed is taken over.
    ///
    /// # Errors
    ///
    /// Another program listens there, or the file cannot be made.
    pub(crate) fn take(path: &Path) -> Result<Self, Problem> {
        let lock = lock_beside(path).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => taken(path, &error.to_string()),
            _ => Problem {
                code: Code::Socket,
                message: format!("the socket {} cannot be made: {error}", path.display()),
                action: "name another socket with --socket (daemon.socket), in a folder of the daemon's user".into(),
            },
        })?;
        // Another kind of program takes no lock.
        if UnixStream::connect(path).is_ok() {
            return Err(taken(path, "another program"));
        }
        Ok(Self { path: path.into(), _lock: lock })
    }

    /// The ZeroMQ endpoint.
    pub(crate) fn endpoint(&self) -> String {
        format!("ipc://{}", self.path.display())
    }

    /// Lets only this user connect, whatever the folder allows. To be called once the socket is bound.
    ///
    /// # Errors
    ///
    /// The rights cannot be changed.
    pub(crate) fn close_to_others(&self) -> io::Result<()> {
        fs::set_permissions(&self.path, Permissions::from_mode(0o600))
    }
}

/// The lock beside the socket; `AddrInUse` with its holder where another process has it.
fn lock_beside(socket: &Path) -> io::Result<File> {
    if let Some(folder) = socket.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private_folder(folder)?;
        close_to_writers(folder)?;
    }
    let mut path = socket.as_os_str().to_owned();
    path.push(".lock");
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
    lock_file(options.open(&path)?).map_err(|error| match error {
        LockError::Taken(by) => io::Error::new(io::ErrorKind::AddrInUse, format!("another daemon (process {by})")),
        LockError::Io(error) => error,
    })
}

fn taken(path: &Path, by: &str) -> Problem {
    Problem {
        code: Code::SocketTaken,
        message: format!("{by} listens on the socket {} already", path.display()),
        action: "stop it, or name another socket with --socket (daemon.socket)".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_second_daemon_is_refused_and_what_a_killed_one_left_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run/s");
        let file = SocketFile::take(&path).unwrap();
        let socket = UnixListener::bind(&path).unwrap();
        file.close_to_others().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let problem = SocketFile::take(&path).unwrap_err();
        assert_eq!(problem.code, Code::SocketTaken);
        assert!(problem.message.contains(&std::process::id().to_string()), "{}", problem.message);
        // A program that takes no lock.
        drop(file);
        assert!(SocketFile::take(&path).unwrap_err().message.contains("another program"));
        drop(socket);
        assert!(path.exists());
        SocketFile::take(&path).unwrap();
    }
}
