//! One file after the other: skipped, taken, or kept as damaged.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::archive;
use super::error::InputError;
use super::same_bytes::same_bytes;
use super::same_image::same_image;
use super::scanned::{ScannedInput, SkipReason, SkippedFile, UnreadableFile};
use crate::read::file_error::FileError;
use crate::read::header::{self, Header, HeaderError};
use crate::read::instance::{InstanceHeader, sop_class};
use crate::read::limits::FileLimits;
use crate::read::origin::Origin;
use crate::read::part10::{self, MAGIC_BYTES, Part10Kind};
use crate::read::same_frame::{FrameComparison, Sameness};

/// Bytes read from every file at first; most classic headers fit.
const FIRST_READ: usize = 16 << 10;
/// Most reasons that are told of files that were skipped.
const MAX_REASONS: usize = 5;

/// What was found so far, and by which limits.
pub(super) struct Scanner<'a> {
    limits: &'a FileLimits,
    scanned: ScannedInput,
    by_sop: HashMap<String, usize>,
    files: usize,
    bytes: u64,
    buffer: Vec<u8>,
    comparison: FrameComparison<'a>,
}

impl<'a> Scanner<'a> {
    /// Nothing was found yet.
    pub(super) fn new(limits: &'a FileLimits) -> Self {
        Self {
            limits,
            scanned: ScannedInput::default(),
            by_sop: HashMap::new(),
            files: 0,
            bytes: 0,
            buffer: Vec::new(),
            comparison: FrameComparison::new(limits),
        }
    }

    /// Files that cannot be opened at all.
    pub(super) fn skipped(&mut self, skipped: Vec<SkippedFile>) -> Result<(), InputError> {
        for file in skipped {
            self.count()?;
            self.scanned.skipped.push(file);
        }
        Ok(())
    }

    /// One file from the disk.
    pub(super) fn file(&mut self, path: &Path) -> Result<(), InputError> {
        let origin = Origin::File(path.to_owned());
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (size, mut file) = match opened {
            Ok(opened) => opened,
            Err(e) => {
                return Err(InputError::File { file: origin, error: FileError::Unreadable(e.to_string()) });
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
            let origin = Origin::ZipMember { archive: shared.clone(), index: member.index };
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
                        self.skip(&origin, SkipReason::NestedArchive);
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
            self.skip(&origin, SkipReason::Empty);
            return Ok(());
        }
        if let Err(e) = fill(rest, &mut self.buffer, MAGIC_BYTES, size) {
            return Err(InputError::File { file: origin, error: FileError::Unreadable(e.to_string()) });
        }
        let kind = part10::kind(&self.buffer);
        if kind == Part10Kind::NotDicom {
            self.skip(&origin, SkipReason::NotDicom);
            return Ok(());
        }
        if size > self.limits.enhanced_file_bytes {
            let error = FileError::TooLarge { bytes: size, limit: self.limits.enhanced_file_bytes };
            return Err(InputError::File { file: origin, error });
        }
        match self.header(&origin, size, kind, rest) {
            Ok(instance) => self.instance(instance),
            // Without the DICM prefix it was a guess that this is DICOM at all.
            Err(HeaderError { sop_class_uid, series_uid, .. })
                if matches!(kind, Part10Kind::BareMeta | Part10Kind::BareDataSet { .. })
                    && sop_class_uid.is_empty()
                    && series_uid.is_empty() =>
            {
                self.skip(&origin, SkipReason::NotDicom);
                Ok(())
            }
            Err(failed) => self.unreadable(origin, failed),
        }
    }

    fn header(
        &mut self,
        origin: &Origin,
        size: u64,
        kind: Part10Kind,
        rest: &mut dyn Read,
    ) -> Result<Box<InstanceHeader>, HeaderError> {
        let fail = |error| HeaderError { error, sop_class_uid: String::new(), series_uid: String::new() };
        loop {
            match header::read(&self.buffer, size, kind, origin, self.limits)? {
                Header::Complete(instance) => return Ok(instance),
                Header::NeedMore(wanted) => {
                    // Growing by a factor keeps the repeated walks cheap; one element head beyond the limit may be looked at.
                    let cap = self.limits.header_bytes + 16;
                    let target = wanted.max(self.buffer.len().saturating_mul(4).min(cap));
                    let had = self.buffer.len();
                    fill(rest, &mut self.buffer, target, size)
                        .map_err(|e| fail(FileError::Unreadable(e.to_string())))?;
                    if self.buffer.len() < wanted || self.buffer.len() == had {
                        return Err(fail(FileError::Truncated {
                            what: "its header".into(),
                            size: self.buffer.len() as u64,
                        }));
                    }
                }
            }
        }
    }

    fn instance(&mut self, instance: Box<InstanceHeader>) -> Result<(), InputError> {
        if instance.sop_class_uid == sop_class::DIRECTORY {
            self.skip(&instance.origin, SkipReason::Dicomdir);
            return Ok(());
        }
        self.bytes += instance.size;
        if self.bytes > self.limits.study_bytes {
            return Err(InputError::TooLarge { limit: self.limits.study_bytes });
        }
        if let Some(&known) = self.by_sop.get(&instance.sop_instance_uid) {
            return self.duplicate(known, &instance);
        }
        self.by_sop.insert(instance.sop_instance_uid.clone(), self.scanned.instances.len());
        self.scanned.instances.push(Arc::from(instance));
        Ok(())
    }

    /// A second file of the same SOP Instance UID: left out if it is the same file or the same image. If not, which is the right one cannot be
    /// told, and the series of an MR image cannot be used; whatever else it is, it is not needed.
    fn duplicate(&mut self, known: usize, again: &InstanceHeader) -> Result<(), InputError> {
        let first = self.scanned.instances[known].clone();
        let same = first.size == again.size
            && same_bytes(&first.origin, &again.origin).map_err(|e| InputError::File {
                file: again.origin.clone(),
                error: FileError::Unreadable(e.to_string()),
            })?;
        if same {
            self.skip(&again.origin, SkipReason::IdenticalCopy);
            return Ok(());
        }
        let other = first.origin.clone();
        let error = match same_image(&first, again, &mut self.comparison) {
            Sameness::Same => {
                self.skip(&again.origin, SkipReason::SameImage);
                return Ok(());
            }
            Sameness::Different => FileError::Duplicate { other },
            Sameness::NotCompared => FileError::NotCompared { other },
        };
        self.skip(&again.origin, SkipReason::SameUid);
        let mut spoilt = vec![];
        for instance in [&*first, again].into_iter().filter(|i| sop_class::is_mr(&i.sop_class_uid)) {
            if !spoilt.contains(&&instance.series.uid) {
                spoilt.push(&instance.series.uid);
                let (origin, series_uid) = (again.origin.clone(), instance.series.uid.clone());
                self.scanned.unreadable.push(UnreadableFile { origin, series_uid, error: error.clone() });
            }
        }
        Ok(())
    }

    /// A DICOM file whose header cannot be read.
    fn unreadable(&mut self, origin: Origin, failed: HeaderError) -> Result<(), InputError> {
        let HeaderError { error, sop_class_uid, series_uid } = failed;
        if sop_class_uid == sop_class::DIRECTORY {
            self.skip(&origin, SkipReason::Dicomdir);
        } else if !sop_class_uid.is_empty() && !sop_class::is_mr(&sop_class_uid) {
            self.skip(&origin, SkipReason::NotMr(error));
        } else if series_uid.is_empty() {
            // It may be a section of the very series that is wanted: going on without it would drop it in silence.
            return Err(InputError::File { file: origin, error });
        } else {
            self.skip(&origin, SkipReason::Damaged(error.clone()));
            self.scanned.unreadable.push(UnreadableFile { origin, series_uid, error });
        }
        Ok(())
    }

    /// All that was found; an error where no image of it can be used.
    pub(super) fn finish(self) -> Result<ScannedInput, InputError> {
        let mut scanned = self.scanned;
        let mr = || scanned.instances.iter().filter(|i| sop_class::is_mr(&i.sop_class_uid));
        if mr().all(|i| i.error.is_some()) {
            let damaged = mr().find_map(|i| Some((&i.origin, i.error.clone()?)));
            let damaged = damaged.or_else(|| scanned.unreadable.first().map(|b| (&b.origin, b.error.clone())));
            if let Some((origin, error)) = damaged {
                return Err(InputError::File { file: origin.clone(), error });
            }
        }
        if scanned.instances.is_empty() {
            return Err(InputError::NoDicom { files: self.files, first: scanned.skipped.first().cloned() });
        }
        let copies = scanned.skipped.iter().filter(|s| s.reason == SkipReason::IdenticalCopy).count();
        if copies > 0 {
            scanned.notes.push(match copies {
                1 => "1 file was an identical copy of another and was left out".to_owned(),
                _ => format!("{copies} files were identical copies of others and were left out"),
            });
        }
        let others = scanned.skipped.len() - copies;
        if others > 0 {
            let were = if others == 1 { "was" } else { "were" };
            let all = self.files;
            scanned.notes.push(format!("{others} of {all} files {were} skipped: {}", reasons(&scanned.skipped)));
        }
        Ok(scanned)
    }

    fn skip(&mut self, origin: &Origin, reason: SkipReason) {
        self.scanned.skipped.push(SkippedFile { origin: origin.clone(), reason });
    }

    fn count(&mut self) -> Result<(), InputError> {
        self.files += 1;
        if self.files > self.limits.files { Err(InputError::TooManyFiles { limit: self.limits.files }) } else { Ok(()) }
    }
}

/// The different reasons for which files were skipped, each with its count unless there is one reason for all; how many have another one
/// than the first few.
fn reasons(skipped: &[SkippedFile]) -> String {
    let mut counts: Vec<(&SkipReason, usize)> = Vec::new();
    let mut beyond = 0;
    for SkippedFile { reason, .. } in skipped.iter().filter(|s| s.reason != SkipReason::IdenticalCopy) {
        match counts.iter().position(|(known, _)| *known == reason) {
            Some(i) => counts[i].1 += 1,
            None if counts.len() < MAX_REASONS => counts.push((reason, 1)),
            None => beyond += 1,
        }
    }
    if let [(reason, _)] = counts[..] {
        return reason.to_string();
    }
    let others = (beyond > 0).then(|| format!("and {beyond} {}", if beyond == 1 { "other" } else { "others" }));
    counts.iter().map(|(reason, n)| format!("{n} {reason}")).chain(others).collect::<Vec<_>>().join("; ")
}

/// Reads on until the buffer holds `target` bytes, or all `size` of the file, or no more come.
fn fill(from: &mut dyn Read, buffer: &mut Vec<u8>, target: usize, size: u64) -> io::Result<()> {
    let target = target.min(usize::try_from(size).unwrap_or(usize::MAX));
    let missing = target.saturating_sub(buffer.len());
    from.take(missing as u64).read_to_end(buffer).map(drop)
}
