//! What is said beside the answer: what may hide a lesion.

use super::refusal::numbered;
use super::survey::Survey;

/// A section whose grey levels reach less than this share of what they usually reach in the volume has next to no signal: the outermost
/// sections of a spine reach more than half of it.
const MIN_SIGNAL: f32 = 0.05;
/// Share of voxels with the highest value from which on a picture counts as clipped. In MR as it is measured the highest value is that of a
/// few voxels in a million; lesions take up some tenths of a percent.
const MAX_AT_HIGHEST: f64 = 0.003;
/// A picture whose grey levels reach less than this share of its brightest has next to no contrast: air alone makes it far more.
const MIN_CONTRAST: f32 = 0.05;

/// The grey levels of a picture follow each other; where more than this share of their range is used by none ...
const MIN_GAP: f64 = 0.5;
/// ... and at least this share of the voxels lies on either side, values were wrapped: negative ones read as very large ones, or the reverse.
const BESIDE_GAP: f64 = 0.01;

/// A sentence for each thing that may hide a lesion. `sections`: how many the volume has.
pub(super) fn warnings(survey: &Survey, sections: usize) -> Vec<String> {
    let mut said = Vec::new();
    let empty = survey.numbers(|section| section.is_empty());
    if !empty.is_empty() {
        said.push(format!(
            "Of {sections} sections {} no picture (section {}): a lesion there cannot be seen. Look at them in a viewer, and export the series again.",
            if empty.len() == 1 { "1 holds".into() } else { format!("{} hold", empty.len()) },
            numbered(&empty),
        ));
    }
    let filled = || survey.sections.iter().filter(|section| !section.is_empty());
    let mut spreads: Vec<f32> = filled().map(|section| section.spread()).collect();
    spreads.sort_unstable_by(f32::total_cmp);
    // At least half of the sections hold a picture, or the volume would have been refused.
    let usual = spreads.get(spreads.len() / 2).copied().unwrap_or_default();
    let faint = survey.numbers(|section| !section.is_empty() && section.spread() < MIN_SIGNAL * usual);
    if !faint.is_empty() {
        said.push(format!(
            "Next to no signal in section {}: a lesion there would hardly be seen. Look at the series in a viewer.",
            numbered(&faint)
        ));
    }
    let gap = &survey.gap;
    if gap.width > MIN_GAP && gap.below >= BESIDE_GAP && gap.above >= BESIDE_GAP {
        said.push(format!(
            "No voxel has a value between {:.0} and {:.0}, and {:.1} % lie above: the picture may have been stored with another sign or width than its header says. Look at the series in a viewer.",
            gap.from,
            gap.to,
            gap.above * 100.0
        ));
    } else if survey.at_highest >= MAX_AT_HIGHEST {
        said.push(format!(
            "{:.1} % of the voxels have the highest value ({}): the picture is clipped, and what is bright cannot be told apart. Export the series again as the scanner made it.",
            survey.at_highest * 100.0,
            survey.high
        ));
    }
    // What was wrapped is not smooth either.
    if survey.bytes_exchanged && gap.width <= MIN_GAP {
        said.push(
            "The picture would be far smoother with the two bytes of each sample exchanged: they seem to be stored in another order than the header says. Look at the series in a viewer, and export it again from the scanner."
                .to_owned(),
        );
    }
    if survey.sides_exchanged {
        said.push(
            "The picture would be far smoother with as many rows as it has columns: Rows and Columns seem to be exchanged in the header. Look at the series in a viewer, and export it again from the scanner."
                .to_owned(),
        );
    }
    if !survey.repeated.is_empty() {
        let which = match survey.repeated[..] {
            [one] => format!("Section {one} shows"),
            _ => format!("Sections {} each show", numbered(&survey.repeated)),
        };
        said.push(format!(
            "{which} exactly the same as the one before: the pictures may have been mixed up when they were stored. Look at the series in a viewer."
        ));
    }
    let bright = filled().fold(f32::NEG_INFINITY, |most, section| most.max(section.bright));
    let dark = filled().fold(f32::INFINITY, |least, section| least.min(section.dark));
    if bright - dark < MIN_CONTRAST * bright.abs().max(dark.abs()) {
        said.push(format!(
            "The picture has next to no contrast (grey levels from {dark} to {bright}): a lesion would hardly be seen. Look at the series in a viewer."
        ));
    }
    said
}
