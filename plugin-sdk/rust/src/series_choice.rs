//! Which series of a study was analysed, which were not, and what tells them apart.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The chosen series, its reasons, and the fate of every other series of the input.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesChoice {
    /// Series Instance UID; absent when none was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The same as a person would name it: the UID, with `#N` for the Nth volume of a series that holds several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Study Instance UID of the chosen series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub study_uid: Option<String>,
    /// Frame of Reference UID of the chosen series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_of_reference_uid: Option<String>,
    /// Series Description of the chosen series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Series Number of the chosen series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_number: Option<i32>,
    /// When the chosen series was acquired: local time of the scanner, for example `2026-01-05T10:15:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acquired: Option<String>,
    /// Why it was chosen, one reason a line.
    pub reasons: Vec<String>,
    /// Equally good series among which a person must choose; empty unless the state is `needs_selection`.
    pub candidates: Vec<SeriesVerdict>,
    /// Every other series, with the reasons against it.
    pub rejected: Vec<SeriesVerdict>,
    /// Number of sections, rows and columns of the chosen volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<[usize; 3]>,
    /// Distance between sections, rows and columns in mm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spacing_mm: Option<[f64; 3]>,
    /// SHA-256 of the voxels (float32, little-endian, section by section): says for which pixels the result holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixel_sha256: Option<String>,
    /// Series Instance UID of the contrast-enhanced T1-weighted series that was used too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t1c_uid: Option<String>,
}

impl SeriesChoice {
    /// The candidate that a person names: by its selector, or by its UID where no other candidate has that one.
    pub fn candidate(&self, named: &str) -> Option<&SeriesVerdict> {
        let mut of_series = self.candidates.iter().filter(|c| c.uid == named);
        let only = of_series.next().filter(|_| of_series.next().is_none());
        self.candidates.iter().find(|c| c.selector() == named).or(only)
    }
}

/// One series, or one volume of a series that holds several, and what was said of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SeriesVerdict {
    /// Series Instance UID.
    pub uid: String,
    /// What names it where a series is chosen: the UID, with `#N` for the Nth of several volumes. Empty in version 1.0: take `uid`.
    #[serde(default)]
    pub selector: String,
    /// What tells this volume from the others of its series: "echo 98 ms"; absent where the series is one volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Series Description, empty where there is none.
    pub description: String,
    /// Series Number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_number: Option<i32>,
    /// When it was acquired: local time of the scanner, for example `2026-01-05T10:15:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acquired: Option<String>,
    /// Number of frames.
    pub frames: usize,
    /// Number of sections: of different places along the normal of the plane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sections: Option<usize>,
    /// Distance between sections, rows and columns in mm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spacing_mm: Option<[f64; 3]>,
    /// Lowest and highest place that it covers along the patient's long axis (LPS z, mm).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height_mm: Option<[f64; 2]>,
    /// Values of ImageType, or of FrameType in Enhanced MR.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image_type: Vec<String>,
    /// The rules accept it; another one was only better, or a person must choose.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fits: bool,
    /// A picture of the middle section (PNG): path relative to the folder of `result.json`; listed in `files` as `thumbnail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<String>,
    /// The reasons, one a line.
    pub reasons: Vec<String>,
}

impl SeriesVerdict {
    /// What names it where a series is to be chosen; results of version 1.0 have the UID alone.
    pub fn selector(&self) -> &str {
        if self.selector.is_empty() { &self.uid } else { &self.selector }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_is_named_by_its_selector_or_by_a_uid_that_only_it_has() {
        let verdict = |uid: &str, selector: &str| SeriesVerdict {
            uid: uid.into(),
            selector: selector.into(),
            ..Default::default()
        };
        let candidates =
            vec![verdict("1.1", "1.1#1"), verdict("1.1", "1.1#3"), verdict("1.2", "1.2#2"), verdict("1.4", "")];
        let choice = SeriesChoice { candidates, ..Default::default() };
        let named = |text| choice.candidate(text).map(SeriesVerdict::selector);
        assert_eq!(named("1.1#3"), Some("1.1#3"));
        assert_eq!(named("1.2"), Some("1.2#2"));
        assert_eq!(named("1.4"), Some("1.4"));
        assert_eq!((named("1.1"), named("1.1#2"), named("1.9")), (None, None, None));
    }
}
