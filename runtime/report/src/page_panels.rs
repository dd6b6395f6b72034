//! The section panels of the page: a grey picture once, and SVG over it in the millimetres of the patient.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::Value;
use png::EncodingError;
use serde::Serialize;

use super::contour;
use super::draw::bar_length;
use super::page_parts::plain;
use super::palette::{self, HEAT, HEAT_OPACITY};
use super::picture::{GreyImage, Packing, PaletteImage};
use super::sections::{RenderedSection, RenderedSections};

/// Most pixels a side of a heat map, which the page stretches over the section: the network drew it on far fewer places.
const HEAT_SIDE: usize = 64;
/// Least width of the enlarged view in mm.
const DETAIL_MM: f64 = 70.0;

/// A section with its panels.
#[derive(Debug, Serialize)]
pub(super) struct SectionView {
    number: usize,
    count: usize,
    position: String,
    /// Height and width of the grey picture in pixels.
    rows: usize,
    columns: usize,
    /// Size of a pixel in mm.
    pixel_mm: [f64; 2],
    grey: Value,
    outlines: Vec<OutlineView>,
    lesions: String,
    full: FrameView,
    detail: Option<FrameView>,
    heat: Vec<HeatView>,
}

/// The part of a section that a panel shows, in mm from the picture's top left corner, with its letters and scale bar.
#[derive(Debug, Serialize)]
struct FrameView {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    /// Top, right, bottom, left.
    letters: [String; 4],
    bar_mm: u32,
}

/// The outline of a lesion as an SVG path in pixels.
#[derive(Debug, Serialize)]
struct OutlineView {
    lesion: u16,
    colour: String,
    path: String,
    /// Where its number stands, in mm.
    label: [f64; 2],
}

/// A heat map over the section.
#[derive(Debug, Serialize)]
struct HeatView {
    answer: String,
    picture: Value,
}

/// What must be known to read the heat maps that share a grid.
#[derive(Debug, Serialize)]
pub(super) struct LegendView {
    /// Answer and question.
    explains: Vec<(String, String)>,
    feature_map: [usize; 2],
    /// Height and width in mm that a place of the network's map stands for.
    cell_mm: [u32; 2],
}

/// A legend for each grid of heat maps; all classifiers of a bundle usually share one.
pub(super) fn legends(shown: &RenderedSections) -> Vec<LegendView> {
    let [height, width] = shown.orientation.extent_mm();
    let cell = |mm: f64, count: usize| (mm / count.max(1) as f64).round() as u32;
    let mut legends: Vec<LegendView> = Vec::new();
    for q in &shown.questions {
        let explained = (plain(&q.answer), plain(&q.question));
        match legends.iter_mut().find(|l| l.feature_map == q.feature_map) {
            Some(legend) => legend.explains.push(explained),
            None => legends.push(LegendView {
                explains: vec![explained],
                feature_map: q.feature_map,
                cell_mm: [cell(height, q.feature_map[0]), cell(width, q.feature_map[1])],
            }),
        }
    }
    legends
}

/// Stops of the legend's colour bar: place in percent, colour, opacity.
pub(super) fn ramp() -> Vec<(usize, String, f64)> {
    (0..=16)
        .map(|i| (i * 255 / 16, i * 100 / 16))
        .map(|(v, percent)| (percent, palette::hex(HEAT[v]), f64::from(HEAT_OPACITY[v]) / 255.0))
        .collect()
}

/// The panels of a section, but for its heat maps; `grey` is the PNG file of its grey picture.
pub(super) fn section(shown: &RenderedSections, section: &RenderedSection, grey: &[u8]) -> SectionView {
    let [height, width] = shown.orientation.extent_mm();
    let pixel_mm = shown.orientation.spacing();
    let letters = shown.orientation.letters();
    let outlines: Vec<OutlineView> = section
        .outlines
        .iter()
        .map(|o| {
            let [top, _, _, right] = o.bounds;
            OutlineView {
                lesion: o.lesion,
                colour: palette::hex(palette::lesion(o.lesion)),
                path: contour::svg_path(&o.loops),
                label: [(right + 1) as f64 * pixel_mm[1], top as f64 * pixel_mm[0]],
            }
        })
        .collect();
    let numbers: Vec<String> = outlines.iter().map(|o| o.lesion.to_string()).collect();
    let frame = |x, y, width: f64, height| FrameView {
        x: tidy(x),
        y: tidy(y),
        width: tidy(width),
        height: tidy(height),
        letters: letters.clone(),
        bar_mm: bar_length(width),
    };
    SectionView {
        number: section.index + 1,
        count: shown.section_count,
        position: section.position.clone(),
        rows: section.grey.height,
        columns: section.grey.width,
        pixel_mm,
        grey: data_uri(grey),
        lesions: numbers.join(", "),
        full: frame(0.0, 0.0, width, height),
        detail: detail(section, pixel_mm, [height, width]).map(|[x, y, w, h]| frame(x, y, w, h)),
        outlines,
        heat: Vec::new(),
    }
}

impl SectionView {
    /// Adds the panel of the heat map that was laid last over the section at `place` in [`RenderedSections::sections`].
    pub(super) fn add_heat(&mut self, shown: &RenderedSections, place: usize) -> Result<(), EncodingError> {
        let section = &shown.sections[place];
        let Some(heat) = section.heat.last() else { return Ok(()) };
        let [width, height] = heat_size(&section.grey);
        let levels = heat.levels(width, height);
        let picture = PaletteImage { picture: &levels, table: &HEAT, opacity: &HEAT_OPACITY };
        let answer = plain(&shown.questions[heat.question].answer);
        self.heat.push(HeatView { answer, picture: data_uri(&picture.to_png(Packing::Compressed)?) });
        Ok(())
    }
}

/// Width and height in which the page holds the heat maps of a section.
fn heat_size(section: &GreyImage) -> [usize; 2] {
    let shrink = (section.width.max(section.height) as f32 / HEAT_SIDE as f32).max(1.0);
    [section.width, section.height].map(|n| ((n as f32 / shrink).round() as usize).max(1))
}

/// The part around the lesions of a section, with the proportions of the whole: x, y, width, height in mm. None without lesion, or
/// where the lesions fill the section anyway.
fn detail(section: &RenderedSection, pixel_mm: [f64; 2], [height, width]: [f64; 2]) -> Option<[f64; 4]> {
    let bounds = section
        .outlines
        .iter()
        .map(|o| o.bounds)
        .reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].max(b[3])])?;
    let (top, bottom) = (bounds[0] as f64 * pixel_mm[0], (bounds[1] + 1) as f64 * pixel_mm[0]);
    let (left, right) = (bounds[2] as f64 * pixel_mm[1], (bounds[3] + 1) as f64 * pixel_mm[1]);
    // Half as much again around the lesions.
    let share = ((bottom - top) * 1.5 / height).max((right - left) * 1.5 / width).max(DETAIL_MM / width.max(height));
    if share > 0.8 {
        return None;
    }
    let (w, h) = (width * share, height * share);
    let x = ((left + right - w) / 2.0).clamp(0.0, width - w);
    let y = ((top + bottom - h) / 2.0).clamp(0.0, height - h);
    Some([x, y, w, h])
}

/// Millimetres to a hundredth.
fn tidy(mm: f64) -> f64 {
    (mm * 100.0).round() / 100.0
}

/// A PNG file inside the page. Base64 holds nothing that HTML would need to escape.
pub(super) fn data_uri(png: &[u8]) -> Value {
    let mut uri = String::with_capacity(png.len() / 3 * 4 + 32);
    uri.push_str("data:image/png;base64,");
    STANDARD.encode_string(png, &mut uri);
    Value::from_safe_string(uri)
}
