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

    /// When the earlier result was made, if it had the same pixels, models and program: the objects of both carry the same UIDs, so they must
    /// be the same bytes.
    pub(crate) fn created(&self, result: &AnalysisResult) -> Option<DateTime<FixedOffset>> {
        let same = |earlier: &AnalysisResult| {
            let key = |r: &AnalysisResult| {
                let series = r.series.as_ref();
                (
                    series.and_then(|s| s.pixel_sha256.clone()),
                    series.and_then(|s| s.uid.clone()),
                    r.bundle.as_ref().map(|b| b.sha256.clone()),
                    r.cordline_version.clone(),
                    r.provider.clone(),
                )
            };
            key(earlier) == key(result)
        };
        self.0.as_ref().filter(|e| same(e)).and_then(|e| DateTime::parse_from_rfc3339(&e.created).ok())
    }
}
