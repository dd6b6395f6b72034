//! Words in pixels.

use ab_glyph::{Font, PxScale, ScaleFont};

use super::glyph::{FONT, Glyph};
use super::picture::{Canvas, Rgb};

/// A line of text, drawn once and then stamped on as many pictures as wanted.
#[derive(Debug, Clone)]
pub struct Text {
    /// Columns.
    pub width: usize,
    /// Rows: the height of a line.
    pub height: usize,
    /// How far each pixel is covered by ink.
    ink: Vec<u8>,
    /// The same, one pixel fatter: a dark rim for text on pictures. Empty for plain text.
    rim: Vec<u8>,
}

impl Text {
    /// A line of text; `size` is the height of a line in pixels. Characters that the font lacks appear as a rectangle.
    pub fn new(text: &str, size: f32) -> Self {
        let font = FONT.as_scaled(PxScale::from(size));
        let mut pen = 1.0;
        let mut before = None;
        let mut glyphs = Vec::with_capacity(text.len());
        for letter in text.chars().filter(|c| !c.is_control()) {
            let id = font.glyph_id(letter);
            pen += before.map_or(0.0, |b| font.kern(b, id));
            glyphs.push((pen.floor(), Glyph::drawn(id, size, pen.fract())));
            pen += font.h_advance(id);
            before = Some(id);
        }
        let (width, height) = (pen.ceil() as usize + 1, font.height().ceil() as usize + 2);
        let mut ink = vec![0u8; width * height];
        for (x, glyph) in &glyphs {
            glyph.ink(&mut ink, [width, height], *x as isize);
        }
        Self { width, height, ink, rim: Vec::new() }
    }

    /// A line of text with a dark rim, to be read on any picture.
    pub fn rimmed(text: &str, size: f32) -> Self {
        let mut line = Self::new(text, size);
        line.rim = fatter(&line.ink, line.width, line.height);
        line
    }

    /// The same line, to be read from below upwards.
    pub fn turned(&self) -> Self {
        let turn = |layer: &[u8]| -> Vec<u8> {
            let (w, h) = (self.width, self.height);
            (0..layer.len()).map(|i| layer[(i % h) * w + w - 1 - i / h]).collect()
        };
        Self { width: self.height, height: self.width, ink: turn(&self.ink), rim: turn(&self.rim) }
    }

    /// Puts the text on a picture; (`x`, `y`) is the top left corner of the line.
    pub fn stamp(&self, picture: &mut impl Canvas, x: usize, y: usize, colour: Rgb) {
        let [columns, rows] = picture.size();
        let (width, height) = (self.width.min(columns.saturating_sub(x)), self.height.min(rows.saturating_sub(y)));
        for (layer, colour) in [(&self.rim, [0, 0, 0]), (&self.ink, colour)] {
            for (row, covers) in layer.chunks_exact(self.width).take(height).enumerate() {
                for (column, cover) in covers[..width].iter().enumerate().filter(|(_, c)| **c > 0) {
                    picture.mix(x + column, y + row, colour, *cover);
                }
            }
        }
    }
}

/// Draws a line of text at once and returns its width.
pub fn write(picture: &mut impl Canvas, x: usize, y: usize, size: f32, colour: Rgb, text: &str) -> usize {
    let line = Text::new(text, size);
    line.stamp(picture, x, y, colour);
    line.width
}

/// Cuts a text with an ellipsis where it is wider than `width` pixels.
pub fn fit(text: &str, size: f32, width: usize) -> String {
    let font = FONT.as_scaled(PxScale::from(size));
    let advance = |c: char| font.h_advance(font.glyph_id(c));
    if text.chars().map(advance).sum::<f32>() <= width as f32 {
        return text.into();
    }
    let mut left = width as f32 - advance('…');
    let kept = text.chars().take_while(|c| {
        left -= advance(*c);
        left >= 0.0
    });
    kept.chain(['…']).collect()
}

/// The greatest of each pixel and its eight neighbours.
fn fatter(ink: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut rows = ink.to_vec();
    for y in 0..height {
        for x in 1..width.saturating_sub(1) {
            let i = y * width + x;
            rows[i] = ink[i - 1].max(ink[i]).max(ink[i + 1]);
        }
    }
    let mut out = rows.clone();
    for i in width..rows.len().saturating_sub(width) {
        out[i] = rows[i - width].max(rows[i]).max(rows[i + width]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::RgbImage;

    #[test]
    fn letters_leave_ink_and_keep_to_their_box() {
        let mut picture = RgbImage::filled(200, 40, [0, 0, 0]);
        let width = write(&mut picture, 10, 5, 20.0, [255, 255, 255], "RESEARCH USE");
        assert!((100..190).contains(&width));
        let lit: Vec<usize> = (0..200 * 40).filter(|i| picture.pixels[i * 3] > 100).collect();
        assert!(lit.len() > 300, "{}", lit.len());
        assert!(lit.iter().all(|i| (10..10 + width).contains(&(i % 200)) && (5..30).contains(&(i / 200))));
    }

    #[test]
    fn text_beyond_the_edge_is_cut_off_without_panic() {
        let mut picture = RgbImage::filled(8, 8, [0, 0, 0]);
        Text::rimmed("Wide", 30.0).stamp(&mut picture, 4, 4, [255, 0, 0]);
        write(&mut picture, 100, 100, 12.0, [255, 0, 0], "far");
        write(&mut picture, 0, 0, 12.0, [255, 0, 0], "");
    }

    #[test]
    fn a_rim_makes_text_readable_on_white() {
        let mut picture = RgbImage::filled(40, 30, [255, 255, 255]);
        Text::rimmed("H", 20.0).stamp(&mut picture, 2, 2, [255, 255, 255]);
        assert!(picture.pixels.iter().any(|v| *v < 40));
    }

    #[test]
    fn turned_text_reads_upwards() {
        let line = Text::new("L", 24.0);
        let turned = line.turned();
        assert_eq!((turned.width, turned.height), (line.height, line.width));
        // What stood at the left end of the line stands at the bottom.
        let (x, y) = (3, line.height / 2);
        assert_eq!(turned.ink[(line.width - 1 - x) * turned.width + y], line.ink[y * line.width + x]);
    }

    #[test]
    fn long_text_is_cut_with_an_ellipsis() {
        assert_eq!(fit("short", 12.0, 200), "short");
        let cut = fit("a very long series description indeed", 12.0, 80);
        assert!(cut.ends_with('…') && Text::new(&cut, 12.0).width <= 84, "{cut}");
    }

    #[test]
    fn the_font_knows_the_letters_of_our_labels() {
        for c in "ÄéżβΩДж·–≥≤×µ".chars() {
            assert_ne!(FONT.glyph_id(c).0, 0, "{c}");
        }
    }
}
