//! How a study is brought to its end: fetched, submitted, waited for, its results stored.

use std::sync::Arc;

use cordline_sdk::FileKind;
use cordline_sdk::client::ClientError;
use cordline_sdk::job::{JobId, JobState, JobSummary, Priority};
use cordline_sdk::result::AnalysisResult;
use cordline_sdk::wire::fault::FaultCode;
use cordline_sdk::wire::request::Submit;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use thiserror::Error;

use super::again;
use super::mark::{self, Mark};
use super::rest::{OrthancError, Series};
use super::saves::{self, Save};
use super::{earlier, line, reviews};
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
    /// Fetches, submits, waits for the end, stores the results, and writes all that on the study. What was done already is not done again, and nothing
    /// that is in the archive is removed or replaced: an answer that a later image touches gets a new one beside it.
    pub(super) async fn bring(&self, study: &str, priority: Priority) -> Result<(), ArrivalError> {
        let series = match self.archive.series(study).await {
            Ok(series) => series,
            // Removed meanwhile.
            Err(error) if error.is_missing() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let (instances, mut seen) = (mark::mr_instances(&series), mark::seen(&series));
        if instances.is_empty() {
            return Ok(());
        }
        let before = Mark::read(&self.archive, study).await?;
        let digest = mark::digest(&instances);
        if before.instances == digest && before.done && !before.wanted {
            return Ok(());
        }
        if before.still_holds(&seen) {
            return self.let_stand(study, &series, digest).await;
        }
        let again = again::number(&self.archive, study, &before).await?;
        let now = Mark { instances: digest, again, ..Mark::default() };
        // Said before the daemon is asked, which may be away: until that is known nobody would see that the study was noticed.
        let said_so_far = self.archive.note(study, mark::FOR_PEOPLE).await?;
        if !said_so_far.is_some_and(|line| line::says_that_it_waits(&line)) {
            self.archive.write_note(study, mark::FOR_PEOPLE, line::QUEUED).await?;
        }
        let job = match self.submit(study, &series, priority, None, again).await {
            Err(ArrivalError::Daemon(error)) if is_of_the_study(&error) => {
                tracing::warn!(%study, %error, "a study cannot be analysed");
                return self.conclude(study, Mark { done: true, ..now }, &line::refused(&error)).await;
            }
            submitted => submitted?,
        };
        let now = Mark { job: job.to_string(), ..now };
        now.write(&self.archive, study).await?;
        again::count(&self.archive, study, again).await?;
        self.archive.write_note(study, mark::FOR_PEOPLE, line::QUEUED).await?;
        let summary = self.end(&job).await?;
        let completed = summary.state == JobState::Completed;
        let objects = if completed { self.deliver(&job).await? } else { Vec::new() };
        if completed && let Some(choice) = self.result(&job).await?.and_then(|result| result.series) {
            mark::choose(&mut seen, &choice);
        }
        // A study that asks is looked at again when it is told of: a person may have chosen by then.
        let done = summary.state != JobState::NeedsSelection;
        let said = self.said(study, &summary).await?;
        self.conclude(study, Mark { done, objects, series: seen, ..now }, &said).await?;
        tracing::info!(%study, %job, again, state = summary.state.key(), "a study was brought to its end");
        Ok(())
    }

    /// Images came that do not touch the answer: it stands, and the line says so where they might have mattered.
    async fn let_stand(&self, study: &str, series: &[Series], digest: String) -> Result<(), ArrivalError> {
        let _turn = self.archive.turns.take(study).await;
        let before = Mark::read(&self.archive, study).await?;
        let mut came_later = 0;
        let seen = mark::seen(series);
        let is_late = |uid: &String| {
            before.series.get(uid).map(|then| &then.instances) != seen.get(uid).map(|now| &now.instances)
        };
        let mr = series.iter().filter(|one| one.main_dicom_tags.modality == "MR");
        for late in mr.filter(|one| is_late(&one.main_dicom_tags.uid)) {
            let Some(first) = late.instances.first() else { continue };
            let image_type = self.archive.tags(first).await?.image_type;
            came_later += usize::from(!image_type.split('\\').any(|value| value.trim() == "LOCALIZER"));
        }
        let now = Mark { instances: digest, came_later, ..before.clone() };
        if now.came_later != before.came_later
            && let Some(summary) = self.summary(&now.job).await?
        {
            let said = line::came_later(&self.said(study, &summary).await?, came_later);
            self.archive.write_note(study, mark::FOR_PEOPLE, &said).await?;
        }
        tracing::info!(study, "images came that do not touch the answer: nothing was analysed anew");
        Ok(now.write(&self.archive, study).await?)
    }

    /// Has a study analysed that a person looks at; `None` where it holds no MR. Its results stay with the daemon until the person
    /// stores them. `anew`: another analysis of what was analysed already, with objects of its own.
    pub async fn analyse(
        &self,
        study: &str,
        priority: Priority,
        chosen: Option<String>,
        anew: bool,
    ) -> Result<Option<JobId>, ArrivalError> {
        let series = self.archive.series(study).await?;
        if mark::mr_instances(&series).is_empty() {
            return Ok(None);
        }
        let mut again = 0;
        if anew {
            // The first analysis is that of the arrival, or of whoever asked first.
            again = again::times(&self.archive, study).await?.max(1);
            again::count(&self.archive, study, again).await?;
        }
        self.submit(study, &series, priority, chosen, again).await.map(Some)
    }

    /// Stores what a reader wants in the archive, beside all that is there, and writes on the study who wanted it.
    pub async fn keep(&self, study: &str, job: &JobId, reader: &str) -> Result<usize, ArrivalError> {
        let of = job.clone();
        let summary = self.daemon.ask(move |client| client.status(&of)).await?;
        let objects = self.deliver(job).await?;
        let count = objects.len();
        {
            let _turn = self.archive.turns.take(study).await;
            let save = Save {
                job: job.clone(),
                corrects: summary.corrects.clone(),
                reader: reader.to_owned(),
                at_ms: chrono::Utc::now().timestamp_millis(),
                objects: objects.clone(),
            };
            saves::add(&self.archive, study, &save).await?;
            let mut mark = match Mark::find(&self.archive, study).await? {
                Some(mark) => mark,
                // No note, or one that was deleted to have the study analysed anew: the machine has still to look at it.
                None => Mark {
                    instances: mark::NOT_LOOKED_AT.into(),
                    done: true,
                    wanted: again::is_wanted(&self.archive, study).await?,
                    ..Mark::default()
                },
            };
            // An analysis that is under way shows its own answer when it ends, with this save beside it.
            if mark.done || mark.job.is_empty() {
                (mark.job, mark.objects) = (job.to_string(), objects);
                let said = line::came_later(&self.said(study, &summary).await?, mark.came_later);
                self.archive.write_note(study, mark::FOR_PEOPLE, &said).await?;
            }
            mark.write(&self.archive, study).await?;
        }
        // Nobody should read an answer in the archive without what was said of it.
        reviews::bring(self, study, &[summary]).await?;
        Ok(count)
    }

    /// Tells people at the archive why nothing happens. Where the archive itself is away, its own absence says it.
    pub(super) async fn say_that_it_waits(&self, study: &str, error: &ArrivalError) {
        if !matches!(error, ArrivalError::Orthanc(_)) {
            let said = self.archive.write_note(study, mark::FOR_PEOPLE, &line::waiting(error)).await;
            if let Err(error) = said {
                tracing::debug!(%error, "the study does not say that it waits");
            }
        }
    }

    /// Writes on the study how it stands now. What a reader stored or said meanwhile stays; a correction of this very answer stays what is shown.
    async fn conclude(&self, study: &str, mut now: Mark, said: &str) -> Result<(), ArrivalError> {
        let _turn = self.archive.turns.take(study).await;
        // A wish that came while it was analysed outlives this end.
        now.wanted = !now.job.is_empty() && again::is_wanted(&self.archive, study).await?;
        let mut said = said.to_owned();
        let all = saves::read(&self.archive, study).await?;
        let shown = saves::shown(&all, &now.job);
        if let Some(save) = all.iter().rfind(|save| save.job.as_str() == shown && shown != now.job) {
            (now.job, now.objects) = (shown, save.objects.clone());
            if let Some(summary) = self.summary(&now.job).await? {
                said = self.said(study, &summary).await?;
            }
        }
        self.archive.write_note(study, mark::FOR_PEOPLE, &said).await?;
        Ok(now.write(&self.archive, study).await?)
    }

    /// The line for people: where a job stands, and what readers said of the study.
    async fn said(&self, study: &str, summary: &JobSummary) -> Result<String, ArrivalError> {
        let kept = reviews::as_far_as_readable(&self.archive, study).await?;
        Ok(line::of(summary, &reviews::merged(&kept, std::slice::from_ref(summary))))
    }

    /// Where a job is; `None` where the daemon does not keep it any more.
    pub async fn summary(&self, job: &str) -> Result<Option<JobSummary>, ArrivalError> {
        let Some(job) = JobId::new(job) else { return Ok(None) };
        match self.daemon.ask(move |client| client.status(&job)).await {
            Err(ClientError::Refused(fault)) if fault.code == FaultCode::NoSuchJob => Ok(None),
            asked => Ok(Some(asked?)),
        }
    }

    /// What a job found; `None` where it came to no result.
    pub async fn result(&self, job: &JobId) -> Result<Option<AnalysisResult>, ArrivalError> {
        let of = job.clone();
        let bytes = self.daemon.ask(move |client| {
            let files = client.files(&of)?;
            files.iter().find(|file| file.kind == FileKind::Result).map(|file| client.artifact(&of, file)).transpose()
        });
        Ok(bytes.await?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Fetches and submits a study, and names what is known of it already.
    async fn submit(
        &self,
        study: &str,
        series: &[Series],
        priority: Priority,
        chosen: Option<String>,
        again: u32,
    ) -> Result<JobId, ArrivalError> {
        let reviews = reviews::as_far_as_readable(&self.archive, study).await?;
        let reviews: Vec<String> = reviews.into_iter().filter_map(|kept| kept.object).collect();
        let predecessors = earlier::results(&self.archive, series, &reviews).await?;
        let folder = tempfile::tempdir()?;
        let fetched = mark::mr_instances(series).into_iter().enumerate().map(|(number, instance)| {
            let (archive, file) = (self.archive.clone(), folder.path().join(format!("{number:06}.dcm")));
            async move { Ok::<_, ArrivalError>(tokio::fs::write(file, archive.instance(&instance).await?).await?) }
        });
        stream::iter(fetched.collect::<Vec<_>>()).buffer_unordered(FETCHED_AT_ONCE).try_collect::<()>().await?;
        let inputs = vec![folder.path().to_owned()];
        let client = self.daemon.own().await?;
        let described = move |input| Submit { priority, series: chosen, predecessors, ..Submit::new(input) };
        Ok(client.with(move |client| client.submit_files(&inputs, again, described, &mut |_, _| {})).await?)
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
                stored.push(self.archive.add(bytes).await?);
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
