//! A volume that a viewer hands over: its grid, and what can be said of it without headers.

use std::borrow::Cow;

use cordline_core::geometry::{Geometry, GeometryError, Lps, dot};
use cordline_core::volume::Volume;
use cordline_dicom::read::series::SeriesRules;
use cordline_sdk::problem::{Code, Diagnose};
use cordline_sdk::result::SeriesChoice;
use thiserror::Error;

use crate::early_end::EarlyEnd;

/// The sections of a volume lie in another plane.
#[derive(Debug, Error)]
#[error("the volume's sections are not sagittal: their normal is only {along:.2} along x")]
struct NotSagittal {
    along: f64,
}

impl Diagnose for NotSagittal {
    fn code(&self) -> Code {
        Code::NotSagittal
    }

    fn action(&self) -> Cow<'_, str> {
        "give a sagittal T2-weighted series; from a viewer, a volume with its sagittal sections first".into()
    }
}

/// A grid from a matrix that takes (column, row, section, 1) to patient coordinates (LPS, mm), row by row.
///
/// # Errors
/// The matrix describes no grid of boxes.
pub fn geometry_of(matrix: &[f64; 16], shape: [usize; 3]) -> Result<Geometry, GeometryError> {
    // Axes in the order of indices: section, row, column.
    let steps: [Lps; 3] = [2, 1, 0].map(|column| [0, 1, 2].map(|row| matrix[row * 4 + column]));
    let spacing = steps.map(|step| dot(step, step).sqrt());
    let axes = [0, 1, 2].map(|k| steps[k].map(|v| v / spacing[k]));
    Geometry::new(shape, spacing, [matrix[3], matrix[7], matrix[11]], axes)
}

/// How far the normal lies along x.
///
/// # Errors
/// The sections are not sagittal: the networks have seen no others, and a person's choice does not change that.
pub(super) fn check_plane(geometry: &Geometry, rules: &SeriesRules) -> Result<f64, EarlyEnd> {
    let along = geometry.axes()[0][0].abs();
    if along < rules.oblique_normal {
        return Err(EarlyEnd::out_of_scope(NotSagittal { along }));
    }
    Ok(along)
}

/// What can be said of a volume without headers: its plane. All else was decided by the person who chose it, and a warning says so.
pub(super) fn choice_of(volume: &Volume, rules: &SeriesRules) -> Result<(SeriesChoice, Vec<String>), EarlyEnd> {
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
    use cordline_sdk::result::State;
    use ndarray::Array3;

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
        let end = choice_of(&volume(axial), &SeriesRules::default()).err().unwrap();
        assert_eq!((end.state, end.problem.code), (State::OutOfScope, Code::NotSagittal));
    }
}
