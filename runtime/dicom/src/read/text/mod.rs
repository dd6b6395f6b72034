//! Text of a data set to Unicode.
//!
//! - [`repertoire`]: the character sets that SpecificCharacterSet can name
//! - [`iso2022`]: values in which escape sequences switch between them
//!
//! Nothing is decoded by guess in silence: where no declared set explains the bytes, what was taken instead is told with the text.

mod iso2022;
mod repertoire;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use encoding_rs::{SHIFT_JIS, WINDOWS_1252};

use iso2022::Returns;
use repertoire::Repertoire;

/// The character sets of a data set, as SpecificCharacterSet (0008,0005) names them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TextEncoding {
    /// The one that holds at the beginning of every value; none where nothing, or nothing known, is declared.
    first: Option<Repertoire>,
    /// The only other one, where exactly one is declared beside it.
    other: Option<Repertoire>,
}

/// The text of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The text, with its padding.
    pub text: Cow<'a, str>,
    /// What is doubtful about it.
    pub doubt: Option<TextDoubt>,
}

/// Why the text of a value may not be what its writer meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextDoubt {
    /// No known character set is declared, and this one was taken.
    Undeclared(&'static str),
    /// The declared sets do not explain the bytes; this one does, and was taken.
    NotAsDeclared(&'static str),
    /// The declared sets explain the bytes, but these look like UTF-8. They were read as declared.
    LooksLikeUtf8,
    /// No set explains all of the bytes. What cannot be read is U+FFFD.
    Unreadable,
}

impl TextEncoding {
    /// From the values of SpecificCharacterSet, decoded or not: they are ASCII.
    pub fn declared<'a>(codes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut codes = codes.into_iter().map(str::trim);
        // An empty first value is the default repertoire, if others follow.
        let first = codes.next().unwrap_or_default();
        let others: Vec<Repertoire> = codes.filter_map(Repertoire::named).collect();
        let first = match first {
            "" if others.is_empty() => None,
            "" => Some(Repertoire::Ascii),
            code => Repertoire::named(code),
        };
        let mut distinct = others.iter().filter(|other| Some(**other) != first && **other != Repertoire::Ascii);
        let other = distinct.next().copied().filter(|one| distinct.all(|more| more == one));
        Self { first, other }
    }

    /// The text of a value. `name` is true for a person name, whose delimiters return to the first character set.
    pub fn decode<'a>(&self, bytes: &'a [u8], name: bool) -> Decoded<'a> {
        const ESCAPE: u8 = 0x1B;
        if bytes.is_ascii() && !bytes.contains(&ESCAPE) {
            // ASCII alone is the same in all sets. That a yen sign stands for the backslash in one of them changes no value.
            return Decoded { text: String::from_utf8_lossy(bytes), doubt: None };
        }
        // A mark that says UTF-8 to programs is no part of the text.
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let (text, doubt) = match self.first {
            None => undeclared(bytes, name),
            Some(set) => self.as_declared(bytes, set, name),
        };
        // Whatever was taken for the declared set need not have looked for them.
        let (text, doubt) = if text.contains('\u{1B}') { without_escapes(&text) } else { (text, doubt) };
        Decoded { text: Cow::Owned(text), doubt }
    }

    fn as_declared(&self, bytes: &[u8], set: Repertoire, name: bool) -> (String, Option<TextDoubt>) {
        if let Some(whole) = set.whole() {
            return match whole.decode_without_bom_handling_and_without_replacement(bytes) {
                Some(text) => {
                    let doubt = (whole != encoding_rs::UTF_8 && looks_like_utf8(bytes, set))
                        .then_some(TextDoubt::LooksLikeUtf8);
                    (text.into_owned(), doubt)
                }
                None if whole == encoding_rs::UTF_8 => latin(bytes, TextDoubt::NotAsDeclared),
                None => utf8(bytes).map_or_else(
                    || (whole.decode_without_bom_handling(bytes).0.into_owned(), Some(TextDoubt::Unreadable)),
                    |text| (text, Some(TextDoubt::NotAsDeclared("UTF-8"))),
                ),
            };
        }
        let returns = returns(name);
        let strict = iso2022::decode(bytes, set, returns);
        if strict.complete {
            return (strict.text, looks_like_utf8(bytes, set).then_some(TextDoubt::LooksLikeUtf8));
        }
        // Some writers do not announce a set again behind a delimiter.
        let held = iso2022::decode(bytes, set, Returns::Never);
        if held.complete {
            return (held.text, Some(TextDoubt::NotAsDeclared("the character set of the component before")));
        }
        if let Some(text) = utf8(bytes) {
            return (text, Some(TextDoubt::NotAsDeclared("UTF-8")));
        }
        // Others announce it in SpecificCharacterSet alone.
        if let Some(other) = self.other
            && !bytes.contains(&0x1B)
        {
            let whole = iso2022::decode(bytes, other, returns);
            if whole.complete {
                return (whole.text, Some(TextDoubt::NotAsDeclared(other.name())));
            }
        }
        if matches!(set, Repertoire::Katakana)
            && let Some(text) = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes)
        {
            return (text.into_owned(), Some(TextDoubt::NotAsDeclared("Shift JIS")));
        }
        let western = matches!(set, Repertoire::Ascii | Repertoire::Single(100)) && self.other.is_none();
        if western && !bytes.contains(&0x1B) {
            return latin(bytes, TextDoubt::NotAsDeclared);
        }
        (strict.text, Some(TextDoubt::Unreadable))
    }
}

fn returns(name: bool) -> Returns {
    if name { Returns::InNames } else { Returns::InText }
}

/// Bytes of which nothing is known: UTF-8 where they can be that, else what escape sequences say, else Latin.
fn undeclared(bytes: &[u8], name: bool) -> (String, Option<TextDoubt>) {
    if bytes.contains(&0x1B) {
        let read = iso2022::decode(bytes, Repertoire::Ascii, returns(name));
        let doubt = if read.complete {
            TextDoubt::Undeclared("the one that its escape sequences name")
        } else {
            TextDoubt::Unreadable
        };
        return (read.text, Some(doubt));
    }
    match utf8(bytes) {
        Some(text) => (text, Some(TextDoubt::Undeclared("UTF-8"))),
        None => latin(bytes, TextDoubt::Undeclared),
    }
}

fn utf8(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\u{1B}')).map(str::to_owned)
}

/// Windows-1252: Latin-1, with letters where that has control characters.
fn latin(bytes: &[u8], doubt: impl Fn(&'static str) -> TextDoubt) -> (String, Option<TextDoubt>) {
    let set = if bytes.iter().any(|b| (0x80..0xA0).contains(b)) { "Windows-1252" } else { "Latin-1" };
    (WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned(), Some(doubt(set)))
}

fn without_escapes(text: &str) -> (String, Option<TextDoubt>) {
    (text.replace('\u{1B}', "\u{FFFD}"), Some(TextDoubt::Unreadable))
}

/// True for bytes that are UTF-8 beyond chance, though another set explains them too.
///
/// In a set of single bytes it takes one sequence of UTF-8 and no byte that breaks it. In sets of two bytes a value of one or two characters
/// is UTF-8 of two bytes often enough by chance, so a sequence of three must be there, as East Asian text has them.
fn looks_like_utf8(bytes: &[u8], set: Repertoire) -> bool {
    let enough = if set.several_bytes() { 0xE0 } else { 0xC2 };
    !bytes.contains(&0x1B) && bytes.iter().any(|b| *b >= enough) && std::str::from_utf8(bytes).is_ok()
}
