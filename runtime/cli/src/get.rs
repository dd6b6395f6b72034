//! `cordline get`: the files of a job.

use std::fs;
use std::path::{Component, Path, PathBuf};

use clap::Args;
use cordline_analysis::config::Config;
use cordline_sdk::client::{Client, ClientError};
use cordline_sdk::job::JobId;
use cordline_sdk::wire::event::FileInfo;

use crate::exit::Exit;
use crate::remote::{self, RemoteArgs, print_json};

/// Flags of `get`.
#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// The job
    #[arg(value_name = "JOB", value_parser = remote::parse_job)]
    job: JobId,
    /// Folder for the files; made where it is missing
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

/// Fetches every file of a job into a folder.
pub(crate) fn fetch(client: &mut Client, job: &JobId, out: &Path) -> Result<Vec<FileInfo>, ClientError> {
    let files = client.files(job)?;
    for file in &files {
        let bytes = client.download(job, file)?;
        write(out, &file.path, &bytes)?;
    }
    Ok(files)
}

fn write(out: &Path, path: &str, bytes: &[u8]) -> Result<(), ClientError> {
    // A daemon on another host must not choose where files are written here.
    if !Path::new(path).components().all(|c| matches!(c, Component::Normal(_))) {
        return Err(ClientError::ChecksumMismatch { path: path.to_owned() });
    }
    let file = out.join(path);
    let failed = |source| ClientError::Unreadable { path: file.clone(), source };
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(&file, bytes).map_err(failed)
}
