//! Pieces of result files: only what the job lists is opened, whatever the path says.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path};

use cordline_sdk::job::JobId;
use cordline_sdk::problem::Code;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::reply::{Answer, ArtifactPiece};
use cordline_sdk::wire::request::Artifact;
use rustix::fs::{Mode, OFlags, openat};

use super::Queries;
use crate::error::{journal_fault, no_such_job};

impl Queries {
    /// A piece of a file, with its bytes.
    pub(crate) fn artifact(&self, wanted: &Artifact) -> (Answer, Option<Vec<u8>>) {
        match self.piece(wanted) {
            Ok((piece, bytes)) => (Answer::Artifact(piece), Some(bytes)),
            Err(fault) => (Answer::Fault(fault), None),
        }
    }

    fn piece(&self, wanted: &Artifact) -> Result<(ArtifactPiece, Vec<u8>), Fault> {
        let Artifact { job, path, offset } = wanted;
        let listed = self.sources.journal.file(job, path).map_err(|error| journal_fault(&error))?;
        let Some(bytes) = listed else {
            return Err(match self.job_progress(job)? {
                Some(_) => no_such_file(job),
                None => no_such_job(job),
            });
        };
        // Results lie in their folder, even where a damaged journal says otherwise.
        if !Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
            tracing::error!(%job, "the journal lists a file outside of the job's results; it is not handed out");
            return Err(no_such_file(job));
        }
        let length = self.limits().frame_bytes.min(bytes.saturating_sub(*offset));
        let mut piece = vec![0; length as usize];
        let results = self.sources.spool.results(job);
        match open_beneath(&results, path).and_then(|file| file.read_exact_at(&mut piece, *offset)) {
            Ok(()) => Ok((ArtifactPiece { offset: *offset, bytes }, piece)),
            Err(error) => {
                tracing::error!(%job, path = %results.join(path).display(), %error, "a result cannot be read");
                Err(Fault::new(
                    Code::Internal,
                    "the file cannot be read any more",
                    "submit the same again, or ask the operator to look at the daemon's log",
                ))
            }
        }
    }
}

fn no_such_file(job: &JobId) -> Fault {
    let message = format!("the job {job} lists no such file");
    Fault::new(Code::NoSuchArtifact, message, "take a path from its event `files`")
}

/// Opens a file of a folder without following links.
fn open_beneath(folder: &Path, path: &str) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut at = File::open(folder)?;
    for part in Path::new(path).components() {
        at = openat(&at, part.as_os_str(), flags, Mode::empty())?.into();
    }
    match at.metadata()?.is_file() {
        true => Ok(at),
        false => Err(io::Error::other("it is no file")),
    }
}

#[cfg(test)]
mod tests {
    use cordline_sdk::FileKind;
    use cordline_sdk::wire::event::{EventKind, FileInfo, Files};
    use cordline_sdk::wire::request::Input;

    use super::super::QuerySources;
    use super::*;
    use crate::journal::{Journal, NewJob};
    use crate::spool::Spool;

    #[test]
    fn what_the_journal_lists_is_handed_out_only_where_results_lie() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let mut journal = Journal::open(&spool.journal()).unwrap();
        let job = JobId::new("a").unwrap();
        journal.begin(&NewJob::new(job.clone(), 1, Input::Folder { path: "/x".into(), again: 0 })).unwrap();
        let results = spool.results(&job);
        std::fs::create_dir_all(results.join("pictures")).unwrap();
        std::fs::write(results.join("pictures/a.png"), b"png").unwrap();
        std::os::unix::fs::symlink(folder.path().join("key"), results.join("link")).unwrap();
        std::os::unix::fs::symlink(folder.path(), results.join("away")).unwrap();
        let key = folder.path().join("key").display().to_string();
        let paths = ["pictures/a.png", "../../../key", "pictures/../../../../key", &key, "link", "away/key"];
        let listed = paths.map(|path| FileInfo {
            path: path.into(),
            kind: FileKind::Picture.to_string(),
            media_type: "image/png".into(),
            bytes: 3,
            sha256: String::new(),
        });
        journal.append(&job, 2, &[EventKind::Files(Files { files: listed.to_vec() }).into()]).unwrap();
        let queries = Queries::new(QuerySources::of_spool(spool));
        let fetched = paths.map(|path| {
            let wanted = Artifact { job: job.clone(), path: path.into(), offset: 0 };
            match queries.artifact(&wanted) {
                (Answer::Artifact(_), Some(piece)) => Ok(piece),
                (Answer::Fault(fault), None) => Err(fault.problem.code),
                other => panic!("{other:?}"),
            }
        });
        let [good, outside @ .., link, away] = fetched;
        assert_eq!(good, Ok(b"png".to_vec()));
        assert!(outside.iter().all(|refused| *refused == Err(Code::NoSuchArtifact)), "{outside:?}");
        assert_eq!((link, away), (Err(Code::Internal), Err(Code::Internal)));
    }
}
