//! Enums whose values are words on the wire, in the journal and on the command line: each word is written once.

use thiserror::Error;

/// A text that is not one of the words of an enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("this word is not known here")]
pub struct UnknownWord;

/// An enum with a word for each value: `ALL`, `as_str()`, `FromStr`, `Display`, and the same words in JSON. A crate that uses it depends
/// on `serde` and `schemars`.
#[macro_export]
macro_rules! words {
    ($(#[$outer:meta])* pub enum $name:ident { $($(#[$inner:meta])* $value:ident = $word:literal,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name {
            $($(#[$inner])* #[serde(rename = $word)] $value,)*
        }

        impl $name {
            /// Every value, in the order in which they are declared.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$value),*];

            /// Its word.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word,)*
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.into_iter().find(|value| value.as_str() == word).ok_or($crate::words::UnknownWord)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub use words;
