//! Orthanc's list of changes, read from where it was read last: a hook that was lost loses nothing.
//!
//! A new folder of arrivals begins at its first start: an archive holds years of studies, and nobody asked for those.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordline_sdk::job::Priority;
use tokio::time::sleep;

use super::again;
use super::arrivals::Arrivals;
use super::cursor::{Cursor, Standing};
use super::rest::{Change, Changes, OrthancError};
use crate::archive::ArchiveClient;

/// Changes on a page.
const PAGE: u32 = 500;
/// How often the list is read when it was read to its end, and how soon again after a failure. One short question: an Orthanc at
/// rest answers it in a millisecond.
const PAUSE: Duration = Duration::from_secs(1);

/// The reader of the list.
#[derive(Debug)]
pub struct Reader {
    archive: Arc<ArchiveClient>,
    arrivals: Arc<Arrivals>,
    /// Where the place in the list is kept.
    file: PathBuf,
}

/// Where the reader is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    /// What was read last.
    cursor: Cursor,
    /// Studies that became stable earlier are passed over; set while a list is searched for its new part.
    from: Option<String>,
}

impl Reader {
    /// A reader that goes on from `file`; without such a file, from this moment on.
    pub fn new(archive: Arc<ArchiveClient>, arrivals: Arc<Arrivals>, file: PathBuf) -> Self {
        Self { archive, arrivals, file }
    }

    /// Reads for as long as the gateway runs.
    pub async fn work(self) {
        let mut place = match Cursor::read(&self.file) {
            Ok(Some(cursor)) => Place { cursor, from: None },
            Ok(None) => self.begin().await,
            Err(error) => {
                let file = self.file.display();
                tracing::warn!(%error, %file, "how far the list of changes was read cannot be told: from now on; \
                    a study that arrived meanwhile is analysed with `cordline-gateway rerun`");
                self.begin().await
            }
        };
        // Nobody restores an archive under a gateway that talks to it: looked at after each silence, the first one included.
        let mut silent = true;
        loop {
            match self.step(&mut place, silent).await {
                Ok(done) => {
                    silent = false;
                    if done {
                        sleep(PAUSE).await;
                    }
                }
                Err(error) => {
                    if !silent {
                        tracing::warn!(%error, "the list of changes cannot be read; it is tried again each second");
                    }
                    silent = true;
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// The place of a folder that is new: this moment, even where the archive is away just now.
    async fn begin(&self) -> Place {
        let started = Instant::now();
        let mut away = false;
        loop {
            let found = match self.archive.last_change().await {
                Ok(page) if !away => Ok(Place { cursor: Cursor::after(&page), from: None }),
                Ok(page) => self.since(&page, started).await,
                Err(error) => Err(error),
            };
            match found {
                Ok(place) => {
                    tracing::info!(
                        "studies are analysed that become stable from now on; an older one with `cordline-gateway rerun`"
                    );
                    self.keep(&place.cursor);
                    return place;
                }
                Err(error) => {
                    if !away {
                        tracing::warn!(%error, "the archive does not answer yet; it is tried again each second");
                    }
                    away = true;
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// The place in the list at which a moment lies that was before the archive answered.
    async fn since(&self, last: &Changes, started: Instant) -> Result<Place, OrthancError> {
        let from = earlier(&self.archive.clock().await?, started.elapsed());
        let (mut since, mut step) = (last.last, u64::from(PAGE));
        while since > 0 {
            since = since.saturating_sub(step);
            step = step.saturating_mul(2);
            let first = self.archive.changes(since, 1).await?;
            if first.changes.first().is_some_and(|change| change.date < from) {
                break;
            }
        }
        Ok(Place { cursor: Cursor { last: since, date: String::new() }, from: Some(from) })
    }

    /// Reads one page; true where it was the last one. `look`: whether to see first that it is still the same list.
    async fn step(&self, place: &mut Place, look: bool) -> Result<bool, OrthancError> {
        if look && place.cursor.last > 0 {
            let around = self.archive.changes(place.cursor.last - 1, 1).await?;
            if place.cursor.standing(&around) == Standing::Another {
                self.another(place).await?;
            }
        }
        let page = self.archive.changes(place.cursor.last, PAGE).await?;
        if page.last < place.cursor.last {
            self.another(place).await?;
            return Ok(false);
        }
        for study in self.wanted(&page.changes, place.from.as_deref()).await? {
            if let Err(error) = self.arrivals.tell(study, Priority::Routine) {
                tracing::warn!(%error, "the list of studies cannot be kept");
                // Not read further: this page comes again.
                return Ok(true);
            }
        }
        if page.last > place.cursor.last || place.from.is_some() {
            if !page.changes.is_empty() {
                place.cursor = Cursor::after(&page);
            }
            // In the old part of a list nothing is kept: whoever is stopped there has to find the new part once more.
            let found = |from: &String| page.done || page.changes.last().is_some_and(|change| change.date >= *from);
            if place.from.as_ref().is_none_or(found) {
                place.from = None;
                self.keep(&place.cursor);
            }
        }
        Ok(page.done)
    }

    /// The archive was emptied, restored or replaced: what it holds of new studies is searched for by their date.
    async fn another(&self, place: &mut Place) -> Result<(), OrthancError> {
        let known = std::mem::take(&mut place.cursor.date);
        if known.is_empty() {
            *place = Place { cursor: Cursor::after(&self.archive.last_change().await?), from: None };
            self.keep(&place.cursor);
            tracing::warn!("the archive counts its changes anew: studies are analysed that become stable from now on");
        } else {
            *place = Place { cursor: Cursor::default(), from: Some(known) };
            tracing::warn!(
                "the archive counts its changes anew: studies are analysed that became stable since it was looked at last"
            );
        }
        Ok(())
    }

    /// The studies of a page that are to be looked at, each once, in the order in which they came.
    async fn wanted<'a>(&self, changes: &'a [Change], from: Option<&str>) -> Result<Vec<&'a str>, OrthancError> {
        let mut studies: Vec<&str> = Vec::new();
        let mut noted: Vec<&str> = Vec::new();
        for change in changes.iter().filter(|change| from.is_none_or(|from| change.date.as_str() >= from)) {
            let list = match (change.change_type.as_str(), change.resource_type.as_str()) {
                ("StableStudy", _) => &mut studies,
                // One of our notes perhaps, or the removal of one.
                ("UpdatedMetadata", "Study") => &mut noted,
                _ => continue,
            };
            if !list.contains(&change.id.as_str()) {
                list.push(&change.id);
            }
        }
        for study in noted {
            if !studies.contains(&study) && again::is_wanted(&self.archive, study).await? {
                studies.push(study);
            }
        }
        Ok(studies)
    }

    fn keep(&self, cursor: &Cursor) {
        if let Err(error) = cursor.write(&self.file) {
            // Read again after the next start: what was done is not done twice.
            tracing::warn!(%error, "how far the list of changes was read cannot be kept");
        }
    }
}

/// A moment of Orthanc's clock, some time before.
fn earlier(moment: &str, by: Duration) -> String {
    const FORM: &str = "%Y%m%dT%H%M%S";
    let read = chrono::NaiveDateTime::parse_from_str(moment, FORM);
    let by = chrono::Duration::from_std(by).unwrap_or_default();
    // A clock that speaks another language is taken as it is.
    read.ok()
        .and_then(|read| read.checked_sub_signed(by))
        .map_or_else(|| moment.to_owned(), |m| m.format(FORM).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_before_midnight_is_of_the_day_before() {
        assert_eq!(earlier("20260101T000005", Duration::from_secs(10)), "20251231T235955");
        assert_eq!(earlier("soon", Duration::from_secs(10)), "soon");
    }
}
