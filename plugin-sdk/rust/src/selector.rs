//! How a person names what is to be analysed: a series, or one volume of it.

use std::fmt;
use std::num::NonZeroU32;

use crate::uid;

/// A series by its UID, or the Nth volume of a series that holds several: `1.2.3` or `1.2.3#2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// Series Instance UID.
    pub uid: String,
    /// Which of its volumes, from 1; absent where the series as a whole is named.
    pub volume: Option<NonZeroU32>,
}

impl Selector {
    /// Reads `UID` or `UID#N`; nothing where it is neither. Digits and dots are looked at, not whether such a series exists.
    pub fn parse(text: &str) -> Option<Self> {
        let (uid, volume) = match text.split_once('#') {
            Some((uid, number)) if number.bytes().all(|b| b.is_ascii_digit()) => (uid, Some(number.parse().ok()?)),
            Some(_) => return None,
            None => (text, None),
        };
        uid::check(uid).ok().map(|()| Self { uid: uid.to_owned(), volume })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.volume {
            Some(volume) => write!(f, "{}#{volume}", self.uid),
            None => f.write_str(&self.uid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_and_its_volumes_are_named_and_nothing_else() {
        for text in ["1.2.3", "1.2.3#1", "1.2.3#12"] {
            assert_eq!(Selector::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Selector::parse("1.2.3#2").unwrap().volume, NonZeroU32::new(2));
        let long = "1".repeat(65);
        for text in
            ["", "#1", "1.2.3#", "1.2.3#0", "1.2.3#-1", "1.2.3#+1", "1.2#3#4", "T2 TSE SAG", "1.2.3#99999999999", &long]
        {
            assert_eq!(Selector::parse(text), None, "{text}");
        }
    }
}
