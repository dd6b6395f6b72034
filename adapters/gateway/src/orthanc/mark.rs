//! What a study carries in the archive about Cordline: there, and nowhere else, is known what was done with it.
//!
//! Notes (metadata of Orthanc) on the study: 1024 for people and buttons, one word and a sentence; 1025 for ourselves, which
//! instances were analysed and which objects came back; 1026 what readers said of it; 1028 how often it was analysed ([`super::again`]).

use std::fmt::Display;

use cordline_sdk::job::{JobState, JobSummary};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::rest::{OrthancError, Series};
use crate::archive::ArchiveClient;

/// Number of the note for people.
pub const FOR_PEOPLE: u16 = 1024;
/// Number of our own note.
const FOR_US: u16 = 1025;
/// Number of the note of what readers said.
pub const VERDICTS: u16 = 1026;

/// First word of the line of a study that is tried again soon.
const WAITING: &str = "waiting: ";
/// The line of a study that is taken up.
pub(super) const QUEUED: &str = "queued";

/// What a reader said of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The job that answered.
    pub job: String,
    /// Whose token.
    pub who: String,
    /// When, in milliseconds since 1970 (UTC).
    pub at_ms: i64,
    /// True where the reader agrees.
    pub accepted: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Adds a verdict to those on the study.
pub async fn judge(archive: &ArchiveClient, study: &str, verdict: Verdict) -> Result<(), OrthancError> {
    let text = archive.note(study, VERDICTS).await?.unwrap_or_default();
    let mut verdicts: Vec<Verdict> = serde_json::from_str(&text).unwrap_or_default();
    verdicts.push(verdict);
    let text = serde_json::to_string(&verdicts).expect("text, numbers and yes or no");
    archive.write_note(study, VERDICTS, &text).await
}

/// Our own note.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Digest of the names of all MR instances that were analysed.
    pub instances: String,
    /// The job.
    pub job: String,
    /// True once the end of the job was written down, and its objects are in the archive.
    pub done: bool,
    /// Orthanc's names of the objects that we stored.
    pub objects: Vec<String>,
    /// Which analysis of these instances the job is, from 0.
    #[serde(default)]
    pub again: u32,
    /// True where a person wants the study analysed anew, and nobody has begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wanted: bool,
}

impl Mark {
    /// The note of a study. One that cannot be read is as good as none: the job is the same for the same input.
    pub async fn read(archive: &ArchiveClient, study: &str) -> Result<Self, OrthancError> {
        Ok(Self::find(archive, study).await?.unwrap_or_default())
    }

    /// The same; `None` where the study has no such note.
    pub async fn find(archive: &ArchiveClient, study: &str) -> Result<Option<Self>, OrthancError> {
        let text = archive.note(study, FOR_US).await?;
        Ok(text.map(|text| serde_json::from_str(&text).unwrap_or_default()))
    }

    /// Writes it.
    pub async fn write(&self, archive: &ArchiveClient, study: &str) -> Result<(), OrthancError> {
        let text = serde_json::to_string(self).expect("text and lists of text");
        archive.write_note(study, FOR_US, &text).await
    }
}

/// The MR instances of a study in the order of their names. What we stored ourselves is of other modalities.
pub fn mr_instances(series: &[Series]) -> Vec<String> {
    let mr = series.iter().filter(|s| s.main_dicom_tags.modality == "MR");
    let mut instances: Vec<String> = mr.flat_map(|s| s.instances.iter().cloned()).collect();
    instances.sort();
    instances
}

/// The instances of a study that are no images of the scanner, and may be results of ours.
pub fn results(series: &[Series]) -> Vec<String> {
    let others = series.iter().filter(|s| s.main_dicom_tags.modality != "MR");
    others.flat_map(|s| s.instances.iter().cloned()).collect()
}

/// A digest of such a list: a late section makes another one.
pub fn digest(instances: &[String]) -> String {
    let mut hash = Sha256::new();
    for instance in instances {
        hash.update(instance);
        hash.update(b"\n");
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// A word for buttons and lists, and a sentence for people.
pub fn sentence(summary: &JobSummary) -> String {
    let problem = || summary.problem.as_ref().map_or(String::new(), |p| format!(": {}; {}", p.message, p.action));
    match summary.state {
        JobState::Completed => match &summary.finding {
            Some(finding) if finding.is_no_lesion() => "no lesion".into(),
            Some(finding) => format!("done: {}", finding.label),
            None => "done".into(),
        },
        JobState::NeedsSelection => format!("needs selection{}", problem()),
        JobState::OutOfScope => format!("out of scope{}", problem()),
        JobState::Failed => format!("failed{}", problem()),
        JobState::Cancelled => "cancelled".into(),
        _ => QUEUED.into(),
    }
}

/// The same for a study that was refused, and will be each time.
pub fn refused(why: &dyn Display) -> String {
    format!("failed: {why}")
}

/// The same for a study that is tried again soon.
pub fn waiting(why: &dyn Display) -> String {
    format!("{WAITING}{why}; it is tried again")
}

/// True for the line of a study that may not have been begun with yet.
pub(super) fn says_that_it_waits(line: &str) -> bool {
    line == QUEUED || line.starts_with(WAITING)
}

#[cfg(test)]
mod tests {
    use super::super::rest::SeriesTags;
    use super::*;

    fn series(modality: &str, instances: &[&str]) -> Series {
        Series {
            id: modality.into(),
            instances: instances.iter().map(|i| (*i).to_owned()).collect(),
            main_dicom_tags: SeriesTags { modality: modality.into() },
        }
    }

    #[test]
    fn a_late_section_is_another_study_and_an_object_of_ours_is_not() {
        let before = digest(&mr_instances(&[series("MR", &["b", "a"])]));
        assert_eq!(before, digest(&mr_instances(&[series("MR", &["a", "b"]), series("SEG", &["c"])])));
        assert_ne!(before, digest(&mr_instances(&[series("MR", &["a", "b", "c"])])));
    }
}
