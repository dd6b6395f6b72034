//! The words of descriptions, and how lists of words are compared with them.

/// The words of a text in lower case: runs of letters and digits.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

/// The first word of `text` that a list holds.
pub(super) fn find_word(text: &[String], list: &[String]) -> Option<String> {
    text.iter().find(|word| list.iter().any(|pattern| matches(&pattern.to_lowercase(), word))).cloned()
}

/// True where a pattern stands for a word; `*` at an end of the pattern stands for anything.
pub(super) fn matches(pattern: &str, word: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) => word.contains(pattern.trim_matches('*')),
        (Some(end), None) => word.ends_with(end),
        (None, Some(start)) => word.starts_with(start),
        (None, None) => word == pattern,
    }
}

/// A number with at most one decimal.
pub(super) fn short(v: f64) -> String {
    let rounded = (v * 10.0).round() / 10.0;
    format!("{rounded}")
}
