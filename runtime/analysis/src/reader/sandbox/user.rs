//! Namespaces of its own: no network, no System V IPC and no message queue of the host, and the right to narrow the root folder, given up
//! at once. Signals go out of a namespace all the same; the list of calls keeps them in.

use std::io;
use std::path::Path;

use rustix::process::{chdir, chroot};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};

/// Enters namespaces of its own, in which this process has no user's rights.
#[allow(unsafe_code)] // The safe crates keep this call for those who know what they share.
pub(super) fn enter() -> io::Result<()> {
    // SAFETY: these flags take nothing away that another thread of this process uses; with more than one thread the kernel refuses.
    match unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET | libc::CLONE_NEWIPC) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Makes the current folder the root folder.
pub(super) fn narrow_root() -> io::Result<()> {
    chroot(Path::new("."))?;
    Ok(chdir("/")?)
}

/// Gives up every right that root has, also in a namespace.
pub(super) fn give_up_rights() {
    let none = CapabilitySet::empty();
    // A process without rights cannot fail to drop them.
    let _ = set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none });
}
