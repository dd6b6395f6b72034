//! The body of an answer of Orthanc, limited in time and in size.

use std::time::Duration;

use axum::body::Bytes;
use reqwest::Response;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::error::OrthancError;
use crate::archive::next_piece;

/// The slowest that an answer may come: so long, and a second more for each of so many bytes.
const MAX_TIME: Duration = Duration::from_secs(60);
const MIN_BYTES_PER_S: u64 = 16 << 10;
/// Largest answer that is read into memory.
const MAX_BYTES: usize = 256 << 20;

/// The pieces of an answer, as they arrive.
pub(super) struct ResponseBody {
    answer: Response,
    started: Instant,
    bytes: u64,
}

impl ResponseBody {
    pub(super) fn of(answer: Response) -> Self {
        Self { answer, started: Instant::now(), bytes: 0 }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, OrthancError> {
        let piece = next_piece(&mut self.answer).await?;
        self.bytes += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        // A byte now and then counts as no answer.
        if self.started.elapsed() > MAX_TIME + Duration::from_secs(self.bytes / MIN_BYTES_PER_S) {
            return Err(OrthancError::Silent);
        }
        Ok(piece)
    }
}

async fn whole(answer: Response) -> Result<Vec<u8>, OrthancError> {
    let (mut body, mut whole) = (ResponseBody::of(answer), Vec::new());
    while let Some(piece) = body.next().await? {
        if whole.len() + piece.len() > MAX_BYTES {
            return Err(OrthancError::Unreachable("its answer has no end".into()));
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// The answer, parsed as JSON.
pub(super) async fn json<T: DeserializeOwned>(answer: Response) -> Result<T, OrthancError> {
    let whole = whole(answer).await?;
    serde_json::from_slice(&whole)
        .map_err(|error| OrthancError::Unreachable(format!("what it says is no answer: {error}")))
}

/// The answer as text.
pub(super) async fn text(answer: Response) -> Result<String, OrthancError> {
    Ok(String::from_utf8_lossy(&whole(answer).await?).into_owned())
}
