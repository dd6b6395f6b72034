//! What is said of a volume, for and against it.

use super::pictures::Pictures;
use crate::read::series_volume::SeriesVolume;

/// What speaks for and against a volume, and what it is ranked by.
#[derive(Debug, Clone, Default)]
pub(super) struct Assessment {
    /// What speaks for it.
    pub reasons: Vec<String>,
    /// What is doubtful.
    pub warnings: Vec<String>,
    /// What speaks against it; empty where the rules accept it.
    pub against: Vec<String>,
    /// Why it cannot be read as a volume although the rules accept it.
    pub damage: Option<String>,
    /// How well it fits: two points each for plane, contrast and body part, one where doubtful.
    pub score: u32,
    /// Its own description or protocol says that it is the spine.
    pub says_spine: bool,
    /// Nothing says for certain that it is the spine.
    pub body_is_doubtful: bool,
    /// Kind and origin of its pictures.
    pub pictures: Pictures,
    /// Different positions along the normal.
    pub sections: usize,
    /// Area of a pixel in mm².
    pub pixel_area: f64,
    /// Distance between sections, rows and columns in mm.
    pub spacing_mm: Option<[f64; 3]>,
    /// SeriesDate and SeriesTime, or those of its acquisition.
    pub when: String,
    /// Lowest and highest place along LPS z in mm.
    pub height_mm: Option<[f64; 2]>,
    /// Lowest and highest place of its sections along the patient's x axis as its normal has it, in mm.
    pub across_mm: Option<[f64; 2]>,
    /// Fat is suppressed in it.
    pub fat_suppressed: bool,
    /// It is sagittal or nearly so.
    pub is_sagittal: bool,
    /// What its contrast is.
    pub weighting: Weighting,
}

/// The contrast of a series.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Weighting {
    /// T2-weighted spin echo.
    T2,
    /// T1-weighted.
    T1,
    /// Anything else, or unknown.
    #[default]
    Other,
}

/// A volume with what was said of it.
pub(super) type Assessed = (SeriesVolume, Assessment);

impl Assessment {
    /// The rules accept it, and it can be read.
    pub(super) fn fits(&self) -> bool {
        self.against.is_empty() && self.damage.is_none()
    }

    /// What was said of it, for or against.
    pub(super) fn either(&self) -> Vec<String> {
        match &self.damage {
            _ if !self.against.is_empty() => self.against.clone(),
            Some(damage) => vec![format!("fits, but {damage}")],
            None => self.reasons.clone(),
        }
    }
}
