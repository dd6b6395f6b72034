//! Outlines, heat maps, letters and scale bar, drawn into pictures.

use cordline_core::resize::bilinear;

use super::contour::Outline;
use super::palette::{self, HEAT, HEAT_OPACITY};
use super::picture::{Canvas, GreyImage, Rgb, RgbImage};
use super::text::Text;

/// Half the width of an outline in pixels: one pixel on either side of a border between pixels.
const HALF_LINE: f32 = 1.0;

/// Draws closed or open lines, smooth at their edges. `scale` brings the points (x, y) to pixels of the picture.
pub fn line(
    picture: &mut impl Canvas,
    points: &[[f32; 2]],
    closed: bool,
    scale: [f32; 2],
    half_width: f32,
    colour: Rgb,
) {
    let at = |p: [f32; 2]| [p[0] * scale[0] - 0.5, p[1] * scale[1] - 0.5];
    let reach = half_width + 0.5;
    let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
    for p in points.iter().map(|p| at(*p)) {
        for k in 0..2 {
            low[k] = low[k].min(p[k] - reach);
            high[k] = high[k].max(p[k] + reach);
        }
    }
    let limit = picture.size();
    let from: [usize; 2] = std::array::from_fn(|k| (low[k].floor().max(0.0) as usize).min(limit[k]));
    let to: [usize; 2] = std::array::from_fn(|k| ((high[k].ceil() + 1.0).max(0.0) as usize).clamp(from[k], limit[k]));
    let width = to[0] - from[0];
    // The line is gathered first and mixed in once: where its pieces overlap it must not grow thicker.
    let mut cover = vec![0u8; width * (to[1] - from[1])];
    let pieces = if closed { points.len() } else { points.len().saturating_sub(1) };
    for i in 0..pieces {
        let (a, b) = (at(points[i]), at(points[(i + 1) % points.len()]));
        let span = |k: usize| {
            let low = (a[k].min(b[k]) - reach).ceil().max(from[k] as f32) as usize;
            let high = (a[k].max(b[k]) + reach + 1.0).floor().max(0.0) as usize;
            low..high.min(to[k])
        };
        for y in span(1) {
            for x in span(0) {
                let value = (reach - distance([x as f32, y as f32], a, b)).clamp(0.0, 1.0);
                let c = &mut cover[(y - from[1]) * width + x - from[0]];
                *c = (*c).max((value * 255.0) as u8);
            }
        }
    }
    for (i, c) in cover.into_iter().enumerate().filter(|(_, c)| *c > 0) {
        picture.mix(from[0] + i % width, from[1] + i / width, colour, c);
    }
}

/// Distance of a point from the piece of line between `a` and `b`.
fn distance(p: [f32; 2], a: [f32; 2], b: [f32; 2]) -> f32 {
    let (along, off) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
    let length = along[0] * along[0] + along[1] * along[1];
    let t = if length > 0.0 { ((off[0] * along[0] + off[1] * along[1]) / length).clamp(0.0, 1.0) } else { 0.0 };
    let (dx, dy) = (off[0] - along[0] * t, off[1] - along[1] * t);
    (dx * dx + dy * dy).sqrt()
}

/// Draws the outlines of a section in the colours of its lesions, or all in one colour. `scale` is pixels of the picture to a pixel of the section.
pub fn outlines(picture: &mut impl Canvas, outlines: &[Outline], scale: [f32; 2], colour: Option<Rgb>) {
    for outline in outlines {
        for points in &outline.loops {
            line(picture, points, true, scale, HALF_LINE, colour.unwrap_or_else(|| palette::lesion(outline.lesion)));
        }
    }
}

/// A picture under a heat map of the same size; levels 0 to 255 stand for 0 to 1.
pub fn heat(picture: &GreyImage, levels: &GreyImage) -> RgbImage {
    // How much of the grey is left under each level, and what its colour adds.
    let layers: [(u16, [u16; 3]); 256] = std::array::from_fn(|level| {
        let weight = u16::from(HEAT_OPACITY[level]);
        (255 - weight, HEAT[level].map(|c| u16::from(c) * weight + 127))
    });
    let mut pixels = vec![0; 3 * picture.pixels.len()];
    for ((pixel, grey), level) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(&picture.pixels).zip(&levels.pixels) {
        let (left, colour) = layers[usize::from(*level)];
        *pixel = match left {
            // Most pixels have no heat.
            255 => [*grey; 3],
            _ => {
                // At most 255 times 255 and 127, so it stays within 16 bits. Written out: `map` of an array is a call for each pixel here.
                let mixed = |c: u16| ((u16::from(*grey) * left + c) / 255) as u8;
                [mixed(colour[0]), mixed(colour[1]), mixed(colour[2])]
            }
        };
    }
    RgbImage { width: picture.width, height: picture.height, pixels }
}

/// Letters, scale bar and the research-use line: the same on every picture of a volume, so they are made once.
#[derive(Debug)]
pub struct Marks {
    letters: [Text; 4],
    notice: Text,
    bar: Text,
    bar_pixels: usize,
}

impl Marks {
    /// `letters`: top, right, bottom, left. `pixel_mm`: width of a pixel of the picture.
    pub fn new(letters: &[String; 4], pixel_mm: f64, width: usize, size: f32) -> Self {
        let bar_mm = bar_length(pixel_mm * width as f64);
        Self {
            letters: std::array::from_fn(|i| Text::rimmed(&letters[i], size)),
            notice: Text::rimmed("RESEARCH USE ONLY", size * 0.75),
            bar: Text::rimmed(&format!("{bar_mm} mm"), size * 0.85),
            bar_pixels: (f64::from(bar_mm) / pixel_mm).round() as usize,
        }
    }

    /// Puts the marks on a picture. A picture too small for them stays as it is.
    pub fn stamp(&self, picture: &mut impl Canvas) {
        const INK: Rgb = [235, 238, 240];
        let [w, h] = picture.size();
        let [top, right, bottom, left] = &self.letters;
        if w < 4 * left.width.max(right.width) || h < 6 * top.height {
            return;
        }
        top.stamp(picture, (w - top.width) / 2, 2, INK);
        bottom.stamp(picture, (w - bottom.width) / 2, h - bottom.height - 2, INK);
        left.stamp(picture, 3, (h - left.height) / 2, INK);
        right.stamp(picture, w - right.width - 3, (h - right.height) / 2, INK);
        // Beside the letter in the middle, or a line nearer to the centre where it would run into it.
        let beside = |letter: &Text| 5 + self.notice.width <= (w - letter.width) / 2;
        let inwards = |letter: &Text| if beside(letter) { 0 } else { letter.height };
        if w > self.notice.width + self.bar_pixels + 30 {
            self.notice.stamp(picture, 5, h - self.notice.height - 4 - inwards(bottom), INK);
        } else if w > self.notice.width + 10 {
            self.notice.stamp(picture, 5, 4 + inwards(top), INK);
        }
        if w > self.bar_pixels + 20 {
            let (x, y) = (w - 8 - self.bar_pixels, h - 10);
            picture.fill(x - 1, y - 1, self.bar_pixels + 2, 4, [0, 0, 0]);
            picture.fill(x, y, self.bar_pixels, 2, INK);
            self.bar.stamp(picture, (w - 8).saturating_sub(self.bar.width), y - self.bar.height, INK);
        }
    }
}

/// A round length in mm for a scale bar: about a fifth of the width.
pub fn bar_length(width_mm: f64) -> u32 {
    *[100, 50, 20, 10, 5, 2].iter().find(|l| f64::from(**l) <= width_mm / 4.0).unwrap_or(&1)
}

/// A picture in another size; smooth, and without moiré when it shrinks.
pub fn resize(picture: &GreyImage, width: usize, height: usize) -> GreyImage {
    if (width, height) == (picture.width, picture.height) {
        return picture.clone();
    }
    // Down to half a side each new pixel lies between the old ones that it is made of: two by two of them leave nothing out.
    let pixels = if 2 * width < picture.width || 2 * height < picture.height {
        shrunk(picture, width, height)
    } else {
        bilinear::resize(&picture.pixels, [picture.height, picture.width], [height, width])
    };
    GreyImage { width, height, pixels }
}

/// The pixels of a far smaller picture, in which every old pixel counts.
fn shrunk(picture: &GreyImage, width: usize, height: usize) -> Vec<u8> {
    use fast_image_resize::images::{TypedImage, TypedImageRef};
    use fast_image_resize::pixels::U8;
    use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
    let side = |v: usize| v as u32;
    let source = TypedImageRef::<U8>::from_buffer(side(picture.width), side(picture.height), &picture.pixels)
        .expect("a grey picture holds width x height bytes");
    let mut pixels = vec![0; width * height];
    let mut target = TypedImage::<U8>::from_buffer(side(width), side(height), &mut pixels).expect("made of that size");
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    // The typed form: the other one is compiled for every kind of pixel there is, which takes a minute and 60 MB.
    Resizer::new().resize_typed(&source, &mut target, &options).expect("both pictures have pixels");
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contour;
    use ndarray::Array2;

    #[test]
    fn an_outline_runs_along_the_border_and_leaves_the_inside_free() {
        let mut mask = Array2::<u16>::zeros((40, 40));
        mask.slice_mut(ndarray::s![10..30, 12..28]).fill(2);
        let mut picture = RgbImage::filled(80, 80, [50, 50, 50]);
        outlines(&mut picture, &contour::outlines(mask.view()), [2.0, 2.0], None);
        let colour = palette::lesion(2);
        // Borders of the mask in the picture: x 24 and 56, y 20 and 60.
        for (x, y) in [(24, 40), (23, 40), (56, 40), (55, 40), (40, 20), (40, 60)] {
            assert_eq!(picture.get(x, y), colour, "({x}, {y})");
        }
        for (x, y) in [(40, 40), (28, 40), (20, 40), (40, 64), (0, 0)] {
            assert_eq!(picture.get(x, y), [50, 50, 50], "({x}, {y})");
        }
    }

    #[test]
    fn a_line_beyond_the_picture_is_cut_off_without_panic() {
        let mut picture = RgbImage::filled(10, 10, [0, 0, 0]);
        line(&mut picture, &[[-50.0, 5.0], [50.0, 5.0]], false, [1.0, 1.0], 1.0, [9, 9, 9]);
        assert_eq!((picture.get(0, 4), picture.get(9, 5)), ([9, 9, 9], [9, 9, 9]));
        line(&mut picture, &[[-50.0, -9.0], [-40.0, -9.0]], false, [1.0, 1.0], 1.0, [9, 9, 9]);
        line(&mut picture, &[[60.0, 60.0], [90.0, 99.0]], true, [1.0, 1.0], 1.0, [9, 9, 9]);
        line(&mut picture, &[], true, [1.0, 1.0], 1.0, [9, 9, 9]);
    }

    #[test]
    fn heat_is_drawn_where_it_is_hot_only() {
        let row = |pixels| GreyImage { width: 3, height: 1, pixels };
        let picture = heat(&row(vec![100; 3]), &row(vec![0, 255, 0]));
        assert_eq!((picture.get(0, 0), picture.get(2, 0)), ([100; 3], [100; 3]));
        assert_ne!(picture.get(1, 0), [100; 3]);
    }

    #[test]
    fn the_scale_bar_has_the_length_that_it_names() {
        let letters = ["H", "P", "F", "A"].map(String::from);
        let mut picture = RgbImage::filled(400, 300, [30, 30, 30]);
        Marks::new(&letters, 0.5, 400, 20.0).stamp(&mut picture);
        // 200 mm wide: the bar is 50 mm, 100 pixels.
        let lit = (280..400).filter(|x| picture.get(*x, 291)[0] > 200).count();
        assert_eq!(lit, 100);
        Marks::new(&letters, 0.5, 8, 20.0).stamp(&mut RgbImage::filled(8, 8, [0; 3]));
    }

    #[test]
    fn the_notice_leaves_the_letters_free_in_pictures_of_any_width() {
        let letters = ["H", "P", "FL", "A"].map(String::from);
        for w in [150, 192, 209, 241, 400, 900] {
            let h = 256;
            let mut picture = RgbImage::filled(w, h, [0; 3]);
            Marks::new(&letters, 1.1, w, 15.0).stamp(&mut picture);
            for (letter, top) in [(Text::rimmed("H", 15.0), true), (Text::rimmed("FL", 15.0), false)] {
                let (x, y) = ((w - letter.width) / 2, if top { 2 } else { h - letter.height - 2 });
                let mut alone = RgbImage::filled(w, h, [0; 3]);
                letter.stamp(&mut alone, x, y, [235, 238, 240]);
                for (row, column) in (y..y + letter.height).flat_map(|r| (x..x + letter.width).map(move |c| (r, c))) {
                    assert_eq!(picture.get(column, row), alone.get(column, row), "width {w}, row {row}");
                }
            }
        }
    }

    #[test]
    fn resizing_keeps_brightness() {
        let half = resize(&GreyImage { width: 64, height: 48, pixels: vec![77; 64 * 48] }, 32, 24);
        assert_eq!((half.width, half.height, half.pixels.len()), (32, 24, 768));
        assert!(half.pixels.iter().all(|v| *v == 77));
    }
}
