//! How a study is processed: fetched, submitted, awaited, its results stored, and all that written on it.

use std::sync::Arc;

use cordline_sdk::FileKind;
use cordline_sdk::client::ClientError;
use cordline_sdk::job::{JobId, JobState, JobSummary, Priority};
use cordline_sdk::problem::Code;
use cordline_sdk::result::AnalysisResult;
use cordline_sdk::wire::request::Submit;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::error::{OrthancError, ProcessingError};
use super::metadata::STATUS_LINE;
use super::resources::Series;
use super::saves::{self, Save};
use super::study_record::{self, StudyRecord};
use super::{predecessors, reanalysis, review_sync, reviews, status_line};
use crate::archive::ArchiveClient;
use crate::daemon_client::DaemonClient;

/// Files that are fetched at the same time.
const FETCH_CONCURRENCY: usize = 8;

/// What processing a study needs.
#[derive(Debug, Clone)]
pub(crate) struct StudyProcessor {
    /// Where studies come from, and results go.
    pub(crate) archive: Arc<ArchiveClient>,
    pub(crate) daemon: Arc<DaemonClient>,
    /// True to store heat maps too.
    pub(crate) heat_maps: bool,
}

impl StudyProcessor {
    /// Analyses a study, stores the results and writes all that on the study. What was done already is not done again, and nothing that is
    /// in the archive is removed or replaced: an answer that a later image changes gets a new one beside it.
    pub(super) async fn process(&self, study: &str, priority: Priority) -> Result<(), ProcessingError> {
        let series = match self.archive.series(study).await {
            Ok(series) => series,
            // Removed meanwhile.
            Err(error) if error.is_missing() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let (instances, mut snapshot) = (study_record::mr_instances(&series), study_record::snapshot(&series));
        if instances.is_empty() {
            return Ok(());
        }
        let found = StudyRecord::find(&self.archive, study).await?;
        let before = found.clone().unwrap_or_default();
        let digest = study_record::digest(&instances);
        if before.instances == digest && before.done && !before.wanted {
            return Ok(());
        }
        if before.still_holds(&snapshot) {
            return self.note_later_series(study, &series, digest).await;
        }
        let again = reanalysis::next_number(&self.archive, study, &before).await?;
        let now = StudyRecord { instances: digest, again, ..StudyRecord::default() };
        // Written before the daemon is asked, which may be away: it shows that the study was noticed.
        let line = self.archive.metadata(study, STATUS_LINE).await?;
        if !line.is_some_and(|line| status_line::is_waiting(&line)) {
            self.archive.write_metadata(study, STATUS_LINE, status_line::QUEUED).await?;
        }
        let job = match self.submit(study, &series, priority, None, again).await {
            Err(ProcessingError::Daemon(error)) if is_permanent(&error) => {
                tracing::warn!(%study, %error, "a study cannot be analysed");
                let record = StudyRecord { done: true, ..now };
                return self.finish(study, record, &status_line::refused(&error)).await;
            }
            submitted => submitted?,
        };
        let now = StudyRecord { job: job.to_string(), ..now };
        self.begin(study, found.as_ref(), &now).await?;
        reanalysis::note_submitted(&self.archive, study, again).await?;
        self.archive.write_metadata(study, STATUS_LINE, status_line::QUEUED).await?;
        let summary = self.wait_for_end(&job).await?;
        let completed = summary.state == JobState::Completed;
        let objects = if completed { self.store_objects(&job).await? } else { Vec::new() };
        if completed && let Some(choice) = self.result(&job).await?.and_then(|result| result.series) {
            study_record::mark_chosen(&mut snapshot, &choice);
        }
        // A study that needs a selection is processed again when it is announced: a person may have chosen by then.
        let done = summary.state != JobState::NeedsSelection;
        let line = self.status_line(study, &summary).await?;
        self.finish(study, StudyRecord { done, objects, series: snapshot, ..now }, &line).await?;
        tracing::info!(%study, %job, again, state = summary.state.as_str(), "a study was brought to its end");
        Ok(())
    }

    /// Writes on a study that its analysis was submitted. `before`: its record when it was looked at, before it was fetched. Another analysis
    /// that was requested since then stays requested.
    async fn begin(&self, study: &str, before: Option<&StudyRecord>, now: &StudyRecord) -> Result<(), OrthancError> {
        let _lock = self.archive.study_locks.lock(study).await;
        // A record that is deleted after an analysis is a request too.
        let was_wanted = before.map_or(now.again > 0, |before| before.wanted);
        let wanted = match StudyRecord::find(&self.archive, study).await? {
            Some(record) => record.wanted && !was_wanted,
            // Deleted meanwhile.
            None => before.is_some(),
        };
        StudyRecord { wanted, ..now.clone() }.write(&self.archive, study).await
    }

    /// Images came that do not change the answer: it stays, and the status line counts the series that might have mattered.
    async fn note_later_series(&self, study: &str, series: &[Series], digest: String) -> Result<(), ProcessingError> {
        let _lock = self.archive.study_locks.lock(study).await;
        // Deleted meanwhile to have the study analysed anew: the queue gets it once more.
        let Some(before) = StudyRecord::find(&self.archive, study).await? else { return Ok(()) };
        let mut came_later = 0;
        let snapshot = study_record::snapshot(series);
        let is_later = |uid: &String| {
            before.series.get(uid).map(|then| &then.instances) != snapshot.get(uid).map(|now| &now.instances)
        };
        let mr = series.iter().filter(|one| one.main_dicom_tags.modality == "MR");
        for later in mr.filter(|one| is_later(&one.main_dicom_tags.uid)) {
            let Some(first) = later.instances.first() else { continue };
            let image_type = self.archive.tags(first).await?.image_type;
            came_later += usize::from(!image_type.split('\\').any(|value| value.trim() == "LOCALIZER"));
        }
        let now = StudyRecord { instances: digest, came_later, ..before.clone() };
        if now.came_later != before.came_later
            && let Some(summary) = self.daemon.status_if_kept(&now.job).await?
        {
            let line = status_line::with_later_series(&self.status_line(study, &summary).await?, came_later);
            self.archive.write_metadata(study, STATUS_LINE, &line).await?;
        }
        tracing::info!(study, "images came that do not touch the answer: nothing was analysed anew");
        Ok(now.write(&self.archive, study).await?)
    }

    /// Submits a study that a person looks at; `None` where it holds no MR. Its results stay with the daemon until the person stores them.
    /// `again`: another analysis of the same instances, with objects of its own.
    pub(crate) async fn analyze(
        &self,
        study: &str,
        priority: Priority,
        chosen: Option<String>,
        again: bool,
    ) -> Result<Option<JobId>, ProcessingError> {
        let series = self.archive.series(study).await?;
        if study_record::mr_instances(&series).is_empty() {
            return Ok(None);
        }
        let mut number = 0;
        if again {
            let _lock = self.archive.study_locks.lock(study).await;
            reanalysis::record_before_traces(&self.archive, study).await?;
            // The first analysis is that of the arrival, or of the first request.
            number = reanalysis::count(&self.archive, study).await?.max(1);
            reanalysis::note_submitted(&self.archive, study, number).await?;
        }
        self.submit(study, &series, priority, chosen, number).await.map(Some)
    }

    /// Stores the results of a job in the archive for a reader, and writes on the study who did so. Returns the number of objects.
    pub(crate) async fn store_results(&self, study: &str, job: &JobId, reader: &str) -> Result<usize, ProcessingError> {
        let summary = self.daemon.status(job).await?;
        let objects = self.store_objects(job).await?;
        let count = objects.len();
        {
            let _lock = self.archive.study_locks.lock(study).await;
            let save = Save {
                job: job.clone(),
                corrects: summary.corrects.clone(),
                reader: reader.to_owned(),
                at_ms: chrono::Utc::now().timestamp_millis(),
                objects: objects.clone(),
            };
            saves::add(&self.archive, study, &save).await?;
            let mut record = reanalysis::record_before_traces(&self.archive, study).await?;
            // An analysis that is under way shows its own answer when it ends, with this save beside it.
            if record.done || record.job.is_empty() {
                (record.job, record.objects) = (job.to_string(), objects);
                let line = self.status_line(study, &summary).await?;
                let line = status_line::with_later_series(&line, record.came_later);
                self.archive.write_metadata(study, STATUS_LINE, &line).await?;
            }
            record.write(&self.archive, study).await?;
        }
        // An answer is not to stand in the archive without its reviews.
        review_sync::sync(&self.archive, &self.daemon, study, &[summary]).await?;
        Ok(count)
    }

    /// Writes on a study why it waits. Where the archive itself cannot be reached it is not tried; one that did not answer a question about
    /// the study may still take this.
    pub(super) async fn write_waiting(&self, study: &str, error: &ProcessingError) {
        if !matches!(error, ProcessingError::Orthanc(OrthancError::Unreachable(_) | OrthancError::Refused { .. })) {
            let written = self.archive.write_metadata(study, STATUS_LINE, &status_line::waiting(error)).await;
            if let Err(error) = written {
                tracing::debug!(%error, "the study does not say that it waits");
            }
        }
    }

    /// Writes the end of an analysis on its study. What a reader stored or said meanwhile stays, and a correction of this very answer stays
    /// what is shown.
    async fn finish(&self, study: &str, mut now: StudyRecord, line: &str) -> Result<(), ProcessingError> {
        let _lock = self.archive.study_locks.lock(study).await;
        // Another analysis that was requested meanwhile is still due.
        now.wanted = !now.job.is_empty() && reanalysis::is_requested(&self.archive, study).await?;
        let mut line = line.to_owned();
        let all = saves::read(&self.archive, study).await?;
        let shown = saves::shown(&all, &now.job);
        if let Some(save) = all.iter().rfind(|save| save.job.as_str() == shown && shown != now.job) {
            (now.job, now.objects) = (shown, save.objects.clone());
            if let Some(summary) = self.daemon.status_if_kept(&now.job).await? {
                line = self.status_line(study, &summary).await?;
            }
        }
        self.archive.write_metadata(study, STATUS_LINE, &line).await?;
        Ok(now.write(&self.archive, study).await?)
    }

    /// The state of a job, and what readers said of the study.
    async fn status_line(&self, study: &str, summary: &JobSummary) -> Result<String, ProcessingError> {
        let stored = reviews::read_or_empty(&self.archive, study).await?;
        Ok(status_line::of(summary, &reviews::merged(&stored, std::slice::from_ref(summary))))
    }

    /// The result of a job; `None` where it has none. One that cannot be read is an error: the daemon may be newer than this gateway.
    pub(crate) async fn result(&self, job: &JobId) -> Result<Option<AnalysisResult>, ProcessingError> {
        let files = self.daemon.files(job).await?;
        let Some(file) = files.iter().find(|file| file.kind == FileKind::Result) else { return Ok(None) };
        let text = self.daemon.download_whole(job, file).await?;
        serde_json::from_slice(&text).map_err(|error| ProcessingError::ResultUnreadable(error.to_string()))
    }

    /// Fetches a study and submits it, with its earlier results as predecessors.
    async fn submit(
        &self,
        study: &str,
        series: &[Series],
        priority: Priority,
        chosen: Option<String>,
        again: u32,
    ) -> Result<JobId, ProcessingError> {
        let reviews = reviews::read_or_empty(&self.archive, study).await?;
        let review_objects: Vec<String> = reviews.into_iter().filter_map(|stored| stored.object).collect();
        let predecessors = predecessors::find(&self.archive, series, &review_objects).await?;
        let folder = tempfile::tempdir()?;
        let downloads = study_record::mr_instances(series).into_iter().enumerate().map(|(number, instance)| {
            let (archive, file) = (self.archive.clone(), folder.path().join(format!("{number:06}.dcm")));
            async move { archive.download_instance(&instance, &file).await }
        });
        let downloads = stream::iter(downloads.collect::<Vec<_>>()).buffer_unordered(FETCH_CONCURRENCY);
        downloads.try_collect::<()>().await?;
        let inputs = vec![folder.path().to_owned()];
        let client = self.daemon.upload_client().await?;
        let described = move |input| Submit { priority, series: chosen, predecessors, ..Submit::new(input) };
        Ok(client.with(move |client| client.submit_files(&inputs, again, described)).await?)
    }

    async fn wait_for_end(&self, job: &JobId) -> Result<JobSummary, ProcessingError> {
        let mut events = self.daemon.follow(job.clone(), 0);
        while let Some(event) = events.next().await {
            event?;
        }
        Ok(self.daemon.status(job).await?)
    }

    /// Stores SEG, SR and, where configured, heat maps, and checks that they are there. Returns Orthanc's identifiers of them.
    async fn store_objects(&self, job: &JobId) -> Result<Vec<String>, ProcessingError> {
        let mut stored = Vec::new();
        for file in self.daemon.files(job).await? {
            let is_stored = match file.kind.parse().ok() {
                Some(FileKind::Segmentation | FileKind::StructuredReport) => true,
                Some(FileKind::ParametricMap) => self.heat_maps,
                _ => false,
            };
            if is_stored {
                stored.push(self.archive.add_instance(self.daemon.download_whole(job, &file).await?).await?);
            }
        }
        for object in &stored {
            if !self.archive.has_instance(object).await? {
                return Err(ProcessingError::NotStored);
            }
        }
        Ok(stored)
    }
}

/// True where another attempt would be refused again, whatever the operator does.
fn is_permanent(error: &ClientError) -> bool {
    match error {
        ClientError::Rejected(fault) => matches!(fault.problem.code, Code::TooLarge | Code::ManifestInvalid),
        ClientError::NoDicom | ClientError::InvalidUid { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use cordline_sdk::client::Endpoint;

    use super::super::fake_orthanc::FakeOrthanc;
    use super::*;

    #[tokio::test]
    async fn a_request_while_a_study_is_fetched_stays_and_the_one_that_is_met_goes() {
        let archive = FakeOrthanc::start().await;
        let daemon = Arc::new(DaemonClient::new(Endpoint::default()));
        let processor = StudyProcessor { archive: archive.client(), daemon, heat_maps: false };
        let [none, plain, wanted] = [None, Some(false), Some(true)]
            .map(|wanted| wanted.map(|wanted| StudyRecord { wanted, done: true, ..StudyRecord::default() }));
        for (at_first, meanwhile, again, still_wanted) in [
            (&none, &none, 0, false),
            (&none, &wanted, 0, true),
            (&plain, &plain, 0, false),
            (&plain, &wanted, 0, true),
            (&plain, &none, 0, true),
            (&wanted, &wanted, 1, false),
            (&wanted, &none, 1, true),
            // Deleted to have it analysed anew: a verdict writes that down.
            (&none, &wanted, 1, false),
        ] {
            archive.remove("/studies/a/metadata/1025");
            if let Some(record) = meanwhile {
                record.write(&processor.archive, "a").await.unwrap();
            }
            let now = StudyRecord { job: "7f3c".into(), again, ..StudyRecord::default() };
            processor.begin("a", at_first.as_ref(), &now).await.unwrap();
            let written = StudyRecord::read(&processor.archive, "a").await.unwrap();
            assert_eq!(written, StudyRecord { wanted: still_wanted, ..now }, "{at_first:?}, then {meanwhile:?}");
        }
    }
}
