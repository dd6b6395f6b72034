//! `cordline-gateway rerun`: an administrator has a study analysed again, or one that is older than the gateway.

use thiserror::Error;

use super::error::OrthancError;
use super::id::is_orthanc_id;
use super::reanalysis;
use crate::archive::{ArchiveClient, ArchiveError};
use crate::settings::Settings;

/// Why a study is not analysed again.
#[derive(Debug, Error)]
pub enum RerunError {
    /// No archive is configured.
    #[error("no archive is configured: name it with --archive URL, or under [archive] in the settings")]
    NoArchive,
    /// The archive cannot be used.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A request to the archive failed.
    #[error(transparent)]
    Orthanc(#[from] OrthancError),
    /// The archive has no such study. The name is repeated as the person typed it.
    #[error("the archive has no study {0}: name it by its Study Instance UID, or by Orthanc's own name of it")]
    NoStudy(String),
}

/// Writes on a study of the archive that it is to be analysed again; a gateway that reads the archive's list of changes finds it there
/// within a second, others when they are told of the study. `name`: Study Instance UID, or Orthanc's identifier.
///
/// # Errors
/// Where no archive is configured, it cannot be asked, or it has no such study.
pub async fn rerun(settings: &Settings, name: &str) -> Result<(), RerunError> {
    let archive = ArchiveClient::new(settings.archive.clone().ok_or(RerunError::NoArchive)?)?;
    let study = if is_orthanc_id(name) { Some(name.to_owned()) } else { archive.find_study(name).await? };
    let found = match study {
        Some(study) => reanalysis::request(&archive, &study).await?,
        None => false,
    };
    if found { Ok(()) } else { Err(RerunError::NoStudy(name.to_owned())) }
}
