//! What is asked of Orthanc: its REST interface, with kept connections, and a second try for what may pass. Nothing is ever removed from it, and no
//! object replaced.

use std::time::Duration;

use axum::http::Method;
use cordline_sdk::client::part10;
use reqwest::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;
use tokio::time::sleep;

use crate::archive::ArchiveClient;

/// How long one answer may take; a slow Orthanc takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pauses before the tries after the first.
const PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(8)];

/// Orthanc did not do what it was asked.
#[derive(Debug, Error)]
pub enum OrthancError {
    /// It does not answer, or answers with what is no answer.
    #[error("Orthanc does not answer: {0}")]
    Unreachable(String),
    /// A note that readers' work stands in is not what we write there.
    #[error("the study's metadata {number} cannot be read, and is left as it is")]
    Unreadable {
        /// Number of the note.
        number: u16,
    },
    /// It answers with an error.
    #[error("Orthanc answers {status} to {method} {path}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What was done.
        method: Method,
        /// With what.
        path: String,
    },
}

impl OrthancError {
    /// True where the thing that was asked for is not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}

/// A series, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Series {
    /// Orthanc's own name of it.
    #[serde(rename = "ID")]
    pub id: String,
    /// Orthanc's names of its instances.
    pub instances: Vec<String>,
    /// Tags by name.
    pub main_dicom_tags: SeriesTags,
}

/// Tags of a series.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SeriesTags {
    /// (0008,0060)
    #[serde(default)]
    pub modality: String,
    /// (0020,000E)
    #[serde(default, rename = "SeriesInstanceUID")]
    pub uid: String,
}

/// Attributes of an instance that say who made it and how others refer to it; empty where it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct InstanceTags {
    /// (0008,0008), its values with backslashes between them.
    pub image_type: String,
    /// (0008,0070)
    pub manufacturer: String,
    /// (0008,0016)
    #[serde(rename = "SOPClassUID")]
    pub sop_class_uid: String,
    /// (0008,0018)
    #[serde(rename = "SOPInstanceUID")]
    pub sop_uid: String,
    /// (0020,000E)
    #[serde(rename = "SeriesInstanceUID")]
    pub series_uid: String,
}

/// A page of `/changes`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Changes {
    /// The changes, oldest first.
    pub changes: Vec<Change>,
    /// True where no more are known.
    pub done: bool,
    /// Number of the last change on the page.
    pub last: u64,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Change {
    /// What happened: `StableStudy`, `UpdatedMetadata`, and others.
    pub change_type: String,
    /// Of what: `Patient`, `Study`, `Series` or `Instance`.
    #[serde(default)]
    pub resource_type: String,
    /// Orthanc's name of what it happened to.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its number, from 1.
    #[serde(default)]
    pub seq: u64,
    /// When, by Orthanc's own clock: `20261129T230935` (UTC). Texts of this form are ordered as their moments are.
    #[serde(default)]
    pub date: String,
}

/// Where an instance went.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Stored {
    /// Orthanc's name of the instance.
    #[serde(rename = "ID")]
    pub id: String,
}

/// What a UID leads to.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    #[serde(rename = "ID")]
    id: String,
    r#type: String,
}

impl ArchiveClient {
    /// Orthanc's name of the study with this UID; `None` where it has none.
    pub async fn study(&self, uid: &str) -> Result<Option<String>, OrthancError> {
        self.lookup(uid, "Study").await
    }

    /// Orthanc's name of what has this UID on a level; `None` where it has none.
    async fn lookup(&self, uid: &str, level: &str) -> Result<Option<String>, OrthancError> {
        let answer = self.tried(Method::POST, "/tools/lookup", Some(uid.as_bytes().to_vec())).await?;
        let found: Vec<Found> = answer.json().await.map_err(unreachable)?;
        Ok(found.into_iter().find(|one| one.r#type == level).map(|one| one.id))
    }

    /// The series of a study.
    pub async fn series(&self, study: &str) -> Result<Vec<Series>, OrthancError> {
        self.json(&format!("/studies/{study}/series")).await
    }

    /// The file of an instance.
    pub async fn instance(&self, instance: &str) -> Result<Vec<u8>, OrthancError> {
        let answer = self.tried(Method::GET, &format!("/instances/{instance}/file"), None).await?;
        answer.bytes().await.map(|bytes| bytes.to_vec()).map_err(unreachable)
    }

    /// Attributes of an instance.
    pub async fn tags(&self, instance: &str) -> Result<InstanceTags, OrthancError> {
        self.json(&format!("/instances/{instance}/simplified-tags")).await
    }

    /// Adds a DICOM file, and returns Orthanc's name of it. What is there under the same UID stays as it is, even where Orthanc is told to
    /// overwrite.
    pub async fn add(&self, file: Vec<u8>) -> Result<String, OrthancError> {
        if let Some(uid) = part10::sop_instance_uid(&file)
            && let Some(known) = self.lookup(&uid, "Instance").await?
        {
            return Ok(known);
        }
        Ok(self.store(file).await?.id)
    }

    async fn store(&self, file: Vec<u8>) -> Result<Stored, OrthancError> {
        let answer = self.tried(Method::POST, "/instances", Some(file)).await?;
        answer.json().await.map_err(unreachable)
    }

    /// True where the instance is there.
    pub async fn has(&self, instance: &str) -> Result<bool, OrthancError> {
        match self.tried(Method::GET, &format!("/instances/{instance}"), None).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_missing() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A note on a study; `None` where there is none.
    pub async fn note(&self, study: &str, number: u16) -> Result<Option<String>, OrthancError> {
        match self.tried(Method::GET, &format!("/studies/{study}/metadata/{number}"), None).await {
            Ok(answer) => answer.text().await.map(Some).map_err(unreachable),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a note on a study, over the one before.
    pub async fn write_note(&self, study: &str, number: u16, text: &str) -> Result<(), OrthancError> {
        let path = format!("/studies/{study}/metadata/{number}");
        self.tried(Method::PUT, &path, Some(text.as_bytes().to_vec())).await.map(drop)
    }

    /// A note that is a list, as those of readers; empty where there is none. One that is no list is an error: it would be lost by writing it anew.
    pub async fn list_note(&self, study: &str, number: u16) -> Result<Vec<Value>, OrthancError> {
        match self.note(study, number).await? {
            None => Ok(Vec::new()),
            Some(text) if text.trim().is_empty() => Ok(Vec::new()),
            Some(text) => serde_json::from_str(&text).map_err(|_| OrthancError::Unreadable { number }),
        }
    }

    /// Writes such a note.
    pub async fn write_list_note(&self, study: &str, number: u16, list: Vec<Value>) -> Result<(), OrthancError> {
        self.write_note(study, number, &Value::Array(list).to_string()).await
    }

    /// What happened after a change.
    pub async fn changes(&self, since: u64, limit: u32) -> Result<Changes, OrthancError> {
        self.json(&format!("/changes?since={since}&limit={limit}")).await
    }

    /// The last change of all; asked once, for whoever tries again by himself.
    pub async fn last_change(&self) -> Result<Changes, OrthancError> {
        self.once(&Method::GET, "/changes?last", None).await?.json().await.map_err(unreachable)
    }

    /// What Orthanc's clock says, as it dates its changes.
    pub async fn clock(&self) -> Result<String, OrthancError> {
        let text = self.tried(Method::GET, "/tools/now", None).await?.text().await.map_err(unreachable)?;
        Ok(text.trim().to_owned())
    }

    async fn json<T: DeserializeOwned>(&self, path: &str) -> Result<T, OrthancError> {
        self.tried(Method::GET, path, None).await?.json().await.map_err(unreachable)
    }

    /// Asks, and asks again where the reason may pass: no answer, or an error of Orthanc itself.
    async fn tried(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Response, OrthancError> {
        let mut pauses = PAUSES.iter();
        loop {
            match self.once(&method, path, body.as_deref()).await {
                Err(OrthancError::Refused { status, method, path }) if status < 500 => {
                    return Err(OrthancError::Refused { status, method, path });
                }
                Err(failed) => match pauses.next() {
                    Some(pause) => sleep(*pause).await,
                    None => return Err(failed),
                },
                answered => return answered,
            }
        }
    }

    async fn once(&self, method: &Method, path: &str, body: Option<&[u8]>) -> Result<Response, OrthancError> {
        let request = self.request(method.clone(), path).timeout(PATIENCE);
        let request = match body {
            Some(body) => request.body(body.to_vec()),
            None => request,
        };
        let answer = request.send().await.map_err(unreachable)?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            status => {
                Err(OrthancError::Refused { status: status.as_u16(), method: method.clone(), path: path.to_owned() })
            }
        }
    }
}

fn unreachable(error: reqwest::Error) -> OrthancError {
    OrthancError::Unreachable(error.without_url().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_orthanc_are_read() {
        let page = r#"{"Changes":[{"ChangeType":"StableStudy","Date":"20261125T000000","ID":"a-b","Path":"/studies/a-b",
            "ResourceType":"Study","Seq":7}],"Done":true,"Last":7}"#;
        let page: Changes = serde_json::from_str(page).unwrap();
        assert_eq!((page.changes[0].change_type.as_str(), page.last, page.done), ("StableStudy", 7, true));
        assert_eq!((page.changes[0].seq, page.changes[0].date.as_str()), (7, "20261125T000000"));
        let series =
            r#"[{"ID":"s","Instances":["i"],"MainDicomTags":{"Modality":"MR","SeriesNumber":"2"},"Type":"Series"}]"#;
        let series: Vec<Series> = serde_json::from_str(series).unwrap();
        assert_eq!((series[0].main_dicom_tags.modality.as_str(), series[0].instances.len()), ("MR", 1));
    }
}
