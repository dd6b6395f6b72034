//! The folder of results: files appear whole or not at all, and what an earlier run left there goes away.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cordline_atomic_file::{AtomicFile, Durability};
use cordline_sdk::result::Problem;
use thiserror::Error;

/// Name of the machine-readable result.
pub const RESULT_FILE: &str = "result.json";

/// Every name that an analysis writes: exact names, and (beginning, ending) of those that vary.
const EXACT: [&str; 5] =
    [RESULT_FILE, "report.html", "segmentation.dcm", "structured-report.dcm", "secondary-capture.dcm"];
const VARYING: [(&str, &str); 1] = [("heat-map-", ".dcm")];
/// The folder of pictures.
const PICTURES: &str = "pictures";

/// A folder that was found writable.
#[derive(Debug)]
pub struct Outbox {
    folder: PathBuf,
}

/// A result that could not be kept. It is named within its folder: where the daemon keeps the folder is nobody's business.
#[derive(Debug, Error)]
#[error("cannot write {}: {error}", name(.path))]
pub struct OutboxError {
    path: PathBuf,
    error: io::Error,
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| "the folder of results".into(), |name| name.to_string_lossy().into_owned())
}

impl OutboxError {
    /// `path` could not be written because of `error`.
    pub fn new(path: PathBuf, error: io::Error) -> Self {
        Self { path, error }
    }

    /// The error as it is shown to people and programs.
    pub fn problem(&self) -> Problem {
        let (code, action) = match self.error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                ("disk_full", "free some space, or name another folder with --out, and run again")
            }
            _ => ("not_writable", "name a folder that this user may write to with --out"),
        };
        Problem { code: code.into(), message: self.to_string(), action: action.into() }
    }
}

impl Outbox {
    /// Makes the folder where it is missing, proves that it can be written to, and clears what an earlier analysis left in it.
    pub fn open(folder: &Path) -> Result<Self, OutboxError> {
        let failed = |error| OutboxError { path: folder.into(), error };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let probe = folder.join(".cordline-probe");
        std::fs::write(&probe, b"probe").and_then(|()| std::fs::remove_file(&probe)).map_err(failed)?;
        let outbox = Self { folder: folder.into() };
        outbox.clear().map_err(failed)?;
        Ok(outbox)
    }

    /// Removes our own files, those of an earlier run or a set that could not be finished, and nothing else.
    pub fn clear(&self) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            let varying = VARYING.iter().any(|(begin, end)| name.starts_with(begin) && name.ends_with(end));
            if path.is_file() && (EXACT.contains(&name) || varying) {
                std::fs::remove_file(&path)?;
            }
        }
        let pictures = self.folder.join(PICTURES);
        if pictures.is_dir() {
            for entry in std::fs::read_dir(&pictures)? {
                let path = entry?.path();
                if path.extension().is_some_and(|e| e == "png") {
                    std::fs::remove_file(&path)?;
                }
            }
        }
        Ok(())
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file under another name and renames it: nobody ever sees half of it.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), OutboxError> {
        self.fill(name, |file| file.write_all(bytes))
    }

    /// The same for a picture: `name` lies in the folder of pictures.
    pub fn write_picture(&self, name: &str, bytes: &[u8]) -> Result<(), OutboxError> {
        let pictures = self.folder.join(PICTURES);
        std::fs::create_dir_all(&pictures).map_err(|error| OutboxError { path: pictures, error })?;
        self.write(name, bytes)
    }

    /// The same for what writes itself.
    pub fn fill(&self, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), OutboxError> {
        let path = self.folder.join(name);
        // Not forced to the disk file by file: the daemon does so once for all that a job wrote, before it says that they are there.
        let file = AtomicFile { mode: 0o666, durability: Durability::Process };
        file.replace_with(&path, write).map_err(|error| OutboxError { path, error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_result_goes_and_other_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["result.json", "segmentation.dcm", "heat-map-ms-nmosd.dcm", "notes.txt", "other.dcm"] {
            std::fs::write(folder.path().join(name), b"x").unwrap();
        }
        let outbox = Outbox::open(folder.path()).unwrap();
        let mut left: Vec<_> = std::fs::read_dir(outbox.folder())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["notes.txt", "other.dcm"]);
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let problem = Outbox::open(file.path()).unwrap_err().problem();
        assert_eq!(problem.code, "not_writable");
        let (folder, name) = (file.path().parent().unwrap(), file.path().file_name().unwrap());
        assert!(problem.message.contains(name.to_str().unwrap()), "{}", problem.message);
        assert!(!problem.message.contains(folder.to_str().unwrap()), "{}", problem.message);
    }
}
