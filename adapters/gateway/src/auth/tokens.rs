//! The file of tokens: name, role and SHA-256 of each. The tokens themselves are stored nowhere.
//!
//! ```toml
//! [[token]]
//! name = "reading room"
//! role = "submitter"
//! sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
//! expires = "2027-12-31"        # the last day; left out for none
//! ```

use std::io::{ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use chrono::{NaiveDate, Utc};
use cordline_files::{AtomicFile, Durability};
use cordline_sdk::owner;
use cordline_sdk::sha256::{Sha256, hex};
use cordline_sdk::wire::reply::Role;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use thiserror::Error;

const TOKEN_BYTES: usize = 32;

/// The owner of a token that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    /// Name of the token in the file.
    pub(crate) name: String,
    /// What the token allows.
    pub(crate) role: Role,
    /// Digest of the token, as it stands in the file.
    pub(crate) sha256: String,
}

/// A token in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenEntry {
    /// Whose it is, for the log.
    pub(crate) name: String,
    /// What the token allows.
    pub(crate) role: Role,
    /// SHA-256 of the token, 64 hexadecimal digits.
    pub(crate) sha256: String,
    /// Last day (UTC) on which it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<NaiveDate>,
}

impl TokenEntry {
    fn is_current(&self) -> bool {
        self.expires.is_none_or(|day| today() <= day)
    }
}

/// The content of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    #[serde(default, rename = "token")]
    pub(crate) entries: Vec<TokenEntry>,
}

/// A file of tokens that cannot be used.
#[derive(Debug, Error)]
pub enum TokensError {
    /// It is there and cannot be read; writing another one would not help.
    #[error("the tokens in {file} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why, and who may.
        reason: String,
    },
    /// There is none.
    #[error("there are no tokens in {file} yet; make one with `cordline-gateway token NAME --tokens {file}`")]
    Missing {
        /// Where it was looked for.
        file: String,
    },
    /// Its content cannot be used.
    #[error("the tokens in {file} cannot be used: {reason}; correct the file, or remove it and make the tokens anew")]
    Content {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Tokens {
    /// Reads the file.
    ///
    /// # Errors
    /// Where it is missing, cannot be read, or is no file of tokens.
    pub fn read(file: &Path) -> Result<Self, TokensError> {
        let named = || file.display().to_string();
        let fails = |reason: String| TokensError::Content { file: named(), reason };
        let text = std::fs::read_to_string(file).map_err(|error| match error.kind() {
            ErrorKind::NotFound => TokensError::Missing { file: named() },
            _ => TokensError::Unreadable { file: named(), reason: owner::explain(file, &error) },
        })?;
        let tokens: Self = toml::from_str(&text).map_err(|e| fails(e.to_string()))?;
        for entry in &tokens.entries {
            if entry.sha256.parse::<Sha256>().is_err() {
                return Err(fails(format!("the sha256 of {} has not 64 hexadecimal digits", entry.name)));
            }
        }
        Ok(tokens)
    }

    /// Writes the file, readable for its owner alone; whole or not at all. A file that root writes keeps its owner, else it gets that of
    /// its folder or the user of the service. Returns the name of the owner.
    ///
    /// # Errors
    /// Where the file cannot be written, or not be given to its owner.
    pub fn write(&self, file: &Path) -> std::io::Result<String> {
        let text = toml::to_string(self).expect("names, words and days");
        let owner = owner::of_file(file);
        let private = AtomicFile { mode: 0o600, durability: Durability::PowerCut };
        private.replace_with(file, |opened| {
            opened.write_all(text.as_bytes())?;
            owner.map_or(Ok(()), |owner| owner.take(opened))
        })?;
        Ok(owner::name_of(file.metadata()?.uid()))
    }

    /// Makes a token and adds its digest, in place of an earlier one of this name. Returns the token, which is stored nowhere.
    ///
    /// # Errors
    /// Where the system has no random bytes.
    pub fn issue(&mut self, name: &str, role: Role, expires: Option<NaiveDate>) -> std::io::Result<String> {
        let mut secret = [0; TOKEN_BYTES];
        getrandom::fill(&mut secret)?;
        let token = hex(&secret);
        self.entries.retain(|entry| entry.name != name);
        self.entries.push(TokenEntry { name: name.into(), role, sha256: Sha256::of(&token).to_string(), expires });
        Ok(token)
    }

    /// Removes the token of a name; false where there was none.
    pub fn revoke(&mut self, name: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.name != name);
        self.entries.len() < before
    }

    /// The owner of a token. Every entry is compared, in a time that does not depend on what differs.
    pub(crate) fn authenticate(&self, token: &str) -> Option<Principal> {
        let presented = Sha256::of(token).to_string();
        let mut found = None;
        for entry in &self.entries {
            let same = presented.as_bytes().ct_eq(entry.sha256.to_ascii_lowercase().as_bytes());
            if bool::from(same) {
                found = Some(entry);
            }
        }
        let entry = found.filter(|entry| entry.is_current())?;
        Some(Principal { name: entry.name.clone(), role: entry.role, sha256: entry.sha256.clone() })
    }

    /// True where the token of `principal` is still accepted, under the same name and with the same role.
    pub(crate) fn is_valid(&self, principal: &Principal) -> bool {
        // Of several entries with one digest the last counts, as in `authenticate`.
        let last = self.entries.iter().rfind(|entry| entry.sha256.eq_ignore_ascii_case(&principal.sha256));
        last.is_some_and(|entry| entry.name == principal.name && entry.role == principal.role && entry.is_current())
    }
}

/// Today (UTC), as expiry dates are compared.
pub(super) fn today() -> chrono::NaiveDate {
    Utc::now().date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.toml");
        std::fs::write(&file, text).unwrap();
        (folder, file)
    }

    #[test]
    fn a_token_is_known_by_its_digest_until_its_last_day() {
        let mut tokens = Tokens::default();
        let token = tokens.issue("reading room", Role::Submitter, None).unwrap();
        let old = tokens.issue("old", Role::Admin, NaiveDate::from_ymd_opt(2020, 1, 1)).unwrap();
        let text = toml::to_string(&tokens).unwrap();
        assert!(!text.contains(&token));
        let (_folder, file) = file(&text);
        let read = Tokens::read(&file).unwrap();
        assert_eq!(read, tokens);
        let principal = read.authenticate(&token).unwrap();
        assert_eq!((principal.name.as_str(), principal.role), ("reading room", Role::Submitter));
        assert_eq!(read.authenticate(&old), None);
        assert_eq!(read.authenticate(""), None);
        assert_eq!(read.authenticate(&token[1..]), None);
    }

    #[test]
    fn a_name_has_one_token() {
        let mut tokens = Tokens::default();
        let first = tokens.issue("a", Role::Viewer, None).unwrap();
        let second = tokens.issue("a", Role::Viewer, None).unwrap();
        assert_eq!((tokens.authenticate(&first), tokens.entries.len()), (None, 1));
        assert!(tokens.authenticate(&second).is_some());
    }

    #[test]
    fn of_two_entries_of_one_token_the_last_alone_is_valid() {
        let mut tokens = Tokens::default();
        let token = tokens.issue("a", Role::Admin, None).unwrap();
        let first = tokens.authenticate(&token).unwrap();
        let sha256 = first.sha256.to_ascii_uppercase();
        tokens.entries.push(TokenEntry { name: "b".into(), role: Role::Viewer, sha256, expires: None });
        let last = tokens.authenticate(&token).unwrap();
        assert_eq!((last.name.as_str(), last.role), ("b", Role::Viewer));
        assert!(tokens.is_valid(&last) && !tokens.is_valid(&first), "what the first has open ends");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_refused_with_the_reason() {
        for (text, reason) in [
            ("[[token]]\nname = \"a\"\nrole = \"king\"\nsha256 = \"\"\n", "king"),
            ("[[token]]\nname = \"a\"\nrole = \"viewer\"\nsha256 = \"12\"\n", "hexadecimal"),
            ("[[token]]\nname = \"a\"\nrole = \"viewer\"\nsha256 = \"12\"\nexpires = \"soon\"\n", "soon"),
        ] {
            let (_folder, file) = file(text);
            let error = Tokens::read(&file).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
