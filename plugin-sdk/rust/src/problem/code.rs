//! What a code can say of itself; the codes are rows of `table.rs`.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::row::Actor;
use super::table::Code;

impl Code {
    /// The code as it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(word) => word,
            known => known.row().map_or("", |row| row.word),
        }
    }

    /// Status of an HTTP answer with this problem.
    pub fn http_status(&self) -> u16 {
        self.row().map_or(422, |row| row.http_status)
    }

    /// True where the very same request may succeed later.
    pub fn is_passing(&self) -> bool {
        self.row().is_some_and(|row| row.is_passing)
    }

    /// Who can do something about it; `None` for a code of a later version.
    pub fn actor(&self) -> Option<Actor> {
        self.row().map(|row| row.actor)
    }
}

impl FromStr for Code {
    type Err = Infallible;

    /// The code with this word; [`Code::Other`] for one of a later version.
    fn from_str(word: &str) -> Result<Self, Infallible> {
        let known = Self::all().find(|code| code.as_str() == word);
        Ok(known.cloned().unwrap_or_else(|| Self::Other(Arc::from(word))))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(word.parse().unwrap_or_else(|never| match never {}))
    }
}

/// Text: a list of the codes of today would forbid those of tomorrow.
impl JsonSchema for Code {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_word_names_one_code_and_is_written_as_it_was_read() {
        let mut words = BTreeSet::new();
        for code in Code::all() {
            assert!(words.insert(code.as_str()), "{code} has two rows");
            assert_eq!(&code.as_str().parse::<Code>().unwrap(), code);
            let json = serde_json::to_value(code).unwrap();
            assert_eq!(json, code.as_str());
            assert_eq!(&serde_json::from_value::<Code>(json).unwrap(), code);
        }
        let later: Code = serde_json::from_str("\"not_yet_invented\"").unwrap();
        assert!(matches!(later, Code::Other(_)));
        assert_eq!(serde_json::to_string(&later).unwrap(), "\"not_yet_invented\"");
        assert_eq!((later.http_status(), later.is_passing(), later.actor()), (422, false, None));
    }

    #[test]
    fn words_are_plain_and_statuses_are_of_errors() {
        for code in Code::all() {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.';
            assert!(!code.as_str().is_empty() && code.as_str().bytes().all(plain), "{code}");
            assert!((400..600).contains(&code.http_status()), "{code}");
        }
    }
}
