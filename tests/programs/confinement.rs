//! Code inside the reader: the program `taken_over` tries what an attacker would, behind all walls, behind each alone and behind none. Of the
//! attacks that are demanded of the last it is seen that they can go through, and that the walls are what stops them; the others need
//! rights or a kernel that not every host has.

// A test that cannot go on should say where.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::Command;

use tempfile::{TempDir, tempdir};

/// Some user who is not root.
const NOBODY: u32 = 65534;
/// What it answers where a wall that was asked for does not stand.
const NO_SUCH_WALL: i32 = 3;

/// A spool with two jobs, of one user.
fn spool(user: Option<u32>) -> TempDir {
    let folder = tempdir().unwrap();
    let [own, other] = ["jobs/own/input", "jobs/other/input"].map(|path| folder.path().join(path));
    for input in [&own, &other] {
        fs::create_dir_all(input).unwrap();
        fs::write(input.join("000000"), b"0123456789").unwrap();
    }
    fs::write(folder.path().join("key"), b"secret").unwrap();
    let all = ["", "jobs", "jobs/own", "jobs/own/input", "jobs/own/input/000000", "jobs/other", "jobs/other/input"];
    for path in all.into_iter().chain(["jobs/other/input/000000", "key"]) {
        chown(folder.path().join(path), user, user).unwrap();
    }
    folder
}

/// What goes through behind some walls; `None` where this host has not all of them.
fn through(walls: &str, user: Option<u32>) -> Option<BTreeSet<String>> {
    let folder = spool(user);
    // Wherever the tests lie, another user must be able to start it.
    let copy = tempdir().unwrap();
    fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = {
        let to = copy.path().join("taken_over");
        fs::copy(env!("CARGO_BIN_EXE_taken_over"), &to).unwrap();
        to
    };
    let mut command = Command::new(program);
    command.arg(walls).current_dir(folder.path().join("jobs/own"));
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    let run = command.output().unwrap();
    let said = String::from_utf8(run.stdout).unwrap();
    match run.status.code() {
        Some(NO_SUCH_WALL) => return None,
        // One that breaks down tries nothing, and nothing would have gone through.
        code => assert_eq!(code, Some(0), "behind {walls}: {said}"),
    }
    Some(said.lines().map(str::to_owned).collect())
}

/// The users as whom the tests can run it: themselves, and as root another user too.
fn users() -> Vec<Option<u32>> {
    match rustix::process::geteuid().is_root() {
        true => vec![None, Some(NOBODY)],
        false => vec![None],
    }
}

const OUTSIDE: [&str; 3] = ["another patient's input", "the spool's key", "a file of the host"];

#[test]
fn behind_all_walls_nothing_goes_through() {
    for user in users() {
        // The daemon and `doctor` say where a host lacks one of them; the list of calls stands everywhere.
        let walls = ["calls,files,user,root", "calls,files", "calls,user,root", "calls,files,root"];
        let through = walls.into_iter().find_map(|walls| through(walls, user));
        assert_eq!(through, Some(BTreeSet::new()), "as {user:?}");
    }
}

#[test]
fn each_wall_alone_stops_its_part_and_without_walls_the_attacks_go_through() {
    for user in users() {
        let none = through("none", user).unwrap();
        for attack in [
            "socket",
            "write into the input",
            "empty the input by O_TRUNC",
            "a new file",
            "truncate",
            "shared memory of a file",
            "fchmod",
            "utimensat",
            "kill",
            "tgkill",
            "rt_sigqueueinfo",
            "prlimit",
            "sched_setaffinity",
            "fork",
            "a thread",
            "memfd_create",
            "memory that can be run",
            "the daemon's memory as a file",
            "process_vm_readv",
            "a signal by fcntl",
        ]
        .into_iter()
        .chain(OUTSIDE)
        {
            assert!(none.contains(attack), "as {user:?}: `{attack}` cannot be seen to fail: {none:?}");
        }
        let calls = through("calls", user).unwrap();
        assert_eq!(calls, OUTSIDE.map(str::to_owned).into(), "as {user:?}: the list of calls knows no paths");
        if let Some(files) = through("files", user) {
            let stopped = ["write into the input", "a new file", "truncate", "the daemon's memory as a file", "ptrace"];
            assert!(stopped.iter().chain(&OUTSIDE).all(|attack| !files.contains(*attack)), "as {user:?}: {files:?}");
        }
        if let Some(root) = through("user,root", user) {
            assert!(OUTSIDE.iter().all(|attack| !root.contains(*attack)), "as {user:?}: {root:?}");
            assert!(root.contains("kill"), "a namespace alone does not keep signals in");
        }
    }
}
