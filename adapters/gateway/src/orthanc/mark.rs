//! What a study carries in the archive about Cordline: there, and nowhere else, is known what was done with it.
//!
//! Notes (metadata of Orthanc) on the study: 1024 for people and buttons, one word and a sentence ([`super::line`]); 1025 for
//! ourselves, which instances were analysed and which objects came back; 1026 what readers said of it ([`super::reviews`]); 1027
//! what they saved ([`super::saves`]); 1028 how often it was analysed ([`super::again`]). Whoever deletes 1025 has the study
//! analysed anew; the other notes and all objects stay.

use std::collections::BTreeMap;

use cordline_sdk::result::SeriesChoice;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::rest::{OrthancError, Series};
use crate::archive::ArchiveClient;

/// Number of the note for people.
pub const FOR_PEOPLE: u16 = 1024;
/// Number of our own note.
const FOR_US: u16 = 1025;

/// In place of the digest of instances, where a reader stored results before the machine looked at the study.
pub const NOT_LOOKED_AT: &str = "not looked at";

/// Our own note.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Digest of the names of all MR instances that were looked at.
    pub instances: String,
    /// The job that is shown: the last one of the machine, or a reader's correction of it.
    pub job: String,
    /// True once the end of the job was written down, and its objects are in the archive.
    pub done: bool,
    /// Orthanc's names of the objects of this job. Those of earlier ones stay in the archive, and are known by what they say of themselves.
    pub objects: Vec<String>,
    /// Which analysis of these instances the job is, from 0.
    #[serde(default)]
    pub again: u32,
    /// True where a person wants the study analysed anew, and nobody has begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wanted: bool,
    /// Each MR series that was there, by its UID; none in notes of earlier versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub series: BTreeMap<String, Seen>,
    /// Series that came after the analysis, and that it did not look at; localizers do not count.
    #[serde(default, skip_serializing_if = "is_none")]
    pub came_later: usize,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// A series as it was when it was analysed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Digest of the names of its instances.
    pub instances: String,
    /// True where the answer rests on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub chosen: bool,
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

    /// True where an answer stands that no later image touches: every series on which it rests is as it was.
    pub fn still_holds(&self, now: &BTreeMap<String, Seen>) -> bool {
        let mut chosen = self.series.iter().filter(|(_, seen)| seen.chosen).peekable();
        self.done
            && !self.wanted
            && chosen.peek().is_some()
            && chosen.all(|(uid, seen)| now.get(uid).is_some_and(|one| one.instances == seen.instances))
    }
}

/// The MR series of a study by their UIDs. What we stored ourselves is of other modalities.
pub fn seen(series: &[Series]) -> BTreeMap<String, Seen> {
    let mr = series.iter().filter(|s| s.main_dicom_tags.modality == "MR");
    mr.map(|s| {
        let mut instances = s.instances.clone();
        instances.sort();
        (s.main_dicom_tags.uid.clone(), Seen { instances: digest(&instances), chosen: false })
    })
    .collect()
}

/// Marks the series on which an answer rests.
pub fn choose(series: &mut BTreeMap<String, Seen>, choice: &SeriesChoice) {
    for uid in [&choice.uid, &choice.t1c_uid].into_iter().flatten() {
        series.entry(uid.clone()).and_modify(|seen| seen.chosen = true);
    }
}

/// The MR instances of a study in the order of their names.
pub fn mr_instances(series: &[Series]) -> Vec<String> {
    let mr = series.iter().filter(|s| s.main_dicom_tags.modality == "MR");
    let mut instances: Vec<String> = mr.flat_map(|s| s.instances.iter().cloned()).collect();
    instances.sort();
    instances
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

#[cfg(test)]
mod tests {
    use super::super::rest::SeriesTags;
    use super::*;

    fn series(modality: &str, uid: &str, instances: &[&str]) -> Series {
        Series {
            id: modality.into(),
            instances: instances.iter().map(|i| (*i).to_owned()).collect(),
            main_dicom_tags: SeriesTags { modality: modality.into(), uid: uid.into() },
        }
    }

    #[test]
    fn a_late_section_is_another_study_and_an_object_of_ours_is_not() {
        let before = digest(&mr_instances(&[series("MR", "1", &["b", "a"])]));
        assert_eq!(before, digest(&mr_instances(&[series("MR", "1", &["a", "b"]), series("SEG", "2", &["c"])])));
        assert_ne!(before, digest(&mr_instances(&[series("MR", "1", &["a", "b", "c"])])));
    }

    #[test]
    fn an_answer_holds_until_a_series_on_which_it_rests_changes() {
        let [t2w, t1c, scout] = [series("MR", "2", &["a", "b"]), series("MR", "3", &["c"]), series("MR", "1", &["x"])];
        let mut then = seen(&[t2w.clone(), t1c.clone()]);
        let choice = SeriesChoice { uid: Some("2".into()), t1c_uid: Some("3".into()), ..SeriesChoice::default() };
        choose(&mut then, &choice);
        let mark = Mark { done: true, series: then, ..Mark::default() };
        assert!(mark.still_holds(&seen(&[t1c.clone(), t2w.clone(), scout.clone()])), "a localizer changes nothing");
        assert!(!mark.still_holds(&seen(&[series("MR", "2", &["a", "b", "d"]), t1c.clone()])), "a section came");
        assert!(!mark.still_holds(&seen(&[t2w.clone(), series("MR", "3", &["e"])])), "the T1c is another one");
        assert!(!mark.still_holds(&seen(std::slice::from_ref(&t2w))), "the T1c is gone");
        assert!(!Mark { done: false, ..mark.clone() }.still_holds(&seen(&[t2w.clone(), t1c])), "not at its end");
        let nothing_chosen = Mark { done: true, series: seen(&[scout]), ..Mark::default() };
        assert!(!nothing_chosen.still_holds(&seen(&[t2w])), "out of scope so far");
    }

    #[test]
    fn a_note_of_an_earlier_version_is_read() {
        let mark: Mark = serde_json::from_str(r#"{"instances":"d","job":"j","done":true,"objects":["o"]}"#).unwrap();
        assert_eq!((mark.objects, mark.series.len()), (vec!["o".to_owned()], 0));
    }
}
