//! From files, folders and ZIP archives to instances.
//!
//! Only headers are read here, up to PixelData. What is not DICOM is skipped and listed; what is DICOM but damaged is kept as such, so
//! that no section is ever lost in silence.

mod archive;
mod error;
mod folder;
mod opener;
mod same_bytes;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use error::InputError;
pub(crate) use opener::Opener;

use super::fault::Fault;
use super::header::{self, Header, HeaderFault};
use super::instance::{Instance, Origin, sop_class};
use super::limits::Limits;
use super::part10::{self, Kind, MAGIC_BYTES};

/// Bytes read from every file at first; most classic headers fit.
const FIRST_READ: usize = 16 << 10;

/// All that the input holds.
#[derive(Debug, Default)]
pub struct Intake {
    /// Every DICOM object whose header could be read, in the order in which it was found.
    pub instances: Vec<Arc<Instance>>,
    /// MR files whose header is damaged behind the SeriesInstanceUID.
    pub broken: Vec<Broken>,
    /// Files that are no concern of ours.
    pub skipped: Vec<Skipped>,
    /// What the reader must know: duplicates that were left out, damaged files.
    pub notes: Vec<String>,
}

/// A file that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Path, or archive and member.
    pub path: String,
    /// Why, in a few words.
    pub reason: String,
}

/// An MR file that cannot be read, but says to which series it belongs.
#[derive(Debug, Clone, PartialEq)]
pub struct Broken {
    /// Where it lies.
    pub origin: Origin,
    /// Its SeriesInstanceUID.
    pub series_uid: String,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Reads a mix of files, folders and ZIP archives. Never panics, and never allocates what a file merely declares.
pub fn read(inputs: &[PathBuf], limits: &Limits) -> Result<Intake, InputError> {
    let mut reader =
        Reader { limits, intake: Intake::default(), by_sop: HashMap::new(), files: 0, bytes: 0, buffer: Vec::new() };
    for input in inputs {
        let found = folder::files(input, limits)?;
        reader.intake.skipped.extend(found.skipped);
        for path in found.files {
            reader.file(&path)?;
        }
    }
    reader.finish()
}

struct Reader<'a> {
    limits: &'a Limits,
    intake: Intake,
    by_sop: HashMap<String, usize>,
    files: usize,
    bytes: u64,
    buffer: Vec<u8>,
}

impl Reader<'_> {
    /// One file from the disk.
    fn file(&mut self, path: &Path) -> Result<(), InputError> {
        let origin = Origin::File(path.to_owned());
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (size, mut file) = match opened {
            Ok(opened) => opened,
            Err(e) => {
                return Err(InputError::File { file: origin.to_string(), fault: Fault::Unreadable(e.to_string()) });
            }
        };
        self.buffer.clear();
        let first = fill(&mut file, &mut self.buffer, FIRST_READ, size);
        if first.is_ok() && archive::is_zip(&self.buffer) {
            return self.archive(path, size);
        }
        self.object(origin, size, &mut file)
    }

    /// All members of a ZIP archive.
    fn archive(&mut self, path: &Path, size: u64) -> Result<(), InputError> {
        let (mut archive, members) = archive::open(path, size, self.limits)?;
        let shared = Arc::new(path.to_owned());
        for member in members {
            let origin = Origin::ZipMember { archive: shared.clone(), index: member.index, name: member.name };
            if let Some(reason) = member.skip {
                self.count()?;
                self.skip(&origin, reason);
                continue;
            }
            match archive.by_index(member.index) {
                Ok(mut reader) => {
                    self.buffer.clear();
                    // A failure shows again, with its reason, when the rest is asked for.
                    let _ = fill(&mut reader, &mut self.buffer, FIRST_READ, member.size);
                    if archive::is_zip(&self.buffer) {
                        self.count()?;
                        self.skip(&origin, "an archive inside an archive; unpack it first");
                    } else {
                        self.object(origin, member.size, &mut reader)?;
                    }
                }
                Err(e) => {
                    return Err(InputError::Archive {
                        path: path.to_owned(),
                        why: format!("member {}: {e}", member.index),
                    });
                }
            }
        }
        Ok(())
    }

    /// One file of `size` bytes whose first bytes are in the buffer and whose others come from `rest`.
    fn object(&mut self, origin: Origin, size: u64, rest: &mut dyn Read) -> Result<(), InputError> {
        self.count()?;
        if size == 0 {
            self.skip(&origin, "an empty file");
            return Ok(());
        }
        if let Err(e) = fill(rest, &mut self.buffer, MAGIC_BYTES, size) {
            return Err(InputError::File { file: origin.to_string(), fault: Fault::Unreadable(e.to_string()) });
        }
        let kind = part10::kind(&self.buffer);
        if kind == Kind::NotDicom {
            self.skip(&origin, "not a DICOM file");
            return Ok(());
        }
        if size > self.limits.enhanced_file_bytes {
            let fault = Fault::FileTooLarge { bytes: size, limit: self.limits.enhanced_file_bytes };
            return Err(InputError::File { file: origin.to_string(), fault });
        }
        match self.header(&origin, size, kind, rest) {
            Ok(instance) => self.instance(instance),
            // Without the DICM prefix it was a guess that this is DICOM at all.
            Err(HeaderFault { sop_class_uid, series_uid, .. })
                if matches!(kind, Kind::Bare { .. }) && sop_class_uid.is_empty() && series_uid.is_empty() =>
            {
                self.skip(&origin, "not a DICOM file");
                Ok(())
            }
            Err(failed) => self.broken(origin, failed),
        }
    }

    fn header(
        &mut self,
        origin: &Origin,
        size: u64,
        kind: Kind,
        rest: &mut dyn Read,
    ) -> Result<Box<Instance>, HeaderFault> {
        let fail = |fault| HeaderFault { fault, sop_class_uid: String::new(), series_uid: String::new() };
        loop {
            match header::read(&self.buffer, size, kind, origin, self.limits)? {
                Header::Complete(instance) => return Ok(instance),
                Header::NeedMore(wanted) => {
                    // Growing by a factor keeps the repeated walks cheap; one element head beyond the limit may be looked at.
                    let cap = self.limits.header_bytes + 16;
                    let target = wanted.max(self.buffer.len().saturating_mul(4).min(cap));
                    let had = self.buffer.len();
                    fill(rest, &mut self.buffer, target, size).map_err(|e| fail(Fault::Unreadable(e.to_string())))?;
                    if self.buffer.len() < wanted || self.buffer.len() == had {
                        return Err(fail(Fault::Truncated {
                            what: "its header".into(),
                            size: self.buffer.len() as u64,
                        }));
                    }
                }
            }
        }
    }

    fn instance(&mut self, instance: Box<Instance>) -> Result<(), InputError> {
        if instance.sop_class_uid == sop_class::DIRECTORY {
            self.skip(&instance.origin, "a DICOMDIR");
            return Ok(());
        }
        self.bytes += instance.size;
        if self.bytes > self.limits.study_bytes {
            return Err(InputError::TooLarge { limit: self.limits.study_bytes });
        }
        if let Some(&known) = self.by_sop.get(&instance.sop_instance_uid) {
            return self.duplicate(known, &instance);
        }
        self.by_sop.insert(instance.sop_instance_uid.clone(), self.intake.instances.len());
        self.intake.instances.push(Arc::from(instance));
        Ok(())
    }

    /// A second file of the same SOP Instance UID: left out if it is the same file. If not, nobody knows which is the right one, and the
    /// series of an MR image cannot be used; whatever else it is, it is not needed.
    fn duplicate(&mut self, known: usize, again: &Instance) -> Result<(), InputError> {
        let first = self.intake.instances[known].clone();
        let same = first.size == again.size
            && same_bytes::same_bytes(&first.origin, &again.origin).map_err(|e| InputError::File {
                file: again.origin.to_string(),
                fault: Fault::Unreadable(e.to_string()),
            })?;
        if same {
            self.skip(&again.origin, "an identical copy of another file");
            return Ok(());
        }
        let fault = Fault::Duplicate { other: first.origin.to_string() };
        self.skip(&again.origin, "another file with the same SOPInstanceUID");
        let mut spoilt = vec![];
        for instance in [&*first, again].into_iter().filter(|i| sop_class::is_mr(&i.sop_class_uid)) {
            if !spoilt.contains(&&instance.series.uid) {
                spoilt.push(&instance.series.uid);
                let (origin, series_uid) = (again.origin.clone(), instance.series.uid.clone());
                self.intake.broken.push(Broken { origin, series_uid, fault: fault.clone() });
            }
        }
        Ok(())
    }

    /// A DICOM file whose header cannot be read.
    fn broken(&mut self, origin: Origin, failed: HeaderFault) -> Result<(), InputError> {
        let HeaderFault { fault, sop_class_uid, series_uid } = failed;
        if sop_class_uid == sop_class::DIRECTORY {
            self.skip(&origin, "a DICOMDIR");
        } else if !sop_class_uid.is_empty() && !sop_class::is_mr(&sop_class_uid) {
            self.skip(&origin, &format!("not an MR image, and {fault}"));
        } else if series_uid.is_empty() {
            // It may be a section of the very series that is wanted: going on without it would drop it in silence.
            return Err(InputError::File { file: origin.to_string(), fault });
        } else {
            self.skip(&origin, &fault.to_string());
            self.intake.broken.push(Broken { origin, series_uid, fault });
        }
        Ok(())
    }

    fn finish(self) -> Result<Intake, InputError> {
        let mut intake = self.intake;
        let mr = || intake.instances.iter().filter(|i| sop_class::is_mr(&i.sop_class_uid));
        if mr().all(|i| i.fault.is_some()) {
            let damaged = mr().find_map(|i| Some((&i.origin, i.fault.clone()?)));
            let damaged = damaged.or_else(|| intake.broken.first().map(|b| (&b.origin, b.fault.clone())));
            if let Some((origin, fault)) = damaged {
                return Err(InputError::File { file: origin.to_string(), fault });
            }
        }
        if intake.instances.is_empty() {
            return Err(InputError::NoDicom { files: self.files, first: intake.skipped.first().cloned() });
        }
        let copies = intake.skipped.iter().filter(|s| s.reason.starts_with("an identical copy")).count();
        if copies > 0 {
            intake.notes.push(match copies {
                1 => "1 file was an identical copy of another and was left out".to_owned(),
                _ => format!("{copies} files were identical copies of others and were left out"),
            });
        }
        let others = intake.skipped.len() - copies;
        if others > 0 {
            let were = if others == 1 { "was" } else { "were" };
            let all = self.files.max(others);
            intake.notes.push(format!("{others} of {all} files {were} skipped: {}", reasons(&intake.skipped)));
        }
        Ok(intake)
    }

    fn skip(&mut self, origin: &Origin, reason: &str) {
        self.intake.skipped.push(Skipped { path: origin.to_string(), reason: reason.to_owned() });
    }

    fn count(&mut self) -> Result<(), InputError> {
        self.files += 1;
        if self.files > self.limits.files { Err(InputError::TooManyFiles { limit: self.limits.files }) } else { Ok(()) }
    }
}

/// The different reasons for which files were skipped, each with its count unless there is one reason for all.
fn reasons(skipped: &[Skipped]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for s in skipped.iter().filter(|s| !s.reason.starts_with("an identical copy")) {
        match counts.iter().position(|(reason, _)| *reason == s.reason) {
            Some(i) => counts[i].1 += 1,
            None if counts.len() < 5 => counts.push((&s.reason, 1)),
            None => {}
        }
    }
    match counts[..] {
        [(reason, _)] => reason.to_owned(),
        _ => counts.iter().map(|(reason, n)| format!("{n} {reason}")).collect::<Vec<_>>().join("; "),
    }
}

/// Reads on until the buffer holds `target` bytes, or all `size` of the file, or no more come.
fn fill(from: &mut dyn Read, buffer: &mut Vec<u8>, target: usize, size: u64) -> io::Result<()> {
    let target = target.min(usize::try_from(size).unwrap_or(usize::MAX));
    let missing = target.saturating_sub(buffer.len());
    from.take(missing as u64).read_to_end(buffer).map(drop)
}

#[cfg(test)]
mod tests;
