//! The files of a job: listed, and fetched piece by piece, so that no whole file is held for a client that reads slowly.

use std::sync::Arc;

use cordline_sdk::client::{Arrived, ClientError, Endpoint};
use cordline_sdk::job::JobId;
use cordline_sdk::sha256::Hasher;
use cordline_sdk::wire::event::{EventKind, FileInfo};
use cordline_sdk::wire::reply::{Answer, EventsBegin};
use cordline_sdk::wire::request::{Artifact, Events, Verb};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::client::DaemonClient;
use super::multiplexer::Call;

/// A number that no event has: the largest that every JSON reader keeps.
const AFTER_ALL_EVENTS: u64 = (1 << 53) - 1;

impl DaemonClient {
    /// The files that a job has made.
    pub(crate) async fn files(&self, job: &JobId) -> Result<Vec<FileInfo>, ClientError> {
        // The daemon has one event stream for each job and connection.
        let _lock = self.event_locks.lock(job.as_str()).await;
        let last = events_begin(self.call_long(self.events(job, AFTER_ALL_EVENTS)).await?.0)?.last;
        if let Some(files) = self.file_lists.get(job, last) {
            return Ok(files);
        }
        let (sender, mut events) = mpsc::unbounded_channel();
        let last = events_begin(self.call_long(self.events(job, 0).with_events(sender)).await?.0)?.last;
        let (mut files, mut number) = (Vec::new(), 0);
        while number < last {
            let (event, _) = self.next_event(&mut events).await?;
            number = event.number;
            if let EventKind::Files(listed) = event.kind {
                files = listed.files;
            }
        }
        self.file_lists.put(job, last, &files);
        Ok(files)
    }

    /// The raw bytes of an event that exists; `None` where it has none.
    pub(crate) async fn event_bytes(&self, job: &JobId, number: u64) -> Result<Option<Vec<u8>>, ClientError> {
        let _lock = self.event_locks.lock(job.as_str()).await;
        let (sender, mut events) = mpsc::unbounded_channel();
        events_begin(self.call_long(self.events(job, number.saturating_sub(1)).with_events(sender)).await?.0)?;
        let (_, raw) = self.next_event(&mut events).await?;
        drop(events);
        // Ends the stream: the events that follow are not wanted.
        events_begin(self.call_long(self.events(job, AFTER_ALL_EVENTS)).await?.0)?;
        Ok(raw)
    }

    fn events(&self, job: &JobId, since: u64) -> Call {
        let verb = Verb::Events(Events { job: job.clone(), since, follow: false });
        Call::new(verb, self.lines.endpoint().timeout)
    }

    async fn next_event(&self, events: &mut mpsc::UnboundedReceiver<Arrived>) -> Result<Arrived, ClientError> {
        let Endpoint { address, timeout: time_limit, .. } = self.lines.endpoint();
        let silence = || ClientError::Timeout { endpoint: address.clone() };
        timeout(*time_limit, events.recv()).await.map_err(|_| silence())?.ok_or(ClientError::Closed)
    }

    /// A file of a job, to be fetched in pieces.
    pub(crate) fn download(self: &Arc<Self>, job: &JobId, file: &FileInfo) -> FileDownload {
        FileDownload {
            daemon: self.clone(),
            job: job.clone(),
            file: file.clone(),
            offset: 0,
            digest: Hasher::default(),
        }
    }

    /// A file of a job as a whole, where the gateway itself needs it so.
    pub(crate) async fn download_whole(self: &Arc<Self>, job: &JobId, file: &FileInfo) -> Result<Vec<u8>, ClientError> {
        let (mut download, mut bytes) = (self.download(job, file), Vec::new());
        while let Some(piece) = download.next().await? {
            bytes.extend(piece);
        }
        Ok(bytes)
    }
}

/// The rest of a file. The last piece is returned only if the whole file has the digest that the job announced.
#[derive(Debug)]
pub(crate) struct FileDownload {
    daemon: Arc<DaemonClient>,
    job: JobId,
    file: FileInfo,
    offset: u64,
    digest: Hasher,
}

impl FileDownload {
    /// The next piece; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, ClientError> {
        if self.offset >= self.file.bytes {
            return Ok(None);
        }
        let wanted = Artifact { job: self.job.clone(), path: self.file.path.clone(), offset: self.offset };
        let time_limit = self.daemon.lines.endpoint().timeout;
        let (answer, piece) = self.daemon.call_long(Call::new(Verb::Artifact(wanted), time_limit)).await?;
        let (Answer::Artifact(_), Some(piece)) = (&answer, piece) else {
            return Err(ClientError::unexpected(&answer));
        };
        let damaged = || ClientError::ChecksumMismatch { path: self.file.path.clone() };
        self.offset += piece.len() as u64;
        if piece.is_empty() || self.offset > self.file.bytes {
            return Err(damaged());
        }
        self.digest.update(&piece);
        if self.offset == self.file.bytes {
            let digest = std::mem::take(&mut self.digest).finish();
            if digest.to_string() != self.file.sha256 {
                return Err(damaged());
            }
        }
        Ok(Some(piece))
    }
}

fn events_begin(answer: Answer) -> Result<EventsBegin, ClientError> {
    match answer {
        Answer::Events(begin) => Ok(begin),
        other => Err(ClientError::unexpected(&other)),
    }
}
