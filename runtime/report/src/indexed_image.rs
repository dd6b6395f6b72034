//! Grey pictures with a few coloured lines: a third of the bytes of true colour.

use std::sync::LazyLock;

use png::EncodingError;

use super::palette::{LESION_COLOURS, lesion};
use super::picture::{Canvas, GreyImage, Packing, PaletteImage, Rgb};

/// Levels of the table that are grey; the others are the lesion colours, first at full strength, then dimmed for the edges of lines.
const GREYS: usize = 256 - 2 * LESION_COLOURS;
/// Strength of a dimmed colour in percent.
const DIMMED: u16 = 55;
/// Cover from which a pixel of a line takes the full, or the dimmed colour.
const FULL: u8 = 150;
const EDGE: u8 = 60;

static TABLE: LazyLock<[Rgb; 256]> = LazyLock::new(|| {
    std::array::from_fn(|i| match i.checked_sub(GREYS) {
        None => [(i * 255 / (GREYS - 1)) as u8; 3],
        Some(n) if n < LESION_COLOURS => lesion(n as u16 + 1),
        Some(n) => lesion((n - LESION_COLOURS) as u16 + 1).map(|v| (u16::from(v) * DIMMED / 100) as u8),
    })
});

/// A grey picture that can be drawn on in grey and in the colours of lesions.
#[derive(Debug)]
pub struct IndexedImage {
    /// Places in the table.
    places: GreyImage,
}

impl IndexedImage {
    /// The grey picture, still without colour.
    pub fn of(grey: &GreyImage) -> Self {
        let place = |v: u8| ((u16::from(v) * (GREYS - 1) as u16 + 127) / 255) as u8;
        let pixels = grey.pixels.iter().map(|v| place(*v)).collect();
        Self { places: GreyImage { width: grey.width, height: grey.height, pixels } }
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// The encoder fails.
    pub fn to_png(&self, packing: Packing) -> Result<Vec<u8>, EncodingError> {
        PaletteImage { picture: &self.places, table: &TABLE, opacity: &[255; 256] }.to_png(packing)
    }

    /// Colour of a pixel.
    #[cfg(test)]
    pub fn get(&self, x: usize, y: usize) -> Rgb {
        TABLE[usize::from(self.places.pixels[y * self.places.width + x])]
    }
}

impl Canvas for IndexedImage {
    fn size(&self) -> [usize; 2] {
        [self.places.width, self.places.height]
    }

    fn mix(&mut self, x: usize, y: usize, colour: Rgb, weight: u8) {
        let Some(pixel) = self.places.pixels.get_mut(y * self.places.width + x) else { return };
        let coloured = (0..LESION_COLOURS).find(|n| lesion(*n as u16 + 1) == colour && colour != [255; 3]);
        match coloured {
            Some(n) if weight >= FULL => *pixel = (GREYS + n) as u8,
            Some(n) if weight >= EDGE && usize::from(*pixel) < GREYS => *pixel = (GREYS + LESION_COLOURS + n) as u8,
            Some(_) => {}
            None if usize::from(*pixel) >= GREYS && weight < FULL => {}
            None => {
                let before = if usize::from(*pixel) < GREYS { usize::from(*pixel) } else { 0 };
                let grey = usize::from(colour[1]) * (GREYS - 1) / 255;
                *pixel = ((before * usize::from(255 - weight) + grey * usize::from(weight) + 127) / 255) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greys_stay_within_one_level_and_lesion_colours_are_exact() {
        let grey = GreyImage { width: 16, height: 16, pixels: (0..=255).collect() };
        let mut picture = IndexedImage::of(&grey);
        for v in 0..256 {
            let [r, g, b] = picture.get(v % 16, v / 16);
            assert!(r == g && g == b && usize::from(r).abs_diff(v) <= 1, "{v}: {r}");
        }
        for n in 1..=LESION_COLOURS as u16 {
            picture.mix(usize::from(n), 3, lesion(n), 255);
            assert_eq!(picture.get(usize::from(n), 3), lesion(n));
        }
    }

    #[test]
    fn edges_of_lines_are_dimmed_and_text_mixes_in_grey() {
        let mut picture = IndexedImage::of(&GreyImage { width: 4, height: 1, pixels: vec![0; 4] });
        picture.mix(0, 0, lesion(1), 100);
        picture.mix(1, 0, lesion(1), 10);
        picture.mix(2, 0, [255, 255, 255], 128);
        picture.mix(9, 9, lesion(1), 255);
        let bright = lesion(1);
        assert!(picture.get(0, 0)[0] > 100 && picture.get(0, 0)[0] < bright[0]);
        assert_eq!(picture.get(1, 0), [0; 3]);
        assert!(picture.get(2, 0)[0].abs_diff(128) <= 1);
    }
}
