//! How a section is held up to the reader: head up, anterior to the left.

use cordline_core::geometry::{Geometry, Lps, dot};
use ndarray::ArrayView2;

/// A second letter is shown where the direction leans by more than this (sine of 15 degrees).
const LEAN: f64 = 0.2588;

/// The way from the stored rows and columns to the picture: one of the eight that only turn and mirror.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orientation {
    /// The stored columns run down the picture.
    transposed: bool,
    /// After that: the picture is turned upside down.
    flip_down: bool,
    /// After that: the picture is mirrored left to right.
    flip_right: bool,
    down: Lps,
    right: Lps,
    spacing: [f64; 2],
    shape: [usize; 2],
}

impl Orientation {
    /// The customary view of the plane that lies nearest: sagittal with the head up and anterior to the left,
    /// coronal with the head up and the patient's right to the left, axial with anterior up and the patient's right to the left.
    pub fn of(geometry: &Geometry) -> Self {
        let [normal, rows, columns] = geometry.axes();
        let largest = (0..3).fold(0, |best, k| if normal[k].abs() > normal[best].abs() { k } else { best });
        let (want_down, want_right): (Lps, Lps) = match largest {
            0 => ([0., 0., -1.], [0., 1., 0.]),
            1 => ([0., 0., -1.], [1., 0., 0.]),
            _ => ([0., 1., 0.], [1., 0., 0.]),
        };
        let transposed = dot(columns, want_down).abs() > dot(rows, want_down).abs();
        let ([_, row_spacing, column_spacing], [_, row_count, column_count]) = (geometry.spacing(), geometry.shape());
        let (mut down, mut right, spacing, shape) = if transposed {
            (columns, rows, [column_spacing, row_spacing], [column_count, row_count])
        } else {
            (rows, columns, [row_spacing, column_spacing], [row_count, column_count])
        };
        let flip_down = dot(down, want_down) < 0.0;
        let flip_right = dot(right, want_right) < 0.0;
        if flip_down {
            down = down.map(|v| -v);
        }
        if flip_right {
            right = right.map(|v| -v);
        }
        Self { transposed, flip_down, flip_right, down, right, spacing, shape }
    }

    /// A section (row, column) as the picture shows it (downwards, to the right).
    pub fn show<'a, T>(&self, section: ArrayView2<'a, T>) -> ArrayView2<'a, T> {
        let mut shown = if self.transposed { section.reversed_axes() } else { section };
        if self.flip_down {
            shown.invert_axis(ndarray::Axis(0));
        }
        if self.flip_right {
            shown.invert_axis(ndarray::Axis(1));
        }
        shown
    }

    /// True where the picture is turned or mirrored against the stored one.
    pub fn turned(&self) -> bool {
        self.transposed || self.flip_down || self.flip_right
    }

    /// Height and width of a pixel of the picture in mm.
    pub fn spacing(&self) -> [f64; 2] {
        self.spacing
    }

    /// Rows and columns of the picture.
    pub fn shape(&self) -> [usize; 2] {
        self.shape
    }

    /// Height and width of the picture in mm.
    pub fn extent_mm(&self) -> [f64; 2] {
        [self.shape[0] as f64 * self.spacing[0], self.shape[1] as f64 * self.spacing[1]]
    }

    /// What lies beyond the top, right, bottom and left edge: A, P, H, F, L, R, with a second letter in an oblique plane.
    pub fn letters(&self) -> [String; 4] {
        let minus = |v: Lps| v.map(|x| -x);
        [letters(minus(self.down)), letters(self.right), letters(self.down), letters(minus(self.right))]
    }
}

/// The letters of a direction, the strongest first.
pub fn letters(direction: Lps) -> String {
    let mut parts: Vec<(f64, char)> = [('L', 'R'), ('P', 'A'), ('H', 'F')]
        .into_iter()
        .zip(direction)
        .map(|((plus, minus), v)| (v.abs(), if v < 0.0 { minus } else { plus }))
        .collect();
    parts.sort_by(|a, b| b.0.total_cmp(&a.0));
    let leaning = parts.iter().skip(1).take(1).filter(|(size, _)| *size > LEAN);
    parts.iter().take(1).chain(leaning).map(|(_, letter)| letter).collect()
}

/// Where the centre of a section lies on the axis of the patient that is nearest to the normal of its plane, as a letter and mm from the
/// scanner's centre: "L 3.2 mm".
pub fn section_position(geometry: &Geometry, section: usize) -> String {
    let [_, rows, columns] = geometry.shape();
    let centre = geometry.to_patient([section as f64, (rows as f64 - 1.0) / 2.0, (columns as f64 - 1.0) / 2.0]);
    let normal = geometry.axes()[0];
    let largest = (0..3).fold(0, |best, k| if normal[k].abs() > normal[best].abs() { k } else { best });
    let (plus, minus) = [('L', 'R'), ('P', 'A'), ('H', 'F')][largest];
    let value = centre[largest];
    if value.abs() < 0.05 {
        return "0.0 mm".into();
    }
    format!("{} {:.1} mm", if value < 0.0 { minus } else { plus }, value.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;

    fn geometry(axes: [Lps; 3]) -> Geometry {
        Geometry::new([3, 2, 4], [3.3, 0.5, 0.8], [-5.0, 0.0, 0.0], axes).unwrap()
    }

    #[test]
    fn a_sagittal_series_as_scanners_store_it_is_shown_as_it_is() {
        let o = Orientation::of(&geometry([[1., 0., 0.], [0., 0., -1.], [0., 1., 0.]]));
        assert_eq!(o.letters(), ["H", "P", "F", "A"]);
        assert_eq!(o.extent_mm(), [1.0, 3.2]);
        assert_eq!(o.show(arr2(&[[1, 2], [3, 4]]).view()), arr2(&[[1, 2], [3, 4]]));
    }

    #[test]
    fn a_series_stored_feet_first_and_back_to_front_is_shown_head_up_and_facing_left() {
        let o = Orientation::of(&geometry([[1., 0., 0.], [0., 0., 1.], [0., -1., 0.]]));
        assert_eq!(o.letters(), ["H", "P", "F", "A"]);
        assert_eq!(o.show(arr2(&[[1, 2], [3, 4]]).view()), arr2(&[[4, 3], [2, 1]]));
    }

    #[test]
    fn a_series_stored_lying_down_is_stood_up() {
        // Rows run backwards, columns towards the feet.
        let o = Orientation::of(&geometry([[1., 0., 0.], [0., 1., 0.], [0., 0., -1.]]));
        assert_eq!(o.letters(), ["H", "P", "F", "A"]);
        assert_eq!((o.shape(), o.spacing()), ([4, 2], [0.8, 0.5]));
        assert_eq!(o.show(arr2(&[[1, 2], [3, 4]]).view()), arr2(&[[1, 3], [2, 4]]));
    }

    #[test]
    fn axial_and_coronal_planes_follow_the_radiological_custom() {
        let axial = Orientation::of(&geometry([[0., 0., 1.], [0., 1., 0.], [1., 0., 0.]]));
        assert_eq!(axial.letters(), ["A", "L", "P", "R"]);
        let coronal = Orientation::of(&geometry([[0., 1., 0.], [0., 0., -1.], [1., 0., 0.]]));
        assert_eq!(coronal.letters(), ["H", "L", "F", "R"]);
    }

    #[test]
    fn an_oblique_plane_gets_a_second_letter() {
        let (s, c) = (20f64.to_radians().sin(), 20f64.to_radians().cos());
        let o = Orientation::of(&geometry([[c, s, 0.], [0., 0., -1.], [-s, c, 0.]]));
        assert_eq!(o.letters(), ["H", "PR", "F", "AL"]);
        let (s, c) = (10f64.to_radians().sin(), 10f64.to_radians().cos());
        assert_eq!(letters([-s, c, 0.]), "P");
    }

    #[test]
    fn positions_are_named_by_the_side_of_the_patient() {
        let g = geometry([[1., 0., 0.], [0., 0., -1.], [0., 1., 0.]]);
        assert_eq!(section_position(&g, 0), "R 5.0 mm");
        assert_eq!(section_position(&g, 2), "L 1.6 mm");
        let axes = [[1., 0., 0.], [0., 0., -1.], [0., 1., 0.]];
        let centred = Geometry::new([3, 2, 4], [3.3, 0.5, 0.8], [-3.3001, 0.0, 0.0], axes).unwrap();
        assert_eq!(section_position(&centred, 1), "0.0 mm");
    }
}
