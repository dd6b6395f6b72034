//! What kind of pictures a description means, where ImageType is silent: many scanners tell the four Dixon images apart there alone.

use super::pictures::PictureKind;
use super::words::{matches, words};

/// Words of a description that mean a picture that was computed.
const COMPUTED: &[&str] = &[
    "mpr",
    "mprs",
    "cpr",
    "mip",
    "minip",
    "reformat*",
    "adc",
    "map",
    "t2map",
    "t1map",
    "sub",
    "subtraction",
    "trace",
    "fa",
    "vrt",
];
/// Words of a description that mean a picture for planning.
const PLANNING: &[&str] = &["localiz*", "localis*", "lokalis*", "loc", "scout", "survey", "planscan", "topogram*"];

/// What a description says where the values say nothing. `computed`: ImageType says that it was computed, or is missing.
pub(super) fn kind(description: &str, computed: bool) -> PictureKind {
    let said = words(description);
    if let Some(kind) = dixon(description, &said) {
        return kind;
    }
    if said.iter().any(|word| PLANNING.iter().any(|pattern| matches(pattern, word))) {
        return PictureKind::Excluded("localizer".into());
    }
    let word = said.iter().find(|word| COMPUTED.iter().any(|pattern| matches(pattern, word)));
    match word.filter(|_| computed) {
        Some(word) => PictureKind::Excluded(format!("computed images (\"{word}\" in the description)")),
        None => PictureKind::Magnitude,
    }
}

/// Which of the four Dixon images a description means.
fn dixon(description: &str, said: &[String]) -> Option<PictureKind> {
    let (begin, colon) = description.split_once(':').map_or(("", false), |(begin, _)| (begin, true));
    // GE: "WATER: Sag T2 Flex".
    if let Some(kind) = colon.then(|| words(begin)).and_then(|begin| part(&begin)) {
        return Some(kind);
    }
    let opposed_words = |word: &String| matches!(word.as_str(), "opp" | "oop" | "outphase" | "opposed" | "outofphase");
    if said.iter().any(opposed_words) || said.windows(2).any(|w| w[0] == "of" && w[1] == "phase") {
        return Some(PictureKind::opposed());
    }
    let is_dixon =
        |w: &String| w.contains("dixon") || w.starts_with("mdix") || matches!(w.as_str(), "dix" | "ideal" | "flex");
    let after = said.iter().position(is_dixon)?;
    part(&said[after..])
}

/// The last of some words that names a Dixon image.
fn part(said: &[String]) -> Option<PictureKind> {
    said.iter().enumerate().rev().find_map(|(i, word)| {
        let next = said.get(i + 1).map_or("", String::as_str);
        let last = next.is_empty();
        Some(match word.as_str() {
            "w" | "water" if !next.starts_with("exc") => PictureKind::Water,
            "f" | "fat" if !(next.starts_with("sat") || next.starts_with("sup")) => PictureKind::fat(),
            "ff" | "pdff" => PictureKind::fraction(),
            w if w.starts_with("fatfrac") => PictureKind::fraction(),
            "ip" | "inphase" => PictureKind::InPhase,
            "in" if last || next == "phase" => PictureKind::InPhase,
            "op" | "opp" | "oop" | "outphase" | "opposed" => PictureKind::opposed(),
            "out" if last || next == "phase" || next == "of" => PictureKind::opposed(),
            _ => return None,
        })
    })
}
