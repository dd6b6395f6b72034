//! Enums whose values are words on the wire, in the journal and on the command line: each word is written once.

/// An enum with a word for each value: `ALL`, `key()` and `of(key)`, and the same words in JSON. Whoever uses it depends on `serde`
/// and `schemars`.
#[macro_export]
macro_rules! words {
    ($(#[$outer:meta])* pub enum $name:ident { $($(#[$inner:meta])* $value:ident = $key:literal,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name {
            $($(#[$inner])* #[serde(rename = $key)] $value,)*
        }

        impl $name {
            /// Every value, in the order in which they are declared.
            pub const ALL: [Self; [$($key),*].len()] = [$(Self::$value),*];

            /// Its word.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$value => $key,)*
                }
            }

            /// The value with this word.
            pub fn of(key: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|value| value.key() == key)
            }
        }
    };
}

pub use words;
