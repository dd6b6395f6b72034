//! What is analysed: DICOM files, or voxels that somebody hands over; and a mask that somebody corrected.

use std::path::PathBuf;

use cordline_sdk::job::JobId;
use cordline_sdk::result::{Problem, SeriesChoice, State};
use ndarray::Array3;

use crate::dicom::read::series::SeriesRules;
use crate::geometry::{Geometry, GeometryError, Lps, dot};
use crate::pipeline::reorient::Reorientation;
use crate::pipeline::segment::Segmented;
use crate::reader::Reader;
use crate::stop::Stop;
use crate::volume::Volume;

/// What is analysed.
pub enum Subject<'a> {
    /// Files, folders and ZIP archives of one patient.
    Files(&'a [PathBuf]),
    /// The same, in the hands of a process of its own.
    Reader(Reader),
    /// A volume that a person chose in a viewer, with the T1c where there is one.
    Volume(&'a Volume, Option<&'a Volume>),
}

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

impl Correction {
    /// The corrected mask in training orientation, as if it had been segmented: every voxel of it is believed.
    pub(super) fn segmented(&self, way: &Reorientation) -> Segmented {
        let mask = way.array(&self.mask).into_owned();
        Segmented { core: mask.clone(), mask }
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

/// A grid from a matrix that takes (column, row, section, 1) to patient coordinates (LPS, mm), row by row.
pub fn geometry_of(matrix: &[f64; 16], shape: [usize; 3]) -> Result<Geometry, GeometryError> {
    // Axes in the order of indices: section, row, column.
    let steps: [Lps; 3] = [2, 1, 0].map(|column| [0, 1, 2].map(|row| matrix[row * 4 + column]));
    let spacing = steps.map(|step| dot(step, step).sqrt());
    let axes = [0, 1, 2].map(|k| steps[k].map(|v| v / spacing[k]));
    Geometry::new(shape, spacing, [matrix[3], matrix[7], matrix[11]], axes)
}

/// Refuses sections of another plane, whoever chose them: the networks have seen sagittal ones alone. How far the normal lies along x.
pub(super) fn check_plane(geometry: &Geometry, rules: &SeriesRules) -> Result<f64, Stop> {
    let along = geometry.axes()[0][0].abs();
    if along < rules.oblique_normal {
        let problem = Problem {
            code: "not_sagittal".into(),
            message: format!("the volume's sections are not sagittal: their normal is only {along:.2} along x"),
            action: "give a sagittal T2-weighted series; from a viewer, a volume with its sagittal sections first"
                .into(),
        };
        return Err(Stop::at(State::OutOfScope, problem));
    }
    Ok(along)
}

/// What can be said of a volume without headers: its plane. The rest was decided by whoever chose it, and that is said.
pub(super) fn choice_of(volume: &Volume, rules: &SeriesRules) -> Result<(SeriesChoice, Vec<String>), Stop> {
    let along = check_plane(&volume.geometry, rules)?;
    let mut warnings = vec![
        "The volume was chosen in a viewer; that it is a T2-weighted image of the spine was not checked.".to_owned(),
    ];
    if along < rules.sagittal_normal {
        warnings.push(format!("The sections are oblique: their normal is only {along:.2} along x."));
    }
    let reasons = vec!["chosen in the viewer".into(), format!("sagittal (normal {along:.2} along x)")];
    Ok((SeriesChoice { reasons, ..SeriesChoice::default() }, warnings))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAGITTAL: [f64; 16] =
        [0.0, 0.0, 3.3, -24.75, 0.625, 0.0, 0.0, -80.0, 0.0, -0.5, 0.0, 120.5, 0.0, 0.0, 0.0, 1.0];

    #[test]
    fn a_matrix_becomes_the_grid_that_it_describes() {
        let grid = geometry_of(&SAGITTAL, [15, 448, 320]).unwrap();
        assert_eq!(grid.spacing(), [3.3, 0.5, 0.625]);
        assert_eq!(grid.to_patient([2.0, 10.0, 4.0]), [-24.75 + 6.6, -80.0 + 2.5, 120.5 - 5.0]);
        let mut flat = SAGITTAL;
        flat[2] = 0.0;
        assert!(geometry_of(&flat, [15, 448, 320]).is_err());
        let mut sheared = SAGITTAL;
        sheared[4] = 0.3;
        sheared[8] = 0.4;
        assert!(geometry_of(&sheared, [15, 448, 320]).is_err());
    }

    #[test]
    fn an_axial_volume_is_out_of_scope_and_a_sagittal_one_says_what_was_not_checked() {
        let volume =
            |matrix| Volume { voxels: Array3::zeros((2, 2, 2)), geometry: geometry_of(&matrix, [2, 2, 2]).unwrap() };
        let (choice, warnings) = choice_of(&volume(SAGITTAL), &SeriesRules::default()).ok().unwrap();
        assert!(choice.reasons[1].contains("sagittal") && warnings[0].contains("not checked"));
        let axial = [0.5, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        let stop = choice_of(&volume(axial), &SeriesRules::default()).err().unwrap();
        assert_eq!((stop.state, stop.problem.code.as_str()), (State::OutOfScope, "not_sagittal"));
    }

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
