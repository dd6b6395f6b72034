//! How a study is brought to its end: fetched, submitted, waited for, its results stored.

use std::sync::Arc;

use cordline_sdk::FileKind;
use cordline_sdk::client::ClientError;
use cordline_sdk::job::{JobId, JobState, JobSummary, Priority};
use cordline_sdk::wire::fault::FaultCode;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use thiserror::Error;

use super::again;
use super::mark::{self, Mark};
use super::rest::OrthancError;
use crate::archive::ArchiveClient;
use crate::daemon::Daemon;

/// Files that are fetched at the same time.
const FETCHED_AT_ONCE: usize = 8;

/// What did not work. The study stays in the queue.
#[derive(Debug, Error)]
pub enum ArrivalError {
    /// Orthanc.
    #[error(transparent)]
    Orthanc(#[from] OrthancError),
    /// The daemon.
    #[error(transparent)]
    Daemon(#[from] ClientError),
    /// The folder in between.
    #[error("the study cannot be put down on this machine: {0}")]
    Folder(#[from] std::io::Error),
    /// An object that was stored is not there.
    #[error("Orthanc took a result and does not have it")]
    Lost,
}

/// What is needed to bring a study to its end.
#[derive(Debug, Clone)]
pub struct Porter {
    /// Where studies come from, and results go.
    pub archive: Arc<ArchiveClient>,
    /// Who analyses.
    pub daemon: Arc<Daemon>,
    /// True to store heat maps too.
    pub heat_maps: bool,
}

impl Porter {
    /// Fetches, submits, waits for the end, stores the results, and writes all that on the study. What was done already is not done again.
    pub(super) async fn bring(&self, study: &str, priority: Priority) -> Result<(), ArrivalError> {
        let instances = match self.archive.series(study).await {
            Ok(series) => mark::mr_instances(&series),
            // Removed meanwhile.
            Err(error) if error.is_missing() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if instances.is_empty() {
            return Ok(());
        }
        let before = Mark::read(&self.archive, study).await?;
        let digest = mark::digest(&instances);
        if before.instances == digest && before.done && !before.wanted {
            return Ok(());
        }
        let again = again::number(&self.archive, study, &before).await?;
        let now = Mark { instances: digest, again, ..Mark::default() };
        // Said before the daemon is asked, which may be away: until that is known nobody would see that the study was noticed.
        let line = self.archive.note(study, mark::FOR_PEOPLE).await?;
        if !line.is_some_and(|line| mark::says_that_it_waits(&line)) {
            self.archive.write_note(study, mark::FOR_PEOPLE, mark::QUEUED).await?;
        }
        let job = match self.submit(&instances, priority, None, again).await {
            Err(ArrivalError::Daemon(error)) if is_of_the_study(&error) => {
                tracing::warn!(%study, %error, "a study cannot be analysed");
                let now = Mark { done: true, ..now };
                return self.conclude(study, &before, &now, &mark::refused(&error)).await;
            }
            submitted => submitted?,
        };
        let mut now = Mark { job: job.to_string(), objects: before.objects.clone(), ..now };
        now.write(&self.archive, study).await?;
        again::count(&self.archive, study, again).await?;
        self.archive.write_note(study, mark::FOR_PEOPLE, mark::QUEUED).await?;
        let summary = self.end(&job).await?;
        now.objects = if summary.state == JobState::Completed { self.deliver(&job).await? } else { Vec::new() };
        // A wish that came while it was analysed outlives this end.
        now.wanted = again::is_wanted(&self.archive, study).await?;
        // A study that asks is looked at again when it is told of: a person may have chosen by then.
        now.done = summary.state != JobState::NeedsSelection;
        self.conclude(study, &before, &now, &mark::sentence(&summary)).await?;
        tracing::info!(%study, %job, again, state = summary.state.key(), "a study was brought to its end");
        Ok(())
    }

    /// Has a study analysed that a person looks at; `None` where it holds no MR. Its results stay with the daemon until the person
    /// stores them. `anew`: another analysis of what was analysed already, with objects of its own.
    pub async fn analyse(
        &self,
        study: &str,
        priority: Priority,
        series: Option<String>,
        anew: bool,
    ) -> Result<Option<JobId>, ArrivalError> {
        let instances = mark::mr_instances(&self.archive.series(study).await?);
        if instances.is_empty() {
            return Ok(None);
        }
        let mut again = 0;
        if anew {
            // The first analysis is that of the arrival, or of whoever asked first.
            again = again::times(&self.archive, study).await?.max(1);
            again::count(&self.archive, study, again).await?;
        }
        self.submit(&instances, priority, series, again).await.map(Some)
    }

    /// Stores what a person wants in the archive, and writes on the study which objects those are. What was stored before of
    /// another analysis goes.
    pub async fn keep(&self, study: &str, job: &JobId) -> Result<usize, ArrivalError> {
        let instances = mark::mr_instances(&self.archive.series(study).await?);
        let before = Mark::read(&self.archive, study).await?;
        let objects = self.deliver(job).await?;
        let Mark { again, wanted, .. } = before;
        let now =
            Mark { instances: mark::digest(&instances), job: job.to_string(), done: true, objects, again, wanted };
        let of = job.clone();
        let summary = self.daemon.ask(move |client| client.status(&of)).await?;
        self.conclude(study, &before, &now, &mark::sentence(&summary)).await?;
        Ok(now.objects.len())
    }

    /// Tells people at the archive why nothing happens. Where the archive itself is away, its own absence says it.
    pub(super) async fn say_that_it_waits(&self, study: &str, error: &ArrivalError) {
        if !matches!(error, ArrivalError::Orthanc(_)) {
            let said = self.archive.write_note(study, mark::FOR_PEOPLE, &mark::waiting(error)).await;
            if let Err(error) = said {
                tracing::debug!(%error, "the study does not say that it waits");
            }
        }
    }

    /// Removes what an earlier analysis had stored and this one has not, and writes on the study how it stands now.
    async fn conclude(&self, study: &str, before: &Mark, now: &Mark, said: &str) -> Result<(), ArrivalError> {
        let mut gone = before.objects.clone();
        gone.retain(|object| !now.objects.contains(object));
        if !gone.is_empty() {
            let results = mark::results(&self.archive.series(study).await?);
            // A note can be forged or copied: nothing goes that is an image, or belongs to another study.
            gone.retain(|object| results.contains(object));
        }
        for object in gone {
            self.archive.remove(&object).await?;
        }
        self.archive.write_note(study, mark::FOR_PEOPLE, said).await?;
        Ok(now.write(&self.archive, study).await?)
    }

    async fn submit(
        &self,
        instances: &[String],
        priority: Priority,
        series: Option<String>,
        again: u32,
    ) -> Result<JobId, ArrivalError> {
        let folder = tempfile::tempdir()?;
        let fetched = instances.iter().cloned().enumerate().map(|(number, instance)| {
            let (archive, file) = (self.archive.clone(), folder.path().join(format!("{number:06}.dcm")));
            async move { Ok::<_, ArrivalError>(tokio::fs::write(file, archive.instance(&instance).await?).await?) }
        });
        stream::iter(fetched.collect::<Vec<_>>()).buffer_unordered(FETCHED_AT_ONCE).try_collect::<()>().await?;
        let inputs = vec![folder.path().to_owned()];
        let client = self.daemon.own().await?;
        Ok(client.submit_study_again(inputs, priority, series, again).await?)
    }

    async fn end(&self, job: &JobId) -> Result<JobSummary, ArrivalError> {
        let mut events = self.daemon.client().await?.follow(job.clone(), 0);
        while let Some(event) = events.next().await {
            event?;
        }
        let job = job.clone();
        Ok(self.daemon.ask(move |client| client.status(&job)).await?)
    }

    /// Stores SEG, SR and, where wanted, heat maps, and looks that they are there. Returns Orthanc's names of them.
    async fn deliver(&self, job: &JobId) -> Result<Vec<String>, ArrivalError> {
        let of = job.clone();
        let mut stored = Vec::new();
        for file in self.daemon.ask(move |client| client.files(&of)).await? {
            let wanted = match FileKind::of(&file.kind) {
                Some(FileKind::Segmentation | FileKind::StructuredReport) => true,
                Some(FileKind::ParametricMap) => self.heat_maps,
                _ => false,
            };
            if wanted {
                let of = job.clone();
                let bytes = self.daemon.ask(move |client| client.artifact(&of, &file)).await?;
                stored.push(self.archive.store(bytes).await?.id);
            }
        }
        for object in &stored {
            if !self.archive.has(object).await? {
                return Err(ArrivalError::Lost);
            }
        }
        Ok(stored)
    }
}

/// True where another try would be refused again, whatever the operator does.
fn is_of_the_study(error: &ClientError) -> bool {
    match error {
        ClientError::Refused(fault) => matches!(fault.code, FaultCode::TooLarge | FaultCode::Manifest),
        ClientError::NoDicom => true,
        _ => false,
    }
}
