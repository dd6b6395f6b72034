//! Everything that an engine depends on.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// Changes where this program would write or read engines otherwise.
const FORMAT: &str = "1";

/// The parts of an engine's key, by name. Two engines are the same one where all parts are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineKey {
    parts: BTreeMap<String, String>,
}

impl EngineKey {
    /// A key of these parts: network, provider and its version, ONNX Runtime, driver, device, precision, shapes and settings of the builder.
    pub fn new(parts: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let own = [("format", FORMAT.to_owned())];
        Self { parts: own.into_iter().chain(parts).map(|(name, value)| (name.to_owned(), value)).collect() }
    }

    /// From a record.
    pub(crate) fn of_parts(parts: BTreeMap<String, String>) -> Self {
        Self { parts }
    }

    /// Each part by its name.
    pub fn parts(&self) -> &BTreeMap<String, String> {
        &self.parts
    }

    /// 16 hexadecimal digits: the name of the engine's folder.
    pub fn digest(&self) -> String {
        let mut sha = Sha256::new();
        for (name, value) in &self.parts {
            // Lengths, so that no two lists of parts are one text.
            sha.update(format!("{}:{name}{}:{value}", name.len(), value.len()));
        }
        base16ct::lower::encode_string(&sha.finalize()[..8])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Vec<(&'static str, String)> {
        ["network", "provider", "precision", "profile"].into_iter().map(|name| (name, format!("{name} 1"))).collect()
    }

    #[test]
    fn every_part_makes_another_key() {
        let first = EngineKey::new(parts()).digest();
        assert_eq!(first, EngineKey::new(parts()).digest());
        assert!(first.len() == 16 && first.bytes().all(|b| b.is_ascii_hexdigit()));
        for changed in 0..parts().len() {
            let mut other = parts();
            other[changed].1.push('0');
            assert_ne!(EngineKey::new(other).digest(), first);
        }
        let split = |a: &str, b: &str| EngineKey::new([("a", a.to_owned()), ("b", b.to_owned())]).digest();
        assert_ne!(split("1", "2"), split("12", ""));
    }
}
