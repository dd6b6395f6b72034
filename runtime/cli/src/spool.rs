//! `cordline spool`: folders that the daemon set aside because its journal did not know them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Local};
use clap::{Args, Subcommand};
use cordline_analysis::config::Config;
use cordline_daemon::journal::Journal;
use cordline_daemon::private_folder::private_folder;
use cordline_daemon::spool::orphans::{self, Orphan};
use cordline_sdk::problem::{Code, Problem};
use serde_json::json;

use crate::exit::Exit;
use crate::{fail, output};

/// Subcommands of `spool`.
#[derive(Debug, Subcommand)]
pub(crate) enum SpoolCommand {
    /// List folders of jobs that the journal did not know, and restore them; the daemon may be running
    Lost(LostArgs),
}

/// Flags of `spool lost`.
#[derive(Debug, Args)]
pub(crate) struct LostArgs {
    /// Make this one the folder of its job again, where the journal knows the job by now
    #[arg(long, value_name = "NAME")]
    restore: Option<String>,
    /// With --restore: copy input and results into this new folder instead
    #[arg(long, value_name = "DIR", requires = "restore")]
    to: Option<PathBuf>,
    /// Remove this one for good
    #[arg(long, value_name = "NAME", conflicts_with = "restore")]
    remove: Option<String>,
    /// Folder for jobs and their journal [default: the configured one]
    #[arg(long, value_name = "DIR")]
    spool: Option<PathBuf>,
    /// Print JSON on standard output
    #[arg(long)]
    json: bool,
}

/// Runs `spool`.
pub(crate) fn run(command: SpoolCommand, config: &Config) -> Exit {
    let SpoolCommand::Lost(args) = command;
    let spool = args.spool.as_ref().unwrap_or(&config.daemon.spool);
    let done = match (&args.restore, &args.to, &args.remove) {
        (Some(name), Some(to), _) => find(spool, name).and_then(|orphan| take_out(&orphan, to)),
        (Some(name), None, _) => find(spool, name).and_then(|orphan| restore(spool, &orphan)),
        (_, _, Some(name)) => find(spool, name).and_then(|orphan| remove(&orphan)),
        _ => list(spool, args.json),
    };
    done.map_or_else(|problem| fail(&problem, Exit::Failed), |()| Exit::Completed)
}

fn list(spool: &Path, as_json: bool) -> Result<(), Problem> {
    let all = orphans::list(spool).map_err(|e| unreadable(&e))?;
    for orphan in &all {
        let Orphan { name, job, since_ms, .. } = orphan;
        let (bytes, has_results) = (orphan.bytes(), orphan.has_results());
        if as_json {
            let line =
                json!({"name": name, "job": job, "since_ms": since_ms, "bytes": bytes, "has_results": has_results});
            println!("{}", output::json(&line.to_string()));
            continue;
        }
        let since = i64::try_from(*since_ms).ok().and_then(DateTime::from_timestamp_millis);
        let since = since.map_or(String::new(), |at| at.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string());
        let what = if has_results { "input and results" } else { "input only" };
        println!("{name}  set aside {since}  {:.1} MB  {what}", bytes as f64 / 1e6);
    }
    if all.is_empty() && !as_json {
        println!("nothing was set aside");
    }
    Ok(())
}

fn find(spool: &Path, name: &str) -> Result<Orphan, Problem> {
    let all = orphans::list(spool).map_err(|e| unreadable(&e))?;
    all.into_iter().find(|orphan| orphan.name == name).ok_or_else(|| {
        Problem::new(
            Code::NoSuchFolder,
            format!("`{name}` is not among what was set aside"),
            "take a name that `cordline spool lost` lists",
        )
    })
}

fn restore(spool: &Path, orphan: &Orphan) -> Result<(), Problem> {
    let journal = Journal::reader(&spool.join("journal.sqlite"))?;
    if journal.job(&orphan.job)?.is_none() {
        return Err(Problem::new(
            Code::JobUnknown,
            format!("the journal does not know the job {}", orphan.job),
            "put back a copy of the journal that knows it, or take the files out with --to FOLDER",
        ));
    }
    orphan.restore().map_err(|e| {
        Problem::new(
            Code::NotRestored,
            format!("the folder of the job {} cannot be restored: {e}", orphan.job),
            "where the job has a folder again, take the files out with --to FOLDER",
        )
    })?;
    println!("{} is the folder of its job again", orphan.name);
    Ok(())
}

fn take_out(orphan: &Orphan, to: &Path) -> Result<(), Problem> {
    let copied = match to.exists() {
        true => Err(io::ErrorKind::AlreadyExists.into()),
        false => copy(&orphan.folder, to),
    };
    copied.map_err(|e| {
        Problem::new(
            Code::NotCopied,
            format!("the files cannot be copied to {}: {e}", to.display()),
            "name a new folder on a disk with room",
        )
    })?;
    println!("{} was copied to {}; the original stays until --remove {}", orphan.name, to.display(), orphan.name);
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    private_folder(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()? {
            kind if kind.is_dir() => copy(&entry.path(), &target)?,
            kind if kind.is_file() => drop(fs::copy(entry.path(), target)?),
            _ => {}
        }
    }
    Ok(())
}

fn remove(orphan: &Orphan) -> Result<(), Problem> {
    fs::remove_dir_all(&orphan.folder).map_err(|e| {
        Problem::new(
            Code::NotRemoved,
            format!("{} cannot be removed: {e}", orphan.name),
            "look at the rights of the spool",
        )
    })?;
    println!("{} was removed", orphan.name);
    Ok(())
}

fn unreadable(error: &io::Error) -> Problem {
    Problem::new(
        Code::SpoolUnreadable,
        format!("the spool cannot be read: {error}"),
        "run this as the daemon's user, or name the spool with --spool",
    )
}

#[cfg(test)]
mod tests {
    use cordline_daemon::journal::NewJob;
    use cordline_daemon::spool::Spool;
    use cordline_sdk::job::JobId;
    use cordline_sdk::wire::request::Input;

    use super::*;

    fn args(restore: Option<&str>, to: Option<PathBuf>, remove: Option<&str>) -> SpoolCommand {
        let own = |name: Option<&str>| name.map(str::to_owned);
        SpoolCommand::Lost(LostArgs { restore: own(restore), to, remove: own(remove), spool: None, json: false })
    }

    #[test]
    fn what_was_set_aside_comes_back_when_the_journal_knows_it_and_can_be_taken_out_before() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(&folder.path().join("spool")).unwrap();
        let mut journal = Journal::open(&spool.journal()).unwrap();
        let mut config = Config::default();
        config.daemon.spool = folder.path().join("spool");
        let job = JobId::new("a1").unwrap();
        fs::create_dir_all(spool.results(&job)).unwrap();
        fs::write(spool.results(&job).join("result.json"), b"{}").unwrap();
        spool.set_aside(&job, 7).unwrap();
        let run = |command| run(command, &config);
        assert_eq!(run(args(Some("7-a1"), None, None)), Exit::Failed, "nobody knows the job");
        let out = folder.path().join("out");
        assert_eq!(run(args(Some("7-a1"), Some(out.clone()), None)), Exit::Completed);
        assert_eq!(fs::read(out.join("results/result.json")).unwrap(), b"{}");
        assert_eq!(run(args(Some("7-a1"), Some(out), None)), Exit::Failed, "nothing is overwritten");
        journal.begin(&NewJob::new(job.clone(), 1, Input::Folder { path: "/x".into(), again: 0 })).unwrap();
        assert_eq!(run(args(Some("7-a1"), None, None)), Exit::Completed);
        assert!(spool.results(&job).join("result.json").exists() && spool.orphan_count() == 0);
        spool.set_aside(&job, 8).unwrap();
        assert_eq!(run(args(None, None, Some("7-a1"))), Exit::Failed);
        assert_eq!(run(args(None, None, Some("8-a1"))), Exit::Completed);
        assert_eq!((spool.orphan_count(), run(args(None, None, None))), (0, Exit::Completed));
    }
}
