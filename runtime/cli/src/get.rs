//! `cordline get`: the files of a job.

use std::path::{Component, Path, PathBuf};

use clap::Args;
use cordline_analysis::config::Config;
use cordline_analysis::output::{OutputFolder, RESULT_FILE};
use cordline_sdk::client::Client;
use cordline_sdk::job::JobId;
use cordline_sdk::problem::{Code, Problem};
use cordline_sdk::wire::event::FileInfo;

use crate::exit::Exit;
use crate::remote::{self, Refusal, RemoteArgs, print_json};

/// Flags of `get`.
#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// The job
    #[arg(value_name = "JOB", value_parser = remote::parse_job)]
    job: JobId,
    /// Folder for the files; made where it is missing, results of an earlier run in it are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Runs the command.
pub(crate) fn run(args: &GetArgs, config: &Config) -> Exit {
    args.remote.with(config, |client| {
        let files = fetch(client, &args.job, &args.out)?;
        match args.remote.json {
            true => print_json(&files),
            false => println!("{} files in {}", files.len(), args.out.display()),
        }
        Ok(Exit::Completed)
    })
}

/// Fetches every file of a job, and puts them in the place of the results that lie in a folder.
pub(crate) fn fetch(client: &mut Client, job: &JobId, out: &Path) -> Result<Vec<FileInfo>, Refusal> {
    let files = client.files(job)?;
    files.iter().try_for_each(|file| lies_within(&file.path))?;
    let mut fetched = Vec::new();
    for file in &files {
        fetched.push((&*file.path, client.download(job, file)?));
    }
    replace(out, fetched)?;
    Ok(files)
}

/// A daemon on another host must not choose where files are written here.
fn lies_within(path: &str) -> Result<(), Problem> {
    match Path::new(path).components().all(|c| matches!(c, Component::Normal(_))) {
        true => Ok(()),
        false => Err(Problem::new(
            Code::Unexpected,
            format!("the daemon lists a file that would lie outside the folder: {path}"),
            "have that daemon looked at before anything more is taken from it",
        )),
    }
}

/// Writes files, each with its path in the folder, in the place of an earlier result. All have arrived, so that what is there stays
/// where they do not; `result.json` comes last, as it says what the others are.
fn replace(out: &Path, mut files: Vec<(&str, Vec<u8>)>) -> Result<(), Problem> {
    files.sort_by_key(|(path, _)| *path == RESULT_FILE);
    let written = OutputFolder::open(out).and_then(|folder| {
        let written = files.iter().try_for_each(|(path, bytes)| folder.write(path, bytes));
        if written.is_err() {
            // Half a set of results is worse than none; the error that is told is the first one.
            let _ = folder.clear();
        }
        written
    });
    written.map_err(Problem::from).map_err(|problem| remote::in_folder(out, problem))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_earlier_result_goes_when_another_one_is_fetched() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["segmentation.dcm", "result.json", "notes.txt"] {
            fs::write(folder.path().join(name), "of another patient").unwrap();
        }
        replace(folder.path(), vec![("result.json", b"{}".to_vec()), ("pictures/section-01.png", b"x".to_vec())])
            .unwrap();
        assert!(!folder.path().join("segmentation.dcm").exists());
        assert_eq!(fs::read(folder.path().join("result.json")).unwrap(), b"{}");
        assert!(folder.path().join("notes.txt").exists() && folder.path().join("pictures/section-01.png").exists());
    }

    #[test]
    fn no_half_of_a_set_stays_and_the_file_is_named_that_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("result.json")).unwrap();
        let files = vec![("result.json", b"{}".to_vec()), ("segmentation.dcm", b"x".to_vec())];
        let problem = replace(folder.path(), files).unwrap_err();
        assert!(problem.message.contains("cannot write result.json"), "{}", problem.message);
        assert!(!folder.path().join("segmentation.dcm").exists());
    }

    #[test]
    fn no_file_lies_outside_the_folder() {
        for path in ["../x", "/etc/x", "pictures/../../x"] {
            assert_eq!(lies_within(path).unwrap_err().code, Code::Unexpected, "{path}");
        }
        assert!(lies_within("pictures/section-01.png").is_ok());
    }
}
