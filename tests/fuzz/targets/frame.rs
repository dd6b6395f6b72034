//! Pixel data to samples, behind a header that is right: native, RLE, JPEG lossless, JPEG-LS and JPEG 2000, fragments and offset tables.
//!
//! Four bytes say which syntax, how many rows and columns, and how samples are laid out; the rest is the value of PixelData.
#![no_main]

use cordline_dicom::read::decode::Decoder;
use cordline_dicom::read::instance::{Acquisition, Frame, InstanceHeader, PixelData, PixelFormat, SeriesAttributes};
use cordline_dicom::read::syntax::Syntax;
use cordline_fuzz::{guard, room, said, small};
use cordline_sdk::problem::Diagnose;
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: guard::prepare(),
    |data: &[u8]| guard::run(|| one(data))
);

fn one(data: &[u8]) {
    let Some(([syntax, rows, columns, layout], value)) = data.split_first_chunk() else { return };
    let syntax = match syntax % 8 {
        0 => Syntax::ExplicitLittle,
        1 => Syntax::ExplicitBig,
        2 => Syntax::Rle,
        3 => Syntax::JpegLs,
        4 => Syntax::JpegLossless,
        5 => Syntax::JpegLsNear,
        6 => Syntax::Jpeg2000Lossless,
        _ => Syntax::Jpeg2000,
    };
    let bits_allocated = if layout & 1 == 0 { 16 } else { 8 };
    let bits_stored = bits_allocated - u32::from(layout >> 5) % 8;
    let pixels = PixelFormat {
        rows: u32::from(rows % 64) + 1,
        columns: u32::from(columns % 64) + 1,
        samples: 1,
        photometric: if layout & 16 == 0 { "MONOCHROME2".into() } else { "MONOCHROME1".into() },
        bits_allocated,
        bits_stored,
        high_bit: bits_stored - 1,
        signed: layout & 2 != 0,
        ..PixelFormat::default()
    };
    let frames = usize::from(layout >> 2 & 3) + 1;
    let size = (pixels.rows * pixels.columns) as usize;
    let start = 0;
    let instance = InstanceHeader {
        origin: room::file(value),
        size: value.len() as u64,
        pixel_data: if syntax.is_encapsulated() {
            PixelData::Encapsulated { start }
        } else {
            PixelData::Native { start }
        },
        syntax,
        pixels,
        sop_class_uid: String::new(),
        sop_instance_uid: String::new(),
        patient: Default::default(),
        study: Default::default(),
        series: SeriesAttributes::default(),
        acquisition: Acquisition::default(),
        frames: vec![Frame { slope: 1.0, ..Frame::default() }; frames],
        error: None,
        doubts: Vec::new(),
    };
    let mut planes = vec![vec![f32::NAN; size]; frames];
    let mut wanted: Vec<(usize, &mut [f32])> = planes.iter_mut().map(Vec::as_mut_slice).enumerate().collect();
    match Decoder::new(&small::limits()).decode(&instance, &mut wanted) {
        Ok(()) => {
            let most = f64::from(1u32 << bits_stored) as f32;
            assert!(planes.iter().flatten().all(|v| v.abs() <= most), "a sample beyond BitsStored {bits_stored}");
        }
        Err(error) => said::problem(&error.problem()),
    }
}
