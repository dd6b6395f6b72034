//! The files of a result: forced to the disk before the job ends, and described for clients.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use cordline_analysis::output::RESULT_FILE;
use cordline_sdk::sha256::Sha256;
use cordline_sdk::wire::event::FileInfo;
use cordline_sdk::{AnalysisResult, FileKind};

/// Syncs every file of a result, and its folder.
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
    File::open(out)?.sync_all()?;
    Ok(files)
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
