//! Forces input to the disk: file by file where they are few, the whole file system at once where they are many. A call for each of 50,000 files
//! would take minutes, during which the disk is busy for everybody else.

use std::fs::File;
use std::io;
use std::path::Path;

/// Up to this many files are synced one by one, without waiting for what other programs write.
const MAX_SINGLE_SYNCS: usize = 16;

/// Forces the files `names` of a job's input, and the names of the folders above, to the disk.
///
/// # Errors
///
/// What the system said; then nothing is known of what is on the disk.
pub fn sync_input(input: &Path, names: &[String]) -> io::Result<()> {
    if names.len() <= MAX_SINGLE_SYNCS {
        names.iter().try_for_each(|name| File::open(input.join(name))?.sync_all())?;
    } else {
        rustix::fs::syncfs(File::open(input)?)?;
    }
    // A new file survives a power cut only if its name does: its folder, that of the job, that of all jobs.
    input.ancestors().take(3).try_for_each(|folder| File::open(folder)?.sync_all())
}

/// Forces the entries of a folder to the disk: a new file survives a power cut only if its name does.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_files_are_forced_and_a_missing_one_among_few_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("job/input");
        std::fs::create_dir_all(&input).unwrap();
        let names: Vec<String> = (0..MAX_SINGLE_SYNCS + 1).map(|i| i.to_string()).collect();
        names.iter().for_each(|name| std::fs::write(input.join(name), name).unwrap());
        sync_input(&input, &names).unwrap();
        sync_input(&input, &names[..2]).unwrap();
        assert!(sync_input(&input, &["none".into()]).is_err());
    }
}
