//! What an attacker could do who took the reader over through a file. Only for the tests, which run it: `taken_over WALLS` puts up the walls
//! that are named (`calls`, `files`, `user`, `root`, joined by commas, or `none`) around a process like the reader's, tries everything, and
//! prints a line for each that went through. The process that starts it plays the daemon, and keeps its memory private like it.
//!
//! The current folder is a job's: `input/000000` is its input, `../other/input/000000` another patient's, `../../key` the spool's key.

// This is what an attacker would write.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::{env, io, ptr};

use cordline_analysis::reader::sandbox::{self, Walls};
use libc::{c_char, c_int, c_long, c_void};

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match &words[..] {
        [walls] => play_daemon(walls),
        [walls, daemon] => attack(walls, daemon.parse().expect("a process id")),
        _ => ExitCode::FAILURE,
    }
}

/// Starts the other part, and answers for it. It must be there when it is attacked.
fn play_daemon(walls: &str) -> ExitCode {
    if walls != "none" {
        sandbox::keep_private().expect("every kernel has this");
    }
    let program = env::current_exe().expect("a program has a path");
    let daemon = std::process::id().to_string();
    let status = Command::new(program).args([walls, &daemon]).env_clear().status().expect("a program can be started");
    ExitCode::from(u8::try_from(status.code().unwrap_or(99)).unwrap_or(99))
}

/// A call that an attacker would like to go through: true where it did.
type Try<'a> = (&'static str, Box<dyn Fn() -> bool + 'a>);

fn attack(walls: &str, daemon: i32) -> ExitCode {
    let has = |wall: &str| walls.split(',').any(|word| word == wall);
    let wanted = Walls { calls: has("calls"), files: has("files"), user: has("user"), root: has("root") };
    // As the reader has it open while it reads.
    let (own, open_input) = (unsafe { libc::getpid() }, open("input/000000", libc::O_RDONLY));
    if wanted != Walls::default() {
        let stands = sandbox::close(wanted, &[PathBuf::from("input")], daemon as u32).expect("calls can be filtered");
        if stands != wanted {
            println!("only {stands:?}");
            return ExitCode::from(3);
        }
    }
    if !reads() {
        println!("the input cannot be read");
        return ExitCode::from(4);
    }
    for (name, attack) in attacks(daemon, own, open_input) {
        if attack() {
            println!("{name}");
        }
    }
    // Where fork succeeded, two processes are here.
    unsafe { libc::_exit(0) }
}

/// What the reader is there for.
fn reads() -> bool {
    std::fs::read_dir("input").is_ok_and(|entries| entries.count() > 0) && std::fs::read("input/000000").is_ok()
}

fn attacks<'a>(daemon: c_int, own: c_int, input: c_int) -> Vec<Try<'a>> {
    let call = |number: c_long, arguments: [u64; 6]| {
        let [a, b, c, d, e, f] = arguments;
        unsafe { libc::syscall(number, a, b, c, d, e, f) }
    };
    let went = move |number: c_long, arguments: &[u64]| {
        let mut all = [0; 6];
        all[..arguments.len()].copy_from_slice(arguments);
        call(number, all) >= 0
    };
    let daemon_bits = daemon as u64;
    let opens = |path: &'static str, flags: c_int| move || open(path, flags) >= 0;
    vec![
        // The network.
        ("socket", Box::new(|| unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) >= 0 })),
        ("Unix socket", Box::new(|| unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_STREAM, 0) >= 0 })),
        (
            "io_uring",
            Box::new(move || {
                let mut parameters = [0u8; 120];
                went(libc::SYS_io_uring_setup, &[4, parameters.as_mut_ptr() as u64])
            }),
        ),
        // Files.
        ("write into the input", Box::new(opens("input/000000", libc::O_WRONLY))),
        ("read and write the input", Box::new(opens("input/000000", libc::O_RDWR))),
        ("empty the input by O_TRUNC", Box::new(opens("input/000000", libc::O_RDONLY | libc::O_TRUNC))),
        ("a new file", Box::new(opens("input/new", libc::O_RDONLY | libc::O_CREAT))),
        ("a file without a name", Box::new(opens("input", libc::O_RDWR | libc::O_TMPFILE))),
        (
            "openat2",
            Box::new(move || {
                let how = [0u64; 3];
                went(
                    libc::SYS_openat2,
                    &[libc::AT_FDCWD as u64, c"input/000000".as_ptr() as u64, how.as_ptr() as u64, 24],
                )
            }),
        ),
        ("truncate", Box::new(move || went(libc::SYS_truncate, &[c"input/000000".as_ptr() as u64, 1]))),
        (
            "shared memory of a file",
            Box::new(move || unsafe {
                libc::mmap(ptr::null_mut(), 4096, libc::PROT_READ, libc::MAP_SHARED, input, 0) != libc::MAP_FAILED
            }),
        ),
        ("fchmod", Box::new(move || went(libc::SYS_fchmod, &[input as u64, 0o666]))),
        (
            "fchmodat",
            Box::new(move || {
                went(libc::SYS_fchmodat, &[libc::AT_FDCWD as u64, c"input/000000".as_ptr() as u64, 0o644])
            }),
        ),
        (
            "setxattr",
            Box::new(move || {
                let (name, value) = (c"user.x", b"x");
                went(libc::SYS_fsetxattr, &[input as u64, name.as_ptr() as u64, value.as_ptr() as u64, 1, 0])
            }),
        ),
        (
            "utimensat",
            Box::new(move || {
                went(libc::SYS_utimensat, &[libc::AT_FDCWD as u64, c"input/000000".as_ptr() as u64, 0, 0])
            }),
        ),
        (
            "a new folder",
            Box::new(move || went(libc::SYS_mkdirat, &[libc::AT_FDCWD as u64, c"input/folder".as_ptr() as u64, 0o700])),
        ),
        (
            "a new link",
            Box::new(move || {
                let (from, to) = (c"input/000000".as_ptr() as u64, c"input/link".as_ptr() as u64);
                went(libc::SYS_linkat, &[libc::AT_FDCWD as u64, from, libc::AT_FDCWD as u64, to, 0])
            }),
        ),
        (
            "rename",
            Box::new(move || {
                let (from, to) = (c"input/gone".as_ptr() as u64, c"input/000001".as_ptr() as u64);
                std::fs::write("input/gone", b"x").is_ok()
                    && went(libc::SYS_renameat2, &[libc::AT_FDCWD as u64, from, libc::AT_FDCWD as u64, to, 0])
            }),
        ),
        (
            "unlink",
            Box::new(move || {
                std::fs::write("input/gone", b"x").is_ok()
                    && went(libc::SYS_unlinkat, &[libc::AT_FDCWD as u64, c"input/gone".as_ptr() as u64, 0])
            }),
        ),
        ("another patient's input", Box::new(opens("../other/input/000000", libc::O_RDONLY))),
        ("the spool's key", Box::new(opens("../../key", libc::O_RDONLY))),
        ("a file of the host", Box::new(opens("/etc/passwd", libc::O_RDONLY))),
        // The daemon.
        (
            "the daemon's memory as a file",
            Box::new(move || {
                let path = CString::new(format!("/proc/{daemon}/mem")).expect("no zero byte");
                [libc::O_RDONLY, libc::O_RDWR].iter().any(|flags| unsafe { libc::open(path.as_ptr(), *flags) >= 0 })
            }),
        ),
        (
            "the daemon's open files",
            Box::new(move || {
                let path = CString::new(format!("/proc/{daemon}/fd/0")).expect("no zero byte");
                unsafe { libc::open(path.as_ptr(), libc::O_RDONLY) >= 0 }
            }),
        ),
        ("ptrace", Box::new(move || went(libc::SYS_ptrace, &[u64::from(libc::PTRACE_SEIZE), daemon_bits]))),
        (
            "process_vm_readv",
            Box::new(move || {
                let mut byte = [0u8; 1];
                let here = libc::iovec { iov_base: byte.as_mut_ptr().cast::<c_void>(), iov_len: 1 };
                let there = libc::iovec { iov_base: main as *const () as *mut c_void, iov_len: 1 };
                let (here, there) = (ptr::from_ref(&here) as u64, ptr::from_ref(&there) as u64);
                // A permission that is there fails at the address at most.
                went(libc::SYS_process_vm_readv, &[daemon_bits, here, 1, there, 1]) || error() == libc::EFAULT
            }),
        ),
        ("kill", Box::new(move || went(libc::SYS_kill, &[daemon_bits, 0]))),
        ("tgkill", Box::new(move || went(libc::SYS_tgkill, &[daemon_bits, daemon_bits, 0]))),
        ("tkill", Box::new(move || went(libc::SYS_tkill, &[daemon_bits, 0]))),
        (
            "rt_sigqueueinfo",
            Box::new(move || {
                let mut info = [0u32; 32];
                // SI_QUEUE, which needs no privilege.
                info[2] = -1i32 as u32;
                went(libc::SYS_rt_sigqueueinfo, &[daemon_bits, 0, info.as_ptr() as u64])
            }),
        ),
        ("pidfd_open", Box::new(move || went(libc::SYS_pidfd_open, &[daemon_bits, 0]))),
        (
            "pidfd_send_signal",
            Box::new(move || {
                let handle = call(libc::SYS_pidfd_open, [daemon_bits, 0, 0, 0, 0, 0]);
                handle >= 0 && went(libc::SYS_pidfd_send_signal, &[handle as u64, 0, 0, 0])
            }),
        ),
        (
            "pidfd_getfd",
            Box::new(move || {
                let handle = call(libc::SYS_pidfd_open, [daemon_bits, 0, 0, 0, 0, 0]);
                handle >= 0 && went(libc::SYS_pidfd_getfd, &[handle as u64, 0, 0])
            }),
        ),
        ("a signal by fcntl", Box::new(move || unsafe { libc::fcntl(input, libc::F_SETOWN, daemon) >= 0 })),
        (
            "prlimit",
            Box::new(move || {
                let limit = [u64::MAX, u64::MAX];
                went(libc::SYS_prlimit64, &[daemon_bits, u64::from(libc::RLIMIT_CORE), 0, limit.as_ptr() as u64])
            }),
        ),
        (
            "sched_setaffinity",
            Box::new(move || {
                let processors = [u64::MAX; 16];
                went(libc::SYS_sched_setaffinity, &[daemon_bits, 128, processors.as_ptr() as u64])
            }),
        ),
        ("setpriority", Box::new(move || went(libc::SYS_setpriority, &[0, daemon_bits, 19]))),
        // Other processes and programs.
        ("fork", Box::new(move || forked(call(libc::SYS_clone, [libc::SIGCHLD as u64, 0, 0, 0, 0, 0])))),
        (
            "clone3",
            Box::new(move || {
                let arguments = [0u64, 0, 0, 0, libc::SIGCHLD as u64, 0, 0, 0];
                forked(call(libc::SYS_clone3, [arguments.as_ptr() as u64, 64, 0, 0, 0, 0]))
            }),
        ),
        ("a thread", Box::new(|| std::thread::Builder::new().spawn(|| ()).is_ok())),
        // A program that is not there: only a process that may start programs is told so.
        (
            "execve",
            Box::new(move || {
                let nothing: [*const c_char; 1] = [ptr::null()];
                went(libc::SYS_execve, &[c"/none".as_ptr() as u64, nothing.as_ptr() as u64, nothing.as_ptr() as u64])
                    || error() == libc::ENOENT
            }),
        ),
        (
            "execveat",
            Box::new(move || {
                let nothing: [*const c_char; 1] = [ptr::null()];
                let (path, nothing) = (c"/none".as_ptr() as u64, nothing.as_ptr() as u64);
                went(libc::SYS_execveat, &[libc::AT_FDCWD as u64, path, nothing, nothing, 0]) || error() == libc::ENOENT
            }),
        ),
        ("memfd_create", Box::new(move || went(libc::SYS_memfd_create, &[c"x".as_ptr() as u64, 0]))),
        (
            "memory that can be run",
            Box::new(|| unsafe {
                let kinds = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
                libc::mmap(ptr::null_mut(), 4096, libc::PROT_READ | libc::PROT_EXEC, kinds, -1, 0) != libc::MAP_FAILED
            }),
        ),
        // The kernel.
        ("namespaces", Box::new(move || went(libc::SYS_unshare, &[libc::CLONE_NEWUSER as u64]))),
        ("mount", Box::new(move || went(libc::SYS_mount, &[0, c"input".as_ptr() as u64, 0, libc::MS_BIND, 0]))),
        ("keyctl", Box::new(move || went(libc::SYS_keyctl, &[0, -3i64 as u64, 1]))),
        (
            "bpf",
            Box::new(move || {
                let attributes = [1u32, 4, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                went(libc::SYS_bpf, &[0, attributes.as_ptr() as u64, 72])
            }),
        ),
        (
            "perf_event_open",
            Box::new(move || {
                let attributes =
                    [1u32, 112, 0, 0, 0, 0, 0, 0, 0, 0, 0b110_0001, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                went(libc::SYS_perf_event_open, &[attributes.as_ptr() as u64, 0, -1i64 as u64, -1i64 as u64, 0])
            }),
        ),
        ("userfaultfd", Box::new(move || went(libc::SYS_userfaultfd, &[1]))),
        ("inotify", Box::new(move || went(libc::SYS_inotify_init1, &[0]))),
        ("prctl", Box::new(move || went(libc::SYS_prctl, &[libc::PR_SET_DUMPABLE as u64, 1]))),
        (
            "its own limits",
            Box::new(move || {
                let limit = [0u64, 0];
                went(libc::SYS_prlimit64, &[0, u64::from(libc::RLIMIT_FSIZE), 0, limit.as_ptr() as u64])
            }),
        ),
        ("a call by a number of x32", Box::new(move || went(0x4000_0000 + libc::SYS_getppid, &[]))),
        ("kill itself", Box::new(move || went(libc::SYS_kill, &[own as u64, 0]))),
    ]
}

/// True in the parent where there was a child; the child ends at once.
fn forked(child: c_long) -> bool {
    if child == 0 {
        unsafe { libc::_exit(0) };
    }
    child > 0
}

fn open(path: &str, flags: c_int) -> c_int {
    let path = CString::new(path).expect("no zero byte");
    unsafe { libc::openat(libc::AT_FDCWD, path.as_ptr(), flags | libc::O_CLOEXEC, 0o600) }
}

fn error() -> c_int {
    io::Error::last_os_error().raw_os_error().unwrap_or_default()
}
