//! User-defined metadata on a study: where the archive keeps what was done with it, and nowhere else is it known.
//!
//! An administrator who deletes [`RECORD`] has the study analysed again; the other metadata and all objects stay.

use axum::http::Method;
use serde_json::Value;

use super::error::{OrthancError, if_found};
use super::response;
use crate::archive::ArchiveClient;

/// For people and buttons: one word and a sentence ([`super::status_line`]).
pub(super) const STATUS_LINE: u16 = 1024;
/// For the gateway: which instances were analysed and which objects came back ([`super::study_record`]).
pub(super) const RECORD: u16 = 1025;
/// What readers said of the answers ([`super::reviews`]).
pub(super) const REVIEWS: u16 = 1026;
/// What readers stored ([`super::saves`]).
pub(super) const SAVES: u16 = 1027;
/// The number of the next analysis of the study, from 0 ([`super::reanalysis`]).
pub(super) const ANALYSIS_COUNT: u16 = 1028;

impl ArchiveClient {
    /// A value on a study; `None` where there is none.
    pub(super) async fn metadata(&self, study: &str, number: u16) -> Result<Option<String>, OrthancError> {
        match if_found(self.send(Method::GET, &format!("/studies/{study}/metadata/{number}"), None).await)? {
            Some(answer) => response::text(answer).await.map(Some),
            None => Ok(None),
        }
    }

    /// Writes a value on a study, over an earlier one.
    pub(super) async fn write_metadata(&self, study: &str, number: u16, text: &str) -> Result<(), OrthancError> {
        let path = format!("/studies/{study}/metadata/{number}");
        self.send(Method::PUT, &path, Some(text.as_bytes().to_vec())).await.map(drop)
    }

    /// A value that is a list; empty where there is none. What is no list is an error: writing a new list would lose it.
    pub(super) async fn metadata_list(&self, study: &str, number: u16) -> Result<Vec<Value>, OrthancError> {
        match self.metadata(study, number).await? {
            None => Ok(Vec::new()),
            Some(text) if text.trim().is_empty() => Ok(Vec::new()),
            Some(text) => serde_json::from_str(&text).map_err(|_| OrthancError::Unreadable { number }),
        }
    }

    pub(super) async fn write_metadata_list(
        &self,
        study: &str,
        number: u16,
        list: Vec<Value>,
    ) -> Result<(), OrthancError> {
        self.write_metadata(study, number, &Value::Array(list).to_string()).await
    }
}
