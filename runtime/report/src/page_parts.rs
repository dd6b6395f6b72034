//! The parts of the page that are words and numbers.

use cordline_core::printable::is_harmless;
use cordline_core::stage::Stage;
use cordline_sdk::result::{AnalysisResult, Classification, Lesion};
use serde::Serialize;

use super::answer;
use super::palette;

/// One class of a question.
#[derive(Debug, Serialize)]
pub(super) struct ClassView {
    label: String,
    probability: String,
    percent: f64,
    decided: bool,
    threshold_percent: f64,
    band_percent: [f64; 2],
    sections: Vec<(usize, f64, String)>,
}

/// A question that was asked.
#[derive(Debug, Serialize)]
pub(super) struct QuestionView {
    question: String,
    decision: String,
    undecided: bool,
    classes: Vec<ClassView>,
    threshold: String,
    threshold_class: String,
    band: [String; 2],
    section_count: usize,
    section_list: String,
}

/// A row of the lesion table.
#[derive(Debug, Serialize)]
pub(super) struct LesionView {
    number: u16,
    colour: String,
    volume: String,
    extent: String,
    sections: String,
}

/// A question that was asked, ready for the page.
pub(super) fn question(asked: &Classification) -> QuestionView {
    let classes = answer::classes(asked);
    let percent = |p: f64| (p * 1000.0).round().clamp(0.0, 1000.0) / 10.0;
    let numbers: Vec<usize> = asked.sections.iter().map(|s| s.section).collect();
    QuestionView {
        question: plain(&asked.question),
        decision: plain(answer::decision(asked)),
        undecided: !asked.labels.contains_key(&asked.decision),
        threshold: format!("{:.2}", asked.threshold),
        threshold_class: classes.last().map(|c| plain(&c.label)).unwrap_or_default(),
        band: asked.undecided.map(|p| format!("{p:.2}")),
        section_count: numbers.len(),
        section_list: ranges(&numbers),
        classes: classes
            .into_iter()
            .map(|c| ClassView {
                label: plain(&c.label),
                probability: format!("{:.2}", c.probability),
                percent: percent(c.probability),
                decided: c.decided,
                threshold_percent: percent(c.threshold),
                band_percent: c.undecided.map(percent),
                sections: c.sections.into_iter().map(|(n, p)| (n, percent(p), format!("{p:.2}"))).collect(),
            })
            .collect(),
    }
}

/// A row of the lesion table.
pub(super) fn lesion(lesion: &Lesion) -> LesionView {
    LesionView {
        number: lesion.number,
        colour: palette::hex(palette::lesion(lesion.number)),
        volume: millilitres(lesion.volume_ml),
        extent: format!("{:.1}", lesion.extent_mm),
        sections: ranges(&lesion.sections),
    }
}

/// Stage and milliseconds, in the order of the stages.
pub(super) fn timings(result: &AnalysisResult) -> Vec<(String, String)> {
    let place = |name: &str| match name {
        "total" => Stage::ALL.len() + 1,
        // Others follow by name, the total comes last.
        _ => Stage::ALL.iter().position(|stage| stage.as_str() == name).unwrap_or(Stage::ALL.len()),
    };
    let mut stages: Vec<(&String, &f64)> = result.timings_ms.iter().collect();
    stages.sort_by_key(|(name, _)| place(name));
    stages.into_iter().map(|(name, ms)| (plain(&name.replace('_', " ")), format!("{ms:.0}"))).collect()
}

/// Small volumes need more digits than large ones.
pub(super) fn millilitres(ml: f64) -> String {
    if ml < 1.0 { format!("{ml:.2}") } else { format!("{ml:.1}") }
}

/// Numbers as people write them: "3–7, 9".
fn ranges(numbers: &[usize]) -> String {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let runs = sorted.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [one] => one.to_string(),
        [first, second] => format!("{first}, {second}"),
        [first, .., last] => format!("{first}–{last}"),
        [] => String::new(),
    });
    runs.collect::<Vec<_>>().join(", ")
}

/// Text from a file, without the invisible characters that could turn the direction of writing or break a line.
pub(super) fn plain(text: &str) -> String {
    let invisible = |c: char| matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars().map(|c| if invisible(c) || !is_harmless(c) { ' ' } else { c }).collect::<String>().trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_sections_are_written_as_ranges() {
        assert_eq!(ranges(&[9, 3, 4, 5, 6, 7]), "3–7, 9");
        assert_eq!(ranges(&[2, 3]), "2, 3");
        assert_eq!(ranges(&[]), "");
    }

    #[test]
    fn invisible_characters_do_not_reach_the_page() {
        assert_eq!(plain("T2\u{202e}gas\0\n"), "T2 gas");
        assert_eq!(plain("a\u{2028}b\u{61c}c\u{200b}d"), "a b c d");
        assert_eq!(plain("Wirbelsäule"), "Wirbelsäule");
    }
}
