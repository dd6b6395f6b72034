//! The request that a study be analysed again. The archive keeps it: in the record on the study, or by the absence of that record.
//!
//! The same instances are the same job for the daemon, so a number goes with them, from 0. The next one has metadata of its own, which
//! outlives a record that an administrator deletes.

use super::error::OrthancError;
use super::metadata::{ANALYSIS_COUNT, STATUS_LINE};
use super::status_line;
use super::study_record::{self, NOT_ANALYZED, StudyRecord};
use crate::archive::ArchiveClient;

/// Writes on a study that it is to be analysed again; a gateway that reads the list of changes finds it there. False where the archive has
/// no such study.
///
/// The lock holds off the tasks of this process alone. `cordline-gateway rerun` is another one: where both change the record at the same
/// moment, one of the changes is lost.
pub(crate) async fn request(archive: &ArchiveClient, study: &str) -> Result<bool, OrthancError> {
    match archive.series(study).await {
        Err(error) if error.is_missing() => return Ok(false),
        found => drop(found?),
    }
    let _lock = archive.study_locks.lock(study).await;
    let record = StudyRecord::read(archive, study).await?;
    StudyRecord { wanted: true, done: false, ..record }.write(archive, study).await?;
    Ok(true)
}

/// True where another analysis is requested: the record says so, or was deleted after an analysis.
pub(super) async fn is_requested(archive: &ArchiveClient, study: &str) -> Result<bool, OrthancError> {
    Ok(match StudyRecord::find(archive, study).await? {
        Some(record) => record.wanted,
        None => count(archive, study).await? > 0,
    })
}

/// True where a study became stable for nothing but what a reader had stored or said of it: it was there before, and nobody asked.
pub(super) async fn is_no_arrival(archive: &ArchiveClient, study: &str) -> Result<bool, OrthancError> {
    let Some(record) = StudyRecord::find(archive, study).await? else { return Ok(false) };
    if record.instances != NOT_ANALYZED || record.wanted {
        return Ok(false);
    }
    match archive.series(study).await {
        Ok(series) => Ok(record.there == study_record::digest(&study_record::mr_instances(&series))),
        // Removed meanwhile: whoever processes it finds out.
        Err(error) if error.is_missing() => Ok(false),
        Err(error) => Err(error),
    }
}

/// The record of a study. Where there is none, one that says that nothing was analysed is written, before a number or a status line is:
/// these without a record are the trace of an analysis whose record was deleted, and so a request for another one. The caller holds the
/// lock of the study.
pub(super) async fn record_before_traces(archive: &ArchiveClient, study: &str) -> Result<StudyRecord, OrthancError> {
    if let Some(record) = StudyRecord::find(archive, study).await? {
        return Ok(record);
    }
    let record = StudyRecord {
        instances: NOT_ANALYZED.into(),
        there: study_record::digest(&study_record::mr_instances(&archive.series(study).await?)),
        done: true,
        // Deleted to have the study analysed again: that analysis is still due.
        wanted: is_requested(archive, study).await?,
        ..StudyRecord::default()
    };
    record.write(archive, study).await?;
    Ok(record)
}

/// The number that the next analysis of a study gets if it is another one of the same instances; 0 where none was begun.
pub(super) async fn count(archive: &ArchiveClient, study: &str) -> Result<u32, OrthancError> {
    if let Some(text) = archive.metadata(study, ANALYSIS_COUNT).await? {
        return Ok(text.trim().parse().unwrap_or(1));
    }
    // A version that did not count yet left a status line.
    let line = archive.metadata(study, STATUS_LINE).await?;
    Ok(u32::from(line.is_some_and(|line| !status_line::is_waiting(&line))))
}

/// The number of the next analysis of a study, from 0; `before` is the record of the last one.
pub(super) async fn next_number(
    archive: &ArchiveClient,
    study: &str,
    before: &StudyRecord,
) -> Result<u32, OrthancError> {
    if before.wanted {
        return Ok(count(archive, study).await?.max(1));
    }
    match before.instances.is_empty() {
        // Never analysed, or the record was deleted.
        true => count(archive, study).await,
        // An analysis that was begun goes on; other instances are another job by themselves.
        false => Ok(before.again),
    }
}

/// Writes on a study that its analysis of this number (from 0) was submitted.
pub(super) async fn note_submitted(archive: &ArchiveClient, study: &str, number: u32) -> Result<(), OrthancError> {
    let known = archive.metadata(study, ANALYSIS_COUNT).await?.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    if number < known {
        return Ok(());
    }
    archive.write_metadata(study, ANALYSIS_COUNT, &number.saturating_add(1).to_string()).await
}
