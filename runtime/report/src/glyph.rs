//! Glyphs in pixels, each drawn once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, GlyphId, PxScale, ScaleFont};

/// The font of all our pictures.
pub(super) static FONT: LazyLock<FontRef<'static>> = LazyLock::new(|| {
    FontRef::try_from_slice(include_bytes!("font/DejaVuSans-subset.ttf")).expect("the font is part of the program")
});

/// A glyph of one size, drawn once for all its places.
#[derive(Debug, Clone, Default)]
pub(super) struct Glyph {
    /// Its top left corner, from where the pen stood and from the top of the line.
    corner: [isize; 2],
    /// Columns.
    width: usize,
    /// How far each pixel is covered by ink.
    cover: Vec<u8>,
}

/// Places between two pixels at which a glyph may begin; finer ones look the same.
const STEPS: f32 = 4.0;
/// Most glyphs that are kept: those of all sizes that a few studies have.
const MAX_GLYPHS: usize = 4096;

/// Glyphs by identifier, size and step.
type Drawn = HashMap<(GlyphId, u32, u8), Rc<Glyph>>;

thread_local! {
    static DRAWN: RefCell<Drawn> = RefCell::default();
}

impl Glyph {
    /// The glyph where it begins `fraction` of a pixel after a whole one.
    pub(super) fn drawn(id: GlyphId, size: f32, fraction: f32) -> Rc<Self> {
        let step = (fraction * STEPS) as u8;
        DRAWN.with_borrow_mut(|drawn| {
            if drawn.len() >= MAX_GLYPHS {
                drawn.clear();
            }
            let glyph = drawn.entry((id, size.to_bits(), step));
            glyph.or_insert_with(|| Rc::new(Self::new(id, size, f32::from(step) / STEPS))).clone()
        })
    }

    fn new(id: GlyphId, size: f32, fraction: f32) -> Self {
        let line = FONT.as_scaled(PxScale::from(size));
        let place = ab_glyph::point(fraction, line.ascent() + 1.0);
        // Nothing is drawn of a space.
        let Some(outline) = FONT.outline_glyph(id.with_scale_and_position(size, place)) else { return Self::default() };
        let bounds = outline.px_bounds();
        let (width, height) = (bounds.width() as usize, bounds.height() as usize);
        let mut cover = vec![0; width * height];
        outline.draw(|x, y, c| cover[y as usize * width + x as usize] = (c * 255.0) as u8);
        Self { corner: [bounds.min.x as isize, bounds.min.y as isize], width, cover }
    }

    /// Adds the glyph to a line of ink of (width, height), with the pen at column `x`; what does not fit is cut off.
    pub(super) fn ink(&self, ink: &mut [u8], [width, height]: [usize; 2], x: isize) {
        for (row, covers) in self.cover.chunks_exact(self.width.max(1)).enumerate() {
            let y = self.corner[1] + row as isize;
            if !(0..height as isize).contains(&y) {
                continue;
            }
            let line = &mut ink[y as usize * width..][..width];
            for (column, cover) in covers.iter().enumerate() {
                let at = usize::try_from(x + self.corner[0] + column as isize).ok().and_then(|at| line.get_mut(at));
                if let Some(at) = at {
                    *at = at.saturating_add(*cover);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cached_glyph_equals_a_fresh_one() {
        // Sizes and steps in turn, so that one taken for another would be seen.
        for _ in 0..2 {
            for (letter, size, step) in [('g', 12.0, 0), ('g', 12.0, 2), ('g', 13.0, 0), ('q', 12.0, 0)] {
                let (id, fraction) = (FONT.glyph_id(letter), step as f32 / STEPS);
                let (kept, fresh) = (Glyph::drawn(id, size, fraction + 0.1), Glyph::new(id, size, fraction));
                assert_eq!(kept.corner, fresh.corner, "{letter} {size} {step}");
                assert_eq!((kept.width, &kept.cover), (fresh.width, &fresh.cover), "{letter} {size} {step}");
            }
        }
    }

    #[test]
    fn a_space_leaves_no_ink() {
        let mut ink = [0; 100];
        Glyph::drawn(FONT.glyph_id(' '), 10.0, 0.0).ink(&mut ink, [10, 10], 2);
        assert_eq!(ink, [0; 100]);
    }
}
