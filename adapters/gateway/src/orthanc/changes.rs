//! Orthanc's list of changes, read from where it was read last, so that a lost call of the hook loses no study.
//!
//! A new folder of arrivals begins at its first start: an archive holds years of studies, which are not to be analysed all at once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordline_sdk::job::Priority;
use tokio::time::sleep;

use super::client::PAGE;
use super::cursor::{ChangeCursor, CursorMatch};
use super::error::OrthancError;
use super::queue::StudyQueue;
use super::reanalysis;
use super::resources::{Change, ChangeType, Changes, ResourceType};
use super::timestamp;
use super::unstable_instances::UnstableInstances;
use crate::archive::ArchiveClient;

/// Pause after the end of the list, and after a failure. It is one short request: an idle Orthanc answers it in a millisecond.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How often studies are looked for that Orthanc will never call stable.
const OVERLOOKED_INTERVAL: Duration = Duration::from_secs(10);

/// Reads the list, and queues the studies that it announces.
#[derive(Debug)]
pub(crate) struct ChangeReader {
    archive: Arc<ArchiveClient>,
    queue: Arc<StudyQueue>,
    /// Where the cursor is kept.
    file: PathBuf,
}

/// Where the reader is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Position {
    /// What was read last.
    cursor: ChangeCursor,
    /// Changes before this date are skipped; set while a list is searched for its new part.
    from: Option<String>,
}

impl ChangeReader {
    /// A reader that continues from `file`; without such a file, from now on.
    pub(crate) fn new(archive: Arc<ArchiveClient>, queue: Arc<StudyQueue>, file: PathBuf) -> Self {
        Self { archive, queue, file }
    }

    /// Reads for as long as the gateway runs.
    pub(crate) async fn run(self) {
        let mut position = match ChangeCursor::read(&self.file) {
            Ok(Some(cursor)) => Position { cursor, from: None },
            Ok(None) => self.first_position().await,
            Err(error) => {
                let file = self.file.display();
                tracing::warn!(%error, %file, "how far the list of changes was read cannot be told: from now on; \
                    a study that arrived meanwhile is analysed with `cordline-gateway rerun`");
                self.first_position().await
            }
        };
        // An archive is not restored while it answers: the list is verified after each failure, and at the start.
        let mut must_verify = true;
        let (mut unstable, mut last_search) = (None, Instant::now());
        loop {
            match self.poll(&mut position, &mut unstable, &mut last_search, must_verify).await {
                Ok(at_end) => {
                    must_verify = false;
                    if at_end {
                        sleep(POLL_INTERVAL).await;
                    }
                }
                Err(error) => {
                    if !must_verify {
                        tracing::warn!(%error, "the list of changes cannot be read; it is tried again each second");
                    }
                    must_verify = true;
                    sleep(POLL_INTERVAL).await;
                }
            }
        }
    }

    /// The position of a new folder: the time of this start, even where the archive does not answer yet.
    async fn first_position(&self) -> Position {
        let started = Instant::now();
        let mut was_away = false;
        loop {
            let found = match self.archive.last_change().await {
                Ok(page) if !was_away => Ok(Position { cursor: ChangeCursor::after(&page), from: None }),
                Ok(page) => self.position_at(&page, started).await,
                Err(error) => Err(error),
            };
            match found {
                Ok(position) => {
                    tracing::info!(
                        "studies are analysed that become stable from now on; an older one with `cordline-gateway rerun`"
                    );
                    self.save(&position.cursor);
                    return position;
                }
                Err(error) => {
                    if !was_away {
                        tracing::warn!(%error, "the archive does not answer yet; it is tried again each second");
                    }
                    was_away = true;
                    sleep(POLL_INTERVAL).await;
                }
            }
        }
    }

    /// The position in the list at `started`, which was before the archive answered.
    async fn position_at(&self, last: &Changes, started: Instant) -> Result<Position, OrthancError> {
        let from = timestamp::before(&self.archive.now().await?, started.elapsed());
        let since = self.archive.change_before(last.last, &from).await?;
        Ok(Position { cursor: ChangeCursor { last: since, date: String::new() }, from: Some(from) })
    }

    /// Reads one page, and from time to time looks for studies that the list will never announce; true where it was the last page.
    async fn poll(
        &self,
        position: &mut Position,
        unstable: &mut Option<UnstableInstances>,
        last_search: &mut Instant,
        verify: bool,
    ) -> Result<bool, OrthancError> {
        let unstable = match unstable {
            Some(unstable) => unstable,
            None => unstable.insert(UnstableInstances::at(&self.archive, &position.cursor).await?),
        };
        let at_end = self.read_page(position, unstable, verify).await?;
        if at_end && last_search.elapsed() >= OVERLOOKED_INTERVAL {
            *last_search = Instant::now();
            unstable.enqueue_overlooked(&self.archive, &self.queue).await?;
        }
        Ok(at_end)
    }

    /// Reads one page; true where it was the last one. `verify`: checks first whether it is still the same list.
    async fn read_page(
        &self,
        position: &mut Position,
        unstable: &mut UnstableInstances,
        verify: bool,
    ) -> Result<bool, OrthancError> {
        if verify && position.cursor.last > 0 {
            let around = self.archive.changes(position.cursor.last - 1, 1).await?;
            if position.cursor.compare(&around) == CursorMatch::Different {
                self.restart(position).await?;
            }
        }
        let page = self.archive.changes(position.cursor.last, PAGE).await?;
        if page.last < position.cursor.last {
            self.restart(position).await?;
            return Ok(false);
        }
        let from = position.from.as_deref();
        unstable.read(&self.archive, page.changes.iter().filter(|change| is_new(change, from))).await?;
        for study in self.studies_to_process(&page.changes, from).await? {
            if let Err(error) = self.queue.enqueue(study, Priority::Routine) {
                tracing::warn!(%error, "the list of studies cannot be kept");
                // The cursor stays where it is, so that this page is read again.
                return Ok(true);
            }
        }
        if page.last > position.cursor.last || position.from.is_some() {
            if !page.changes.is_empty() {
                position.cursor = ChangeCursor::after(&page);
            }
            // In the old part of a list the cursor is not saved: after a restart the new part is searched for again.
            let is_new_part = |from: &String| page.done || page.changes.last().is_some_and(|c| c.date >= *from);
            if position.from.as_ref().is_none_or(is_new_part) {
                position.from = None;
                self.save(&position.cursor);
            }
        }
        Ok(page.done)
    }

    /// The archive was emptied, restored or replaced: what is new in it is searched for by date.
    async fn restart(&self, position: &mut Position) -> Result<(), OrthancError> {
        let last_date = std::mem::take(&mut position.cursor.date);
        if last_date.is_empty() {
            *position = Position { cursor: ChangeCursor::after(&self.archive.last_change().await?), from: None };
            self.save(&position.cursor);
            tracing::warn!("the archive counts its changes anew: studies are analysed that become stable from now on");
        } else {
            *position = Position { cursor: ChangeCursor::default(), from: Some(last_date) };
            tracing::warn!(
                "the archive counts its changes anew: studies are analysed that became stable since it was looked at last"
            );
        }
        Ok(())
    }

    /// The studies of a page that are to be processed, each once, in the order in which they came.
    async fn studies_to_process<'a>(
        &self,
        changes: &'a [Change],
        from: Option<&str>,
    ) -> Result<Vec<&'a str>, OrthancError> {
        let mut studies: Vec<&str> = Vec::new();
        let mut with_new_metadata: Vec<&str> = Vec::new();
        for change in changes.iter().filter(|change| is_new(change, from)) {
            let list = match (change.change_type, change.resource_type) {
                (ChangeType::StableStudy, _) => &mut studies,
                // Perhaps a request for another analysis, or the removal of our record.
                (ChangeType::UpdatedMetadata, ResourceType::Study) => &mut with_new_metadata,
                _ => continue,
            };
            if !list.contains(&change.id.as_str()) {
                list.push(&change.id);
            }
        }
        let mut arrived = Vec::new();
        for study in studies {
            if !reanalysis::is_no_arrival(&self.archive, study).await? {
                arrived.push(study);
            }
        }
        let mut studies = arrived;
        for study in with_new_metadata {
            if !studies.contains(&study) && reanalysis::is_requested(&self.archive, study).await? {
                studies.push(study);
            }
        }
        Ok(studies)
    }

    fn save(&self, cursor: &ChangeCursor) {
        if let Err(error) = cursor.write(&self.file) {
            // Pages that are read again after the next start do no harm: what was done is not done twice.
            tracing::warn!(%error, "how far the list of changes was read cannot be kept");
        }
    }
}

/// True for a change in the part of the list that is read.
fn is_new(change: &Change, from: Option<&str>) -> bool {
    from.is_none_or(|from| change.date.as_str() >= from)
}

#[cfg(test)]
mod tests {
    use super::super::fake_orthanc::{FakeOrthanc, Mood};
    use super::*;

    #[tokio::test]
    async fn an_overlooked_study_is_queued_though_nothing_can_be_asked_about_the_next_one() {
        let (archive, folder) = (FakeOrthanc::start().await, tempfile::tempdir().unwrap());
        let study = ["aaaaaaaa"; 5].join("-");
        archive.put("/tools/now", "20260101T000100");
        archive.put("/changes?since=2&limit=500", r#"{"Changes":[],"Done":true,"Last":2}"#);
        archive.put("/instances/found/study", &format!(r#"{{"ID":"{study}","IsStable":true}}"#));
        archive.put(
            &format!("/studies/{study}/series"),
            r#"[{"ID":"s","Instances":["found"],"MainDicomTags":{"Modality":"MR"}}]"#,
        );
        archive.set_mood("/instances/broken", Mood::Refuses(403));
        let queue = Arc::new(StudyQueue::open(folder.path()).unwrap());
        let reader = ChangeReader::new(archive.client(), queue.clone(), folder.path().join("changes"));
        let new = |seq, id: &str| Change {
            change_type: ChangeType::NewInstance,
            resource_type: ResourceType::Other,
            id: id.into(),
            seq,
            date: "20260101T000000".into(),
        };
        let mut unstable = Some(UnstableInstances::default());
        let arrived = [new(1, "broken"), new(2, "found")];
        unstable.as_mut().unwrap().read(&reader.archive, arrived.iter()).await.unwrap();
        let cursor = ChangeCursor { last: 2, date: "20260101T000000".into() };
        let mut position = Position { cursor, from: None };
        let mut last_search = Instant::now().checked_sub(OVERLOOKED_INTERVAL).unwrap();
        assert!(reader.poll(&mut position, &mut unstable, &mut last_search, false).await.is_err());
        assert_eq!(std::fs::read_to_string(folder.path().join("studies")).unwrap_or_default(), format!("{study}\n"));
    }
}
