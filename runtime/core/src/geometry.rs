//! Where the voxels of a volume lie in the patient: a type without voxels.
//!
//! One convention inside the whole program: LPS patient coordinates in mm (as DICOM has them), arrays in the order (section, row, column),
//! spacing in the same order. Conversions happen only at the doors.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A point or a direction in patient coordinates (LPS); points in mm.
pub type Lps = [f64; 3];

/// How far direction cosines may stray from unit length and from right angles.
const ORTHONORMAL_TOLERANCE: f64 = 1e-3;

/// The grid of a volume: shape, spacing, orientation and position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "GeometryFields", into = "GeometryFields")]
pub struct Geometry {
    shape: [usize; 3],
    spacing: [f64; 3],
    origin: Lps,
    axes: [Lps; 3],
}

/// A grid on its way between two processes; checked again where it arrives.
#[derive(Serialize, Deserialize)]
struct GeometryFields {
    shape: [usize; 3],
    spacing: [f64; 3],
    origin: Lps,
    axes: [Lps; 3],
}

impl From<Geometry> for GeometryFields {
    fn from(Geometry { shape, spacing, origin, axes }: Geometry) -> Self {
        Self { shape, spacing, origin, axes }
    }
}

impl TryFrom<GeometryFields> for Geometry {
    type Error = GeometryError;

    fn try_from(GeometryFields { shape, spacing, origin, axes }: GeometryFields) -> Result<Self, GeometryError> {
        Self::new(shape, spacing, origin, axes)
    }
}

/// Why a grid cannot be one.
#[derive(Debug, Clone, Error, PartialEq)]
pub enum GeometryError {
    /// A count of voxels is zero.
    #[error("the volume has shape {0:?}; every axis needs at least one voxel")]
    EmptyShape([usize; 3]),
    /// A spacing is zero, negative or not a number.
    #[error("spacing {0:?} mm (section, row, column) is not positive and finite")]
    Spacing([f64; 3]),
    /// The direction cosines are not of unit length and at right angles.
    #[error("direction cosines {0:?} are not of unit length and at right angles")]
    NotOrthonormal([Lps; 3]),
    /// The position is not finite.
    #[error("position {0:?} mm is not finite")]
    Position(Lps),
}

impl Geometry {
    /// A checked grid.
    ///
    /// * `shape`, `spacing` (mm): (section, row, column)
    /// * `origin`: centre of voxel (0, 0, 0) in LPS mm
    /// * `axes`: unit vectors along which the section, row and column INDEX grow. In DICOM terms the last is the first triple of
    ///   ImageOrientationPatient and the middle one its second triple.
    ///
    /// # Errors
    /// A shape, spacing, position or axis that no grid has.
    pub fn new(shape: [usize; 3], spacing: [f64; 3], origin: Lps, axes: [Lps; 3]) -> Result<Self, GeometryError> {
        if shape.contains(&0) {
            return Err(GeometryError::EmptyShape(shape));
        }
        if !spacing.iter().all(|s| s.is_finite() && *s > 0.0) {
            return Err(GeometryError::Spacing(spacing));
        }
        if !origin.iter().all(|v| v.is_finite()) {
            return Err(GeometryError::Position(origin));
        }
        let unit = axes.iter().all(|a| (dot(*a, *a).sqrt() - 1.0).abs() <= ORTHONORMAL_TOLERANCE);
        let right = [(0, 1), (0, 2), (1, 2)].iter().all(|&(i, j)| dot(axes[i], axes[j]).abs() <= ORTHONORMAL_TOLERANCE);
        // A NaN fails both comparisons.
        if !(unit && right) {
            return Err(GeometryError::NotOrthonormal(axes));
        }
        Ok(Self { shape, spacing, origin, axes })
    }

    /// Number of sections, rows and columns.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Distance between sections, rows and columns in mm.
    pub fn spacing(&self) -> [f64; 3] {
        self.spacing
    }

    /// Centre of voxel (0, 0, 0) in LPS mm.
    pub fn origin(&self) -> Lps {
        self.origin
    }

    /// Unit vectors (LPS) along which the section, row and column index grow.
    pub fn axes(&self) -> [Lps; 3] {
        self.axes
    }

    /// Volume of a voxel in millilitres.
    pub fn voxel_ml(&self) -> f64 {
        self.spacing.iter().product::<f64>() / 1000.0
    }

    /// Patient position (LPS, mm) of a voxel index (section, row, column); fractions are allowed.
    pub fn to_patient(&self, index: [f64; 3]) -> Lps {
        let mut point = self.origin;
        for ((axis, spacing), i) in self.axes.iter().zip(self.spacing).zip(index) {
            for (p, a) in point.iter_mut().zip(axis) {
                *p += a * spacing * i;
            }
        }
        point
    }

    /// Voxel index (section, row, column; with fractions) of a patient position in LPS mm.
    pub fn to_index(&self, point: Lps) -> [f64; 3] {
        let d = sub(point, self.origin);
        [0, 1, 2].map(|k| dot(d, self.axes[k]) / self.spacing[k])
    }

    /// Centre of the first voxel of a section in LPS mm: its ImagePositionPatient.
    pub fn section_position(&self, section: usize) -> Lps {
        self.to_patient([section as f64, 0.0, 0.0])
    }
}

/// Scalar product.
pub fn dot(a: Lps, b: Lps) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Vector product.
pub fn cross(a: Lps, b: Lps) -> Lps {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Difference `a - b`.
pub fn sub(a: Lps, b: Lps) -> Lps {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sagittal grid: sections from right to left, rows downwards, columns backwards.
    fn sagittal() -> Geometry {
        Geometry::new(
            [11, 448, 320],
            [3.3, 0.5, 0.6],
            [-16.0, -80.0, 100.0],
            [[1., 0., 0.], [0., 0., -1.], [0., 1., 0.]],
        )
        .unwrap()
    }

    #[test]
    fn index_and_patient_coordinates_agree_on_an_oblique_grid() {
        let (s, c) = (0.3f64.sin(), 0.3f64.cos());
        let g =
            Geometry::new([5, 7, 9], [4.0, 0.7, 0.9], [1., 2., 3.], [[c, s, 0.], [0., 0., -1.], [-s, c, 0.]]).unwrap();
        let p = g.to_patient([2.5, 3.0, 4.0]);
        for (a, b) in g.to_index(p).iter().zip([2.5, 3.0, 4.0]) {
            assert!((a - b).abs() < 1e-9);
        }
    }

    #[test]
    fn rows_of_a_sagittal_section_run_towards_the_feet() {
        let g = sagittal();
        assert_eq!(g.to_patient([0.0, 10.0, 0.0]), [-16.0, -80.0, 95.0]);
        assert_eq!(g.section_position(2), [-16.0 + 6.6, -80.0, 100.0]);
    }

    #[test]
    fn impossible_grids_are_refused() {
        let axes = sagittal().axes();
        assert!(matches!(Geometry::new([0, 1, 1], [1.; 3], [0.; 3], axes), Err(GeometryError::EmptyShape(_))));
        assert!(matches!(Geometry::new([1; 3], [1., 0., 1.], [0.; 3], axes), Err(GeometryError::Spacing(_))));
        assert!(matches!(Geometry::new([1; 3], [1., f64::NAN, 1.], [0.; 3], axes), Err(GeometryError::Spacing(_))));
        assert!(matches!(
            Geometry::new([1; 3], [1.; 3], [0.; 3], [[1., 0., 0.], [1., 0., 0.], [0., 1., 0.]]),
            Err(GeometryError::NotOrthonormal(_))
        ));
    }
}
