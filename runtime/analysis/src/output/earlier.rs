//! What an earlier analysis left in the folder of results.

use std::path::Path;

use chrono::{DateTime, FixedOffset};
use cordline_sdk::result::AnalysisResult;

use super::RESULT_FILE;

/// The result that an earlier analysis left in the folder, as far as it says whether the same was done before.
#[derive(Debug, Default)]
pub(crate) struct EarlierResult(Option<AnalysisResult>);

impl EarlierResult {
    /// Reads what lies there; anything that is no result counts as nothing.
    pub(crate) fn read(folder: &Path) -> Self {
        let bytes = std::fs::read(folder.join(RESULT_FILE)).ok();
        Self(bytes.and_then(|b| serde_json::from_slice(&b).ok()))
    }

    /// When the earlier result was made, if the objects of both carry the same UIDs, and so must be the same bytes: those of the same
    /// pixels, models, program, reasons and warnings. `None` where either came to no volume: then there are no objects.
    pub(crate) fn created(&self, result: &AnalysisResult) -> Option<DateTime<FixedOffset>> {
        let key = |r: &AnalysisResult| {
            let series = r.series.clone()?;
            Some((
                (series.pixel_sha256?, series.uid, series.reasons),
                r.bundle.as_ref().map(|b| b.sha256.clone()),
                r.cordline_version.clone(),
                r.provider.clone(),
                r.warnings.clone(),
            ))
        };
        let now = key(result)?;
        let earlier = self.0.as_ref().filter(|earlier| key(earlier).as_ref() == Some(&now))?;
        DateTime::parse_from_rfc3339(&earlier.created).ok()
    }
}

#[cfg(test)]
mod tests {
    use cordline_sdk::result::{SeriesChoice, State};

    use super::*;

    fn result(pixels: Option<&str>) -> AnalysisResult {
        let series = SeriesChoice { pixel_sha256: pixels.map(str::to_owned), ..SeriesChoice::default() };
        AnalysisResult {
            schema_version: String::new(),
            notice: String::new(),
            cordline_version: "1".into(),
            state: State::Completed,
            finding: None,
            problem: None,
            warnings: Vec::new(),
            series: Some(series),
            bundle: None,
            created: "2026-01-05T10:00:00+00:00".into(),
            provider: None,
            precision: None,
            classifications: Vec::new(),
            not_asked: Vec::new(),
            lesions: Vec::new(),
            timings_ms: Default::default(),
            files: Vec::new(),
        }
    }

    #[test]
    fn the_same_again_keeps_its_date_and_another_study_has_its_own() {
        let earlier = EarlierResult(Some(result(Some("a"))));
        assert!(earlier.created(&result(Some("a"))).is_some());
        assert!(earlier.created(&result(Some("b"))).is_none());
        let warned = AnalysisResult { warnings: vec!["w".into()], ..result(Some("a")) };
        assert!(earlier.created(&warned).is_none());
        let mut named = result(Some("a"));
        named.series.as_mut().unwrap().reasons = vec!["named by the user".into()];
        assert!(earlier.created(&named).is_none());
    }

    #[test]
    fn two_studies_without_a_volume_are_not_the_same_study() {
        let nothing = AnalysisResult { series: None, ..result(None) };
        for early_end in [result(None), nothing] {
            assert_eq!(EarlierResult(Some(early_end.clone())).created(&early_end), None);
        }
    }
}
