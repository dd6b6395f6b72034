//! Files of the kernel and of the system, read within bounds: whatever they hold, nothing waits and nothing grows.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The longest that are read, tables of power modes, have some ten thousand.
const MOST_BYTES: u64 = 256 << 10;
/// A board has some tens of sensors.
const MOST_ENTRIES: usize = 256;
/// Letters of a name that is shown.
const MOST_LETTERS: usize = 200;

/// The beginning of a regular file; nothing where there is none.
pub(super) fn text(path: &Path) -> Option<String> {
    // A pipe without a writer would be waited for.
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The first line of a file as a name that can be shown.
pub(super) fn name(path: &Path) -> Option<String> {
    text(path)?.lines().next().and_then(shown)
}

/// A text without what a terminal would obey; nothing where nothing is left.
pub(super) fn shown(text: &str) -> Option<String> {
    let letters: String = text.chars().filter(|c| !c.is_control()).take(MOST_LETTERS).collect();
    Some(letters.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The one number that a file holds, where it lies in a range.
pub(super) fn number(path: &Path, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    text(path)?.trim().parse().ok().filter(|number| range.contains(number))
}

/// What lies in a folder, in the order of the names.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = found.filter_map(|entry| Some(entry.ok()?.path())).take(MOST_ENTRIES).collect();
    paths.sort();
    paths
}
