//! The contrast-enhanced T1-weighted series that goes with the chosen one.

use super::assessment::{Assessed, Assessment, Weighting};
use super::pictures::PictureKind;
use super::rank;
use super::rules::SeriesRules;
use super::words::{find_word, words};
use crate::read::series_volume::SeriesVolume;

/// Finds the best contrast-enhanced T1-weighted sagittal series in the frame of reference of the chosen one; says so where the only ones
/// lie in another.
pub(super) fn find(
    chosen: &SeriesVolume,
    others: &[Assessed],
    rules: &SeriesRules,
    warnings: &mut Vec<String>,
) -> Option<SeriesVolume> {
    let frame_of_reference =
        |s: &SeriesVolume| s.instances.first().map(|i| i.series.frame_of_reference_uid.clone()).unwrap_or_default();
    let wanted = frame_of_reference(chosen);
    let enhanced: Vec<_> = others.iter().filter(|(s, a)| is_enhanced_t1(s, a, rules)).collect();
    let (same, elsewhere): (Vec<_>, Vec<_>) =
        enhanced.into_iter().partition(|(s, _)| !wanted.is_empty() && frame_of_reference(s) == wanted);
    let best = same.into_iter().max_by(|(_, a), (_, b)| rank::compare(a, b));
    if best.is_none()
        && let Some((s, _)) = elsewhere.first()
    {
        warnings.push(format!(
            "the contrast-enhanced T1-weighted series \"{}\" was left out: it has another FrameOfReferenceUID",
            s.description()
        ));
    }
    best.map(|(s, _)| s.clone())
}

/// A filled ContrastBolusAgent counts only with T1 weighting: scanners often leave it filled for later T2-weighted series.
fn is_enhanced_t1(series: &SeriesVolume, a: &Assessment, rules: &SeriesRules) -> bool {
    let Some(first) = series.instances.first() else { return false };
    let text = first.series.described().to_lowercase();
    let said = words(&text);
    let named = find_word(&said, &rules.agent_words).is_some() || text.contains("c+") || text.contains("+c");
    let denied = find_word(&said, &rules.no_agent_words).is_some();
    a.weighting == Weighting::T1
        && !matches!(a.pictures.kind, PictureKind::Excluded(_))
        && a.is_sagittal
        && a.sections >= rules.min_sections
        && (first.acquisition.contrast_agent || (named && !denied))
}
