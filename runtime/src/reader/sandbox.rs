//! System calls that the reader gives up: whoever takes it over through a file can reach nobody and start nothing.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::io;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule};

/// The network, other programs and other processes; and files, which can be neither removed nor renamed.
const REFUSED: &[i64] = &[
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kill,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_fchmodat,
    libc::SYS_fchownat,
    libc::SYS_mount,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
];

/// The older names of the same, which newer processors never had.
#[cfg(target_arch = "x86_64")]
const REFUSED_BEFORE: &[i64] = &[
    libc::SYS_unlink,
    libc::SYS_rmdir,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_mkdir,
    libc::SYS_mknod,
    libc::SYS_chmod,
    libc::SYS_chown,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_BEFORE: &[i64] = &[libc::SYS_renameat];

/// Refuses them to this thread, and to all that it starts, until it ends.
pub(super) fn close() -> io::Result<()> {
    let rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().chain(REFUSED_BEFORE).map(|call| (*call, Vec::new())).collect();
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    let arch = ARCH.try_into().map_err(io::Error::other)?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch).map_err(io::Error::other)?;
    let program: BpfProgram = filter.try_into().map_err(io::Error::other)?;
    seccompiler::apply_filter(&program).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::ErrorKind::PermissionDenied;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::process::Command;
    use std::thread;

    use super::*;

    #[test]
    fn behind_it_files_can_be_read_and_nobody_can_be_reached() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert!(TcpStream::connect(address).is_ok() && Command::new("true").status().is_ok());
        let file = tempfile::NamedTempFile::new().unwrap();
        // The filter holds for the thread that asked for it, and ends with it.
        thread::scope(|scope| {
            scope.spawn(|| {
                close().unwrap();
                assert!(File::open(file.path()).is_ok());
                assert_eq!(TcpStream::connect(address).unwrap_err().kind(), PermissionDenied);
                assert_eq!(UnixStream::pair().unwrap_err().kind(), PermissionDenied);
                assert_eq!(Command::new("true").status().unwrap_err().kind(), PermissionDenied);
                assert_eq!(fs::remove_file(file.path()).unwrap_err().kind(), PermissionDenied);
                assert_eq!(fs::rename(file.path(), "/tmp/elsewhere").unwrap_err().kind(), PermissionDenied);
            });
        });
    }
}
