//! Files to items, pieces and credit.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::error::BUSY_PAUSE_MS;
use super::{Client, ClientError, TRIES, part10};
use crate::job::{JobId, JobState, Priority};
use crate::problem::Code;
use crate::sha256::Sha256;
use crate::uid::Uid;
use crate::wire::codec::FromDaemon;
use crate::wire::reply::{Answer, AnswerName, Upload};
use crate::wire::request::{Chunk, Input, Instance, OfJob, Submit, Verb, Voxels};
use crate::wire::tensor::{Element, Tensor};

/// A volume to be submitted.
#[derive(Debug, Clone, PartialEq)]
pub struct VolumeUpload {
    /// Sections, rows, columns, and type.
    pub tensor: Tensor,
    /// From (column, row, section, 1) to patient coordinates (LPS, mm): 4 x 4, row by row.
    pub matrix: [f64; 16],
    /// The voxels as `tensor` says, little-endian.
    pub bytes: Vec<u8>,
}

impl VolumeUpload {
    fn described(&self) -> Voxels {
        let sha256 = Sha256::of(&self.bytes).to_string();
        Voxels { tensor: self.tensor.clone(), matrix: self.matrix, sha256 }
    }
}

/// A DICOM file to be sent.
struct Sending {
    path: PathBuf,
    instance: Instance,
}

impl Client {
    /// Sends DICOM files (and those in folders) as one job, and commits it.
    ///
    /// # Errors
    /// [`ClientError::NoDicom`], [`ClientError::Unreadable`] and [`ClientError::InvalidUid`] for what was named; else as
    /// [`Client::ask`].
    pub fn submit_study(
        &mut self,
        inputs: &[PathBuf],
        priority: Priority,
        series: Option<&str>,
    ) -> Result<JobId, ClientError> {
        self.submit_study_again(inputs, priority, series, 0)
    }

    /// The same, analysed anew: `again` says how often it was analysed before, and another number is another job.
    ///
    /// # Errors
    /// As [`Client::submit_study`].
    pub fn submit_study_again(
        &mut self,
        inputs: &[PathBuf],
        priority: Priority,
        series: Option<&str>,
        again: u32,
    ) -> Result<JobId, ClientError> {
        let described = |input| Submit { priority, series: series.map(str::to_owned), ..Submit::new(input) };
        self.submit_files(inputs, again, described)
    }

    /// The same with every wish that there is: `described` makes the submission of the files.
    ///
    /// # Errors
    /// As [`Client::submit_study`].
    pub fn submit_files(
        &mut self,
        inputs: &[PathBuf],
        again: u32,
        described: impl FnOnce(Input) -> Submit,
    ) -> Result<JobId, ClientError> {
        let files = manifest(inputs)?;
        if files.is_empty() {
            return Err(ClientError::NoDicom);
        }
        let instances = files.iter().map(|f| f.instance.clone()).collect();
        let submit = described(Input::Study { instances, again });
        let read = |item: usize| {
            // The daemon says how many items there are.
            let unasked = ClientError::Unexpected { answer: AnswerName::Upload };
            let path = &files.get(item).ok_or(unasked)?.path;
            fs::read(path).map_err(|source| ClientError::Unreadable { path: path.clone(), source })
        };
        self.submit(submit, &read)
    }

    /// Sends a T2-weighted volume, with the contrast-enhanced T1-weighted one where there is one, and commits it.
    ///
    /// # Errors
    /// The refusal of the daemon, or what became of the connection.
    pub fn submit_volume(
        &mut self,
        t2w: &VolumeUpload,
        t1c: Option<&VolumeUpload>,
        priority: Priority,
    ) -> Result<JobId, ClientError> {
        let input = Input::Volume { t2w: t2w.described(), t1c: t1c.map(VolumeUpload::described) };
        let submit = Submit { priority, ..Submit::new(input) };
        // Item 1 is the T1-weighted volume; it is asked for only where it was announced.
        let read = |item| Ok(if item == 0 { t2w } else { t1c.unwrap_or(t2w) }.bytes.clone());
        self.submit(submit, &read)
    }

    /// Sends a corrected mask of an earlier job, whose volume is classified again, and commits it. `bits`: sections, rows and columns,
    /// packed by [`pack_bits`]. `reader`: who corrected it; a gateway puts the name of its token here.
    ///
    /// # Errors
    /// The refusal of the daemon, or what became of the connection.
    ///
    /// [`pack_bits`]: crate::wire::tensor::pack_bits
    pub fn submit_mask(
        &mut self,
        job: &JobId,
        shape: [u64; 3],
        bits: &[u8],
        priority: Priority,
        reader: Option<&str>,
    ) -> Result<JobId, ClientError> {
        let input = Input::Mask {
            job: job.clone(),
            mask: Tensor { shape: shape.to_vec(), element: Element::Bit },
            sha256: Sha256::of(bits).to_string(),
            reader: reader.map(str::to_owned),
        };
        let submit = Submit { priority, ..Submit::new(input) };
        self.submit(submit, &|_| Ok(bits.to_vec()))
    }

    /// Has a folder of the daemon's own host analysed.
    ///
    /// # Errors
    /// As [`Client::ask`]. The daemon lists and copies the folder before it answers, and is waited for while it says that it
    /// is there.
    pub fn submit_folder(
        &mut self,
        path: &str,
        priority: Priority,
        series: Option<&str>,
    ) -> Result<JobId, ClientError> {
        let input = Input::Folder { path: path.into(), again: 0 };
        let submit = Submit { priority, series: series.map(str::to_owned), ..Submit::new(input) };
        self.submit(submit, &|_| Ok(Vec::new()))
    }

    /// Submits, sends what is missing of the items that `read` gives, and commits.
    ///
    /// # Errors
    /// As [`Client::ask`], and what `read` says.
    pub fn submit(
        &mut self,
        submit: Submit,
        read: &dyn Fn(usize) -> Result<Vec<u8>, ClientError>,
    ) -> Result<JobId, ClientError> {
        let mut tries = 0;
        loop {
            let answer = self.ask(Verb::Submit(submit.clone()))?;
            let Answer::Upload(upload) = answer else { return Err(ClientError::unexpected(&answer)) };
            let job = upload.job.clone();
            if upload.state != JobState::Receiving {
                return Ok(job);
            }
            match self.send_items(&upload, read) {
                Ok(()) => {
                    self.ask(Verb::Commit(OfJob { job: job.clone() }))?;
                    return Ok(job);
                }
                // A piece was not taken, and so none behind it: the next round goes on from what is there.
                Err(ClientError::Rejected(fault)) if is_of_haste(&fault.problem.code) && tries < TRIES => {
                    tries += 1;
                    thread::sleep(Duration::from_millis(fault.retry_after_ms.unwrap_or(BUSY_PAUSE_MS)));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn send_items(
        &mut self,
        upload: &Upload,
        read: &dyn Fn(usize) -> Result<Vec<u8>, ClientError>,
    ) -> Result<(), ClientError> {
        // Item of each request whose answer is due.
        let mut due: BTreeMap<u64, usize> = BTreeMap::new();
        let mut settled = self.send_pieces(upload, read, &mut due);
        // After a refusal too, what is on the way is waited for: the next try must not meet it.
        while !due.is_empty() && matches!(settled, Ok(()) | Err(ClientError::Rejected(_))) {
            match self.take_answer(&mut due) {
                Ok(_) => {}
                Err(ClientError::Rejected(fault)) => settled = settled.and(Err(ClientError::Rejected(fault))),
                Err(error) => settled = Err(error),
            }
        }
        settled
    }

    fn send_pieces(
        &mut self,
        upload: &Upload,
        read: &dyn Fn(usize) -> Result<Vec<u8>, ClientError>,
        due: &mut BTreeMap<u64, usize>,
    ) -> Result<(), ClientError> {
        let piece = self.welcome().limits.frame_bytes as usize;
        let mut credit = upload.credit;
        for (item, &received) in upload.received.iter().enumerate() {
            let bytes = read(item)?;
            let mut offset = (received as usize).min(bytes.len());
            while offset < bytes.len() {
                while due.len() as u32 >= credit.max(1) {
                    credit = self.take_answer(due)?;
                }
                let end = (offset + piece).min(bytes.len());
                let chunk = Chunk { job: upload.job.clone(), item: item as u32, offset: offset as u64 };
                let id = self.send(Verb::Chunk(chunk), Some(&bytes[offset..end]))?;
                due.insert(id, item);
                offset = end;
            }
        }
        Ok(())
    }

    /// Waits for the answer to one of the chunks on the way; returns the new credit.
    fn take_answer(&mut self, due: &mut BTreeMap<u64, usize>) -> Result<u32, ClientError> {
        let deadline = Instant::now() + self.endpoint.timeout;
        loop {
            match self.receive(deadline)? {
                (FromDaemon::Reply(reply), _) if due.remove(&reply.id).is_some() => match reply.answer {
                    Answer::Upload(upload) => return Ok(upload.credit),
                    Answer::Fault(fault) => return Err(ClientError::Rejected(fault)),
                    other => return Err(ClientError::unexpected(&other)),
                },
                (FromDaemon::Reply(_), _) => {}
                (FromDaemon::Event(event), raw) => self.early.push_back((event, raw)),
            }
        }
    }
}

/// True for a refusal of a piece that came too early, or when the daemon had too much to do.
fn is_of_haste(code: &Code) -> bool {
    matches!(code, Code::Busy | Code::CreditExceeded | Code::ChunkOutOfOrder)
}

/// The DICOM files of folders and files, in the order of their UIDs; of the same instance twice the first.
fn manifest(inputs: &[PathBuf]) -> Result<Vec<Sending>, ClientError> {
    let mut paths = Vec::new();
    for input in inputs {
        collect(input, &mut paths)?;
    }
    let mut files = BTreeMap::new();
    for path in paths {
        let bytes = fs::read(&path).map_err(|source| ClientError::Unreadable { path: path.clone(), source })?;
        if is_zip(&bytes) {
            return Err(ClientError::Archive { path });
        }
        let Some(sop_uid) = part10::written_uid(&bytes) else { continue };
        // A DICOM file is not left out in silence.
        let Some(sop_uid) = sop_uid.map(Uid::into_string) else { return Err(ClientError::InvalidUid { path }) };
        let sha256 = Sha256::of(&bytes).to_string();
        let instance = Instance { sop_uid: sop_uid.clone(), bytes: bytes.len() as u64, sha256 };
        files.entry(sop_uid).or_insert(Sending { path, instance });
    }
    Ok(files.into_values().collect())
}

/// True where the bytes begin like a ZIP archive (with members, or empty).
fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// The file at `path`, or those of the folder. What a folder holds beside files and folders (pipes, sockets, links that lead nowhere) is
/// passed over: a pipe has no end.
fn collect(path: &Path, paths: &mut Vec<PathBuf>) -> Result<(), ClientError> {
    let unreadable = |path: &Path, source| ClientError::Unreadable { path: path.into(), source };
    if !fs::metadata(path).map_err(|error| unreadable(path, error))?.is_dir() {
        paths.push(path.into());
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| unreadable(path, error))? {
        entries.push(entry.map_err(|error| unreadable(path, error))?.path());
    }
    entries.sort();
    for entry in entries {
        match fs::metadata(&entry) {
            Ok(about) if about.is_dir() || about.is_file() => collect(&entry, paths)?,
            Ok(_) => {}
            Err(error) if error.kind() != ErrorKind::PermissionDenied && entry.is_symlink() => {}
            Err(error) => return Err(unreadable(&entry, error)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dicom(uid: &str) -> Vec<u8> {
        [&[0; 128][..], b"DICM\x02\x00\x03\x00UI", &(uid.len() as u16).to_le_bytes(), uid.as_bytes()].concat()
    }

    #[test]
    fn what_is_no_file_in_a_folder_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("within")).unwrap();
        fs::write(at("within/b"), dicom("1.2.10")).unwrap();
        fs::write(at("a"), dicom("1.2.9")).unwrap();
        fs::write(at("notes"), "text").unwrap();
        std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
        std::os::unix::fs::symlink("itself", at("itself")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let uids = |files: Vec<Sending>| files.into_iter().map(|file| file.instance.sop_uid).collect::<Vec<_>>();
        assert_eq!(uids(manifest(&[folder.path().into()]).unwrap()), ["1.2.10", "1.2.9"]);
        assert!(
            matches!(manifest(&[at("dangling")]), Err(ClientError::Unreadable { path, .. }) if path == at("dangling"))
        );
    }

    #[test]
    fn a_dicom_file_that_cannot_be_listed_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for uid in ["1..2", "../x", "", &"1".repeat(66)] {
            fs::write(&path, dicom(uid)).unwrap();
            let told = manifest(&[folder.path().into()]);
            assert!(matches!(told, Err(ClientError::InvalidUid { path: named }) if named == path), "{uid}");
        }
    }
}
