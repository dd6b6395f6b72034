//! Where files of one input lie: in memory where the host has such a folder, since thousands a second are written.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cordline_dicom::read::origin::Origin;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("fuzz-").tempdir_in(place).expect("a folder for the files")
});

/// Writes the files of one input over those of the last one.
pub fn files<'a>(files: impl IntoIterator<Item = &'a [u8]>) -> Vec<PathBuf> {
    let write = |(k, file): (usize, &[u8])| {
        let path = FOLDER.path().join(format!("{k:02}"));
        fs::write(&path, file).expect("room for the files");
        path
    };
    files.into_iter().enumerate().map(write).collect()
}

/// The same for a single file.
pub fn file(bytes: &[u8]) -> Origin {
    Origin::File(files([bytes]).remove(0))
}
