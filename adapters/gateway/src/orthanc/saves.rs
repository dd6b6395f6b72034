//! Results that readers stored in the archive ([`SAVES`]). They are apart from the gateway's own record, so that deleting that one, to
//! have a study analysed again, loses nothing.

use cordline_sdk::job::JobId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::OrthancError;
use super::metadata::SAVES;
use crate::archive::ArchiveClient;

/// Results that a reader stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Save {
    /// The job whose results they are.
    pub(super) job: JobId,
    /// The job whose mask it corrects, where it is a corrected one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) corrects: Option<JobId>,
    /// Name of the token.
    pub(super) reader: String,
    /// When, in milliseconds since 1970 (UTC).
    pub(super) at_ms: i64,
    /// Orthanc's identifiers of the objects.
    pub(super) objects: Vec<String>,
}

/// All saves on a study, oldest first. What this version cannot read is skipped, and stays on the study.
pub(super) async fn read(archive: &ArchiveClient, study: &str) -> Result<Vec<Save>, OrthancError> {
    let all = match archive.metadata_list(study, SAVES).await {
        Err(error @ OrthancError::Unreadable { .. }) => {
            tracing::warn!(%error, study, "saves");
            Vec::new()
        }
        read => read?,
    };
    Ok(all.into_iter().filter_map(|one| serde_json::from_value(one).ok()).collect())
}

/// Adds a save; the caller holds the lock of the study.
pub(super) async fn add(archive: &ArchiveClient, study: &str, save: &Save) -> Result<(), OrthancError> {
    let mut all = archive.metadata_list(study, SAVES).await?;
    let same = |one: &Value| one["job"] == save.job.as_str() && one["reader"] == save.reader.as_str();
    // A second press of the button is the same save.
    if !all.iter().any(same) {
        all.push(serde_json::to_value(save).expect("text, numbers and lists of text"));
        archive.write_metadata_list(study, SAVES, all).await?;
    }
    Ok(())
}

/// The job that is shown for an analysis: a reader's last correction of it, of that correction, and so on; else the analysis itself.
pub(super) fn shown(saves: &[Save], analysis: &str) -> String {
    let mut shown = analysis.to_owned();
    // Each step goes to a later save, so that it ends even where corrections name each other.
    let mut after = 0;
    while let Some(at) =
        saves[after..].iter().rposition(|save| save.corrects.as_ref().is_some_and(|j| j.as_str() == shown))
    {
        shown = saves[after + at].job.to_string();
        after += at + 1;
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_correction_is_shown_and_only_for_what_it_corrects() {
        let save = |job: &str, corrects: Option<&str>| Save {
            job: JobId::new(job).unwrap(),
            corrects: corrects.and_then(JobId::new),
            reader: "R.".into(),
            at_ms: 1,
            objects: vec![],
        };
        let saves = [save("m", None), save("c1", Some("m")), save("c2", Some("m")), save("c3", Some("c2"))];
        assert_eq!(
            (shown(&saves, "m"), shown(&saves, "c1"), shown(&saves, "late")),
            ("c3".into(), "c1".into(), "late".into())
        );
        assert_eq!(shown(&[save("a", Some("b")), save("b", Some("a"))], "a"), "b");
    }
}
