//! The study of a request, looked up in the archive.

use cordline_sdk::job::JobId;
use cordline_sdk::problem::Code;

use super::params::{AnalysisRef, check_study_uid, job_id};
use crate::error::ApiError;
use crate::orthanc::error::ProcessingError;
use crate::orthanc::processor::StudyProcessor;
use crate::state::AppState;

/// What works on the study with this UID, and Orthanc's identifier of it.
pub(super) async fn find(state: &AppState, uid: &str) -> Result<(StudyProcessor, String), ApiError> {
    let archive = state.archive.clone().ok_or_else(ApiError::no_archive)?;
    check_study_uid(uid)?;
    let processor = StudyProcessor { archive, daemon: state.daemon.clone(), heat_maps: state.heat_maps };
    let study = processor.archive.find_study(uid).await.map_err(ProcessingError::from)?.ok_or_else(not_analysed)?;
    Ok((processor, study))
}

/// The same with a job, once it is certain that the job is of this study: nothing may be worse than a result in another patient's study.
pub(super) async fn find_analysis(
    state: &AppState,
    analysis: &AnalysisRef,
) -> Result<(StudyProcessor, String, JobId), ApiError> {
    let (processor, study) = find(state, &analysis.study_uid).await?;
    let job = job_id(&analysis.job)?;
    let series = processor.result(&job).await?.and_then(|result| result.series);
    if series.and_then(|series| series.study_uid).as_ref() != Some(&analysis.study_uid) {
        return Err(ApiError::new(
            Code::OtherStudy,
            "the analysis is not of this study",
            "open the study that was analysed",
        ));
    }
    Ok((processor, study, job))
}

/// The archive has no such study, or no analysis of it.
pub(super) fn not_analysed() -> ApiError {
    ApiError::new(
        Code::NotAnalysed,
        "the archive has no such study, or it was not analysed yet",
        "look at the archive, or have it analysed",
    )
}
