//! The wish that a study be analysed anew, as the archive keeps it: in our own note on the study, or by that note's absence.
//!
//! The same instances are the same job for the daemon, so a number goes with them: how often the study was analysed before. It is
//! kept in a note of its own, which outlives the one that an administrator deletes.

use super::line;
use super::mark::{self, Mark};
use super::rest::OrthancError;
use crate::archive::ArchiveClient;

/// Number of the note that says how often a study was analysed.
const TIMES: u16 = 1028;

/// Writes on a study that it is to be analysed anew; a gateway that reads the list of changes takes it up by itself. False where
/// the archive has no such study.
pub async fn wish(archive: &ArchiveClient, study: &str) -> Result<bool, OrthancError> {
    match archive.series(study).await {
        Err(error) if error.is_missing() => return Ok(false),
        found => drop(found?),
    }
    let _turn = archive.turns.take(study).await;
    let mark = Mark::read(archive, study).await?;
    Mark { wanted: true, done: false, ..mark }.write(archive, study).await?;
    Ok(true)
}

/// True where somebody wants the study anew: the note says so, or was deleted after an analysis.
pub async fn is_wanted(archive: &ArchiveClient, study: &str) -> Result<bool, OrthancError> {
    Ok(match Mark::find(archive, study).await? {
        Some(mark) => mark.wanted,
        None => times(archive, study).await? > 0,
    })
}

/// How often a study was analysed.
pub async fn times(archive: &ArchiveClient, study: &str) -> Result<u32, OrthancError> {
    if let Some(text) = archive.note(study, TIMES).await? {
        return Ok(text.trim().parse().unwrap_or(1));
    }
    // An analysis of a gateway that did not count yet left a line for people.
    let line = archive.note(study, mark::FOR_PEOPLE).await?;
    Ok(u32::from(line.is_some_and(|line| !line::says_that_it_waits(&line))))
}

/// Which analysis of a study comes next; `before` is the note of the last one.
pub(super) async fn number(archive: &ArchiveClient, study: &str, before: &Mark) -> Result<u32, OrthancError> {
    if before.wanted {
        return Ok(times(archive, study).await?.max(1));
    }
    match before.instances.is_empty() {
        // Never analysed, or the note deleted.
        true => times(archive, study).await,
        // One that was begun goes on; other instances are another job by themselves.
        false => Ok(before.again),
    }
}

/// Writes down that the study was handed over for the analysis of this number (from 0).
pub(super) async fn count(archive: &ArchiveClient, study: &str, number: u32) -> Result<(), OrthancError> {
    let known = archive.note(study, TIMES).await?.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    if number < known {
        return Ok(());
    }
    archive.write_note(study, TIMES, &number.saturating_add(1).to_string()).await
}
