//! The words of descriptions, and how lists of words are compared with them.

/// The words of a text in lower case: runs of letters and digits, with the signs that belong to a letter.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric() && !is_mark(c)).filter(|w| !w.is_empty()).map(str::to_lowercase).collect()
}

/// The first word of `text` that a list holds, accents left aside on both sides: many scanners cannot write them.
pub(super) fn find_word(text: &[String], list: &[String]) -> Option<String> {
    let patterns: Vec<String> = list.iter().map(|pattern| plain(&pattern.to_lowercase())).collect();
    text.iter().find(|word| holds(&patterns, word)).cloned()
}

fn holds(patterns: &[String], word: &str) -> bool {
    let word = plain(word);
    patterns.iter().any(|pattern| matches(pattern, &word))
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

/// Accents behind their letter (as decomposed text has them), and vowels and tones of Thai.
fn is_mark(c: char) -> bool {
    is_accent(c) || matches!(c, '\u{E31}' | '\u{E34}'..='\u{E3A}' | '\u{E47}'..='\u{E4E}')
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}')
}

/// Lower-case letters without accents; Latin and Greek ones, as far as languages write the spine with them.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_accent(*c)) {
        out.push(match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => 'a',
            'ç' | 'ć' | 'č' => 'c',
            'ď' | 'đ' => 'd',
            'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
            'ğ' => 'g',
            'ì' | 'í' | 'î' | 'ï' | 'ī' | 'į' | 'ı' => 'i',
            'ł' => 'l',
            'ñ' | 'ń' | 'ň' => 'n',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
            'ř' => 'r',
            'ś' | 'ş' | 'š' | 'ș' => 's',
            'ţ' | 'ť' | 'ț' => 't',
            'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ů' | 'ű' | 'ų' => 'u',
            'ý' | 'ÿ' => 'y',
            'ź' | 'ż' | 'ž' => 'z',
            'ά' => 'α',
            'έ' => 'ε',
            'ή' => 'η',
            'ί' => 'ι',
            'ό' => 'ο',
            'ύ' => 'υ',
            'ώ' => 'ω',
            c => c,
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_make_no_other_word() {
        let list: Vec<String> = ["rückenmark", "medula*", "*สันหลัง*", "σπονδυλ*"].map(str::to_owned).to_vec();
        for text in ["T2 Rückenmark", "T2 RUCKENMARK", "Ru\u{308}ckenmark", "sag médula", "กระดูกสันหลัง T2", "Σπόνδυλος"]
        {
            assert!(find_word(&words(text), &list).is_some(), "{text}");
        }
        // What was written is what is shown.
        assert_eq!(find_word(&words("T2 Médula"), &list).as_deref(), Some("médula"));
        assert_eq!(find_word(&words("T2 sag"), &list), None);
    }
}
