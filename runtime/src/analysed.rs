//! A study that was analysed, before it becomes files.

use cordline_sdk::wire::request::Predecessor;

use crate::bundle::Manifest;
use crate::dicom::source::SourceSeries;
use crate::pipeline::findings::Findings;
use crate::volume::Volume;

/// The volume that was analysed, and where it came from.
pub struct Analysed {
    /// The chosen series; `None` for a volume from a viewer, which has no DICOM that results could refer to.
    pub source: Option<SourceSeries>,
    /// The contrast-enhanced T1-weighted series, where it was used too.
    pub t1c: Option<SourceSeries>,
    /// The voxels of the chosen series.
    pub volume: Volume,
    /// What was found in it.
    pub findings: Findings,
    /// The bundle that found it.
    pub manifest: Manifest,
    /// True where a person corrected the mask.
    pub semiautomatic: bool,
    /// How often the same was analysed before.
    pub again: u32,
    /// Name of that person, where the viewer told it.
    pub reader: Option<String>,
    /// Results of earlier analyses of the same study, which this one follows.
    pub predecessors: Vec<Predecessor>,
}
