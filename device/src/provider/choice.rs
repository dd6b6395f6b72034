//! Which providers are tried, in which order.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::ExecutionProvider;

/// The providers that an operator wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ProviderChoice {
    /// Whatever is there, fastest first. What the host does not have is no fault.
    #[default]
    Auto,
    /// These, in this order.
    Named(Vec<ExecutionProvider>),
}

impl ProviderChoice {
    /// In the order in which they are tried.
    pub fn providers(&self) -> &[ExecutionProvider] {
        match self {
            Self::Auto => &ExecutionProvider::FASTEST_FIRST,
            Self::Named(providers) => providers,
        }
    }
}

impl fmt::Display for ProviderChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Named(providers) => {
                f.write_str(&providers.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl<'de> Deserialize<'de> for ProviderChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = ProviderChoice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"auto\", or execution providers in order of preference")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ProviderChoice, E> {
                let words: Vec<&str> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
                match words[..] {
                    ["auto"] => Ok(ProviderChoice::Auto),
                    [] => Err(E::custom("device.providers is empty; use auto, or name at least cpu")),
                    _ => {
                        let named = words.into_iter().map(|word| word.parse().map_err(E::custom));
                        Ok(ProviderChoice::Named(named.collect::<Result<_, _>>()?))
                    }
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> Result<ProviderChoice, A::Error> {
                let mut all = Vec::new();
                while let Some(word) = words.next_element::<String>()? {
                    all.push(word);
                }
                self.visit_str(&all.join(","))
            }
        }
        deserializer.deserialize_any(Words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<ProviderChoice, String> {
        serde_json::from_str(json).map_err(|e| e.to_string())
    }

    #[test]
    fn auto_a_word_or_a_list() {
        let named = |providers: &[ExecutionProvider]| Ok(ProviderChoice::Named(providers.to_vec()));
        assert_eq!(read(r#""auto""#), Ok(ProviderChoice::Auto));
        assert_eq!(read(r#"["cuda", "cpu"]"#), named(&[ExecutionProvider::Cuda, ExecutionProvider::Cpu]));
        // As an environment variable gives it.
        assert_eq!(read(r#""openvino, cpu""#), named(&[ExecutionProvider::OpenVino, ExecutionProvider::Cpu]));
        for choice in [ProviderChoice::Auto, named(&[ExecutionProvider::TensorRtRtx, ExecutionProvider::Cpu]).unwrap()]
        {
            assert_eq!(read(&format!("\"{choice}\"")), Ok(choice));
        }
        for wrong in [r#"[]"#, r#""""#, r#""gpu""#, r#"["auto", "cpu"]"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
