//! The files of a result: forced to the disk before the job ends, and described for clients.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use cordline_analysis::output::RESULT_FILE;
use cordline_sdk::sha256::Sha256;
use cordline_sdk::wire::event::FileInfo;
use cordline_sdk::{AnalysisResult, FileKind};

/// Syncs every file of a result, and the folders that hold their names, up to the folder of the job.
///
/// # Errors
///
/// A file cannot be read or synced.
pub(super) fn sync_and_list(result: &AnalysisResult, out: &Path) -> io::Result<Vec<FileInfo>> {
    let named = result.files.iter().map(|f| (f.path.clone(), f.kind.clone()));
    let mut files = Vec::new();
    for (path, kind) in named.chain([(RESULT_FILE.to_owned(), FileKind::Result.to_string())]) {
        let file = out.join(&path);
        let bytes = fs::read(&file)?;
        File::open(&file)?.sync_all()?;
        let media_type = media_type(&path).into();
        files.push(FileInfo {
            path,
            kind,
            media_type,
            bytes: bytes.len() as u64,
            sha256: Sha256::of(&bytes).to_string(),
        });
    }
    let paths = files.iter().map(|file| file.path.as_str());
    folders_above(paths, out).iter().try_for_each(|folder| File::open(folder)?.sync_all())?;
    Ok(files)
}

/// The folders that hold the names of files in `out`, and that of `out` itself, which may be new: a new file survives a power cut only if its name
/// does.
fn folders_above<'a>(paths: impl IntoIterator<Item = &'a str>, out: &Path) -> BTreeSet<PathBuf> {
    let top = out.parent().unwrap_or(out);
    let files = paths.into_iter().map(|path| out.join(path));
    let above = |file: PathBuf| -> Vec<PathBuf> {
        file.ancestors().skip(1).take_while(|folder| folder.starts_with(top)).map(Path::to_owned).collect()
    };
    files.flat_map(above).collect()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("dcm") => "application/dicom",
        Some("json") => "application/json",
        Some("html") => "text/html",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_between_a_file_and_its_job_is_forced_to_the_disk() {
        let found = folders_above(["result.json", "pictures/thumbnail.png"], Path::new("/spool/jobs/a/results"));
        let expected = ["/spool/jobs/a", "/spool/jobs/a/results", "/spool/jobs/a/results/pictures"];
        assert_eq!(found, expected.map(PathBuf::from).into());
    }
}
