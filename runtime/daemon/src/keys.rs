//! Keys of clients from other hosts: which are accepted, in which role, until when.
//!
//! ```text
//! KEYS/server.key      the daemon's own pair, mode 0600
//! KEYS/clients.toml    names, public keys, roles, expiry; read again whenever it changes
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use cordline_files::{AtomicFile, Durability};
use cordline_sdk::owner::{self, Owner};
use cordline_sdk::problem::{Code, Diagnose, Problem};
use cordline_sdk::wire::reply::Role;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::private_folder::{make_private, private_folder};

const SERVER: &str = "server.key";
const CLIENTS: &str = "clients.toml";

/// The key of an accepted client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedKey {
    /// Its public key, Z85 (40 characters).
    pub public: String,
    pub role: Role,
    /// Last day on which it is accepted, `2027-01-31`; without end when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<chrono::NaiveDate>,
}

impl ListedKey {
    /// The role of the key on a day.
    ///
    /// # Errors
    ///
    /// The key has expired.
    pub fn role_on(&self, day: chrono::NaiveDate) -> Result<Role, &'static str> {
        match self.until {
            Some(until) if until < day => Err("a key that has expired"),
            _ => Ok(self.role),
        }
    }
}

/// A CURVE key pair, each Z85.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPair {
    pub public: String,
    pub secret: String,
}

/// Keys that cannot be used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// A file cannot be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: {reason}", .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A name that is taken, unknown or invalid.
    #[error("{0}")]
    Name(String),
    /// The libraries make no keys.
    #[error("no key could be made: {0}")]
    Unmade(zmq::Error),
}

impl Diagnose for KeyError {
    fn code(&self) -> Code {
        Code::Keys
    }

    fn action(&self) -> Cow<'_, str> {
        match self {
            Self::File { .. } => "give this user the right to read and write the folder of keys, or name another one",
            Self::Content { .. } => "correct the file, or put back a copy",
            Self::Name(_) => "look at `cordline keys list`",
            Self::Unmade(_) => "install a libzmq with libsodium (Debian: libzmq5)",
        }
        .into()
    }

    // A missing right is explained: most commands on keys are run by another user than the daemon's.
    fn problem(&self) -> Problem {
        let message = match self {
            Self::File { path, source } => format!("{}: {}", path.display(), owner::explain(path, source)),
            other => other.to_string(),
        };
        Problem::new(self.code(), message, self.action())
    }
}

/// The folder of keys.
#[derive(Debug, Clone)]
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// Nothing is read yet.
    pub fn new(folder: &Path) -> Self {
        Self(folder.into())
    }

    /// The daemon's own key pair; created where there is none.
    ///
    /// # Errors
    ///
    /// It cannot be read or written.
    pub fn server(&self) -> Result<KeyPair, KeyError> {
        let path = self.0.join(SERVER);
        make_private(&path).map_err(|source| KeyError::File { path: path.clone(), source })?;
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|e| KeyError::Content { path, reason: e.message().to_owned() }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let pair = new_pair()?;
                self.write(SERVER, &to_toml(&pair))?;
                Ok(pair)
            }
            Err(source) => Err(KeyError::File { path, source }),
        }
    }

    /// The clients by name.
    ///
    /// # Errors
    ///
    /// The list cannot be read.
    pub fn clients(&self) -> Result<BTreeMap<String, ListedKey>, KeyError> {
        let path = self.0.join(CLIENTS);
        match fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|e| KeyError::Content { path, reason: e.message().to_owned() }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
            Err(source) => Err(KeyError::File { path, source }),
        }
    }

    /// Path of the list of clients.
    pub fn list(&self) -> PathBuf {
        self.0.join(CLIENTS)
    }

    /// Adds a client, and returns what it needs: its own key pair and the daemon's public key.
    ///
    /// # Errors
    ///
    /// The name is taken or invalid, or a file cannot be written.
    pub fn add(&self, name: &str, role: Role, until: Option<chrono::NaiveDate>) -> Result<(KeyPair, String), KeyError> {
        let plain = !name.is_empty()
            && name.len() <= 40
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if !plain {
            return Err(KeyError::Name(format!("`{name}` is no name: use up to 40 letters, digits, - _ .")));
        }
        self.hand_over_folder().map_err(|source| KeyError::File { path: self.0.clone(), source })?;
        let _turn = self.turn()?;
        let mut clients = self.clients()?;
        if clients.contains_key(name) {
            return Err(KeyError::Name(format!("there is a key for {name} already")));
        }
        // Before the list: a key that cannot be handed out is not in it.
        let (pair, server) = (new_pair()?, self.server()?.public);
        clients.insert(name.into(), ListedKey { public: pair.public.clone(), role, until });
        self.write(CLIENTS, &to_toml(&clients))?;
        Ok((pair, server))
    }

    /// Removes a client. The daemon ends its connections when it next checks the list.
    ///
    /// # Errors
    ///
    /// There is no such client, or the list cannot be written.
    pub fn revoke(&self, name: &str) -> Result<(), KeyError> {
        let _turn = self.turn()?;
        let mut clients = self.clients()?;
        if clients.remove(name).is_none() {
            return Err(KeyError::Name(format!("there is no key for {name}")));
        }
        self.write(CLIENTS, &to_toml(&clients))
    }

    /// Held while the list is read and written again: of two that change it at once, the later one would bring back what the other one
    /// took out. Nothing where there is no folder, and so no list.
    fn turn(&self) -> Result<Option<File>, KeyError> {
        let folder = match File::open(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|source| KeyError::File { path: self.0.clone(), source })?,
        };
        // A file system that has no locks does not keep the operator from adding a key.
        let _ = folder.lock();
        Ok(Some(folder))
    }

    /// Replaces a file as a whole, for this user alone.
    fn write(&self, name: &str, text: &str) -> Result<(), KeyError> {
        let path = self.0.join(name);
        let failed = |source| KeyError::File { path: path.clone(), source };
        let owner = self.hand_over_folder().map_err(failed)?;
        let private = AtomicFile { mode: 0o600, durability: Durability::PowerCut };
        let written = private.replace_with(&path, |file| {
            file.write_all(text.as_bytes())?;
            owner.map_or(Ok(()), |owner| owner.take(file))
        });
        written.map_err(failed)
    }

    /// Makes the folder where there is none. What root makes, or made, is handed over to the daemon's user, who is returned.
    fn hand_over_folder(&self) -> io::Result<Option<Owner>> {
        let owner = owner::of_file(&self.0);
        let new = self.0.ancestors().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let new: Vec<&Path> = new.collect();
        private_folder(&self.0)?;
        let Some(owner) = owner else { return Ok(None) };
        for folder in new {
            owner.take_path(folder)?;
        }
        for path in [self.0.clone(), self.0.join(SERVER), self.0.join(CLIENTS)] {
            if fs::metadata(&path).is_ok_and(|found| found.uid() == 0) {
                owner.take_path(&path)?;
            }
        }
        Ok(Some(owner))
    }
}

fn new_pair() -> Result<KeyPair, KeyError> {
    let pair = zmq::CurveKeyPair::new().map_err(KeyError::Unmade)?;
    let text = |key: &[u8]| zmq::z85_encode(key).expect("a key is 32 bytes, and Z85 takes multiples of 4");
    Ok(KeyPair { public: text(&pair.public_key), secret: text(&pair.secret_key) })
}

fn to_toml(value: &impl Serialize) -> String {
    toml::to_string(value).expect("keys are plain data")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use chrono::NaiveDate;

    use super::*;

    fn find<'a>(
        clients: &'a BTreeMap<String, ListedKey>,
        public: &str,
        day: NaiveDate,
    ) -> Result<(&'a str, Role), &'static str> {
        let (name, key) =
            clients.iter().find(|(_, key)| key.public == public).ok_or("a key that is not in the list")?;
        Ok((name, key.role_on(day)?))
    }

    #[test]
    fn a_client_is_let_in_and_out_again() {
        assert_eq!(zmq::has("curve"), Some(true), "the linked libzmq has no CURVE");
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyFolder::new(&folder.path().join("keys"));
        let until = NaiveDate::from_ymd_opt(2027, 1, 31);
        let (pair, server) = keys.add("slicer-3", Role::Submitter, until).unwrap();
        assert_eq!(keys.server().unwrap().public, server);
        let clients = keys.clients().unwrap();
        assert_eq!(find(&clients, &pair.public, until.unwrap()), Ok(("slicer-3", Role::Submitter)));
        assert!(find(&clients, &pair.public, until.unwrap().succ_opt().unwrap()).unwrap_err().contains("expired"));
        assert!(find(&clients, &server, until.unwrap()).is_err());
        for file in [SERVER, CLIENTS] {
            let mode = fs::metadata(folder.path().join("keys").join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
        assert!(keys.add("slicer-3", Role::Viewer, None).is_err());
        assert!(keys.add("../x", Role::Viewer, None).is_err());
        keys.revoke("slicer-3").unwrap();
        assert!(find(&keys.clients().unwrap(), &pair.public, until.unwrap()).is_err());
        assert!(keys.revoke("slicer-3").is_err());
    }

    #[test]
    fn of_many_that_change_the_list_at_once_each_change_stays() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyFolder::new(&folder.path().join("keys"));
        let names = |begin: &str| (0..8).map(|n| format!("{begin}-{n}")).collect::<Vec<_>>();
        names("gone").iter().for_each(|name| drop(keys.add(name, Role::Viewer, None).unwrap()));
        std::thread::scope(|scope| {
            for (new, gone) in names("new").into_iter().zip(names("gone")) {
                let keys = &keys;
                scope.spawn(move || keys.add(&new, Role::Viewer, None).unwrap());
                scope.spawn(move || keys.revoke(&gone).unwrap());
            }
        });
        assert_eq!(keys.clients().unwrap().into_keys().collect::<Vec<_>>(), names("new"));
    }

    #[test]
    fn a_key_that_cannot_be_handed_out_is_not_listed() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyFolder::new(folder.path());
        fs::write(folder.path().join(SERVER), "public = 3\n").unwrap();
        assert!(keys.add("slicer", Role::Viewer, None).unwrap_err().to_string().contains(SERVER));
        assert!(keys.clients().unwrap().is_empty());
    }

    #[test]
    fn a_list_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(CLIENTS), "[x]\npublic = 3\n").unwrap();
        assert!(KeyFolder::new(folder.path()).clients().unwrap_err().to_string().contains(CLIENTS));
    }
}
