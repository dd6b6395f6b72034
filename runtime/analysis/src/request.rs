//! What is to be analysed, and what the results shall say beside the findings.

use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset};
use cordline_core::volume::Volume;
use cordline_sdk::wire::request::Predecessor;

use super::Correction;
use crate::reader::ReaderProcess;

/// One study, or one volume, to be analysed.
pub struct AnalysisRequest<'a> {
    /// Where the images come from.
    pub input: AnalysisInput<'a>,
    /// Folder for the results.
    pub out: &'a Path,
    /// What a person chose: a SeriesInstanceUID, or `UID#N` for the Nth volume of that series.
    pub series: Option<&'a str>,
    /// A mask that a person corrected: nothing is segmented, and the questions are asked again.
    pub correction: Option<&'a Correction>,
    /// Results of earlier analyses of the same study, which the new ones name.
    pub predecessors: &'a [Predecessor],
    /// When the results say that they were made; now where absent. A job that is run again after a power cut must write the same bytes.
    pub created: Option<DateTime<FixedOffset>>,
    /// How often the same was analysed before: results of another analysis are other objects.
    pub again: u32,
}

/// Where the images of an analysis come from.
pub enum AnalysisInput<'a> {
    /// Files, folders and ZIP archives of one patient, read in this process.
    Files(&'a [PathBuf]),
    /// The same, in a process of its own that has begun to read them.
    Reader(ReaderProcess),
    /// A volume that a person chose in a viewer, with the T1c where there is one.
    Volume(&'a Volume, Option<&'a Volume>),
}
