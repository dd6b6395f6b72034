//! One picture that says it all, for archives that show neither segmentations nor heat maps.

use cordline_sdk::RESEARCH_USE;
use cordline_sdk::result::{AnalysisResult, Classification};

use super::answer;
use super::picture::{Rgb, RgbImage};
use super::sections::RenderedSections;
use super::text::{self, Text};
use super::tiles::{GAP, Tiles, outlined};

const PAPER: Rgb = [12, 14, 17];
const INK: Rgb = [236, 239, 241];
const FAINT: Rgb = [160, 170, 178];
const ALERT: Rgb = [255, 196, 92];
const MARGIN: usize = 20;
/// Least width of what is written, in pixels.
const WORDS_WIDTH: usize = 1000;

/// Draws the finding, the probabilities, and the sections with outlines and heat maps. No patient data, and "research use only" in the pixels.
pub fn draw(result: &AnalysisResult, shown: &RenderedSections, tiles: &Tiles) -> RgbImage {
    let [tile_width, tile_height] = tiles.size;
    let width = tiles.width().max(WORDS_WIDTH);
    let words = words(result, shown, tiles.side_by_side.len());
    let top = MARGIN + 34 + words.len() * 22 + 46;
    let row_height = tile_height + 26 + GAP;
    let rows = 1 + shown.questions.len();
    let mut picture = RgbImage::filled(width + 2 * MARGIN, top + rows * row_height + MARGIN + 24, PAPER);

    text::write(&mut picture, MARGIN, MARGIN - 6, 22.0, ALERT, &RESEARCH_USE.to_uppercase());
    let headline = result.finding.as_ref().map_or("", |f| &f.label);
    text::write(&mut picture, MARGIN, MARGIN + 24, 32.0, INK, &text::fit(headline, 32.0, width));
    for (i, line) in words.iter().enumerate() {
        let y = MARGIN + 64 + i * 22;
        text::write(&mut picture, MARGIN, y, 17.0, INK, &text::fit(line, 17.0, width));
    }

    // The same above every section, so made once.
    let captions: Vec<Text> = shown
        .questions
        .iter()
        .map(|q| Text::new(&text::fit(&format!("Heat map: {}", q.answer), 14.0, tile_width), 14.0))
        .collect();
    for (column, (place, tile)) in tiles.side_by_side.iter().enumerate() {
        let section = &shown.sections[*place];
        let x = MARGIN + column * (tile_width + GAP);
        let caption = format!("Section {} of {}, {}", section.index + 1, shown.section_count, section.position);
        text::write(&mut picture, x, top, 14.0, FAINT, &text::fit(&caption, 14.0, tile_width));
        let mut plain = tile.grey.to_rgb();
        outlined(&mut plain, section, &tiles.marks);
        picture.paste(&plain, x, top + 20);
        for (heat, heated) in section.heat.iter().zip(&tile.heated) {
            let y = top + (heat.question + 1) * row_height;
            captions[heat.question].stamp(&mut picture, x, y, FAINT);
            picture.paste(heated, x, y + 20);
        }
    }
    let bundle = result.bundle.as_ref().map_or(String::new(), |b| format!(" · bundle {} {}", b.id, b.version));
    let footer = format!("Cordline {}{bundle} · {} · {RESEARCH_USE}", result.cordline_version, result.created);
    let y = picture.height - MARGIN - 14;
    text::write(&mut picture, MARGIN, y, 14.0, FAINT, &text::fit(&footer, 14.0, width));
    picture
}

/// What is said above the pictures, a line each.
fn words(result: &AnalysisResult, shown: &RenderedSections, drawn: usize) -> Vec<String> {
    let mut lines: Vec<String> = result.classifications.iter().map(sentence).collect();
    if result.lesions.is_empty() {
        lines.push(format!("{} sections analysed; the middle ones are shown.", shown.section_count));
    } else {
        let volume: f64 = result.lesions.iter().map(|l| l.volume_ml).sum();
        let count = result.lesions.len();
        let plural = if count == 1 { "" } else { "s" };
        let all = shown.sections.len();
        let part =
            if drawn < all { format!("; {drawn} of {all} sections with lesion are shown") } else { String::new() };
        lines.push(format!("{count} lesion{plural}, together {volume:.2} mL{part}."));
    }
    lines.extend(result.bundle.as_ref().and_then(|b| b.warning.clone()));
    lines
}

/// A question with both probabilities and the decision.
fn sentence(asked: &Classification) -> String {
    let parts: Vec<String> =
        answer::classes(asked).iter().map(|c| format!("{} {:.2}", c.label, c.probability)).collect();
    format!("{}  {}  →  {}", asked.question, parts.join(", "), answer::decision(asked))
}
