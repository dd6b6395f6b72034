//! Orthanc's list of changes, read from where it was read last: a hook that was lost loses nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cordline_atomic_file::{AtomicFile, Durability};
use cordline_sdk::job::Priority;
use tokio::time::sleep;

use super::arrivals::Arrivals;
use super::rest::OrthancError;
use crate::archive::ArchiveClient;

/// Changes on a page.
const PAGE: u32 = 500;
/// How often the list is read when it was read to its end, and how soon again after a failure.
const PAUSE: Duration = Duration::from_secs(5);

/// The reader of the list.
#[derive(Debug)]
pub struct Reader {
    archive: Arc<ArchiveClient>,
    arrivals: Arc<Arrivals>,
    /// Where the number of the last change is kept.
    cursor: PathBuf,
}

impl Reader {
    /// A reader that goes on from `cursor`; without such a file, from the first change that Orthanc still knows.
    pub fn new(archive: Arc<ArchiveClient>, arrivals: Arc<Arrivals>, cursor: PathBuf) -> Self {
        Self { archive, arrivals, cursor }
    }

    /// Reads for as long as the gateway runs.
    pub async fn work(self) {
        let mut since = read(&self.cursor);
        loop {
            match self.page(since).await {
                Ok((last, done)) => {
                    since = last;
                    if done {
                        sleep(PAUSE).await;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the list of changes cannot be read");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// One page; the number of its last change, and whether it was the last page.
    async fn page(&self, since: u64) -> Result<(u64, bool), OrthancError> {
        let page = self.archive.changes(since, PAGE).await?;
        // An archive that was emptied counts from the beginning again.
        if page.last < since {
            return Ok((0, false));
        }
        for change in page.changes.iter().filter(|change| change.change_type == "StableStudy") {
            if let Err(error) = self.arrivals.tell(&change.id, Priority::Routine) {
                tracing::warn!(%error, "the list of studies cannot be kept");
                // Not read further: this page comes again.
                return Ok((since, true));
            }
        }
        if page.last > since
            && let Err(error) = write(&self.cursor, page.last)
        {
            // Read again after the next start: what was done is not done twice.
            tracing::warn!(%error, "how far the list of changes was read cannot be kept");
        }
        Ok((page.last, page.done))
    }
}

fn read(cursor: &Path) -> u64 {
    std::fs::read_to_string(cursor).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn write(cursor: &Path, last: u64) -> std::io::Result<()> {
    // A power cut may take the last pages back, which are then read again; what was done with them is not done twice.
    AtomicFile { mode: 0o600, durability: Durability::Process }.replace(cursor, last.to_string().as_bytes())
}
