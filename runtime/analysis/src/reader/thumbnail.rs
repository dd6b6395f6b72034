//! Small pictures of the middle sections, for people who must choose between series.

use cordline_dicom::read::limits::FileLimits;
use cordline_dicom::read::series_volume::SeriesVolume;
use cordline_dicom::read::stack;
use cordline_report::draw;
use cordline_report::orientation::Orientation;
use cordline_report::picture::{GreyImage, Packing};
use cordline_report::window::Window;
use png::EncodingError;
use serde::{Deserialize, Serialize};

/// Most pixels a side.
const SIDE: usize = 224;
/// Most candidates that get one.
const MOST: usize = 24;

/// The middle section of a candidate: head up, anterior to the left, pixels square.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thumbnail {
    /// Which candidate, from 0.
    pub candidate: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Grey levels, row by row; `width * height` of them.
    pub pixels: Vec<u8>,
}

impl Thumbnail {
    /// True where sizes and number are possible: what a reader hands over is not believed.
    pub fn is_sound(&self, candidates: usize) -> bool {
        let sides = [self.width, self.height];
        sides.iter().all(|side| (1..=SIDE).contains(side))
            && self.pixels.len() == self.width * self.height
            && self.candidate < candidates.min(MOST)
    }

    /// Its file, relative to the folder of the result.
    pub fn path(&self) -> String {
        format!("{}/candidate-{}.png", cordline_report::PICTURES, self.candidate + 1)
    }

    /// As a PNG file.
    ///
    /// # Errors
    /// The encoder fails.
    pub fn to_png(&self) -> Result<Vec<u8>, EncodingError> {
        let Self { width, height, pixels, .. } = self.clone();
        GreyImage { width, height, pixels }.to_png(Packing::Compressed)
    }
}

/// A picture of each candidate whose middle section can be decoded.
pub fn of_candidates(volumes: &[SeriesVolume], limits: &FileLimits) -> Vec<Thumbnail> {
    volumes.iter().take(MOST).enumerate().filter_map(|(i, series)| of(i, series, limits)).collect()
}

fn of(candidate: usize, series: &SeriesVolume, limits: &FileLimits) -> Option<Thumbnail> {
    let volume = stack::middle(series, limits).ok()?;
    let orientation = Orientation::of(&volume.geometry);
    let section = orientation.show(volume.voxels.index_axis(ndarray::Axis(0), 0));
    let grey = Window::of(&volume.voxels).grey(section);
    let [height_mm, width_mm] = orientation.extent_mm();
    let pixel_mm = height_mm.max(width_mm) / SIDE as f64;
    let [width, height] = [width_mm, height_mm].map(|mm| ((mm / pixel_mm).round() as usize).clamp(1, SIDE));
    let GreyImage { width, height, pixels } = draw::resize(&grey, width, height);
    Some(Thumbnail { candidate, width, height, pixels })
}

#[cfg(test)]
mod tests {
    use tempfile::tempdir;

    use super::*;
    use cordline_dicom::read::{input, series};
    use cordline_testkit::Stack;

    #[test]
    fn the_middle_section_stands_upright_with_square_pixels() {
        let folder = tempdir().unwrap();
        // Rows run to the head: the picture must be turned.
        let stack = Stack { column: [0.0, 0.0, 1.0], row: [0.0, -1.0, 0.0], ..Stack::t2("1") };
        stack.write(folder.path());
        let files = input::read(&[folder.path().to_owned()], &FileLimits::default()).unwrap();
        let [thumbnail] = of_candidates(&series::group(&files), &FileLimits::default()).try_into().unwrap();
        assert!(thumbnail.is_sound(1) && !thumbnail.is_sound(0));
        // 128 rows of 0.6 mm, 130 columns of 0.5 mm.
        assert_eq!((thumbnail.width, thumbnail.height), (190, 224));
        // Stored values grow down the rows, and these run to the head: the top is bright.
        let row = |r: usize| thumbnail.pixels[r * 190..(r + 1) * 190].iter().map(|v| u32::from(*v)).sum::<u32>();
        assert!(row(5) > row(200));
        assert!(thumbnail.to_png().unwrap().starts_with(b"\x89PNG"));
        assert_eq!(thumbnail.path(), "pictures/candidate-1.png");
    }

    #[test]
    fn what_cannot_be_true_is_not_believed() {
        let sound = Thumbnail { candidate: 1, width: 2, height: 3, pixels: vec![0; 6] };
        assert!(sound.is_sound(2));
        for bad in [
            Thumbnail { candidate: 2, ..sound.clone() },
            Thumbnail { width: 3, ..sound.clone() },
            Thumbnail { width: 0, pixels: Vec::new(), ..sound.clone() },
            Thumbnail { width: usize::MAX, height: usize::MAX, ..sound.clone() },
        ] {
            assert!(!bad.is_sound(2), "{bad:?}");
        }
    }
}
