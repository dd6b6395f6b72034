//! Made-up libraries: an ELF file with nothing but names of sections and fat binaries.

use std::io::Cursor;

use super::*;

pub(in super::super) const MACHINE_CODE: u16 = super::MACHINE_CODE;
/// NVIDIA's compiler writes headers of this length.
const HEADER: usize = 64;

/// A container of entries: kind, number of the GPU; each with a payload of its own length.
fn container(entries: &[(u16, u32)]) -> Vec<u8> {
    let mut all = Vec::new();
    for (place, (kind, arch)) in entries.iter().enumerate() {
        let payload = vec![0xAA; 8 * (place + 1)];
        let mut header = [0; HEADER];
        header[0..2].copy_from_slice(&kind.to_le_bytes());
        header[4..8].copy_from_slice(&(HEADER as u32).to_le_bytes());
        header[8..16].copy_from_slice(&(payload.len() as u64).to_le_bytes());
        header[28..32].copy_from_slice(&arch.to_le_bytes());
        all.extend([header.as_slice(), &payload].concat());
    }
    let mut container = CONTAINER.to_le_bytes().to_vec();
    container.extend([1, 0, 16, 0]);
    container.extend((all.len() as u64).to_le_bytes());
    container.extend(all);
    container
}

/// A library whose section holds these bytes.
fn with_section(content: &[u8]) -> Vec<u8> {
    let names = [b"\0.text\0".as_slice(), SECTION].concat();
    let content_at = 64 + names.len();
    let table = content_at + content.len();
    let mut file = vec![0; 64];
    file[..6].copy_from_slice(b"\x7fELF\x02\x01");
    file[40..48].copy_from_slice(&(table as u64).to_le_bytes());
    for (at, number) in [(58, 64u16), (60, 3), (62, 1)] {
        file[at..at + 2].copy_from_slice(&number.to_le_bytes());
    }
    file.extend([names.as_slice(), content].concat());
    for (name, at, length) in [(0u32, 0, 0), (0, 64, names.len()), (7, content_at, content.len())] {
        let mut row = [0; 64];
        row[0..4].copy_from_slice(&name.to_le_bytes());
        row[24..32].copy_from_slice(&(at as u64).to_le_bytes());
        row[32..40].copy_from_slice(&(length as u64).to_le_bytes());
        file.extend(row);
    }
    file
}

/// A library that holds these containers.
pub(in super::super) fn library(containers: &[&[(u16, u32)]]) -> Vec<u8> {
    with_section(&containers.iter().flat_map(|entries| container(entries)).collect::<Vec<_>>())
}

/// As a GPU sees it that is older than all code.
fn read(file: impl AsRef<[u8]>) -> Option<Kernels> {
    Kernels::read(&mut Cursor::new(file), sm(10))
}

fn in_words(file: impl AsRef<[u8]>) -> Option<String> {
    read(file).map(|kernels| kernels.to_string())
}

fn sm(arch: u32) -> ComputeCapability {
    ComputeCapability { major: arch / 10, minor: arch % 10 }
}

#[test]
fn the_gpus_of_all_containers_are_told_once_each() {
    let several = library(&[&[(MACHINE_CODE, 120), (MACHINE_CODE, 75)], &[(MACHINE_CODE, 75), (PTX, 90), (PTX, 100)]]);
    assert_eq!(in_words(several).unwrap(), "SM 7.5, 12.0, 9.0 and later (PTX)");
    let apart = [container(&[(MACHINE_CODE, 80)]), vec![0; 24], container(&[(MACHINE_CODE, 87)]), vec![0; 8]].concat();
    assert_eq!(in_words(with_section(&apart)).unwrap(), "SM 8.0, 8.7");
}

#[test]
fn machine_code_runs_on_later_gpus_of_its_kind_and_ptx_on_every_later_one() {
    let wheel = read(library(&[&[75, 80, 86, 89, 90, 120].map(|arch| (MACHINE_CODE, arch))])).unwrap();
    let served = [75, 80, 86, 89, 90, 120, 121].map(|arch| wheel.run_on(sm(arch)));
    assert_eq!(served, [true; 7]);
    // Volta, Orin, B200, B300, Thor.
    assert_eq!([70, 87, 100, 103, 110].map(|arch| wheel.run_on(sm(arch))), [false; 5]);
    let board = read(library(&[&[(MACHINE_CODE, 87)]])).unwrap();
    assert_eq!([87, 86, 89].map(|arch| board.run_on(sm(arch))), [true, false, false]);
    let ptx = read(library(&[&[(PTX, 80)]])).unwrap();
    assert_eq!([75, 80, 87, 120].map(|arch| ptx.run_on(sm(arch))), [false, true, true, true]);
}

#[test]
fn a_library_that_serves_the_gpu_is_not_unfit() {
    let file = library(&[&[(MACHINE_CODE, 80)], &[(MACHINE_CODE, 90)]]);
    let unfit = |arch| Kernels::read(&mut Cursor::new(&file), sm(arch));
    assert_eq!([unfit(80), unfit(86), unfit(90)], [None, None, None]);
    assert_eq!(unfit(100).unwrap().to_string(), "SM 8.0, 9.0");
}

#[test]
fn what_is_not_understood_is_no_answer() {
    let whole = library(&[&[(MACHINE_CODE, 80)], &[(MACHINE_CODE, 90)]]);
    assert!(read(&whole).is_some());
    for length in 0..whole.len() {
        assert_eq!(read(&whole[..length]), None, "cut after {length} bytes");
    }
    assert_eq!(read(library(&[])), None, "no container");
    assert_eq!(read(library(&[&[]])), None, "no entry");
    assert_eq!(read(library(&[&[(MACHINE_CODE, 80), (8, 80)]])), None, "code of an unknown kind may be for any GPU");
    let mut other = whole.clone();
    other[4] = 1;
    assert_eq!(read(&other), None, "an ELF file of 32 bits");
    assert_eq!(read(with_section(&[vec![0; 8], vec![7; 80]].concat())), None, "no container follows the gap");
    let after = |gap: usize| read(with_section(&[vec![0; gap], container(&[(MACHINE_CODE, 80)])].concat()));
    assert!(after(8).is_some());
    assert_eq!(after(8 * MOST_STEPS as usize), None, "too long a gap");
    let cut = with_section(&[container(&[(MACHINE_CODE, 80)]), vec![0; 4]].concat());
    assert_eq!(read(cut), None, "the section ends inside of a gap");
}

#[test]
fn a_size_that_lies_is_no_answer() {
    let content = container(&[(MACHINE_CODE, 80), (MACHINE_CODE, 90)]);
    // Of the container, and of its first entry's header and payload.
    for (at, length) in [(8, 8), (20, 4), (24, 8)] {
        for lie in [1, 1 << 20, u64::MAX, u64::MAX - 100] {
            let mut content = content.clone();
            content[at..at + length].copy_from_slice(&lie.to_le_bytes()[..length]);
            assert_eq!(read(with_section(&content)), None, "{lie} at {at}");
        }
    }
    let whole = with_section(&content);
    // Of the table of sections, and of the section.
    for at in [40, whole.len() - 40, whole.len() - 32] {
        let mut file = whole.clone();
        file[at..at + 8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(read(&file), None, "at {at}");
    }
}

#[test]
fn random_bytes_end_in_an_answer_or_none() {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let whole = library(&[&[(MACHINE_CODE, 80), (PTX, 90)], &[(MACHINE_CODE, 75)]]);
    let (mut answers, rounds) = (0, 20_000);
    for _ in 0..rounds {
        let mut file = whole.clone();
        for _ in 0..1 + random() % 4 {
            let at = random() as usize % file.len();
            file[at] = random() as u8;
        }
        answers += u32::from(read(&file).is_some());
    }
    assert!((1..rounds).contains(&answers), "some of the changes matter, and some do not: {answers}");
    for _ in 0..1_000 {
        let noise: Vec<u8> = (0..random() % 500).map(|_| random() as u8).collect();
        assert_eq!(read(with_section(&noise)), None);
        assert_eq!(read(&noise), None);
    }
}
