//! Open files and sockets: the limit of the process, and how many connections fit under it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that the process needs beside connections: libraries, the archive, the daemon, files.
const RESERVED: u64 = 128;
/// Descriptors that a connection may need: its own, and two for a connection to the daemon or one to the archive.
const PER_CONNECTION: u64 = 3;

/// Raises the limit to the hard limit, and returns how many of `wanted` connections fit under it.
pub(crate) fn raise_limit(wanted: usize) -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_err() {
        tracing::debug!("the limit of open files stays as it is");
    }
    let granted = getrlimit(Resource::Nofile).current;
    let room = connections(granted);
    if room < wanted {
        let granted = granted.unwrap_or(u64::MAX);
        tracing::warn!(
            wanted,
            room,
            granted,
            "fewer connections than set: raise LimitNOFILE of the unit, or `ulimit -n`"
        );
    }
    wanted.min(room)
}

/// How many connections fit under a limit of open files; `None` is no limit.
fn connections(limit: Option<u64>) -> usize {
    let room = limit.map_or(u64::MAX, |limit| limit.saturating_sub(RESERVED) / PER_CONNECTION);
    usize::try_from(room).unwrap_or(usize::MAX).max(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_limit_leaves_room_for_the_rest() {
        assert_eq!(connections(Some(256)), 42);
        assert_eq!(connections(Some(16)), 8);
        assert!(connections(Some(16384)) > 4096);
        assert_eq!(connections(None), usize::MAX);
    }
}
