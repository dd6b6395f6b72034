//! What the pipeline says of one volume, before it becomes JSON, DICOM or a page.

use cordline_sdk::Finding;
use cordline_sdk::result::{Classification, Lesion, NotAsked};
use ndarray::Array2;

use crate::volume::LabelMap;

/// All that was found in one volume.
#[derive(Debug, Clone)]
pub struct Findings {
    /// The answer in a word or two.
    pub finding: Finding,
    /// The lesions, largest first; lesion `n` carries the label `n` in `labels`.
    pub lesions: Vec<Lesion>,
    /// Lesion numbers on the native grid of the volume.
    pub labels: LabelMap,
    /// The questions that were asked, in order.
    pub classifications: Vec<Classification>,
    /// The questions that were not asked.
    pub not_asked: Vec<NotAsked>,
    /// One heat map for each decided question in which the network shows any activation.
    pub heat_maps: Vec<HeatMap>,
}

/// Grad-CAM of one question, for the class that was decided on. None is made for an undecided question.
#[derive(Debug, Clone)]
pub struct HeatMap {
    /// Id of the classifier in the bundle.
    pub classifier: String,
    /// Words for the question.
    pub question: String,
    /// Id of the class that the map explains.
    pub class: String,
    /// Words for that class.
    pub label: String,
    /// Rows and columns of a section: the map lies over the whole of it.
    pub grid: [usize; 2],
    /// The maps, one for each section that was asked.
    pub sections: Vec<ActivationMap>,
}

impl HeatMap {
    /// Rows and columns of the network's feature grid: how coarse the map really is.
    pub fn feature_map(&self) -> [usize; 2] {
        self.sections.first().map_or([0, 0], |s| s.activation.dim().into())
    }
}

/// The heat map of one section.
///
/// It is kept as coarse as the network drew it, and resized where it is written or shown.
#[derive(Debug, Clone)]
pub struct ActivationMap {
    /// Section index from 0.
    pub section: usize,
    /// Values on the network's feature grid (row, column), which lies over the whole section: 8 x 8 for a 256 x 256 input; 0 to 1, where
    /// 1 is the study's strongest activation for this question.
    pub activation: Array2<f32>,
}
