//! One picture that says it all, for archives that show neither segmentations nor heat maps.
//!
//! It is made in strips of one width: the rows of sections are there when the words above and below them are written.

use std::borrow::Cow;

use cordline_sdk::RESEARCH_USE;
use cordline_sdk::result::{AnalysisResult, Classification};

use super::answer;
use super::picture::{Rgb, RgbImage};
use super::sections::RenderedSections;
use super::text::{self, Text};
use super::tiles::{GAP, Tiles};

const PAPER: Rgb = [12, 14, 17];
const INK: Rgb = [236, 239, 241];
const FAINT: Rgb = [160, 170, 178];
const ALERT: Rgb = [255, 196, 92];
const MARGIN: usize = 20;
/// Least width of what is written, in pixels.
const WORDS_WIDTH: usize = 1000;
/// Height of what stands above a tile, and the size of its letters.
const CAPTION: usize = 20;
const CAPTION_LETTERS: f32 = 14.0;

/// The whole picture.
#[derive(Debug)]
pub struct Montage<'a> {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Its parts, from the top.
    pub strips: Vec<Cow<'a, RgbImage>>,
}

impl Montage<'_> {
    /// In one piece.
    pub fn joined(&self) -> RgbImage {
        let pixels = self.strips.iter().flat_map(|strip| &strip.pixels).copied().collect();
        RgbImage { width: self.width, height: self.height, pixels }
    }
}

/// The sections side by side: a row with the outlines of their lesions, and one under the heat maps of each question.
#[derive(Debug)]
pub struct Rows {
    width: usize,
    size: [usize; 2],
    /// Where each section stands, by its place in [`RenderedSections::sections`].
    columns: Vec<usize>,
    pictures: Vec<RgbImage>,
}

impl Rows {
    /// The first row.
    pub fn of(shown: &RenderedSections, tiles: &Tiles) -> Self {
        let columns = tiles.side_by_side.iter().map(|(place, _)| *place).collect();
        let mut rows = Self { width: tiles.width().max(WORDS_WIDTH), size: tiles.size, columns, pictures: Vec::new() };
        rows.begin();
        for (place, grey) in &tiles.side_by_side {
            let section = &shown.sections[*place];
            let caption = format!("Section {} of {}, {}", section.index + 1, shown.section_count, section.position);
            rows.put(*place, &rows.caption(&caption), &tiles.outlined(grey, section));
        }
        rows
    }

    /// Begins the row of the next question.
    pub fn begin(&mut self) {
        let height = self.size[1] + CAPTION + 6 + GAP;
        self.pictures.push(RgbImage::filled(self.width + 2 * MARGIN, height, PAPER));
    }

    /// What stands above a tile.
    pub fn caption(&self, words: &str) -> Text {
        Text::new(&text::fit(words, CAPTION_LETTERS, self.size[0]), CAPTION_LETTERS)
    }

    /// Puts a tile into the row that was begun last; one of a section that stands in no column is left out.
    pub fn put(&mut self, place: usize, caption: &Text, tile: &RgbImage) {
        let column = self.columns.iter().position(|shown| *shown == place);
        let (Some(column), Some(row)) = (column, self.pictures.last_mut()) else { return };
        let x = MARGIN + column * (self.size[0] + GAP);
        caption.stamp(row, x, 0, FAINT);
        row.paste(tile, x, CAPTION);
    }

    /// The whole picture: the finding and the probabilities, and below them the rows. No patient data, and "research use only" in the
    /// pixels.
    pub fn with_words(&self, result: &AnalysisResult, shown: &RenderedSections) -> Montage<'_> {
        let head = head(self.width, result, &words(result, shown, self.columns.len()));
        let rows = self.pictures.iter().map(Cow::Borrowed);
        let foot = foot(self.width, result);
        let strips: Vec<_> = [Cow::Owned(head)].into_iter().chain(rows).chain([Cow::Owned(foot)]).collect();
        let height = strips.iter().map(|strip| strip.height).sum();
        Montage { width: self.width + 2 * MARGIN, height, strips }
    }
}

/// What stands above the rows.
fn head(width: usize, result: &AnalysisResult, words: &[String]) -> RgbImage {
    let mut picture = RgbImage::filled(width + 2 * MARGIN, MARGIN + 34 + words.len() * 22 + 46, PAPER);
    text::write(&mut picture, MARGIN, MARGIN - 6, 22.0, ALERT, &RESEARCH_USE.to_uppercase());
    let headline = result.finding.as_ref().map_or("", |f| &f.label);
    text::write(&mut picture, MARGIN, MARGIN + 24, 32.0, INK, &text::fit(headline, 32.0, width));
    for (i, line) in words.iter().enumerate() {
        let y = MARGIN + 64 + i * 22;
        text::write(&mut picture, MARGIN, y, 17.0, INK, &text::fit(line, 17.0, width));
    }
    picture
}

/// What stands below them.
fn foot(width: usize, result: &AnalysisResult) -> RgbImage {
    let mut picture = RgbImage::filled(width + 2 * MARGIN, MARGIN + 24, PAPER);
    let bundle = result.bundle.as_ref().map_or(String::new(), |b| format!(" · bundle {} {}", b.id, b.version));
    let footer = format!("Cordline {}{bundle} · {} · {RESEARCH_USE}", result.cordline_version, result.created);
    text::write(&mut picture, MARGIN, 10, 14.0, FAINT, &text::fit(&footer, 14.0, width));
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
