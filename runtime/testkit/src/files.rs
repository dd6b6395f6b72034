//! Data sets as files of a folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::data_set::Set;

/// Writes data sets as files of a folder.
pub fn write(folder: &Path, prefix: &str, sets: &[Set], syntax: &str) -> Vec<PathBuf> {
    let path = |i| folder.join(format!("{prefix}{i:03}.dcm"));
    sets.iter()
        .enumerate()
        .map(|(i, set)| {
            fs::write(path(i), set.file(syntax)).expect("room for a test file");
            path(i)
        })
        .collect()
}
