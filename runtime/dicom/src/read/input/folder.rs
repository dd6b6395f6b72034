//! The files of a folder and of all folders in it.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::error::InputError;
use super::scanned::{SkipReason, SkippedFile};
use crate::read::limits::FileLimits;
use crate::read::origin::Origin;

/// What a path leads to.
#[derive(Debug, Default)]
pub(super) struct FolderFiles {
    /// Regular files, in the order of their names, folder by folder.
    pub files: Vec<PathBuf>,
    /// Pipes, devices, sockets and links to nowhere: opening one could wait for ever.
    pub skipped: Vec<SkippedFile>,
}

/// All files under a path; the path may be a file itself. A folder that links lead to twice is entered once.
pub(super) fn files(root: &Path, limits: &FileLimits) -> Result<FolderFiles, InputError> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |source| InputError::Path { path, source }
    };
    let mut found = FolderFiles::default();
    let about = fs::metadata(root).map_err(fail(root))?;
    if !about.is_dir() {
        if about.is_file() {
            found.files.push(root.to_owned());
        } else {
            found.skipped.push(SkippedFile { origin: Origin::File(root.to_owned()), reason: SkipReason::NotRegular });
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
                Ok(_) => found.skipped.push(SkippedFile { origin: Origin::File(path), reason: SkipReason::NotRegular }),
                Err(e) => found
                    .skipped
                    .push(SkippedFile { origin: Origin::File(path), reason: SkipReason::Unreachable(e.to_string()) }),
            }
            if found.files.len() + found.skipped.len() > limits.files {
                return Err(InputError::TooManyFiles { limit: limits.files });
            }
        }
        open.extend(folders.into_iter().rev());
    }
    Ok(found)
}
