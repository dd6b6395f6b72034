//! DICOM unique identifiers: the one rule for all of Cordline, applied where an identifier comes in.

use std::fmt;

use thiserror::Error;

/// Most characters of a UID (PS3.5, 9.1).
pub const MOST_CHARACTERS: usize = 64;

/// A UID as results may refer to it: components of digits between dots, at most 64 characters, no component empty.
///
/// A leading zero in a component (`1.2.03`) is against the standard and occurs in archives all the same; such a UID is kept as it is written,
/// because a reference must name the very instance that the archive holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(String);

/// Why a text is no UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum UidError {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// It is too long.
    #[error("it has {0} characters, at most {MOST_CHARACTERS} are allowed")]
    TooLong(usize),
    /// It holds something else than digits and dots.
    #[error("it holds characters other than digits and dots")]
    Character,
    /// Two dots follow each other, or one stands at an end.
    #[error("one of its components between the dots is empty")]
    EmptyComponent,
}

impl Uid {
    /// The UID that a text is; padding must be cut before.
    ///
    /// # Errors
    /// [`UidError`] says what is wrong with it, without repeating it.
    pub fn parse(text: &str) -> Result<Self, UidError> {
        check(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The UID as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The UID as text of its own.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Holds a text against the rule of [`Uid`].
///
/// # Errors
/// [`UidError`] says what is wrong with it.
pub fn check(text: &str) -> Result<(), UidError> {
    if text.is_empty() {
        return Err(UidError::Empty);
    }
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(UidError::Character);
    }
    if text.len() > MOST_CHARACTERS {
        return Err(UidError::TooLong(text.len()));
    }
    if text.split('.').any(str::is_empty) {
        return Err(UidError::EmptyComponent);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_occurs_in_archives_is_a_uid() {
        for good in ["1", "1.2.840.10008.5.1.4.1.1.4", "1.2.03.0004", "2.25.0", &"1".repeat(64)] {
            assert_eq!(Uid::parse(good).unwrap().as_str(), good);
        }
    }

    #[test]
    fn what_is_no_uid_is_told_with_its_reason() {
        for (bad, why) in [
            ("", UidError::Empty),
            ("1..2", UidError::EmptyComponent),
            (".1", UidError::EmptyComponent),
            ("1.2.", UidError::EmptyComponent),
            ("1.2/3", UidError::Character),
            ("../1", UidError::Character),
            ("1.2 ", UidError::Character),
            ("1.2\\1.3", UidError::Character),
            ("1.2.é", UidError::Character),
            (&"1.".repeat(40), UidError::TooLong(80)),
            (&"1".repeat(65), UidError::TooLong(65)),
        ] {
            assert_eq!(Uid::parse(bad), Err(why), "{bad:?}");
        }
    }
}
