//! A mask that a person corrected.

use std::borrow::Cow;

use cordline_core::volume::Volume;
use cordline_imaging::reorient::Reorientation;
use cordline_imaging::segment::Segmented;
use cordline_sdk::job::JobId;
use cordline_sdk::problem::{Code, Diagnose};
use ndarray::Array3;
use thiserror::Error;

/// A mask that a person corrected, instead of the segmenter's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The corrected mask, (section, row, column) on the grid of the volume.
    pub mask: Array3<bool>,
    /// The mask that the machine had made.
    pub machine: Array3<bool>,
    /// The job whose mask it was.
    pub job: JobId,
    /// Who corrected it, where the viewer told it.
    pub reader: Option<String>,
}

/// A corrected mask lies on another grid than the volume.
#[derive(Debug, Error)]
#[error("the corrected mask has the shape {mask:?}, the volume {volume:?}")]
pub(super) struct GridMismatch {
    mask: Vec<usize>,
    volume: Vec<usize>,
}

impl Diagnose for GridMismatch {
    fn code(&self) -> Code {
        Code::MaskGrid
    }

    fn action(&self) -> Cow<'_, str> {
        "correct the mask on the grid of the volume that was analysed".into()
    }
}

impl Correction {
    /// The corrected mask in training orientation, as if it had been segmented: every voxel of it is believed.
    pub(super) fn segmented(&self, way: &Reorientation) -> Segmented {
        let mask = way.array(&self.mask).into_owned();
        Segmented { core: mask.clone(), mask }
    }

    /// Whether it lies on the grid of this volume.
    ///
    /// # Errors
    /// It has another shape.
    pub(super) fn check_grid(&self, volume: &Volume) -> Result<(), GridMismatch> {
        match self.mask.shape() == volume.voxels.shape() {
            true => Ok(()),
            false => Err(GridMismatch { mask: self.mask.shape().to_vec(), volume: volume.voxels.shape().to_vec() }),
        }
    }

    /// Overlap of both masks, 1 where both are empty.
    pub fn dice(&self) -> f64 {
        let count = |mask: &Array3<bool>| mask.iter().filter(|v| **v).count();
        let both = self.mask.iter().zip(&self.machine).filter(|(a, b)| **a && **b).count();
        match count(&self.mask) + count(&self.machine) {
            0 => 1.0,
            sum => 2.0 * both as f64 / sum as f64,
        }
    }

    /// What a reader must know of it.
    pub(super) fn warning(&self) -> String {
        let dice = self.dice();
        format!("The mask was corrected by {}; its overlap with the machine's own mask is Dice {dice:.2}.", self.who())
    }

    /// Why this series and no other.
    pub(super) fn reason(&self) -> String {
        format!("corrected mask of job {} by {}", self.job, self.who())
    }

    fn who(&self) -> &str {
        self.reader.as_deref().unwrap_or("a person")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overlap_of_two_masks_is_their_dice() {
        let mask = |set: &[usize]| Array3::from_shape_fn((1, 1, 6), |(_, _, c)| set.contains(&c));
        let job = JobId::new("a1").unwrap();
        let correction = |a: &[usize], b: &[usize]| Correction {
            mask: mask(a),
            machine: mask(b),
            job: job.clone(),
            reader: Some("R. Meyer".into()),
        };
        let dice = |a: &[usize], b: &[usize]| correction(a, b).dice();
        assert_eq!(correction(&[], &[]).reason(), "corrected mask of job a1 by R. Meyer");
        assert_eq!((dice(&[], &[]), dice(&[1], &[]), dice(&[1, 2], &[2, 3])), (1.0, 0.0, 0.5));
    }
}
