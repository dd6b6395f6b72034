//! Spine or another part of the body: by what the series says of itself; by what its study says only where the series says nothing.

use super::assessment::Assessment;
use super::rules::SeriesRules;
use super::words::{find_word, words};
use crate::read::instance::InstanceHeader;

/// Words that say little: they stand beside the spine as well as for the brain.
const WEAK: [&str; 2] = ["neuro", "cranio"];

/// What stands in BodyPartExamined where nothing is known: letters and digits, in capitals.
const UNTOLD: [&str; 12] =
    ["", "UNKNOWN", "UNDEFINED", "UNSPECIFIED", "OTHER", "NONE", "NA", "DEFAULT", "MR", "MRI", "WHOLEBODY", "BODY"];

/// Which parts of the body a text names.
struct Named {
    spine: Option<String>,
    other: Option<String>,
}

impl Named {
    fn by(text: &str, rules: &SeriesRules) -> Self {
        let said = words(text);
        let spine = find_word(&said, &rules.spine_words);
        let strong: Vec<String> = said.into_iter().filter(|w| spine.is_none() || !WEAK.contains(&w.as_str())).collect();
        Self { spine, other: find_word(&strong, &rules.other_words) }
    }

    fn is_silent(&self) -> bool {
        self.spine.is_none() && self.other.is_none()
    }
}

/// Adds what BodyPartExamined and the descriptions say for or against a series.
pub(super) fn judge(first: &InstanceHeader, rules: &SeriesRules, a: &mut Assessment) {
    // A protocol is often named after the whole examination too: it is asked where the description says nothing.
    let described = Named::by(&first.series.description, rules);
    let own = if described.is_silent() { Named::by(&first.series.protocol, rules) } else { described };
    let stated = &first.series.body_part;
    let key: String = stated.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    if UNTOLD.contains(&key.as_str()) {
        return by_words(&own, first, rules, a);
    }
    let part = Named::by(stated, rules);
    let is_spine = rules.spine_body_parts.contains(&key) || (part.spine.is_some() && part.other.is_none());
    match (is_spine, own.spine, own.other) {
        (true, None, Some(other)) => {
            a.score += 1;
            a.body_is_doubtful = true;
            a.reasons.push(format!("spine (body part {stated})"));
            a.warnings.push(format!("the body part is {stated}, but the description says \"{other}\""));
        }
        (true, spine, other) => {
            a.score += 2;
            a.says_spine = spine.is_some() && other.is_none();
            a.reasons.push(format!("spine (body part {stated})"));
        }
        // The stated part outweighs words, unless it is one that only lies around the spine.
        (false, Some(word), _) if part.other.is_none() => {
            a.score += 1;
            a.reasons.push(format!("spine (\"{word}\" in the description)"));
            a.warnings.push(format!("BodyPartExamined is {stated}, only the description says spine"));
        }
        _ => a.against.push(format!("body part {stated}, not spine")),
    }
}

/// Nothing but words is there.
fn by_words(own: &Named, first: &InstanceHeader, rules: &SeriesRules, a: &mut Assessment) {
    match (&own.spine, &own.other) {
        (Some(spine), None) => {
            a.score += 2;
            a.says_spine = true;
            return a.reasons.push(format!("spine (\"{spine}\" in the description)"));
        }
        (Some(spine), Some(other)) => {
            a.score += 1;
            a.body_is_doubtful = true;
            a.reasons.push(format!("spine (\"{spine}\" in the description)"));
            return a.warnings.push(format!("the description names more than the spine (\"{other}\")"));
        }
        (None, Some(other)) => {
            return a.against.push(format!("another part of the body (\"{other}\" in the description)"));
        }
        (None, None) => {}
    }
    let study = Named::by(&first.study.description, rules);
    match (study.spine, study.other) {
        (Some(spine), None) => {
            a.score += 2;
            a.reasons.push(format!("spine (\"{spine}\" in the study's description)"));
        }
        (None, Some(other)) => {
            a.against.push(format!("another part of the body (\"{other}\" in the study's description)"));
        }
        // "MRI BRAIN AND CERVICAL SPINE" says nothing of a single series.
        (Some(_), Some(other)) => {
            a.body_is_doubtful = true;
            a.warnings.push(format!(
                "the study is of more than the spine (\"{other}\" in its description), and the series does not say what it shows"
            ));
        }
        (None, None) => {
            a.body_is_doubtful = true;
            a.warnings.push("neither BodyPartExamined nor a description says that this is the spine".into());
        }
    }
}
