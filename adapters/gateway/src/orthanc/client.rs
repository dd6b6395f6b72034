//! Orthanc's REST interface, on the client of the archive. A request that failed for a passing reason is repeated. Nothing is ever removed
//! from Orthanc, and no object replaced.

use std::path::Path;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method};
use cordline_sdk::client::part10;
use reqwest::Response;
use serde::de::DeserializeOwned;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

use super::error::{OrthancError, if_found};
use super::resources::{Changes, InstanceTags, LookupMatch, OrthancStudy, Series, Stored};
use super::response::{self, ResponseBody};
use crate::archive::{ArchiveClient, TransferError};

/// A larger body is sent as one that is stored: its time limit begins after its last byte.
const SMALL_BODY_BYTES: usize = 64 << 10;
/// Pauses before the attempts after the first.
const RETRY_PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(8)];

/// Changes on a page.
pub(super) const PAGE: u32 = 500;

impl ArchiveClient {
    /// Orthanc's identifier of the study with this UID; `None` where it has none.
    pub(crate) async fn find_study(&self, uid: &str) -> Result<Option<String>, OrthancError> {
        self.lookup(uid, "Study").await
    }

    /// Orthanc's identifier of what has this UID on a level; `None` where it has none.
    async fn lookup(&self, uid: &str, level: &str) -> Result<Option<String>, OrthancError> {
        let answer = self.send(Method::POST, "/tools/lookup", Some(uid.as_bytes().to_vec())).await?;
        let matches: Vec<LookupMatch> = response::json(answer).await?;
        Ok(matches.into_iter().find(|one| one.r#type == level).map(|one| one.id))
    }

    /// The series of a study.
    pub(super) async fn series(&self, study: &str) -> Result<Vec<Series>, OrthancError> {
        self.get_json(&format!("/studies/{study}/series")).await
    }

    /// The study of an instance.
    pub(super) async fn study_of(&self, instance: &str) -> Result<OrthancStudy, OrthancError> {
        self.get_json(&format!("/instances/{instance}/study")).await
    }

    /// Fetches the file of an instance, piece by piece: its size is not known.
    pub(super) async fn download_instance(&self, instance: &str, file: &Path) -> Result<(), OrthancError> {
        let answer = self.send(Method::GET, &format!("/instances/{instance}/file"), None).await?;
        let mut file = tokio::fs::File::create(file).await?;
        let mut body = ResponseBody::of(answer);
        while let Some(piece) = body.next().await? {
            file.write_all(&piece).await?;
        }
        Ok(file.flush().await?)
    }

    /// Attributes of an instance.
    pub(super) async fn tags(&self, instance: &str) -> Result<InstanceTags, OrthancError> {
        self.get_json(&format!("/instances/{instance}/simplified-tags")).await
    }

    /// Adds a DICOM file, and returns Orthanc's identifier of it. An object that is there under the same UID stays as it is, even where
    /// Orthanc is configured to overwrite.
    pub(super) async fn add_instance(&self, file: Vec<u8>) -> Result<String, OrthancError> {
        if let Some(uid) = part10::sop_instance_uid(&file)
            && let Some(known) = self.lookup(&uid, "Instance").await?
        {
            return Ok(known);
        }
        let stored: Stored = response::json(self.send(Method::POST, "/instances", Some(file)).await?).await?;
        Ok(stored.id)
    }

    pub(super) async fn has_instance(&self, instance: &str) -> Result<bool, OrthancError> {
        Ok(if_found(self.send(Method::GET, &format!("/instances/{instance}"), None).await)?.is_some())
    }

    /// The page of changes after number `since`.
    pub(super) async fn changes(&self, since: u64, limit: u32) -> Result<Changes, OrthancError> {
        self.get_json(&format!("/changes?since={since}&limit={limit}")).await
    }

    /// The last change of all. It is requested once only, for a caller that repeats it itself.
    pub(super) async fn last_change(&self) -> Result<Changes, OrthancError> {
        response::json(self.send_once(&Method::GET, "/changes?last", None).await?).await
    }

    /// A number in the list of changes, not after `last`, before which nothing was changed at `moment` or later.
    pub(super) async fn change_before(&self, last: u64, moment: &str) -> Result<u64, OrthancError> {
        let (mut since, mut step) = (last, u64::from(PAGE));
        while since > 0 {
            since = since.saturating_sub(step);
            step = step.saturating_mul(2);
            let first = self.changes(since, 1).await?;
            if first.changes.first().is_some_and(|change| change.date.as_str() < moment) {
                break;
            }
        }
        Ok(since)
    }

    /// The time of Orthanc's clock, in the form of the dates of its changes.
    pub(super) async fn now(&self) -> Result<String, OrthancError> {
        Ok(response::text(self.send(Method::GET, "/tools/now", None).await?).await?.trim().to_owned())
    }

    async fn get_json<T: DeserializeOwned>(&self, path: &str) -> Result<T, OrthancError> {
        response::json(self.send(Method::GET, path, None).await?).await
    }

    /// Sends a request, and repeats it where the reason may pass: no connection, or an error of Orthanc itself. Where Orthanc does not
    /// answer it is not repeated: other requests may succeed meanwhile.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Response, OrthancError> {
        let mut pauses = RETRY_PAUSES.iter();
        loop {
            match self.send_once(&method, path, body.as_deref()).await {
                Err(OrthancError::Refused { status, method, path }) if status < 500 => {
                    return Err(OrthancError::Refused { status, method, path });
                }
                Err(OrthancError::Silent) => return Err(OrthancError::Silent),
                Err(failed) => match pauses.next() {
                    Some(pause) => sleep(*pause).await,
                    None => return Err(failed),
                },
                answered => return answered,
            }
        }
    }

    async fn send_once(&self, method: &Method, path: &str, body: Option<&[u8]>) -> Result<Response, OrthancError> {
        let request = || self.request(method.clone(), path);
        let sent = match body {
            Some(body) if body.len() > SMALL_BODY_BYTES => {
                self.store(method.clone(), path, HeaderMap::new(), Body::from(body.to_vec())).await
            }
            Some(body) => request().body(body.to_vec()).send().await.map_err(TransferError::from),
            None => request().send().await.map_err(TransferError::from),
        };
        let answer = sent?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            status => {
                Err(OrthancError::Refused { status: status.as_u16(), method: method.clone(), path: path.to_owned() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake_orthanc::{FakeOrthanc, Mood};
    use super::*;

    const LARGE: usize = 100 << 10;

    #[tokio::test]
    async fn large_metadata_is_put_as_small_metadata_is() {
        let archive = FakeOrthanc::start().await;
        for bytes in [10, LARGE] {
            archive.client().write_metadata("a", 1026, &"x".repeat(bytes)).await.unwrap();
            assert_eq!(archive.page("/studies/a/metadata/1026").len(), bytes);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn half_an_answer_to_something_large_is_not_waited_for() {
        let archive = FakeOrthanc::start().await;
        archive.set_mood("/instances", Mood::Half);
        let client = archive.client();
        let stored = tokio::time::timeout(Duration::from_secs(100), client.add_instance(vec![0; LARGE])).await;
        assert!(matches!(stored.expect("it ends"), Err(OrthancError::Silent)));
    }
}
