//! Who may come in: names, roles and the SHA-256 of each token, in a file for the operator's eyes.
//!
//! ```toml
//! [[token]]
//! name = "reading room"
//! role = "submitter"
//! sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
//! expires = "2027-12-31"        # the last day; left out for none
//! ```

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use chrono::{NaiveDate, Utc};
use cordline_atomic_file::{AtomicFile, Durability};
use cordline_sdk::owner;
use cordline_sdk::wire::reply::Role;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

const TOKEN_BYTES: usize = 32;

/// Somebody who was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// Name in the file.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// For the log.
    pub name: String,
    /// What the token allows.
    pub role: Role,
    /// SHA-256 of the token, 64 hexadecimal digits.
    pub sha256: String,
    /// Last day (UTC) on which it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<NaiveDate>,
}

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// Its lines.
    #[serde(default, rename = "token")]
    pub entries: Vec<Entry>,
}

/// A file of tokens that cannot be used.
#[derive(Debug, Error)]
pub enum TokensError {
    /// It cannot be read; to make it anew would help nobody.
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
    /// It says what cannot be used.
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
    pub fn read(file: &Path) -> Result<Self, TokensError> {
        let named = || file.display().to_string();
        let fails = |reason: String| TokensError::Content { file: named(), reason };
        let text = std::fs::read_to_string(file).map_err(|error| match error.kind() {
            ErrorKind::NotFound => TokensError::Missing { file: named() },
            _ => TokensError::Unreadable { file: named(), reason: owner::explain(file, &error) },
        })?;
        let tokens: Self = toml::from_str(&text).map_err(|e| fails(e.to_string()))?;
        for entry in &tokens.entries {
            if entry.sha256.len() != 64 || !entry.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(fails(format!("the sha256 of {} has not 64 hexadecimal digits", entry.name)));
            }
        }
        Ok(tokens)
    }

    /// Writes the file, for its owner alone; whole or not at all. What root writes belongs to whoever had the file before, else to
    /// the user of its folder or of the service. Returns the name of the one who may read it.
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

    /// A new token and its entry. The token itself is kept nowhere.
    pub fn issue(&mut self, name: &str, role: Role, expires: Option<NaiveDate>) -> std::io::Result<String> {
        let mut secret = [0; TOKEN_BYTES];
        File::open("/dev/urandom")?.read_exact(&mut secret)?;
        let token = hexadecimal(&secret);
        self.entries.retain(|entry| entry.name != name);
        self.entries.push(Entry { name: name.into(), role, sha256: hexadecimal(&digest(&token)), expires });
        Ok(token)
    }

    /// Takes a name's token back; false where there was none.
    pub fn revoke(&mut self, name: &str) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.name != name);
        self.entries.len() < before
    }

    /// Whose token it is. Every entry is compared, in a time that does not depend on what differs.
    pub fn guest(&self, token: &str) -> Option<Guest> {
        let presented = hexadecimal(&digest(token));
        let mut found = None;
        for entry in &self.entries {
            let same = presented.as_bytes().ct_eq(entry.sha256.to_ascii_lowercase().as_bytes());
            if bool::from(same) {
                found = Some(entry);
            }
        }
        let entry = found.filter(|entry| entry.expires.is_none_or(|day| Utc::now().date_naive() <= day))?;
        Some(Guest { name: entry.name.clone(), role: entry.role })
    }
}

/// The tokens that are accepted now: those of a file, read anew whenever it has changed, or those of this run alone.
#[derive(Debug)]
pub struct Accepted {
    file: Option<PathBuf>,
    now: RwLock<(Option<Stamp>, Tokens)>,
}

/// What changes when a file does: it is replaced as a whole, or written to.
type Stamp = (u64, i64, i64, u64);

impl Accepted {
    /// Those of a file.
    pub fn of_file(file: &Path) -> Result<Self, TokensError> {
        // Taken before reading: what is written in between is read again.
        let stamp = stamp(file);
        Ok(Self { now: RwLock::new((stamp, Tokens::read(file)?)), file: Some(file.into()) })
    }

    /// Those that were made for this run.
    pub fn of_this_run(tokens: Tokens) -> Self {
        Self { file: None, now: RwLock::new((None, tokens)) }
    }

    /// Whose token it is, today.
    pub fn guest(&self, token: &str) -> Option<Guest> {
        self.look_again();
        self.now.read().unwrap_or_else(PoisonError::into_inner).1.guest(token)
    }

    /// A file that cannot be read changes nothing, and is named once.
    fn look_again(&self) {
        let Some(file) = &self.file else { return };
        let stamp = stamp(file);
        if self.now.read().unwrap_or_else(PoisonError::into_inner).0 == stamp {
            return;
        }
        let read = Tokens::read(file);
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        now.0 = stamp;
        match read {
            Ok(tokens) => {
                tracing::info!(tokens = tokens.entries.len(), "the file of tokens was read anew");
                now.1 = tokens;
            }
            Err(error) => tracing::error!(%error, "the tokens stay as they were"),
        }
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let found = file.metadata().ok()?;
    Some((found.ino(), found.mtime(), found.mtime_nsec(), found.len()))
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
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
        assert_eq!(read.guest(&token), Some(Guest { name: "reading room".into(), role: Role::Submitter }));
        assert_eq!(read.guest(&old), None);
        assert_eq!(read.guest(""), None);
        assert_eq!(read.guest(&token[1..]), None);
    }

    #[test]
    fn a_changed_file_counts_at_once_and_a_broken_one_changes_nothing() {
        let mut tokens = Tokens::default();
        let first = tokens.issue("a", Role::Viewer, None).unwrap();
        let (_folder, file) = file(&toml::to_string(&tokens).unwrap());
        let accepted = Accepted::of_file(&file).unwrap();
        assert!(accepted.guest(&first).is_some());
        std::fs::write(&file, "no tokens").unwrap();
        assert!(accepted.guest(&first).is_some());
        let second = tokens.issue("b", Role::Viewer, None).unwrap();
        assert!(tokens.revoke("a") && !tokens.revoke("a"));
        tokens.write(&file).unwrap();
        assert_eq!((accepted.guest(&first), accepted.guest(&second).is_some()), (None, true));
    }

    #[test]
    fn a_name_has_one_token() {
        let mut tokens = Tokens::default();
        let first = tokens.issue("a", Role::Viewer, None).unwrap();
        let second = tokens.issue("a", Role::Viewer, None).unwrap();
        assert_eq!((tokens.guest(&first), tokens.entries.len()), (None, 1));
        assert!(tokens.guest(&second).is_some());
    }

    #[test]
    fn a_file_that_says_nothing_sensible_is_refused_with_the_reason() {
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
