//! T2-weighted or not: from the echo and repetition times and the kind of sequence, never from the description alone.

use super::assessment::{Assessment, Weighting};
use super::pictures::PictureKind;
use super::rules::SeriesRules;
use super::words::{find_word, short, words};
use crate::read::instance::InstanceHeader;
use crate::read::series_volume::SeriesVolume;

/// From this echo time in ms there is next to nothing but fluid in the picture, as in a myelography.
const MYELOGRAPHY_MS: f64 = 400.0;
/// From this inversion time in ms fluid is dark.
const FLAIR_MS: f64 = 1500.0;

/// What is known of the sequence.
struct Sequence<'a> {
    te: Option<f64>,
    tr: Option<f64>,
    ti: Option<f64>,
    codes: &'a [String],
    is_3d: bool,
    /// What the series says of itself, in lower case, and the words of that.
    text: String,
    words: Vec<String>,
    /// The description or the protocol has a word that begins with T2. Nothing rests on it alone.
    says_t2: bool,
}

impl Sequence<'_> {
    fn has(&self, code: &str) -> bool {
        self.codes.iter().any(|c| c == code)
    }

    /// "TE 102 ms, TR 3500 ms", as far as known.
    fn times(&self) -> String {
        let named = [("TE", self.te), ("TR", self.tr)];
        let said: Vec<_> = named.iter().filter_map(|(name, v)| v.map(|v| format!("{name} {} ms", short(v)))).collect();
        if said.is_empty() { "no TE, no TR".into() } else { said.join(", ") }
    }
}

/// Adds what the contrast says for or against a series.
pub(super) fn judge(series: &SeriesVolume, first: &InstanceHeader, rules: &SeriesRules, a: &mut Assessment) {
    let acquisition = &first.acquisition;
    let sequence = Sequence {
        te: series.frames().find_map(|(_, f)| f.echo_time),
        tr: acquisition.repetition_time,
        ti: acquisition.inversion_time.filter(|ti| *ti > 0.0),
        codes: &acquisition.scanning_sequence,
        is_3d: acquisition.is_3d,
        text: first.series.described().to_lowercase(),
        words: words(first.series.described()),
        says_t2: [&first.series.description, &first.series.protocol]
            .iter()
            .any(|text| words(text).iter().any(|word| word.starts_with("t2"))),
    };
    let weighted = |b: Option<f64>| b.is_some_and(|b| b > 0.0);
    if series.frames().any(|(i, f)| weighted(f.b_value) || (f.b_value.is_none() && i.acquisition.diffusion)) {
        a.against.push("diffusion-weighted".into());
        return;
    }
    if sequence.has("EP") {
        a.against.push("echo planar".into());
        return;
    }
    let before = a.against.len();
    // Enhanced files may hold frames of several contrasts.
    let of_frame = series.frames().map(|(_, f)| f.contrast.as_str()).find(|c| !c.is_empty() && *c != "MIXED");
    let contrast = of_frame.unwrap_or(&acquisition.contrast);
    if let Some(why) = not_t2(&sequence, contrast, rules, a) {
        a.against.push(why);
    }
    // A water image has its own warning.
    let may_be_told = !matches!(a.pictures.kind, PictureKind::Water | PictureKind::InPhase);
    if a.weighting != Weighting::T1 && may_be_told {
        let word = || find_word(&sequence.words, &rules.fat_words).or_else(|| fat_saturation(&sequence.words));
        let suppressed = match acquisition.fat_suppressed {
            true => Some("fat-suppressed".to_owned()),
            false => word().map(|word| format!("fat-suppressed (\"{word}\" in the description)")),
        };
        a.fat_suppressed = suppressed.is_some();
        a.against.extend(suppressed.filter(|_| !rules.allow_fat_suppression));
    }
    if a.against.len() == before {
        a.weighting = Weighting::T2;
    }
}

/// "fat sat", "fat suppressed": two words.
fn fat_saturation(text: &[String]) -> Option<String> {
    let pair = |w: &&[String]| w[0] == "fat" && (w[1].starts_with("sat") || w[1].starts_with("sup"));
    text.windows(2).find(pair).map(|w| w.join(" "))
}

/// "FLAIR", "dark-fluid", "darkfluid".
fn says_flair(text: &[String]) -> bool {
    let flair = |w: &String| w.contains("flair") || w == "darkfluid";
    text.iter().any(flair) || text.windows(2).any(|w| w[0] == "dark" && w[1] == "fluid")
}

/// Why a sequence is not T2-weighted; otherwise adds the reason, the score and the doubts.
fn not_t2(s: &Sequence<'_>, contrast: &str, rules: &SeriesRules, a: &mut Assessment) -> Option<String> {
    let times = s.times();
    let [low, high] = rules.stir_inversion_time_ms;
    let fluid_is_dark = says_flair(&s.words);
    if s.ti.is_some_and(|ti| (low..=high).contains(&ti))
        || contrast == "STIR"
        || (find_word(&s.words, &["stir".into(), "tirm".into()]).is_some() && !fluid_is_dark)
        || s.words.iter().any(|w| w.starts_with("stir") || w.ends_with("stir"))
    {
        return Some("STIR".into());
    }
    // Not every scanner tells of the inversion in ScanningSequence.
    if s.ti.is_some_and(|ti| ti >= FLAIR_MS) || fluid_is_dark {
        return Some("FLAIR".into());
    }
    if s.has("IR")
        || s.words.iter().any(|w| matches!(w.as_str(), "ir" | "irfse" | "fseir" | "irtse" | "tseir" | "psir"))
    {
        return Some(match s.ti {
            Some(ti) => format!("inversion recovery (TI {} ms)", short(ti)),
            None => "STIR or another inversion recovery".into(),
        });
    }
    let is_t1 =
        s.te.is_some_and(|te| te < rules.t1_echo_time_ms) && s.tr.is_some_and(|tr| tr < rules.t1_repetition_time_ms);
    match contrast {
        "T2" | "" | "UNKNOWN" | "MIXED" => {}
        "T1" => {
            a.weighting = Weighting::T1;
            return Some(format!("T1-weighted ({times})"));
        }
        "T2_STAR" => return Some(format!("T2*-weighted ({times})")),
        "FLAIR" => return Some("FLAIR".into()),
        "DIFFUSION" => return Some("diffusion-weighted".into()),
        "PROTON_DENSITY" => return Some(format!("proton density-weighted ({times})")),
        other => return Some(format!("AcquisitionContrast is {}, not T2", other.to_lowercase())),
    }
    if is_t1 {
        a.weighting = Weighting::T1;
        return Some(format!("T1-weighted ({times})"));
    }
    if s.has("GR") && !s.has("SE") {
        return Some(if s.te.is_some_and(|te| te > 10.0) {
            format!("T2*-weighted gradient echo ({times})")
        } else {
            format!("gradient echo ({times})")
        });
    }
    if s.has("GR") {
        return Some(format!("gradient and spin echo ({times})"));
    }
    if s.text.contains("t2*") || s.text.contains("t2star") {
        return Some(format!("T2*-weighted ({times})"));
    }
    let mut doubts = Vec::new();
    match s.te {
        Some(te) if te >= MYELOGRAPHY_MS => {
            doubts.push(format!(
                "an echo time of {} ms is that of a myelography, which shows little but fluid",
                short(te)
            ));
        }
        Some(te) if te >= rules.echo_time_ms => {}
        Some(te) if te >= rules.doubtful_echo_time_ms => {
            doubts.push(format!("the echo time of {} ms is short for T2 weighting", short(te)))
        }
        Some(te) if te < rules.t1_echo_time_ms => {
            return Some(match s.tr {
                Some(tr) if tr >= rules.repetition_time_ms => format!("proton density-weighted ({times})"),
                _ => format!("not T2-weighted ({times})"),
            });
        }
        Some(_) => return Some(format!("not T2-weighted ({times})")),
        None if contrast == "T2" || s.says_t2 => {
            doubts.push("EchoTime is missing".into());
        }
        None => return Some("contrast unknown (EchoTime is missing)".into()),
    }
    let enough = if s.is_3d { rules.repetition_time_3d_ms } else { rules.repetition_time_ms };
    match s.tr {
        Some(tr) if tr >= enough => {}
        Some(_) if contrast == "T2" => doubts.push(format!("the repetition time is short for T2 weighting ({times})")),
        Some(_) => return Some(format!("not T2-weighted: the repetition time is too short ({times})")),
        // Without either time there is nothing but words.
        None if s.te.is_none() => return Some("contrast unknown (EchoTime and RepetitionTime are missing)".into()),
        None => doubts.push("RepetitionTime is missing".into()),
    }
    let kind = if s.has("SE") {
        "spin echo"
    } else if s.has("RM") {
        "research mode"
    } else if contrast == "T2" {
        "by its AcquisitionContrast"
    } else {
        doubts.push("ScanningSequence does not say spin echo".into());
        "kind of sequence not stated"
    };
    a.score += if doubts.is_empty() { 2 } else { 1 };
    a.reasons.push(format!("T2-weighted: {times}, {kind}"));
    a.warnings.extend(doubts.into_iter().map(|d| format!("contrast not certain: {d}")));
    None
}
