//! Instances whose study Orthanc did not call stable yet. Its list of studies that it waits for ends with its process: those that were
//! arriving at that time are never called stable, and are found here.

use std::collections::HashSet;
use std::time::Duration;

use cordline_sdk::job::Priority;

use super::client::PAGE;
use super::cursor::ChangeCursor;
use super::error::{OrthancError, if_found};
use super::queue::StudyQueue;
use super::resources::{Change, ChangeType, Series};
use super::timestamp;
use crate::archive::ArchiveClient;

/// Longer than any archive waits for the next image of a study (Orthanc's default is a minute).
const MAX_STABLE_AGE: Duration = Duration::from_secs(3600);
/// Without a new image for so long, the scanner has given up what it was sending when the archive ended.
const QUIET_TIME: Duration = Duration::from_secs(20);
/// Largest number of instances that are remembered; beyond it the oldest are dropped.
const CAPACITY: usize = 200_000;

#[derive(Debug, Default)]
pub(super) struct UnstableInstances {
    /// Oldest first.
    instances: Vec<NewInstance>,
}

/// An instance that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NewInstance {
    /// Number of the change that announced it.
    seq: u64,
    /// When it arrived, by Orthanc's clock.
    date: String,
    /// Orthanc's identifier.
    id: String,
}

impl UnstableInstances {
    /// The instances that were unstable at a cursor, as far as [`MAX_STABLE_AGE`] back.
    pub(super) async fn at(archive: &ArchiveClient, cursor: &ChangeCursor) -> Result<Self, OrthancError> {
        let mut unstable = Self::default();
        if cursor.date.is_empty() {
            return Ok(unstable);
        }
        let from = timestamp::before(&cursor.date, MAX_STABLE_AGE);
        let mut since = archive.change_before(cursor.last, &from).await?;
        while since < cursor.last {
            let page = archive.changes(since, PAGE).await?;
            let changes = page.changes.iter().filter(|change| change.date >= from && change.seq <= cursor.last);
            unstable.read(archive, changes).await?;
            if page.done || page.last <= since {
                break;
            }
            since = page.last;
        }
        Ok(unstable)
    }

    /// Adds new instances, and removes those of studies that became stable.
    pub(super) async fn read(
        &mut self,
        archive: &ArchiveClient,
        changes: impl Iterator<Item = &Change>,
    ) -> Result<(), OrthancError> {
        for change in changes {
            match change.change_type {
                ChangeType::NewInstance => {
                    self.instances.push(NewInstance {
                        seq: change.seq,
                        date: change.date.clone(),
                        id: change.id.clone(),
                    });
                }
                ChangeType::StableStudy if !self.instances.is_empty() => {
                    let series = if_found(archive.series(&change.id).await)?.unwrap_or_default();
                    self.remove(&instances_of(series), change.seq);
                }
                _ => {}
            }
        }
        self.instances.drain(..self.instances.len().saturating_sub(CAPACITY));
        Ok(())
    }

    /// Queues the studies that Orthanc does not wait for and did not call stable. Each is forgotten here once it is in the queue: what is
    /// asked of Orthanc about the next one may fail.
    pub(super) async fn enqueue_overlooked(
        &mut self,
        archive: &ArchiveClient,
        queue: &StudyQueue,
    ) -> Result<(), OrthancError> {
        if self.instances.is_empty() {
            return Ok(());
        }
        let quiet_since = timestamp::before(&archive.now().await?, QUIET_TIME);
        let mut checked = HashSet::new();
        for instance in self.instances.clone().into_iter().rev() {
            if checked.contains(&instance.id) {
                continue;
            }
            let study = if_found(archive.study_of(&instance.id).await)?;
            let series = match &study {
                Some(study) => if_found(archive.series(&study.id).await)?,
                None => None,
            };
            // Deleted meanwhile.
            let (Some(study), Some(series)) = (study, series) else {
                self.remove(&HashSet::from([instance.id]), u64::MAX);
                continue;
            };
            let instances = instances_of(series);
            // Where Orthanc still waits, it will call the study stable itself.
            if study.is_stable && instance.date <= quiet_since {
                let study = study.id;
                tracing::warn!(study, "the archive was ended before it called this study stable: it is looked at now");
                match queue.enqueue(&study, Priority::Routine) {
                    Ok(_) => self.remove(&instances, u64::MAX),
                    Err(error) => tracing::warn!(%error, "the list of studies cannot be kept"),
                }
            }
            checked.extend(instances);
        }
        Ok(())
    }

    /// Removes these instances where they arrived before a change.
    fn remove(&mut self, instances: &HashSet<String>, before: u64) {
        self.instances.retain(|instance| instance.seq >= before || !instances.contains(&instance.id));
    }
}

fn instances_of(series: Vec<Series>) -> HashSet<String> {
    series.into_iter().flat_map(|one| one.instances).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_came_after_its_study_was_called_stable_stays_open() {
        let instance = |seq: u64, id: &str| NewInstance { seq, date: String::new(), id: id.into() };
        let mut unstable = UnstableInstances {
            instances: vec![instance(1, "a"), instance(2, "b"), instance(9, "a-late"), instance(10, "c")],
        };
        unstable.remove(&HashSet::from(["a".to_owned(), "b".to_owned(), "a-late".to_owned()]), 5);
        assert_eq!(unstable.instances, [instance(9, "a-late"), instance(10, "c")]);
    }
}
