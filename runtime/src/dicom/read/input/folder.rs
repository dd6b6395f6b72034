//! The files of a folder and of all folders in it.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{InputError, Skipped};
use crate::dicom::read::limits::Limits;

/// What a path leads to.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Regular files, in the order of their names, folder by folder.
    pub files: Vec<PathBuf>,
    /// Pipes, devices, sockets and links to nowhere: opening one could wait for ever.
    pub skipped: Vec<Skipped>,
}

/// All files under a path; the path may be a file itself. A folder that links lead to twice is entered once.
pub(super) fn files(root: &Path, limits: &Limits) -> Result<Found, InputError> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |source| InputError::Path { path, source }
    };
    let mut found = Found::default();
    let about = fs::metadata(root).map_err(fail(root))?;
    if !about.is_dir() {
        if about.is_file() {
            found.files.push(root.to_owned());
        } else {
            found.skipped.push(Skipped { path: root.display().to_string(), reason: "not a regular file".into() });
        }
        return Ok(found);
    }
    let mut seen = HashSet::new();
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        if depth > limits.folder_depth {
            return Err(InputError::TooDeep { path: folder, limit: limits.folder_depth });
        }
        if !seen.insert(folder.canonicalize().map_err(fail(&folder))?) {
            continue;
        }
        let mut entries = fs::read_dir(&folder)
            .and_then(|entries| entries.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>())
            .map_err(fail(&folder))?;
        entries.sort();
        let mut folders = Vec::new();
        for path in entries {
            match fs::metadata(&path) {
                Ok(about) if about.is_dir() => folders.push((path, depth + 1)),
                Ok(about) if about.is_file() => found.files.push(path),
                Ok(_) => found
                    .skipped
                    .push(Skipped { path: path.display().to_string(), reason: "not a regular file".into() }),
                Err(e) => found
                    .skipped
                    .push(Skipped { path: path.display().to_string(), reason: format!("cannot be reached: {e}") }),
            }
            if found.files.len() + found.skipped.len() > limits.files {
                return Err(InputError::TooManyFiles { limit: limits.files });
            }
        }
        open.extend(folders.into_iter().rev());
    }
    Ok(found)
}
