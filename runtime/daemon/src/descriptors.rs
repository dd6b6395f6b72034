//! Open files, and how many of them connections may use.
//!
//! Every connection uses a descriptor, and the daemon does not choose who connects. libzmq aborts the whole process where its `accept`
//! finds none left; so `accept4`, which it and the standard library call, is replaced by the one below. It refuses a connection while
//! there are still descriptors for the journal, uploads and the reader: the connection is closed at once, nothing waits, and a client
//! that tries again is accepted as soon as there is room.

#![allow(unsafe_code)] // libzmq calls a C function, which has to call the kernel.

use std::ffi::c_int;
use std::fs::{self, File};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use libc::{sockaddr, socklen_t};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Percent of the descriptors that the daemon itself does not hold at its start which connections may use.
const SHARE: u64 = 60;
/// The same for connections from other hosts: strangers cannot lock out local clients.
const REMOTE_SHARE: u64 = 30;
/// Local connections, and those from other hosts, however many descriptors there are.
const MAX_LOCAL: usize = 2048;
const MAX_REMOTE: usize = 256;
/// How long a listener waits for a connection while no descriptor is left.
const ACCEPT_POLL_MS: c_int = 100;
/// Stands for an unlimited number.
const UNLIMITED: u64 = 1 << 20;

static LOCAL: Slots = Slots::new(MAX_LOCAL);
static REMOTE: Slots = Slots::new(MAX_REMOTE);
/// Connections that were refused.
static REFUSED: AtomicU64 = AtomicU64::new(0);
/// Closed for a moment where no descriptor is left, so that the connection can be accepted and closed.
static SPARE: Mutex<Option<File>> = Mutex::new(None);

/// Raises the soft limit to the hard one; returns the limit.
pub(super) fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // Fails where the kernel allows less than the hard limit says: then the soft limit stays.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
    getrlimit(Resource::Nofile).current.unwrap_or(UNLIMITED)
}

/// Limits connections to their share. To be called once everything that the daemon keeps open is open.
pub(super) fn reserve(limit: u64) {
    let own = fs::read_dir("/proc/self/fd").map_or(0, |open| open.count() as u64);
    let ceiling = |percent: u64| own + limit.saturating_sub(own).saturating_mul(percent) / 100;
    LOCAL.ceiling.store(ceiling(SHARE), Ordering::Relaxed);
    REMOTE.ceiling.store(ceiling(REMOTE_SHARE), Ordering::Relaxed);
    *SPARE.lock().unwrap_or_else(PoisonError::into_inner) = spare();
}

/// Connections that were refused so far.
pub(super) fn refused() -> u64 {
    REFUSED.load(Ordering::Relaxed)
}

fn spare() -> Option<File> {
    File::open("/dev/null").ok()
}

/// Slots for connections of one kind.
struct Slots {
    max: usize,
    /// The kernel gives the lowest free number: one from here on says that few are left.
    ceiling: AtomicU64,
    /// Accepted sockets with their cookies, which the kernel never gives twice: a slot is free as soon as its socket is closed, by
    /// libzmq or anybody else.
    taken: Mutex<Vec<(c_int, u64)>>,
}

impl Slots {
    const fn new(max: usize) -> Self {
        Self { max, ceiling: AtomicU64::new(u64::MAX), taken: Mutex::new(Vec::new()) }
    }

    /// Takes a slot for a socket; false where none is free.
    fn take(&self, socket: c_int) -> bool {
        if u64::try_from(socket).is_ok_and(|number| number >= self.ceiling.load(Ordering::Relaxed)) {
            return false;
        }
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.len() >= self.max {
            taken.retain(|(socket, cookie)| option(*socket, libc::SO_COOKIE) == Some(*cookie));
        }
        let is_free = taken.len() < self.max;
        if let Some(cookie) = option(socket, libc::SO_COOKIE).filter(|_| is_free) {
            taken.push((socket, cookie));
        }
        is_free
    }
}

/// A numeric socket option; `None` where the descriptor is no socket.
fn option(socket: c_int, name: c_int) -> Option<u64> {
    let mut value = 0u64;
    let mut length = size_of::<u64>() as socklen_t;
    // SAFETY: the kernel writes at most `length` bytes, and the call changes nothing, whatever the descriptor is by now.
    let said = unsafe { libc::getsockopt(socket, libc::SOL_SOCKET, name, (&raw mut value).cast(), &raw mut length) };
    (said == 0).then_some(value)
}

/// As accept4(2), but refuses connections as the top of this file says. To the caller that is an interrupted call (`EINTR`), and it goes on.
///
/// # Safety
///
/// As of accept4(2): `address` and `length` are null, or fit together.
#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn accept4(
    socket: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
    flags: c_int,
) -> c_int {
    // SAFETY: the caller's promise is that of the call itself.
    let accept = || unsafe { libc::syscall(libc::SYS_accept4, socket, address, length, flags) } as c_int;
    let taken = accept();
    if taken >= 0 {
        let is_local = option(taken, libc::SO_DOMAIN) == Some(libc::AF_UNIX as u64);
        let slots = if is_local { &LOCAL } else { &REMOTE };
        if slots.take(taken) {
            return taken;
        }
        close(taken);
    } else if matches!(std::io::Error::last_os_error().raw_os_error(), Some(libc::EMFILE | libc::ENFILE)) {
        // The kernel says so before it looks for a connection. Without one the call below would wait for the next, and nobody else could
        // be refused meanwhile.
        if !has_connection(socket) {
            return interrupted();
        }
        let mut kept = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = None;
        close(accept());
        *kept = spare();
    } else {
        return taken;
    }
    REFUSED.fetch_add(1, Ordering::Relaxed);
    interrupted()
}

/// Waits a moment for a connection on a listener; true where there is one.
fn has_connection(socket: c_int) -> bool {
    let mut asked = libc::pollfd { fd: socket, events: libc::POLLIN, revents: 0 };
    // SAFETY: one element, which outlives the call.
    unsafe { libc::poll(&raw mut asked, 1, ACCEPT_POLL_MS) > 0 }
}

/// What accept4(2) returns for an interrupted call.
fn interrupted() -> c_int {
    // SAFETY: the address of this thread's own errno.
    unsafe { *libc::__errno_location() = libc::EINTR };
    -1
}

fn close(descriptor: c_int) {
    if descriptor >= 0 {
        // SAFETY: it was opened a moment ago, and no other code knows it.
        unsafe { libc::close(descriptor) };
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_slot_is_free_again_once_its_socket_is_closed_and_not_before() {
        let slots = Slots::new(2);
        let [(a, _x), (b, _y), (c, _z)] = [(); 3].map(|()| UnixStream::pair().unwrap());
        assert!(slots.take(a.as_raw_fd()) && slots.take(b.as_raw_fd()));
        assert!(!slots.take(c.as_raw_fd()));
        drop(a);
        // The number of the first may belong to another file by now.
        let _other = File::open("/dev/null").unwrap();
        assert!(slots.take(c.as_raw_fd()));
        slots.ceiling.store(0, Ordering::Relaxed);
        drop(b);
        assert!(!slots.take(c.as_raw_fd()), "few descriptors are left");
    }

    #[test]
    fn the_library_takes_connections_in_by_way_of_this_file() {
        let before = REFUSED.load(Ordering::Relaxed);
        let folder = tempfile::tempdir().unwrap();
        let endpoint = format!("ipc://{}", folder.path().join("s").display());
        let context = zmq::Context::new();
        let router = context.socket(zmq::ROUTER).unwrap();
        router.bind(&endpoint).unwrap();
        // Nothing is refused here: that the socket has a slot shows that libzmq called this file.
        let taken = || LOCAL.taken.lock().unwrap().len();
        let slots = taken();
        let dealer = context.socket(zmq::DEALER).unwrap();
        dealer.connect(&endpoint).unwrap();
        dealer.send("x", 0).unwrap();
        router.recv_multipart(0).unwrap();
        assert!(taken() > slots, "libzmq calls another accept4");
        assert_eq!(REFUSED.load(Ordering::Relaxed), before);
    }

    /// Set in the process of its own that the test below needs: it has no descriptor left.
    const ALONE: &str = "CORDLINE_TEST_WITHOUT_DESCRIPTORS";

    #[test]
    fn an_idle_listener_holds_up_no_other_where_no_descriptor_is_left() {
        if std::env::var_os(ALONE).is_none() {
            let name = "descriptors::tests::an_idle_listener_holds_up_no_other_where_no_descriptor_is_left";
            let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
            let mut alone = alone.args([name, "--exact"]).env(ALONE, "1").spawn().unwrap();
            let deadline = Instant::now() + Duration::from_secs(20);
            while alone.try_wait().unwrap().is_none() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(10));
            }
            let _ = alone.kill();
            return assert!(alone.wait().unwrap().success());
        }
        let idle = TcpListener::bind("127.0.0.1:0").unwrap();
        let busy = TcpListener::bind("127.0.0.1:0").unwrap();
        *SPARE.lock().unwrap() = spare();
        let client = TcpStream::connect(busy.local_addr().unwrap()).unwrap();
        let limit = Rlimit { current: Some(100), ..getrlimit(Resource::Nofile) };
        setrlimit(Resource::Nofile, limit).unwrap();
        let _all: Vec<File> = std::iter::from_fn(spare).collect();
        let accept = |listener: &TcpListener| {
            // SAFETY: no address is asked for.
            unsafe { accept4(listener.as_raw_fd(), std::ptr::null_mut(), std::ptr::null_mut(), 0) }
        };
        for listener in [&idle, &busy, &idle] {
            assert_eq!(accept(listener), -1);
        }
        assert_eq!(REFUSED.load(Ordering::Relaxed), 1, "one was there to be refused");
        drop(client);
    }
}
