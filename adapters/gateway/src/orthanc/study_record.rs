//! The gateway's own record on a study ([`RECORD`]): what was analysed, and what came of it.

use std::collections::BTreeMap;

use cordline_sdk::result::SeriesChoice;
use cordline_sdk::sha256::Hasher;
use serde::{Deserialize, Serialize};

use super::error::OrthancError;
use super::metadata::RECORD;
use super::resources::Series;
use crate::archive::ArchiveClient;

/// In place of the digest of instances, where a reader judged or stored results before the gateway analysed the study.
pub(super) const NOT_ANALYZED: &str = "not looked at";

/// What stands on a study.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StudyRecord {
    /// Digest of the identifiers of all MR instances that were analysed.
    pub(super) instances: String,
    /// With [`NOT_ANALYZED`]: digest of the MR instances that were there then. Our own report makes the study stable again, and that alone is
    /// no arrival.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) there: String,
    /// The job that is shown: the last one of the gateway, or a reader's correction of it.
    pub(crate) job: String,
    /// True once the end of the job was written down, and its objects are in the archive.
    pub(super) done: bool,
    /// Orthanc's identifiers of the objects of this job. Those of earlier jobs stay in the archive, and are found by their attributes.
    pub(super) objects: Vec<String>,
    /// Which analysis of these instances the job is, from 0.
    #[serde(default)]
    pub(super) again: u32,
    /// True where a person wants the study analysed again, and that has not begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) wanted: bool,
    /// Each MR series that was there, by its UID; none in records of earlier versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) series: BTreeMap<String, SeriesSnapshot>,
    /// Series that came after the analysis, or got images after it, and are not part of it; localizers do not count.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) came_later: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A series as it was when it was analysed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SeriesSnapshot {
    /// Digest of the identifiers of its instances.
    pub(super) instances: String,
    /// True where the answer rests on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) chosen: bool,
}

impl StudyRecord {
    /// The record of a study. One that cannot be read counts as none: the job is the same for the same input.
    pub(crate) async fn read(archive: &ArchiveClient, study: &str) -> Result<Self, OrthancError> {
        Ok(Self::find(archive, study).await?.unwrap_or_default())
    }

    /// The same; `None` where the study has no record.
    pub(super) async fn find(archive: &ArchiveClient, study: &str) -> Result<Option<Self>, OrthancError> {
        let text = archive.metadata(study, RECORD).await?;
        Ok(text.map(|text| serde_json::from_str(&text).unwrap_or_default()))
    }

    pub(super) async fn write(&self, archive: &ArchiveClient, study: &str) -> Result<(), OrthancError> {
        let text = serde_json::to_string(self).expect("text and lists of text");
        archive.write_metadata(study, RECORD, &text).await
    }

    /// True where the answer stays valid with the images of `now`: every series on which it rests is unchanged.
    pub(super) fn still_holds(&self, now: &BTreeMap<String, SeriesSnapshot>) -> bool {
        let mut chosen = self.series.iter().filter(|(_, series)| series.chosen).peekable();
        self.done
            && !self.wanted
            && chosen.peek().is_some()
            && chosen.all(|(uid, series)| now.get(uid).is_some_and(|one| one.instances == series.instances))
    }
}

/// The MR series of a study by their UIDs. What we stored ourselves is of other modalities.
pub(super) fn snapshot(series: &[Series]) -> BTreeMap<String, SeriesSnapshot> {
    let mr = series.iter().filter(|s| s.main_dicom_tags.modality == "MR");
    mr.map(|s| {
        let mut instances = s.instances.clone();
        instances.sort();
        (s.main_dicom_tags.uid.clone(), SeriesSnapshot { instances: digest(&instances), chosen: false })
    })
    .collect()
}

/// Marks the series on which an answer rests.
pub(super) fn mark_chosen(series: &mut BTreeMap<String, SeriesSnapshot>, choice: &SeriesChoice) {
    for uid in [&choice.uid, &choice.t1c_uid].into_iter().flatten() {
        series.entry(uid.clone()).and_modify(|snapshot| snapshot.chosen = true);
    }
}

/// The identifiers of the MR instances of a study, sorted.
pub(super) fn mr_instances(series: &[Series]) -> Vec<String> {
    let mr = series.iter().filter(|s| s.main_dicom_tags.modality == "MR");
    let mut instances: Vec<String> = mr.flat_map(|s| s.instances.iter().cloned()).collect();
    instances.sort();
    instances
}

/// A digest of such identifiers: a section that arrives late changes it.
pub(super) fn digest(instances: &[String]) -> String {
    let mut hasher = Hasher::default();
    for instance in instances {
        hasher.update(instance);
        hasher.update(b"\n");
    }
    hasher.finish().to_string()
}

#[cfg(test)]
mod tests {
    use super::super::resources::SeriesTags;
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
        let mut then = snapshot(&[t2w.clone(), t1c.clone()]);
        let choice = SeriesChoice { uid: Some("2".into()), t1c_uid: Some("3".into()), ..SeriesChoice::default() };
        mark_chosen(&mut then, &choice);
        let record = StudyRecord { done: true, series: then, ..StudyRecord::default() };
        assert!(
            record.still_holds(&snapshot(&[t1c.clone(), t2w.clone(), scout.clone()])),
            "a localizer changes nothing"
        );
        assert!(!record.still_holds(&snapshot(&[series("MR", "2", &["a", "b", "d"]), t1c.clone()])), "a section came");
        assert!(!record.still_holds(&snapshot(&[t2w.clone(), series("MR", "3", &["e"])])), "the T1c is another one");
        assert!(!record.still_holds(&snapshot(std::slice::from_ref(&t2w))), "the T1c is gone");
        assert!(
            !StudyRecord { done: false, ..record.clone() }.still_holds(&snapshot(&[t2w.clone(), t1c])),
            "not at its end"
        );
        let nothing_chosen = StudyRecord { done: true, series: snapshot(&[scout]), ..StudyRecord::default() };
        assert!(!nothing_chosen.still_holds(&snapshot(&[t2w])), "out of scope so far");
    }

    #[test]
    fn a_record_of_an_earlier_version_is_read() {
        let record: StudyRecord =
            serde_json::from_str(r#"{"instances":"d","job":"j","done":true,"objects":["o"]}"#).unwrap();
        assert_eq!((record.objects, record.series.len()), (vec!["o".to_owned()], 0));
    }
}
