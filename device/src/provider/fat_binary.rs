//! For which GPUs a library holds kernels, read from its file without loading it.
//!
//! NVIDIA's compiler lays its code into the ELF section `.nv_fatbin`: containers one after the other, in each an entry for each kind of GPU,
//! a header before its payload. Headers alone are read; the payloads, hundreds of megabytes, are passed over.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use rustix::fs::{Advice, fadvise};

use crate::probe::ComputeCapability;

const SECTION: &[u8] = b".nv_fatbin\0";
const CONTAINER: u32 = 0xBA55_ED50;
const CONTAINER_HEADER: u64 = 16;
/// What is read of an entry's header, which may be longer.
const ENTRY_HEADER: u64 = 32;
const PTX: u16 = 1;
const MACHINE_CODE: u16 = 2;
/// Containers are laid to borders of this many bytes.
const BORDER: u64 = 8;
/// Containers, entries and gaps between them. ONNX Runtime's library has 2,667.
const MOST_STEPS: u32 = 1 << 16;

/// GPUs that are part of a board. They take machine code that was compiled for exactly them, and other GPUs do not take theirs.
const BOARDS: [(u32, u32); 6] = [(5, 3), (6, 2), (7, 2), (8, 7), (10, 1), (11, 0)];

/// For which GPUs a library holds kernels.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Kernels {
    /// Machine code, for these.
    compiled: BTreeSet<ComputeCapability>,
    /// The oldest for which it holds PTX, which the driver compiles for every later GPU.
    oldest_ptx: Option<ComputeCapability>,
}

impl Kernels {
    /// What the file holds, where none of it runs on a GPU. Nothing where some does, where it holds none, and where it holds anything that
    /// is not known here.
    pub(super) fn unfit(library: &Path, gpu: ComputeCapability) -> Option<Self> {
        let mut file = File::open(library).ok()?;
        // A header lies every hundred kilobytes: to read what follows each would read the whole file. Without the advice it is slower.
        let _ = fadvise(&file, 0, None, Advice::Random);
        Self::read(&mut file, gpu)
    }

    fn read(file: &mut (impl Read + Seek), gpu: ComputeCapability) -> Option<Self> {
        let (mut at, end) = section(file)?;
        let mut found = Self::default();
        let mut steps = 0..MOST_STEPS;
        while at < end {
            steps.next()?;
            if bytes(file, at, end)? == [0; BORDER as usize] {
                at += BORDER;
                continue;
            }
            let header: [u8; CONTAINER_HEADER as usize] = bytes(file, at, end)?;
            let length = u64::from(u16_at(&header, 6));
            if u32_at(&header, 0) != CONTAINER || length < CONTAINER_HEADER {
                return None;
            }
            let mut entry = at.checked_add(length)?;
            at = entry.checked_add(u64_at(&header, 8)).filter(|next| *next <= end)?;
            while entry < at {
                steps.next()?;
                let header: [u8; ENTRY_HEADER as usize] = bytes(file, entry, at)?;
                found.add(u16_at(&header, 0), u32_at(&header, 28))?;
                // Most often the first container says so: on a slow disk all of them take a third of a second.
                if found.run_on(gpu) {
                    return None;
                }
                let length = u64::from(u32_at(&header, 4)).max(ENTRY_HEADER).checked_add(u64_at(&header, 8))?;
                entry = entry.checked_add(length).filter(|next| *next <= at)?;
            }
        }
        (found != Self::default()).then_some(found)
    }

    /// Adds an entry. What is of another kind may be for any GPU.
    fn add(&mut self, kind: u16, arch: u32) -> Option<()> {
        let compute = ComputeCapability { major: arch / 10, minor: arch % 10 };
        match kind {
            MACHINE_CODE => _ = self.compiled.insert(compute),
            PTX => self.oldest_ptx = Some(self.oldest_ptx.map_or(compute, |oldest| oldest.min(compute))),
            _ => return None,
        }
        Some(())
    }

    /// True where some of it runs on a GPU. Code for what is special to one kind (`sm_90a`) counts as that for its number: the file does not
    /// say, and a provider that cannot run is found out when it first runs.
    fn run_on(&self, gpu: ComputeCapability) -> bool {
        self.oldest_ptx.is_some_and(|oldest| oldest <= gpu) || self.compiled.iter().any(|code| runs(*code, gpu))
    }
}

/// Machine code runs on later GPUs of the same major number.
fn runs(code: ComputeCapability, gpu: ComputeCapability) -> bool {
    let is_board = |compute: ComputeCapability| BOARDS.contains(&(compute.major, compute.minor));
    let is_later = code.major == gpu.major && code.minor <= gpu.minor;
    code == gpu || (is_later && !is_board(code) && !is_board(gpu))
}

impl fmt::Display for Kernels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let compiled = self.compiled.iter().map(ToString::to_string);
        let ptx = self.oldest_ptx.map(|oldest| format!("{oldest} and later (PTX)"));
        write!(f, "SM {}", compiled.chain(ptx).collect::<Vec<_>>().join(", "))
    }
}

/// Where the section with fat binaries begins and ends in an ELF file of 64 bits, whose byte order is that of every host we build for.
fn section(file: &mut (impl Read + Seek)) -> Option<(u64, u64)> {
    let length = file.seek(SeekFrom::End(0)).ok()?;
    let header: [u8; 64] = bytes(file, 0, length)?;
    let (is_elf, is_64_bits, is_little) = (header.starts_with(b"\x7fELF"), header[4] == 2, header[5] == 1);
    if !is_elf || !is_64_bits || !is_little || u16_at(&header, 58) != 64 {
        return None;
    }
    let (table, count, names) = (u64_at(&header, 40), u16_at(&header, 60), u16_at(&header, 62));
    let mut row = |index: u16| -> Option<[u8; 64]> { bytes(file, table.checked_add(u64::from(index) * 64)?, length) };
    let names = u64_at(&row(names)?, 24);
    let rows: Vec<[u8; 64]> = (0..count).map_while(&mut row).collect();
    rows.iter().find_map(|row| {
        let name = names.checked_add(u32_at(row, 0).into())?;
        let (start, end) = (u64_at(row, 24), u64_at(row, 24).checked_add(u64_at(row, 32))?);
        let is_it = bytes(file, name, length).is_some_and(|name: [u8; SECTION.len()]| name == SECTION);
        is_it.then_some((start, end))
    })
}

/// Bytes of the file; nothing where they would go beyond an end.
fn bytes<const N: usize>(file: &mut (impl Read + Seek), at: u64, end: u64) -> Option<[u8; N]> {
    at.checked_add(N as u64).filter(|last| *last <= end)?;
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(at)).ok()?;
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// Callers pass a header, and an offset within it that is written in the source: so none of the three goes beyond it.
fn part<const N: usize>(header: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|i| header[at + i])
}

fn u16_at(header: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(part(header, at))
}

fn u32_at(header: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(part(header, at))
}

fn u64_at(header: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(part(header, at))
}

#[cfg(test)]
pub(super) mod tests;
