//! What readers say of analyses: written by one, shown to the next.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use cordline_sdk::job::JobSummary;
use cordline_sdk::review::{Review, Verdict};
use cordline_sdk::wire::request::{Judgement, List};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::analyses::{Analysis, OfStudy, find, of_study};
use super::parts::{Body, Query};
use crate::fault::Refusal;
use crate::guest::{Submitter, Viewer};
use crate::hall::Hall;
use crate::orthanc::porter::{ArrivalError, Porter};
use crate::orthanc::reviews;

/// Jobs of one study that are looked at.
const MOST_JOBS: u32 = 1000;

/// What a reader says of an analysis. Whose verdict it is, the token says.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["verdict"]}, {"required": ["accepted"]}]))]
pub(super) struct Said {
    /// Study Instance UID.
    #[schemars(regex(pattern = r"^[0-9]+(\.[0-9]+)*$"), length(max = 64))]
    study_uid: String,
    /// The job.
    #[schemars(regex(pattern = "^[0-9A-Za-z]{1,64}$"))]
    job: String,
    /// Accepted, rejected, or withdrawn: neither any more.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Verdict")]
    verdict: Option<Verdict>,
    /// The same in the words of earlier versions: true where the reader agrees.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "bool")]
    accepted: Option<bool>,
    /// Why: at most 1,000 characters.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    reason: String,
}

/// What is named has a value: null is none.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

/// Keeps a verdict: with the job, on the study, and as a DICOM object in the archive.
pub(super) async fn say(
    Submitter(guest): Submitter,
    State(hall): State<Hall>,
    Body(said): Body<Said>,
) -> Result<StatusCode, Refusal> {
    let verdict = match (said.verdict, said.accepted) {
        (Some(verdict), None) => verdict,
        (None, Some(true)) => Verdict::Accepted,
        (None, Some(false)) => Verdict::Rejected,
        _ => {
            return Err(Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "no_verdict",
                "the verdict is missing, or said twice",
                "send `verdict`: accepted, rejected or withdrawn",
            ));
        }
    };
    let analysis = Analysis { study_uid: said.study_uid, job: said.job };
    let (porter, study, job) = of_study(&hall, &analysis).await?;
    let judgement = Judgement { job: job.clone(), verdict, reason: said.reason, reader: guest.name.clone() };
    let summary = hall.daemon.ask(move |client| client.review(judgement)).await?;
    reviews::bring(&porter, &study, &[summary]).await?;
    tracing::info!(who = guest.name, %job, verdict = verdict.key(), "reviewed");
    Ok(StatusCode::NO_CONTENT)
}

/// All that readers said of a study, oldest first: the last one of a job is what stands.
pub(super) async fn of_a_study(
    _: Viewer,
    State(hall): State<Hall>,
    Query(of): Query<OfStudy>,
) -> Result<Json<Vec<Review>>, Refusal> {
    let (porter, study) = find(&hall, &of.study_uid).await?;
    let kept = reviews::read(&porter.archive, &study).await.map_err(ArrivalError::from)?;
    let summaries = jobs(&porter, &of.study_uid).await;
    if reviews::lacks(&kept, &summaries) {
        // Somebody was stopped half way, or judged without the gateway. Whoever looks is not kept waiting for it.
        let (porter, study, summaries) = (porter, study, summaries.clone());
        tokio::spawn(async move {
            if let Err(error) = reviews::bring(&porter, &study, &summaries).await {
                tracing::warn!(%error, study, "what readers said could not be brought into the archive");
            }
        });
    }
    Ok(Json(reviews::merged(&kept, &summaries)))
}

/// The jobs of a study that the daemon still keeps, also those that were judged beside this gateway. Without the daemon the archive alone is asked.
async fn jobs(porter: &Porter, study_uid: &str) -> Vec<JobSummary> {
    let list = List { study_uid: Some(study_uid.to_owned()), limit: Some(MOST_JOBS), ..List::default() };
    match porter.daemon.ask(move |client| client.list(list)).await {
        // Newest first; what was said last is written last.
        Ok(found) => found.jobs.into_iter().rev().collect(),
        Err(error) => {
            tracing::warn!(%error, "reviews are shown as they stand in the archive");
            Vec::new()
        }
    }
}
