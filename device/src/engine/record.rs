//! `engine.toml`: what an engine was built of, and whether it is trusted. Its first line holds for all lines behind it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::key::EngineKey;

/// Beginning of the first line, a comment to TOML.
const SEAL: &str = "# seal = \"";

/// What is known of an engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineRecord {
    /// Id of the network in its bundle.
    pub network: String,
    /// Seconds that the build took.
    pub seconds: f64,
    /// When it ended, RFC 3339.
    pub built: String,
    /// Why it must not be used; absent for an engine that is trusted.
    pub refused: Option<String>,
    /// How far it strays from the golden output, in words; absent where it did not come so far.
    pub golden: Option<String>,
    /// The parts of the key.
    pub key: BTreeMap<String, String>,
    /// SHA-256 of each file beside this one.
    pub files: BTreeMap<String, String>,
}

impl EngineRecord {
    /// The key that the engine was built for.
    pub fn key(&self) -> EngineKey {
        EngineKey::of_parts(self.key.clone())
    }

    /// The file's text.
    pub(super) fn to_text(&self) -> String {
        let text = toml::to_string(self).expect("a record is plain TOML");
        format!("{SEAL}{}\"\n{text}", digest(text.as_bytes()))
    }

    /// Reads a file's text; nothing where a byte of it was changed.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (seal, text) = text.strip_prefix(SEAL)?.split_once("\"\n")?;
        (seal == digest(text.as_bytes())).then(|| toml::from_str(text).ok())?
    }
}

/// SHA-256 in hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}
