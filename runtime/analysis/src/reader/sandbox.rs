//! The rights that the reader drops before it opens a file: an attacker who takes it over through one can reach no other process, write
//! nothing, start nothing and see nothing but the input. Each wall stands without the others, and none is said to stand that does not.
//!
//! - [`calls`]: the system calls that it keeps
//! - [`files`]: Landlock: the input, for reading
//! - [`user`]: a user namespace without a network, whose root folder is that of the job

mod calls;
mod files;
mod user;

use std::io;
use std::path::PathBuf;

use rustix::process::{DumpableBehavior, Signal, getppid, set_dumpable_behavior, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};

/// Walls around a process: those that are wanted, or those that stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walls {
    /// Only listed system calls pass. Without this one nothing is read.
    pub calls: bool,
    /// Of all files only the input can be opened, and only for reading.
    pub files: bool,
    /// Namespaces of its own: no network, no right that a user of the host has.
    pub user: bool,
    /// Its root folder is that of the job.
    pub root: bool,
}

impl Walls {
    /// Every one.
    pub const ALL: Self = Self { calls: true, files: true, user: true, root: true };

    /// What is missing and what would help, a sentence each; empty where every wall stands.
    pub fn missing(self) -> Vec<&'static str> {
        let said = [
            (self.files, "Landlock is missing (Linux 5.13 or later with `landlock` among its security modules)"),
            (
                self.user,
                "no user namespaces for this user (kernel.unprivileged_userns_clone, AppArmor, or a container forbids them)",
            ),
            (self.root, "its root folder is that of the box (this needs a user namespace)"),
        ];
        said.into_iter().filter(|(stands, _)| !stands).map(|(_, what)| what).collect()
    }
}

/// Puts up the walls that are wanted around this process, which must have one thread; `inputs` are files and folders in the current folder,
/// `daemon` is the process whose end is the end of this one.
///
/// # Errors
///
/// System calls cannot be filtered: then nothing must be read. Walls that this host does not have are left out of what is returned.
pub fn close(wanted: Walls, inputs: &[PathBuf], daemon: u32) -> io::Result<Walls> {
    let mut stands = Walls { user: wanted.user && user::enter().is_ok(), ..Walls::default() };
    // After the namespace: to enter it takes both back.
    keep_private()?;
    end_with(daemon)?;
    stands.root = wanted.root && user::narrow_root().is_ok();
    user::give_up_rights();
    stands.files = wanted.files && files::only(inputs).is_ok_and(|stands| stands);
    if wanted.calls {
        calls::keep_listed()?;
        stands.calls = true;
    }
    Ok(stands)
}

/// From here on this process is killed when its daemon ends; where that has ended already, it goes no further.
///
/// # Errors
///
/// It has ended, or what the system said.
pub fn end_with(daemon: u32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let parent = getppid().map_or(0, |parent| parent.as_raw_nonzero().get());
    if u32::try_from(parent) == Ok(daemon) { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
}

/// No process of the same user may look into the memory of this process, and none of it is written down when it breaks: for the reader, and
/// for the daemon before it starts one.
///
/// # Errors
///
/// What the system said.
pub fn keep_private() -> io::Result<()> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}
