//! The list of client keys in memory, read again whenever the file changes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use chrono::NaiveDate;
use cordline_files::Reloading;
use cordline_sdk::wire::reply::Role;

use crate::keys::{KeyFolder, ListedKey};

/// The list of client keys. Copies are shared between the server and the ZAP thread.
pub(crate) struct KeyStore {
    folder: KeyFolder,
    loaded: RwLock<LoadedKeys>,
}

/// The list as it was read last.
struct LoadedKeys {
    clients: Reloading<Clients>,
    day: NaiveDate,
    /// Grows with every new list and day: what was granted under an earlier number is to be checked again.
    generation: u64,
    /// Why no client is accepted.
    problem: Option<String>,
}

/// By public key, since a name may be given to another key.
type Clients = HashMap<String, ListedClient>;

#[derive(PartialEq)]
struct ListedClient {
    name: Arc<str>,
    key: ListedKey,
}

impl KeyStore {
    /// Nothing is read yet.
    pub(crate) fn new(folder: KeyFolder) -> Self {
        let clients = Reloading::new(&folder.list(), Clients::new());
        let loaded = LoadedKeys { clients, day: NaiveDate::default(), generation: 0, problem: None };
        Self { folder, loaded: RwLock::new(loaded) }
    }

    /// Number of the list as it is now; another one means that clients may have lost rights.
    pub(crate) fn generation(&self) -> u64 {
        self.refresh();
        self.loaded().generation
    }

    /// Name and role of a public key, as the file says now.
    ///
    /// # Errors
    ///
    /// Why the key is not accepted.
    pub(crate) fn role_of(&self, public: &str) -> Result<(Arc<str>, Role), &'static str> {
        self.refresh();
        self.role_as_read(public)
    }

    /// The same as the list was read last, for callers that called [`KeyStore::refresh`] since the question came.
    ///
    /// # Errors
    ///
    /// Why the key is not accepted.
    pub(crate) fn role_as_read(&self, public: &str) -> Result<(Arc<str>, Role), &'static str> {
        let loaded = self.loaded();
        let client = loaded.clients.value().get(public).ok_or("a key that is not in the list")?;
        Ok((client.name.clone(), client.key.role_on(loaded.day)?))
    }

    /// Why no client is accepted, where that is so.
    pub(crate) fn problem(&self) -> Option<String> {
        self.refresh();
        self.loaded().problem.clone()
    }

    /// Reads the list again where the file or the day has changed. With a file that is missing or unreadable no client is accepted.
    pub(crate) fn refresh(&self) {
        let today = chrono::Utc::now().date_naive();
        {
            let loaded = self.loaded();
            if loaded.day == today && loaded.clients.is_current() {
                return;
            }
        }
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        let (has_changed, problem) = match loaded.clients.refresh(|_| self.read()) {
            Ok(has_changed) => (has_changed, None),
            Err(problem) => {
                let had_any = !loaded.clients.value().is_empty();
                loaded.clients.replace(Clients::new());
                (had_any, Some(problem))
            }
        };
        if let Some(problem) = problem.as_ref().filter(|problem| loaded.problem.as_ref() != Some(problem)) {
            tracing::error!("{problem}");
        }
        if has_changed || loaded.day != today {
            loaded.generation += 1;
        }
        (loaded.day, loaded.problem) = (today, problem);
    }

    fn read(&self) -> Result<Clients, String> {
        let path = self.folder.list();
        if !path.exists() {
            return Err(format!("the list of client keys {} is missing: nobody is let in", path.display()));
        }
        let keys = self
            .folder
            .clients()
            .map_err(|error| format!("the list of client keys cannot be read, and nobody is let in: {error}"))?;
        let mut clients = Clients::new();
        for (name, key) in keys {
            // Of a key that is listed twice the first name counts.
            clients.entry(key.public.clone()).or_insert_with(|| ListedClient { name: name.as_str().into(), key });
        }
        Ok(clients)
    }

    fn loaded(&self) -> RwLockReadGuard<'_, LoadedKeys> {
        // A list is replaced whole, so a thread that panicked left a whole one.
        self.loaded.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(folder: &std::path::Path) -> (KeyFolder, KeyStore) {
        let keys = KeyFolder::new(folder);
        (keys.clone(), KeyStore::new(keys))
    }

    #[test]
    fn every_change_of_the_list_is_another_generation_and_counts_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (keys, store) = store(folder.path());
        assert!(store.problem().unwrap().contains("missing"));
        let (pair, _) = keys.add("slicer", Role::Submitter, None).unwrap();
        let before = store.generation();
        assert_eq!(store.role_of(&pair.public).unwrap(), ("slicer".into(), Role::Submitter));
        assert_eq!((store.generation(), store.problem()), (before, None));
        // The same name with another key: the holder of the first is not accepted any more.
        keys.revoke("slicer").unwrap();
        let (other, _) = keys.add("slicer", Role::Viewer, None).unwrap();
        assert!(store.generation() > before);
        assert!(store.role_of(&pair.public).is_err());
        assert_eq!(store.role_of(&other.public).unwrap().1, Role::Viewer);
        std::fs::write(keys.list(), "garbage").unwrap();
        assert!(store.role_of(&other.public).is_err());
        assert!(store.problem().unwrap().contains("cannot be read"));
    }

    #[test]
    fn a_key_ends_with_its_last_day() {
        let folder = tempfile::tempdir().unwrap();
        let (keys, store) = store(folder.path());
        let today = chrono::Utc::now().date_naive();
        let (gone, _) = keys.add("gone", Role::Viewer, today.pred_opt()).unwrap();
        let (here, _) = keys.add("here", Role::Viewer, today.succ_opt()).unwrap();
        assert!(store.role_of(&gone.public).unwrap_err().contains("expired"));
        assert!(store.role_of(&here.public).is_ok());
    }
}
