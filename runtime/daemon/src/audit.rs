//! The audit file: who did what, when. One JSON line an event, each with the hash of the one before, so that no line can be changed or removed
//! unnoticed.
//!
//! Events are named as in DICOM PS3.15, A.5. No patient data: a job's name tells the study only to those who may see the job.

use cordline_sdk::sha256::Sha256;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What happened, as PS3.15 names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditEvent {
    /// 110100, Application Activity: the daemon came up.
    Started,
    /// 110100, Application Activity: the daemon went down.
    Stopped,
    /// 110114, User Authentication: a client said hello.
    Connected,
    /// 110113, Security Alert: a key was not accepted.
    Refused,
    /// 110107, Import: a job was accepted.
    Accepted,
    /// 110106, Export: a file of a job was fetched.
    Fetched,
    /// 110103, DICOM Instances Accessed: a job was cancelled, reviewed, or its series chosen.
    Changed,
    /// 110105, DICOM Study Deleted: a job was removed because somebody wanted it gone.
    Removed,
}

impl AuditEvent {
    /// Code of the DICOM controlled terminology.
    pub fn code(self) -> &'static str {
        match self {
            Self::Started | Self::Stopped => "110100",
            Self::Connected => "110114",
            Self::Refused => "110113",
            Self::Accepted => "110107",
            Self::Fetched => "110106",
            Self::Changed => "110103",
            Self::Removed => "110105",
        }
    }
}

/// An event to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// What happened.
    pub event: AuditEvent,
    /// Name of the key, or `box` for the socket file and the daemon itself.
    pub who: String,
    /// The job or file, a reason, or the name of a client.
    pub about: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    at: String,
    event: AuditEvent,
    code: String,
    who: String,
    about: String,
    previous: String,
    hash: String,
}

impl Line {
    /// The line of an event that happens now, after a line with the hash `previous`.
    fn after(previous: String, entry: &AuditEntry) -> Self {
        let mut line = Self {
            at: chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            event: entry.event,
            code: entry.event.code().into(),
            who: entry.who.clone(),
            about: entry.about.clone(),
            previous,
            hash: String::new(),
        };
        line.hash = line.hash();
        line
    }

    fn hash(&self) -> String {
        let event = serde_json::to_string(&self.event).unwrap_or_default();
        let parts = [&self.previous, &self.at, &event, &self.code, &self.who, &self.about];
        // Lengths keep the parts apart.
        let text: String = parts.iter().map(|p| format!("{}:{p};", p.len())).collect();
        Sha256::of(text).to_string()
    }
}

/// A file that is damaged or cannot be used.
#[derive(Debug, Error)]
pub enum AuditError {
    /// It cannot be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line is not what it was when it was written.
    #[error("{}: line {line} {what}", .path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// The audit file, open for writing.
#[derive(Debug)]
pub struct AuditLog {
    file: File,
    previous: String,
}

impl AuditLog {
    /// Opens the file, or creates one, and goes on from its last whole line. Half a line, as a power cut leaves it, is cut off.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let failed = |source| AuditError::File { path: path.into(), source };
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path).map_err(failed)?;
        let (mut previous, mut whole) = (String::new(), 0);
        let mut reader = BufReader::new(&file);
        // Bytes, not text: a line may have been cut inside a character.
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).map_err(failed)? > 0 {
            if line.last() != Some(&b'\n') {
                break;
            }
            whole += line.len() as u64;
            if let Ok(read) = serde_json::from_slice::<Line>(&line) {
                previous = read.hash;
            }
            line.clear();
        }
        file.set_len(whole).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(Self { file, previous })
    }

    /// Writes an event and forces it to the disk.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&mut self, entry: AuditEntry) -> io::Result<()> {
        self.write_all(&[entry])
    }

    /// Writes events in their order and forces them to the disk, all at once.
    ///
    /// # Errors
    ///
    /// The file cannot be written; then none of them is.
    pub fn write_all(&mut self, entries: &[AuditEntry]) -> io::Result<()> {
        let mut previous = self.previous.clone();
        let mut text = String::new();
        for entry in entries {
            let line = Line::after(previous, entry);
            text += &serde_json::to_string(&line)?;
            text.push('\n');
            previous = line.hash;
        }
        let before = self.file.stream_position()?;
        if let Err(error) = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data()) {
            // A partial write would break the chain for all later lines.
            let _ = self.file.set_len(before).and_then(|()| self.file.seek(SeekFrom::Start(before)));
            return Err(error);
        }
        self.previous = previous;
        Ok(())
    }

    /// Writes into another file from now on, and returns the one before: `/dev/full` is a full disk.
    #[cfg(test)]
    pub(crate) fn replace_file(&mut self, file: File) -> File {
        std::mem::replace(&mut self.file, file)
    }
}

/// Checks the whole chain; returns the number of lines and the last hash. A cautious operator keeps that elsewhere: only lines cut off at the end
/// do not break the chain.
///
/// # Errors
///
/// The first line that is wrong, or the file cannot be read.
pub fn verify(path: &Path) -> Result<(usize, String), AuditError> {
    let file = File::open(path).map_err(|source| AuditError::File { path: path.into(), source })?;
    let mut previous = String::new();
    let mut count = 0;
    for text in BufReader::new(file).lines() {
        count += 1;
        let broken = |what| AuditError::Broken { path: path.into(), line: count, what };
        let text = text.map_err(|_| broken("cannot be read"))?;
        let line: Line = serde_json::from_str(&text).map_err(|_| broken("is no entry"))?;
        if line.previous != previous {
            return Err(broken("does not follow the one before it: one was taken out, put in or moved"));
        }
        if line.hash != line.hash() {
            return Err(broken("was changed"));
        }
        previous = line.hash;
    }
    Ok((count, previous))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path) -> PathBuf {
        let path = folder.join("audit.jsonl");
        for start in 0..2 {
            let mut audit = AuditLog::open(&path).unwrap();
            for (event, about) in
                [(AuditEvent::Started, ""), (AuditEvent::Accepted, "job1"), (AuditEvent::Fetched, "job1")]
            {
                audit.write(AuditEntry { event, who: "box".into(), about: format!("{about}{start}") }).unwrap();
            }
        }
        path
    }

    #[test]
    fn a_chain_goes_on_over_restarts_and_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        assert_eq!(verify(&path).unwrap().0, 6);
        // Half a line, as a power cut leaves it.
        let mut text = std::fs::read_to_string(&path).unwrap();
        text += "{\"at\": \"20";
        std::fs::write(&path, text).unwrap();
        AuditLog::open(&path)
            .unwrap()
            .write(AuditEntry { event: AuditEvent::Stopped, who: "box".into(), about: String::new() })
            .unwrap();
        assert_eq!(verify(&path).unwrap().0, 7);
    }

    #[test]
    fn a_line_that_is_cut_inside_a_character_is_cut_off_and_one_with_a_turned_bit_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let entry = || AuditEntry { event: AuditEvent::Connected, who: "box".into(), about: "Slicer Zürich".into() };
        AuditLog::open(&path).unwrap().write(entry()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let cut = whole.iter().position(|byte| !byte.is_ascii()).unwrap() + 1;
        std::fs::write(&path, &whole[..cut]).unwrap();
        AuditLog::open(&path).unwrap().write(entry()).unwrap();
        assert_eq!(verify(&path).unwrap().0, 7);
        let mut turned = std::fs::read(&path).unwrap();
        turned[3] |= 0x80;
        std::fs::write(&path, turned).unwrap();
        AuditLog::open(&path).unwrap().write(entry()).unwrap();
        assert!(matches!(verify(&path), Err(AuditError::Broken { line: 1, .. })));
    }

    #[test]
    fn a_heap_of_lines_is_one_chain_with_those_before_and_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let entry =
            |n: usize| AuditEntry { event: AuditEvent::Fetched, who: "viewer".into(), about: format!("job{n}") };
        let mut audit = AuditLog::open(&path).unwrap();
        audit.write_all(&(0..100).map(entry).collect::<Vec<_>>()).unwrap();
        audit.write_all(&[]).unwrap();
        audit.write(entry(100)).unwrap();
        assert_eq!(verify(&path).unwrap().0, 6 + 101);
    }

    #[test]
    fn every_change_is_seen_and_its_line_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let whole = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        let broken_at = |lines: &[&str]| {
            std::fs::write(&path, lines.join("\n") + "\n").unwrap();
            match verify(&path).unwrap_err() {
                AuditError::Broken { line, .. } => line,
                other => panic!("{other}"),
            }
        };
        let changed = lines[2].replace("job10", "job99");
        assert_eq!(broken_at(&[lines[0], lines[1], &changed, lines[3]]), 3);
        assert_eq!(broken_at(&[lines[0], lines[2], lines[3]]), 2);
        assert_eq!(broken_at(&[lines[1], lines[2]]), 1);
        assert_eq!(broken_at(&[lines[0], lines[2], lines[1]]), 2);
    }
}
