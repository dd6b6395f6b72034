//! The folder of engines: one for each key, and beside them those that are being built.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::key::EngineKey;
use super::record::{EngineRecord, digest};

const RECORD: &str = "engine.toml";
/// Timing caches of the builder, shared by all engines: with one the second network takes a fraction of the first one's time.
const TIMING: &str = "timing";

/// What is there for a key.
#[derive(Debug, Clone, PartialEq)]
pub enum EngineState {
    /// Built here, hashed, and found to reproduce the golden output.
    Trusted(EngineRecord),
    /// Built, or tried to, and not to be used; the reason. Not tried again until the key changes.
    Refused(String),
    /// Not what was built: a byte of it was changed, or a file is missing.
    Damaged,
    /// Nothing.
    Absent,
}

/// A folder that belongs to the user of the program alone.
#[derive(Debug, Clone)]
pub struct EngineStore {
    root: PathBuf,
}

impl EngineStore {
    /// The folder is made when the first engine is built.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// Where the provider finds the engine of a key.
    pub fn folder(&self, key: &EngineKey) -> PathBuf {
        self.root.join(key.digest())
    }

    /// Where the builder keeps what it measured on a device.
    pub fn timing_folder(&self) -> PathBuf {
        self.root.join(TIMING)
    }

    /// What is there for a key. Every byte of the folder is looked at.
    pub fn state(&self, key: &EngineKey) -> EngineState {
        let folder = self.folder(key);
        if !folder.exists() {
            return EngineState::Absent;
        }
        match read_checked(&folder) {
            Some(record) if record.key() == *key => match record.refused {
                Some(reason) => EngineState::Refused(reason),
                None => EngineState::Trusted(record),
            },
            _ => EngineState::Damaged,
        }
    }

    /// Room for an engine that is to be built; nothing where another process builds it. Whatever lay there for the key goes.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn begin(&self, key: &EngineKey) -> io::Result<Option<EngineBuild>> {
        private(&self.root)?;
        private(&self.timing_folder())?;
        let part = self.root.join(format!(".{}.part", key.digest()));
        private(&part)?;
        let lock = File::open(&part)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
        // What a build left that was killed.
        for entry in fs::read_dir(&part)? {
            remove(&entry?.path())?;
        }
        Ok(Some(EngineBuild { key: key.clone(), part, target: self.folder(key), _lock: lock }))
    }

    /// Every engine, with its folder and bytes; records that cannot be believed are `None`.
    pub fn list(&self) -> Vec<StoredEngine> {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten();
        let mut engines: Vec<StoredEngine> = entries
            .filter(|entry| is_engine(&entry.file_name().to_string_lossy()))
            .map(|entry| StoredEngine::at(entry.path()))
            .collect();
        engines.sort_by_key(|engine| engine.changed);
        engines
    }

    /// Removes what none of `wanted` names, and then the oldest of those until the rest is no more than `bytes`. What was removed.
    ///
    /// # Errors
    /// A folder cannot be removed.
    pub fn clean(&self, wanted: &[EngineKey], bytes: u64) -> io::Result<Vec<StoredEngine>> {
        let wanted: Vec<PathBuf> = wanted.iter().map(|key| self.folder(key)).collect();
        let (mut kept, mut gone): (Vec<_>, Vec<_>) =
            self.list().into_iter().partition(|engine| wanted.contains(&engine.folder));
        while kept.iter().map(|engine| engine.bytes).sum::<u64>() > bytes {
            gone.push(kept.remove(0));
        }
        for engine in &gone {
            remove(&engine.folder)?;
        }
        Ok(gone)
    }
}

/// An engine in the store.
#[derive(Debug, Clone)]
pub struct StoredEngine {
    pub folder: PathBuf,
    /// Of all its files.
    pub bytes: u64,
    /// `None` where it is damaged.
    pub record: Option<EngineRecord>,
    changed: SystemTime,
}

impl StoredEngine {
    fn at(folder: PathBuf) -> Self {
        let files = fs::read_dir(&folder).into_iter().flatten().flatten();
        let bytes = files.filter_map(|file| Some(file.metadata().ok()?.len())).sum();
        let changed = fs::metadata(&folder).and_then(|m| m.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        Self { record: read_checked(&folder), folder, bytes, changed }
    }
}

/// An engine that is being built. Dropped without an end, it leaves what lay there before.
#[derive(Debug)]
pub struct EngineBuild {
    key: EngineKey,
    part: PathBuf,
    target: PathBuf,
    /// Held as long as the build lives.
    _lock: File,
}

impl EngineBuild {
    /// Where the builder writes.
    pub fn folder(&self) -> &Path {
        &self.part
    }

    /// Puts the engine in its place, trusted, or refused with its reason.
    ///
    /// # Errors
    /// It cannot be written; a trusted engine without a file is none.
    pub fn finish(self, mut record: EngineRecord) -> io::Result<EngineRecord> {
        record.key = self.key.parts().clone();
        record.files.clear();
        for entry in fs::read_dir(&self.part)? {
            let path = entry?.path();
            match record.refused {
                // Nobody will look at its files.
                Some(_) => remove(&path)?,
                None => {
                    File::open(&path)?.sync_all()?;
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    record.files.insert(name, digest(&fs::read(&path)?));
                }
            }
        }
        if record.refused.is_none() && record.files.is_empty() {
            return Err(io::Error::other("the provider wrote no engine"));
        }
        let file = self.part.join(RECORD);
        fs::write(&file, record.to_text())?;
        File::open(&file)?.sync_all()?;
        File::open(&self.part)?.sync_all()?;
        remove(&self.target)?;
        fs::rename(&self.part, &self.target)?;
        Ok(record)
    }
}

/// The record of a folder whose every byte is what it says; files that it does not list are not believed either.
fn read_checked(folder: &Path) -> Option<EngineRecord> {
    let record = EngineRecord::parse(&fs::read(folder.join(RECORD)).ok()?)?;
    let mut found = 0;
    for entry in fs::read_dir(folder).ok()? {
        let name = entry.ok()?.file_name().into_string().ok()?;
        if name == RECORD {
            continue;
        }
        (*record.files.get(&name)? == digest(&fs::read(folder.join(&name)).ok()?)).then_some(())?;
        found += 1;
    }
    (found == record.files.len()).then_some(record)
}

fn is_engine(name: &str) -> bool {
    name.len() == 16 && name.bytes().all(|b| b.is_ascii_hexdigit())
}

fn private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Removes a file or folder; none there is as good.
fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests;
