//! Grad-CAM of a study.
//!
//! The classifier's own graph gives the map of each class on its feature grid (Selvaraju et al., 2017, in closed form through the head);
//! here it is scaled for the study. It stays on that grid, and is resized where it is written or shown.

use cordline_core::findings::{ActivationMap, HeatMap};
use cordline_core::manifest::{Class, Classifier};
use ndarray::Array2;

/// The heat map of a decided question, for the class that was decided on.
///
/// `maps` holds (section index, map on the feature grid); `grid` is (rows, columns) of a section. Values are divided by the largest of the
/// whole study, so that sections can be compared. Nothing where no section shows any activation.
pub fn heat_map(
    classifier: &Classifier,
    class: &Class,
    maps: &[(usize, Array2<f32>)],
    grid: [usize; 2],
) -> Option<HeatMap> {
    let peak = maps.iter().flat_map(|(_, m)| m.iter().copied()).fold(0.0f32, f32::max);
    if !(peak > 0.0 && peak.is_finite()) {
        return None;
    }
    Some(HeatMap {
        classifier: classifier.id.clone(),
        question: classifier.question.clone(),
        class: class.id.clone(),
        label: class.label.clone(),
        grid,
        sections: maps
            .iter()
            .map(|(section, map)| ActivationMap { section: *section, activation: map / peak })
            .collect(),
    })
}
