//! Parameters that several routes share. What cannot be an identifier is refused before anything is asked.

use cordline_sdk::job::JobId;
use cordline_sdk::problem::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::ApiError;

/// A job, by the name that the daemon gave it.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct JobPath {
    /// The job.
    #[schemars(regex(pattern = "^[0-9A-Za-z]{1,64}$"))]
    job: String,
}

impl JobPath {
    pub(super) fn id(&self) -> Result<JobId, ApiError> {
        job_id(&self.job)
    }
}

/// A study.
#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct StudyQuery {
    /// Study Instance UID.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)*$"), length(max = 64))]
    pub(super) study_uid: String,
}

/// An analysis of a study.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnalysisRef {
    /// Study Instance UID.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)*$"), length(max = 64))]
    pub(super) study_uid: String,
    /// The job.
    #[schemars(regex(pattern = "^[0-9A-Za-z]{1,64}$"))]
    pub(super) job: String,
}

/// The name of a job.
pub(super) fn job_id(name: &str) -> Result<JobId, ApiError> {
    JobId::new(name).ok_or_else(|| {
        ApiError::new(Code::NoSuchJob, "no job can have this name", "ask /api/v1/jobs for the jobs that are kept")
    })
}

/// Refuses what cannot be the UID of a study.
pub(super) fn check_study_uid(uid: &str) -> Result<(), ApiError> {
    if cordline_sdk::uid::check(uid).is_ok() {
        return Ok(());
    }
    Err(ApiError::new(Code::NoUid, "this is no UID", "send the Study Instance UID"))
}
