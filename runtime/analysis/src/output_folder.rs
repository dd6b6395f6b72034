//! The folder of results: files appear whole or not at all, and what an earlier run left there goes away.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use cordline_dicom::write::earlier_object::{REPORT_FILE, SEGMENTATION_FILE};
use cordline_files::{AtomicFile, Durability, unfinished};
use cordline_report::{PAGE, PICTURES};
use cordline_sdk::problem::{Code, Diagnose};
use thiserror::Error;

/// Name of the machine-readable result.
pub const RESULT_FILE: &str = "result.json";
/// Name of the picture for archives that show nothing else.
pub(super) const SECONDARY_CAPTURE_FILE: &str = "secondary-capture.dcm";
/// Beginning and end of the names of heat maps; the question's classifier stands between.
pub(super) const HEAT_MAP_FILE: [&str; 2] = ["heat-map-", ".dcm"];

/// True for the name of a file that an analysis writes into its folder.
fn is_ours(name: &str) -> bool {
    let [begin, end] = HEAT_MAP_FILE;
    [RESULT_FILE, PAGE, SEGMENTATION_FILE, REPORT_FILE, SECONDARY_CAPTURE_FILE].contains(&name)
        || (name.starts_with(begin) && name.ends_with(end))
}

/// True for the name of a picture that an analysis writes: `candidate-N.png`, and `section-NN.png`, plain, with lesions or with heat.
fn is_our_picture(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".png") else { return false };
    let after_number = |text: &str| {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        (rest.len() < text.len()).then(|| rest.to_owned())
    };
    let candidate = stem.strip_prefix("candidate-").and_then(after_number);
    let section = stem.strip_prefix("section-").and_then(after_number);
    candidate.is_some_and(|rest| rest.is_empty())
        || section.is_some_and(|rest| rest.is_empty() || rest == "-lesions" || rest.starts_with("-heat-"))
}

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
            Code::DiskFull => "free some space on the disk of the results, then run the same again".into(),
            _ => "give this user the right to write to the folder of results, or choose another folder".into(),
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
        clear(&self.path, is_ours)?;
        let pictures = self.path.join(PICTURES);
        // Not what a link leads to: that is a folder of somebody's own.
        match pictures.symlink_metadata() {
            Ok(found) if found.is_dir() => clear(&pictures, is_our_picture),
            _ => Ok(()),
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file under another name and renames it: nobody ever sees half of it. `name` may lie in a folder of its own, which is
    /// made: `pictures/section-01.png`.
    ///
    /// # Errors
    /// The file or its folder could not be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), OutputError> {
        self.write_with(name, |file| file.write_all(bytes))
    }

    /// The same for what writes itself.
    ///
    /// # Errors
    /// The file or its folder could not be written.
    pub fn write_with(&self, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), OutputError> {
        self.replace(name, write).map_err(|error| OutputError { path: self.path.join(name), error })
    }

    /// The same with the error of the system.
    pub(super) fn replace(&self, name: &str, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
        let path = self.path.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // Not forced to the disk file by file: the daemon does so once for all that a job wrote, before it says that they are there.
        AtomicFile { mode: 0o666, durability: Durability::Process }.replace_with(&path, write)
    }
}

/// Removes the files of a folder whose names, or the names of which they are the unfinished beginning, are ours.
fn clear(folder: &Path, ours: fn(&str) -> bool) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().unwrap_or_default();
        if ours(unfinished(name).unwrap_or(name)) && entry.path().is_file() {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of the files below a folder, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let (path, name) = entry.map(|e| (e.path(), e.file_name().into_string().unwrap())).unwrap();
            match path.symlink_metadata().unwrap().is_dir() {
                true => names.extend(self::names(&path).iter().map(|inner| format!("{name}/{inner}"))),
                false => names.push(name),
            }
        }
        names.sort();
        names
    }

    #[test]
    fn an_earlier_result_goes_and_other_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(PICTURES)).unwrap();
        let ours = [
            "result.json",
            "report.html",
            "segmentation.dcm",
            ".segmentation.dcm.12-34.partial",
            "structured-report.dcm",
            "secondary-capture.dcm",
            "heat-map-ms-nmosd.dcm",
            "pictures/candidate-1.png",
            "pictures/section-07.png",
            "pictures/section-07-lesions.png",
            "pictures/section-107-heat-ms-nmosd.png",
            "pictures/.section-08.png.12-34.partial",
        ];
        let foreign = [
            ".notes.txt.12-34.partial",
            "notes.txt",
            "other.dcm",
            "pictures/candidate-.png",
            "pictures/holiday.png",
            "pictures/section-a.png",
            "pictures/section-07-old.png",
        ];
        for name in ours.iter().chain(&foreign) {
            std::fs::write(folder.path().join(name), b"x").unwrap();
        }
        OutputFolder::open(folder.path()).unwrap();
        let mut left = foreign.to_vec();
        left.sort();
        assert_eq!(names(folder.path()), left);
    }

    #[test]
    fn a_link_in_the_place_of_the_pictures_leads_to_nothing_of_ours() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(elsewhere.path().join("section-01.png"), b"x").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join(PICTURES)).unwrap();
        OutputFolder::open(folder.path()).unwrap();
        assert_eq!(names(elsewhere.path()), ["section-01.png"]);
    }

    #[test]
    fn a_file_in_a_folder_of_its_own_brings_that_along() {
        let folder = tempfile::tempdir().unwrap();
        OutputFolder::open(folder.path()).unwrap().write("pictures/section-01.png", b"x").unwrap();
        assert_eq!(names(folder.path()), ["pictures/section-01.png"]);
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
