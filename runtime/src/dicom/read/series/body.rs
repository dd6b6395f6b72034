//! Spine or another part of the body.

use super::assess::Assessment;
use super::rules::{SeriesRules, find_word, words};
use crate::dicom::read::instance::Instance;

/// Adds what BodyPartExamined and the descriptions say for or against a series.
pub(super) fn judge(first: &Instance, rules: &SeriesRules, a: &mut Assessment) {
    let stated = &first.series.body_part;
    let key: String = stated.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    let text = words(&format!("{} {} {}", first.series.description, first.series.protocol, first.study.description));
    let said = find_word(&text, &rules.spine_words);
    if rules.spine_body_parts.contains(&key) || find_word(&words(stated), &rules.spine_words).is_some() {
        a.score += 2;
        a.reasons.push(format!("spine (body part {stated})"));
    } else if !stated.is_empty() {
        // The stated part outweighs words, unless it is one that only lies around the spine.
        match said {
            Some(word) if find_word(&words(stated), &rules.other_words).is_none() => {
                a.score += 1;
                a.reasons.push(format!("spine (\"{word}\" in the description)"));
                a.warnings.push(format!("BodyPartExamined is {stated}, only the description says spine"));
            }
            _ => a.against.push(format!("body part {stated}, not spine")),
        }
    } else if let Some(word) = said {
        a.score += 2;
        a.reasons.push(format!("spine (\"{word}\" in the description)"));
    } else if let Some(word) = find_word(&text, &rules.other_words) {
        a.against.push(format!("another part of the body (\"{word}\" in the description)"));
    } else {
        a.warnings.push("neither BodyPartExamined nor a description says that this is the spine".into());
    }
}
