//! Encapsulated pixel data: which fragments make up which frame.

use std::borrow::Cow;

use dicom_core::Tag;

use crate::read::file_error::FileError;
use crate::read::limits::FileLimits;

/// The fragments of one frame.
pub(super) struct FrameFragments<'a>(Vec<&'a [u8]>);

impl<'a> FrameFragments<'a> {
    /// The compressed frame in one piece.
    pub(super) fn bytes(&self) -> Cow<'a, [u8]> {
        match self.0.as_slice() {
            [one] => Cow::Borrowed(*one),
            many => Cow::Owned(many.concat()),
        }
    }
}

/// Splits encapsulated pixel data (beginning with the item of the offset table) into `frames` frames. `file_size` is for messages;
/// `begins` knows a fragment with which a compressed image begins.
pub(super) fn frames<'a>(
    bytes: &'a [u8],
    frames: usize,
    file_size: u64,
    limits: &FileLimits,
    begins: &dyn Fn(&[u8]) -> bool,
) -> Result<Vec<FrameFragments<'a>>, FileError> {
    let mut items = items(bytes, file_size, limits)?.into_iter();
    let Some((table_start, table)) = items.next() else {
        return Err(FileError::Fragments("the offset table is missing".into()));
    };
    let fragments: Vec<(usize, &[u8])> = items.collect();
    if fragments.is_empty() {
        return Err(FileError::Fragments("there is no fragment".into()));
    }
    if frames == 1 {
        return Ok(vec![FrameFragments(fragments.iter().map(|(_, f)| *f).collect())]);
    }
    if fragments.len() == frames {
        return Ok(fragments.iter().map(|(_, f)| FrameFragments(vec![f])).collect());
    }
    // More fragments than frames: only the offset table says where a frame begins. Offsets count from the first item behind the table.
    let base = table_start + table.len();
    let starts: Vec<usize> =
        table.chunks_exact(4).map(|b| base + u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize + 8).collect();
    if starts.len() != frames {
        if let Some(found) = by_beginnings(&fragments, frames, begins) {
            return Ok(found);
        }
        return Err(FileError::Fragments(format!(
            "{} fragments for {frames} frames, and no offset table that says which is which",
            fragments.len()
        )));
    }
    let mut all = Vec::with_capacity(frames);
    let mut rest = fragments.as_slice();
    for (i, start) in starts.iter().enumerate() {
        let end = starts.get(i + 1).copied().unwrap_or(usize::MAX);
        let count = rest.iter().take_while(|(at, _)| *at < end).count();
        if count == 0 || rest[0].0 != *start {
            return Err(FileError::Fragments(format!("the offset table points to no fragment for frame {}", i + 1)));
        }
        all.push(FrameFragments(rest[..count].iter().map(|(_, f)| *f).collect()));
        rest = &rest[count..];
    }
    Ok(all)
}

/// Frames told apart by what a compressed image begins with, where that gives as many as there are.
fn by_beginnings<'a>(
    fragments: &[(usize, &'a [u8])],
    frames: usize,
    begins: &dyn Fn(&[u8]) -> bool,
) -> Option<Vec<FrameFragments<'a>>> {
    let mut all: Vec<FrameFragments<'a>> = Vec::with_capacity(frames);
    for (_, fragment) in fragments {
        match all.last_mut() {
            Some(FrameFragments(frame)) if !begins(fragment) => frame.push(fragment),
            _ if begins(fragment) => all.push(FrameFragments(vec![fragment])),
            _ => return None,
        }
    }
    (all.len() == frames).then_some(all)
}

/// The items up to the sequence delimiter: where the value of each begins, and the value.
fn items<'a>(bytes: &'a [u8], file_size: u64, limits: &FileLimits) -> Result<Vec<(usize, &'a [u8])>, FileError> {
    let mut items = Vec::new();
    let mut at = 0;
    loop {
        // The delimiter at the end of the file is missing, but no fragment is cut.
        if !items.is_empty() && bytes.len() - at < 8 && bytes[at..].iter().all(|b| *b == 0) {
            return Ok(items);
        }
        let Some(head) = bytes.get(at..at + 8) else {
            return Err(FileError::Truncated { what: "its compressed pixels".into(), size: file_size });
        };
        let tag = Tag(u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]]));
        let len = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        at += 8;
        match tag {
            Tag(0xFFFE, 0xE000) => {
                let Some(value) = bytes.get(at..at.saturating_add(len)) else {
                    return Err(FileError::ValueBeyondEnd {
                        tag,
                        declared: len as u64,
                        left: (bytes.len() - at) as u64,
                    });
                };
                if items.len() >= limits.elements {
                    return Err(FileError::Fragments(format!("more than {} fragments", limits.elements)));
                }
                items.push((at, value));
                at += len;
            }
            Tag(0xFFFE, 0xE0DD) => return Ok(items),
            _ => return Err(FileError::Fragments(format!("{tag} stands where a fragment belongs"))),
        }
    }
}
