//! `cordline-gateway rerun`: an administrator wants a study analysed anew, or one that is older than the gateway.

use thiserror::Error;

use crate::archive::{ArchiveClient, ArchiveError};
use crate::orthanc::again;
use crate::orthanc::is_name;
use crate::orthanc::rest::OrthancError;
use crate::settings::Settings;

/// Why a study is not analysed anew.
#[derive(Debug, Error)]
pub enum RerunError {
    /// No archive is configured.
    #[error("no archive is configured: name it with --archive URL, or under [archive] in the settings")]
    NoArchive,
    /// The archive cannot be used.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The archive does not do what it is asked.
    #[error(transparent)]
    Orthanc(#[from] OrthancError),
    /// A name that leads to no study. It is repeated as the person typed it.
    #[error("the archive has no study {0}: name it by its Study Instance UID, or by Orthanc's own name of it")]
    NoStudy(String),
}

/// Writes on a study of the archive that it is to be analysed anew; the gateway that reads the archive's list of changes takes it up
/// within a second. `name`: Study Instance UID, or Orthanc's own name.
pub async fn rerun(settings: &Settings, name: &str) -> Result<(), RerunError> {
    let archive = ArchiveClient::new(settings.archive.clone().ok_or(RerunError::NoArchive)?)?;
    let study = if is_name(name) { Some(name.to_owned()) } else { archive.study(name).await? };
    let found = match study {
        Some(study) => again::wish(&archive, &study).await?,
        None => false,
    };
    if found { Ok(()) } else { Err(RerunError::NoStudy(name.to_owned())) }
}
