//! The system calls that a reader keeps; all others answer EPERM. The list is what reading in every transfer syntax was seen to use, and
//! what the C library may use instead on another version or processor.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::io;

use seccompiler::SeccompCmpArgLen::Dword;
use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
use seccompiler::{BackendError, BpfProgram, SeccompAction, SeccompCondition, SeccompFilter, SeccompRule};

/// With any arguments: to read what is open, to know the time, to have memory, to end.
const PLAIN: &[i64] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_getdents64,
    libc::SYS_readlinkat,
    libc::SYS_getcwd,
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_gettimeofday,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_restart_syscall,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rseq,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// The older names of some of them, which newer processors never had.
#[cfg(target_arch = "x86_64")]
const OLDER: &[i64] = &[libc::SYS_stat, libc::SYS_lstat, libc::SYS_readlink, libc::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: &[i64] = &[];

/// Flags that open a file for more than reading, or makes or empties one. `O_TMPFILE` without its other half, `O_DIRECTORY`.
const MORE_THAN_READING: i32 = libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | (libc::O_TMPFILE & !libc::O_DIRECTORY);

/// Keeps the listed calls, for good.
pub(super) fn keep_listed() -> io::Result<()> {
    let program = program().map_err(io::Error::other)?;
    seccompiler::apply_filter(&program).map_err(io::Error::other)
}

fn program() -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = PLAIN.iter().chain(OLDER).map(|call| (*call, vec![])).collect();
    let none_of = |argument, bits: i32| SeccompCondition::new(argument, Dword, MaskedEq(bits as u64), 0);
    let is = |argument, value: u64| SeccompCondition::new(argument, Dword, Eq, value);
    let own = u64::from(std::process::id());
    for (call, conditions) in [
        (libc::SYS_openat, vec![none_of(2, MORE_THAN_READING)?]),
        (libc::SYS_mmap, vec![none_of(2, libc::PROT_EXEC)?, none_of(3, libc::MAP_SHARED)?]),
        (libc::SYS_mprotect, vec![none_of(2, libc::PROT_EXEC)?]),
        // Debug builds of the standard library look whether a descriptor is open before they close it.
        (libc::SYS_fcntl, vec![is(1, libc::F_GETFD as u64)?]),
        // How a process ends that cannot go on: a signal to itself.
        (libc::SYS_tgkill, vec![is(0, own)?]),
    ] {
        rules.insert(call, vec![SeccompRule::new(conditions)?]);
    }
    let refuse = SeccompAction::Errno(libc::EPERM as u32);
    // Calls of another architecture end the process; those of x32 are numbers that are not in the list.
    SeccompFilter::new(rules, refuse, SeccompAction::Allow, ARCH.try_into()?)?.try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_short_and_holds_nothing_that_makes_or_reaches_anything() {
        assert!(PLAIN.len() + OLDER.len() < 45);
        for call in [
            libc::SYS_openat2,
            libc::SYS_socket,
            libc::SYS_clone,
            libc::SYS_clone3,
            libc::SYS_execve,
            libc::SYS_io_uring_setup,
            libc::SYS_ftruncate,
            libc::SYS_kill,
            libc::SYS_ioctl,
            libc::SYS_prctl,
            libc::SYS_prlimit64,
        ] {
            assert!(!PLAIN.contains(&call) && !OLDER.contains(&call), "{call}");
        }
        assert!(program().is_ok());
    }
}
