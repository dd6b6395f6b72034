//! Folders of the box as input: only under allowed roots, and copied before the job is accepted.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use cordline_sdk::wire::fault::{Fault, FaultCode};
use sha2::{Digest, Sha256};

use crate::dicom::read::limits::Limits;
use crate::digest;

/// The files of a folder (or one file), in a fixed order.
#[derive(Debug)]
pub(super) struct Listing {
    files: Vec<(PathBuf, fs::Metadata)>,
}

impl Listing {
    /// Lists what lies under `path`, which must lie under one of `roots` once links are followed. Links inside are left out.
    pub(super) fn of(path: &str, roots: &[PathBuf], limits: &Limits) -> Result<Self, Fault> {
        let refused = |why: &str| {
            Fault::new(
                FaultCode::Folder,
                format!("the folder cannot be taken: {why}"),
                "name a folder under one of the allowed roots; the operator sets them in the configuration",
            )
        };
        let real = fs::canonicalize(path).map_err(|e| refused(&e.kind().to_string()))?;
        let allowed = roots.iter().filter_map(|r| fs::canonicalize(r).ok()).any(|root| real.starts_with(root));
        if !allowed {
            return Err(refused("it lies outside the allowed roots"));
        }
        let mut files = Vec::new();
        collect(&real, limits, 0, &mut files).map_err(|e| refused(&e.to_string()))?;
        let bytes: u64 = files.iter().map(|(_, m)| m.len()).sum();
        if bytes > limits.study_bytes {
            return Err(refused(&format!("it holds {bytes} bytes, beyond the limit of {}", limits.study_bytes)));
        }
        files.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(Self { files })
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, m)| m.len()).sum()
    }

    /// Another one as soon as a file comes, goes, grows or is written again.
    pub(super) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for (path, m) in &self.files {
            hash.update(path.as_os_str().as_encoded_bytes());
            hash.update([0]);
            for part in [m.len(), m.ino(), m.mtime() as u64, m.mtime_nsec() as u64] {
                hash.update(part.to_le_bytes());
            }
        }
        digest::hexadecimal(&hash.finalize())
    }

    /// Copies the files into `to`, numbered, and forces them to the disk.
    pub(super) fn copy(&self, to: &Path) -> io::Result<()> {
        fs::create_dir_all(to)?;
        for (number, (path, _)) in self.files.iter().enumerate() {
            let copied = to.join(format!("{number:06}"));
            fs::copy(path, &copied)?;
            File::open(&copied)?.sync_all()?;
        }
        to.ancestors().take(3).try_for_each(|folder| File::open(folder)?.sync_all())
    }
}

fn collect(path: &Path, limits: &Limits, depth: usize, files: &mut Vec<(PathBuf, fs::Metadata)>) -> io::Result<()> {
    let about = fs::symlink_metadata(path)?;
    if about.is_file() {
        files.push((path.into(), about));
        if files.len() > limits.files {
            return Err(io::Error::other(format!("it holds more than {} files", limits.files)));
        }
    } else if about.is_dir() {
        if depth > limits.folder_depth {
            return Err(io::Error::other(format!("folders lie more than {} deep", limits.folder_depth)));
        }
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), limits, depth + 1, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(path: &Path, root: &Path) -> Result<Listing, Fault> {
        Listing::of(path.to_str().unwrap(), &[root.into()], &Limits::default())
    }

    #[test]
    fn only_what_lies_under_a_root_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let (root, outside) = (folder.path().join("in"), folder.path().join("out"));
        for made in [&root.join("study"), &outside] {
            fs::create_dir_all(made).unwrap();
            fs::write(made.join("a.dcm"), b"abc").unwrap();
        }
        std::os::unix::fs::symlink(&outside, root.join("link")).unwrap();
        assert_eq!(listing(&root.join("study"), &root).unwrap().bytes(), 3);
        assert_eq!(listing(&root, &root).unwrap().bytes(), 3, "a link inside is left out");
        for wrong in [&outside, &root.join("link"), &root.join("study/../../out"), &root.join("nothing")] {
            assert_eq!(listing(wrong, &root).unwrap_err().code, FaultCode::Folder, "{}", wrong.display());
        }
        let limits = Limits { study_bytes: 2, ..Limits::default() };
        assert!(Listing::of(root.to_str().unwrap(), std::slice::from_ref(&root), &limits).is_err());
    }

    #[test]
    fn a_folder_that_changed_is_another_one() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a"), b"abc").unwrap();
        let before = listing(root.path(), root.path()).unwrap().fingerprint();
        assert_eq!(listing(root.path(), root.path()).unwrap().fingerprint(), before);
        fs::write(root.path().join("b"), b"x").unwrap();
        let after = listing(root.path(), root.path()).unwrap();
        assert_ne!(after.fingerprint(), before);
        let copy = tempfile::tempdir().unwrap();
        after.copy(&copy.path().join("one/input")).unwrap();
        assert_eq!(fs::read(copy.path().join("one/input/000001")).unwrap(), b"x");
    }
}
