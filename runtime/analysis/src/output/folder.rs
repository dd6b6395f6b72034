//! The folder of results: files appear whole or not at all, and what an earlier run left there goes away.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cordline_files::{AtomicFile, Durability};
use cordline_sdk::problem::{Code, Diagnose};
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
pub struct OutputFolder {
    path: PathBuf,
}

/// A file of the results that could not be written. It is named within its folder: where the daemon keeps the folder must not be told.
#[derive(Debug, Error)]
#[error("cannot write {}: {error}", name(.path))]
pub struct OutputError {
    path: PathBuf,
    error: io::Error,
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| "the folder of results".into(), |name| name.to_string_lossy().into_owned())
}

impl OutputError {
    /// `path` could not be written because of `error`.
    pub fn new(path: PathBuf, error: io::Error) -> Self {
        Self { path, error }
    }
}

impl Diagnose for OutputError {
    fn code(&self) -> Code {
        match self.error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::DiskFull,
            _ => Code::NotWritable,
        }
    }

    fn action(&self) -> Cow<'_, str> {
        match self.code() {
            Code::DiskFull => "free some space, or name another folder with --out, and run again".into(),
            _ => "name a folder that this user may write to with --out".into(),
        }
    }
}

impl OutputFolder {
    /// Makes the folder where it is missing, proves that it can be written to, and clears what an earlier analysis left in it.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn open(folder: &Path) -> Result<Self, OutputError> {
        let failed = |error| OutputError { path: folder.into(), error };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let probe = folder.join(".cordline-probe");
        std::fs::write(&probe, b"probe").and_then(|()| std::fs::remove_file(&probe)).map_err(failed)?;
        let folder = Self { path: folder.into() };
        folder.clear().map_err(failed)?;
        Ok(folder)
    }

    /// Removes our own files, those of an earlier run or a set that could not be finished, and nothing else.
    ///
    /// # Errors
    /// What the system said.
    pub fn clear(&self) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.path)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            let varying = VARYING.iter().any(|(begin, end)| name.starts_with(begin) && name.ends_with(end));
            if path.is_file() && (EXACT.contains(&name) || varying) {
                std::fs::remove_file(&path)?;
            }
        }
        let pictures = self.path.join(PICTURES);
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

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file under another name and renames it: nobody ever sees half of it.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), OutputError> {
        self.write_with(name, |file| file.write_all(bytes))
    }

    /// The same for a picture: `name` lies in the folder of pictures.
    ///
    /// # Errors
    /// The file or the folder of pictures could not be written.
    pub fn write_picture(&self, name: &str, bytes: &[u8]) -> Result<(), OutputError> {
        let pictures = self.path.join(PICTURES);
        std::fs::create_dir_all(&pictures).map_err(|error| OutputError { path: pictures, error })?;
        self.write(name, bytes)
    }

    /// The same for what writes itself.
    ///
    /// # Errors
    /// The file could not be written.
    pub fn write_with(&self, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), OutputError> {
        let path = self.path.join(name);
        // Not forced to the disk file by file: the daemon does so once for all that a job wrote, before it says that they are there.
        let file = AtomicFile { mode: 0o666, durability: Durability::Process };
        file.replace_with(&path, write).map_err(|error| OutputError { path, error })
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
        let folder = OutputFolder::open(folder.path()).unwrap();
        let mut left: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, ["notes.txt", "other.dcm"]);
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let problem = OutputFolder::open(file.path()).unwrap_err().problem();
        assert_eq!(problem.code, Code::NotWritable);
        let (folder, name) = (file.path().parent().unwrap(), file.path().file_name().unwrap());
        assert!(problem.message.contains(name.to_str().unwrap()), "{}", problem.message);
        assert!(!problem.message.contains(folder.to_str().unwrap()), "{}", problem.message);
    }
}
