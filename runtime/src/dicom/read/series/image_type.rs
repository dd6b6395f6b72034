//! What kind of pictures these are: by the whole values of ImageType or FrameType, never by words inside them.
//!
//! Descriptions are asked only where the values are silent: many scanners tell the four Dixon images apart in SeriesDescription alone.

use super::rules::SeriesRules;
use super::words::{matches, words};

/// What the values of a pixel are.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The magnitude of the signal, as most series have it.
    #[default]
    Magnitude,
    /// Dixon: water and fat added, as without fat suppression.
    InPhase,
    /// Dixon: water alone, as with fat suppression.
    Water,
    /// Nothing that can be analysed, and what it is.
    Excluded(String),
}

/// Where the pictures come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Derivation {
    /// As they were acquired, or not stated.
    #[default]
    Original,
    /// Stations that were composed to one picture.
    Composed,
    /// Computed from the acquired ones.
    Derived,
    /// Computed after the examination.
    Secondary,
}

/// Kind and origin of pictures.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pictures {
    pub kind: Kind,
    pub derivation: Derivation,
    /// The mean of several pictures.
    pub mean: bool,
}

impl Pictures {
    /// In words, to tell it from other pictures of its series.
    pub(super) fn name(&self) -> String {
        match (&self.kind, self.derivation) {
            (Kind::Excluded(what), _) => what.clone(),
            (Kind::InPhase, _) => "in-phase image".into(),
            (Kind::Water, _) => "water image".into(),
            (Kind::Magnitude, _) if self.mean => "mean of several images".into(),
            (Kind::Magnitude, Derivation::Original) => "original images".into(),
            (Kind::Magnitude, Derivation::Composed) => "composed images".into(),
            (Kind::Magnitude, Derivation::Derived | Derivation::Secondary) => "derived images".into(),
        }
    }
}

/// What is known of the kind of a picture.
pub(super) struct Stated<'a> {
    /// Values of ImageType, or of FrameType.
    pub values: &'a [String],
    /// ComplexImageComponent.
    pub component: &'a str,
    /// Values are those of Enhanced MR: the fourth is the derived contrast.
    pub enhanced: bool,
    /// SeriesDescription.
    pub description: &'a str,
}

const FAT: &[&str] = &["fat", "f", "fat image", "fat only"];
const FRACTION: &[&str] = &["fat fraction", "fatfraction", "ff", "pdff", "water fraction"];
const OPPOSED: &[&str] = &[
    "out of phase",
    "outofphase",
    "out phase",
    "outphase",
    "opp phase",
    "opposed phase",
    "opposed",
    "opp",
    "op",
    "oop",
];
const IN_PHASE: &[&str] = &["in phase", "inphase", "ip"];
const WATER: &[&str] = &["water", "w", "water image", "water only"];
const COMPOSED: &[&str] = &["composed*", "comp sp", "comp ad", "comp di", "comp an", "pasted", "stitched"];
/// Values of the fourth place that are maps where the picture is a derived one of Enhanced MR.
const MAPS: &[&str] = &["t1", "t2", "t2 star", "r1", "r2", "r2 star"];
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
];

/// Tells what kind of pictures these are.
pub(super) fn pictures(stated: &Stated<'_>, rules: &SeriesRules) -> Pictures {
    let values: Vec<String> = stated.values.iter().map(|v| plain(v)).collect();
    let is = |at: usize, value: &str| values.get(at).is_some_and(|v| v == value);
    let rest = values.get(2..).unwrap_or_default();
    let has = |list: &[&str]| rest.iter().any(|v| list.iter().any(|pattern| matches(pattern, v)));
    let derived = is(0, "derived");
    let derivation = match (derived, is(1, "secondary")) {
        (true, _) if has(COMPOSED) => Derivation::Composed,
        (true, true) => Derivation::Secondary,
        (true, false) => Derivation::Derived,
        (false, _) => Derivation::Original,
    };
    let map = values.get(3).filter(|v| stated.enhanced && derived && MAPS.contains(&v.as_str()));
    let excluded = values.iter().find(|v| rules.image_type_excluded.iter().any(|e| matches(&plain(e), v)));
    let component = plain(stated.component);
    let kind = if has(FRACTION) {
        Kind::Excluded("fat or water fraction (Dixon)".into())
    } else if has(FAT) {
        fat()
    } else if has(OPPOSED) {
        opposed()
    } else if let Some(value) = excluded {
        Kind::Excluded(words_for(value))
    } else if matches!(component.as_str(), "phase" | "real" | "imaginary") {
        Kind::Excluded(words_for(&component))
    } else if let Some(map) = map {
        Kind::Excluded(format!("map ({})", map.to_uppercase()))
    } else if has(IN_PHASE) {
        Kind::InPhase
    } else if has(WATER) {
        Kind::Water
    } else {
        by_description(stated.description, derived || values.is_empty())
    };
    Pictures { kind, derivation, mean: has(&["mean"]) }
}

/// A value in lower case, with blanks for underscores and hyphens: writers differ in these.
fn plain(value: &str) -> String {
    let blank = |c: char| matches!(c, '_' | '-' | ' ');
    value.split(blank).filter(|part| !part.is_empty()).map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

fn fat() -> Kind {
    Kind::Excluded("fat image (Dixon)".into())
}

fn opposed() -> Kind {
    Kind::Excluded("opposed-phase image (Dixon)".into())
}

/// How a reader calls what a value excludes.
fn words_for(value: &str) -> String {
    let shown = value.to_uppercase();
    match value {
        "localizer" | "localiser" | "scout" | "survey" => "localizer".into(),
        "adc" | "eadc" | "adc map" => "diffusion (ADC map)".into(),
        "phase" | "p" | "phase map" => "phase image".into(),
        "real" | "r" => "real part of the signal".into(),
        "imaginary" | "i" => "imaginary part of the signal".into(),
        v if v.starts_with("p ") => "phase image".into(),
        v if v.starts_with("r ") => "real part of the signal".into(),
        v if v.starts_with("i ") => "imaginary part of the signal".into(),
        v if v.starts_with("diffusion") || v.starts_with("trace") => "diffusion-weighted".into(),
        v if v.contains("subtract") || v == "sub" => "subtraction".into(),
        v if v.contains("mpr") || v.contains("cpr") || v == "reformatted" => format!("reformatted ({shown})"),
        v if v.starts_with("projection") || v.contains("mip") || v.ends_with("max ip") || v.ends_with("min ip") => {
            format!("projection ({shown})")
        }
        v if v.ends_with("map") => format!("map ({shown})"),
        _ => format!("ImageType says {shown}"),
    }
}

/// What a description says where the values say nothing. `computed`: ImageType says that it was computed, or is missing.
fn by_description(description: &str, computed: bool) -> Kind {
    let said = words(description);
    if let Some(kind) = dixon(description, &said) {
        return kind;
    }
    if said.iter().any(|word| matches!(word.as_str(), "localizer" | "localiser" | "scout" | "survey" | "loc")) {
        return Kind::Excluded("localizer".into());
    }
    let word = said.iter().find(|word| COMPUTED.iter().any(|pattern| matches(pattern, word)));
    match word.filter(|_| computed) {
        Some(word) => Kind::Excluded(format!("computed images (\"{word}\" in the description)")),
        None => Kind::Magnitude,
    }
}

/// Which of the four Dixon images a description means.
fn dixon(description: &str, said: &[String]) -> Option<Kind> {
    let (begin, colon) = description.split_once(':').map_or(("", false), |(begin, _)| (begin, true));
    // GE: "WATER: Sag T2 Flex".
    if let Some(kind) = colon.then(|| words(begin)).and_then(|begin| part(&begin)) {
        return Some(kind);
    }
    let opposed_words = |word: &String| matches!(word.as_str(), "opp" | "oop" | "outphase" | "opposed" | "outofphase");
    if said.iter().any(opposed_words) || said.windows(2).any(|w| w[0] == "of" && w[1] == "phase") {
        return Some(opposed());
    }
    let is_dixon =
        |w: &String| w.contains("dixon") || w.starts_with("mdix") || matches!(w.as_str(), "dix" | "ideal" | "flex");
    let after = said.iter().position(is_dixon)?;
    part(&said[after..])
}

/// The last of some words that names a Dixon image.
fn part(said: &[String]) -> Option<Kind> {
    said.iter().enumerate().rev().find_map(|(i, word)| {
        let next = said.get(i + 1).map_or("", String::as_str);
        let last = next.is_empty();
        Some(match word.as_str() {
            "w" | "water" if !next.starts_with("exc") => Kind::Water,
            "f" | "fat" if !(next.starts_with("sat") || next.starts_with("sup")) => fat(),
            "ff" | "pdff" => Kind::Excluded("fat or water fraction (Dixon)".into()),
            w if w.starts_with("fatfrac") => Kind::Excluded("fat or water fraction (Dixon)".into()),
            "ip" | "inphase" => Kind::InPhase,
            "in" if last || next == "phase" => Kind::InPhase,
            "op" | "opp" | "oop" | "outphase" | "opposed" => opposed(),
            "out" if last || next == "phase" || next == "of" => opposed(),
            _ => return None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &str, description: &str) -> Pictures {
        let values: Vec<String> = values.split('\\').filter(|v| !v.is_empty()).map(str::to_owned).collect();
        let stated = Stated { values: &values, component: "", enhanced: false, description };
        pictures(&stated, &SeriesRules::default())
    }

    fn excluded(values: &str, description: &str) -> String {
        match of(values, description).kind {
            Kind::Excluded(what) => what,
            other => panic!("{values}, {description}: {other:?}"),
        }
    }

    #[test]
    fn values_count_as_a_whole() {
        for (value, kind) in
            [("IN_PHASE", Kind::InPhase), ("IN PHASE", Kind::InPhase), ("WATER", Kind::Water), ("W", Kind::Water)]
        {
            assert_eq!(of(&format!("DERIVED\\PRIMARY\\DIXON\\{value}"), "T2 TSE SAG").kind, kind, "{value}");
        }
        for value in ["OUT_OF_PHASE", "OPP_PHASE", "OPPOSED_PHASE", "OUT_PHASE", "OP"] {
            assert_eq!(
                excluded(&format!("ORIGINAL\\PRIMARY\\M\\{value}"), ""),
                "opposed-phase image (Dixon)",
                "{value}"
            );
        }
        assert_eq!(excluded("DERIVED\\PRIMARY\\DIXON\\FAT", ""), "fat image (Dixon)");
        assert_eq!(excluded("DERIVED\\PRIMARY\\M\\FAT_FRACTION", ""), "fat or water fraction (Dixon)");
        assert_eq!(excluded("ORIGINAL\\PRIMARY\\PHASE MAP\\P\\FFE", ""), "phase image");
        assert_eq!(excluded("ORIGINAL\\PRIMARY\\R_IR\\R\\IR", ""), "real part of the signal");
        assert_eq!(excluded("DERIVED\\SECONDARY\\REFORMATTED\\AVERAGE", ""), "reformatted (REFORMATTED)");
        assert_eq!(excluded("DERIVED\\SECONDARY\\CPR", ""), "reformatted (CPR)");
        assert_eq!(excluded("DERIVED\\SECONDARY\\PROJECTION IMAGE\\MIP", ""), "projection (PROJECTION IMAGE)");
        assert_eq!(excluded("DERIVED\\PRIMARY\\T2 MAP\\T2", ""), "map (T2 MAP)");
        assert_eq!(excluded("DERIVED\\PRIMARY\\R2_MAP", ""), "map (R2 MAP)");
        assert_eq!(excluded("ORIGINAL\\PRIMARY\\VELOCITY MAP", ""), "map (VELOCITY MAP)");
        assert_eq!(excluded("DERIVED\\PRIMARY\\MODULUS_SUBTRACT", ""), "subtraction");
        for fine in [
            "ORIGINAL\\PRIMARY\\M\\ND\\NORM",
            "ORIGINAL\\PRIMARY\\M_SE\\M\\SE",
            "ORIGINAL\\PRIMARY\\M_FFE\\M",
            "ORIGINAL\\PRIMARY\\T2\\NONE",
            "",
        ] {
            assert_eq!(of(fine, "T2 TSE SAG"), Pictures::default(), "{fine}");
        }
    }

    #[test]
    fn derived_pictures_are_told_from_composed_ones() {
        let derivation = |values| of(values, "").derivation;
        assert_eq!(derivation("DERIVED\\PRIMARY\\M\\ND\\COMP_SP"), Derivation::Composed);
        assert_eq!(derivation("DERIVED\\SECONDARY\\OTHER\\COMPOSED"), Derivation::Composed);
        assert_eq!(derivation("DERIVED\\PRIMARY\\M\\MEAN"), Derivation::Derived);
        assert_eq!(derivation("DERIVED\\SECONDARY\\OTHER"), Derivation::Secondary);
        assert!(of("DERIVED\\PRIMARY\\M\\MEAN", "").mean);
    }

    #[test]
    fn in_enhanced_files_the_fourth_value_of_a_derived_picture_may_be_a_map() {
        let of = |values: &str, component| {
            let values: Vec<String> = values.split('\\').map(str::to_owned).collect();
            let stated = Stated { values: &values, component, enhanced: true, description: "" };
            pictures(&stated, &SeriesRules::default()).kind
        };
        assert_eq!(of("DERIVED\\PRIMARY\\MULTIECHO\\T2", "MAGNITUDE"), Kind::Excluded("map (T2)".into()));
        assert_eq!(of("ORIGINAL\\PRIMARY\\T2\\NONE", "MAGNITUDE"), Kind::Magnitude);
        assert_eq!(of("ORIGINAL\\PRIMARY\\T2\\NONE", "PHASE"), Kind::Excluded("phase image".into()));
    }

    #[test]
    fn descriptions_are_asked_where_the_values_are_silent() {
        let silent = "ORIGINAL\\PRIMARY\\M\\ND";
        for (description, kind) in [
            ("T2_TSE_DIXON_SAG_W", Kind::Water),
            ("WATER: Sag T2 FRFSE Flex", Kind::Water),
            ("t2_tse_dixon_sag_in", Kind::InPhase),
            ("InPhase: Sag T2 IDEAL", Kind::InPhase),
            ("T2 mDIXON TSE SAG in phase", Kind::InPhase),
            ("T2 TSE SAG FAT SAT", Kind::Magnitude),
            ("T2 TSE DIXON SAG", Kind::Magnitude),
            ("T2 FLEX FAT SAT SAG", Kind::Magnitude),
            ("HWS T2 W SAG", Kind::Magnitude),
            ("T2 SAG MPR", Kind::Magnitude),
        ] {
            assert_eq!(of(silent, description).kind, kind, "{description}");
        }
        for description in ["T2_TSE_DIXON_SAG_F", "FAT: Sag T2 FRFSE", "T2 mDIXON SAG F"] {
            assert_eq!(excluded(silent, description), "fat image (Dixon)", "{description}");
        }
        for description in ["t2_tse_sag_opp", "T2 DIXON SAG out of phase", "OutPhase: Sag T2 IDEAL", "T2 DIXON OP"] {
            assert_eq!(excluded(silent, description), "opposed-phase image (Dixon)", "{description}");
        }
        assert_eq!(excluded("DERIVED\\SECONDARY\\OTHER", "T2 SAG MPR"), "computed images (\"mpr\" in the description)");
        // What the values say stands before any word.
        assert_eq!(of("DERIVED\\PRIMARY\\DIXON\\WATER", "T2_DIXON_SAG_F").kind, Kind::Water);
    }
}
