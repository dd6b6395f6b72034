use std::path::Path;

use cordline_sdk::problem::{Code, Diagnose};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_object::{FileDicomObject, InMemDicomObject};
use dicom_pixeldata::{ConvertOptions, ModalityLutOption, PixelDecoder, VoiLutOption};
use tempfile::tempdir;

use super::*;
use crate::read::input::{self, InputError};
use cordline_testkit::{
    EXPLICIT, JPEG_2000_LOSSLESS, JPEG_LOSSLESS, RLE, Set, Stack, Value, rle_frame, rle_literal, write,
};

/// The frames of a file as this module decodes them.
pub(super) fn decode_file(path: &Path) -> Result<Vec<Vec<f32>>, Code> {
    let limits = FileLimits::default();
    let scanned = input::read(&[path.to_owned()], &limits).map_err(|e: InputError| e.code())?;
    let instance = &scanned.instances[0];
    let mut planes = vec![vec![0f32; (instance.pixels.rows * instance.pixels.columns) as usize]; instance.frames.len()];
    let mut wanted: Vec<_> = planes.iter_mut().map(|p| p.as_mut_slice()).enumerate().collect();
    Decoder::new(&limits).decode(instance, &mut wanted).map_err(|f| f.code())?;
    Ok(planes)
}

pub(super) fn decode_set(set: &Set, syntax: &str) -> Result<Vec<Vec<f32>>, Code> {
    let folder = tempdir().unwrap();
    decode_file(&write(folder.path(), "f", std::slice::from_ref(set), syntax)[0])
}

/// The same by dicom-pixeldata, an independent reader.
fn reference(path: &Path) -> Vec<f32> {
    let file: FileDicomObject<InMemDicomObject> = dicom_object::open_file(path).unwrap();
    let options =
        ConvertOptions::new().with_modality_lut(ModalityLutOption::Default).with_voi_lut(VoiLutOption::Identity);
    file.decode_pixel_data().unwrap().to_vec_with_options(&options).unwrap()
}

/// A section whose pixels are given as fragments of one frame.
fn encapsulated(fragments: Vec<Vec<u8>>) -> Set {
    let stack = Stack { rows: 4, columns: 6, ..Stack::t2("1") };
    let mut set = stack.section(0);
    set.put(tags::PIXEL_DATA, VR::OB, Value::Fragments(fragments));
    set
}

#[test]
fn native_samples_agree_with_dicom_pixeldata() {
    let folder = tempdir().unwrap();
    let stack = Stack { rows: 20, columns: 31, ..Stack::t2("1") };
    let variants: [(&str, u16, u16, &[f64]); 5] = [
        ("unsigned", 12, 0, &[1.0, 0.0]),
        ("signed", 16, 1, &[1.0, 0.0]),
        ("rescaled", 12, 0, &[0.37, -12.5]),
        ("signed rescaled", 16, 1, &[2.25, 7.0]),
        ("tiny slope", 16, 0, &[0.001_221, 0.0]),
    ];
    for (name, bits, signed, rescale) in variants {
        let mut set = stack.section(1);
        set.us(tags::BITS_STORED, bits).us(tags::HIGH_BIT, bits - 1).us(tags::PIXEL_REPRESENTATION, signed);
        set.ds(tags::RESCALE_SLOPE, &rescale[..1]).ds(tags::RESCALE_INTERCEPT, &rescale[1..]);
        let pixels: Vec<u16> = (0..20 * 31).map(|i: u32| (i * 7919 % (1 << bits)) as u16).collect();
        set.put(tags::PIXEL_DATA, VR::OW, Value::Us(pixels));
        let path = &write(folder.path(), name, &[set], EXPLICIT)[0];
        let (ours, theirs) = (decode_file(path).unwrap().remove(0), reference(path));
        for (a, b) in ours.iter().zip(&theirs) {
            assert!((a - b).abs() <= 1e-6 * b.abs().max(1.0), "{name}: {a} {b}");
        }
        assert_eq!(ours.len(), theirs.len());
    }
}

#[test]
fn bytes_and_bits_above_the_stored_ones_are_read_right() {
    let mut set = Stack { rows: 2, columns: 2, ..Stack::t2("1") }.section(0);
    set.put(tags::PIXEL_DATA, VR::OW, Value::Us(vec![0xF001, 0x0FFF, 0x1800, 0x0000]));
    for (plane, position) in (12..16).enumerate() {
        overlay(&mut set, plane as u16, 16, position);
    }
    assert_eq!(decode_set(&set, EXPLICIT).unwrap()[0], [1.0, 4095.0, 2048.0, 0.0]);
    set.us(tags::PIXEL_REPRESENTATION, 1);
    assert_eq!(decode_set(&set, EXPLICIT).unwrap()[0], [1.0, -1.0, -2048.0, 0.0]);
    set.ds(tags::RESCALE_SLOPE, &[2.0]).ds(tags::RESCALE_INTERCEPT, &[3.0]);
    assert_eq!(decode_set(&set, EXPLICIT).unwrap()[0], [5.0, 1.0, -4093.0, 3.0]);
    set.us(tags::PIXEL_REPRESENTATION, 0);
    assert_eq!(decode_set(&set, EXPLICIT).unwrap()[0], [5.0, 8193.0, 4099.0, 3.0]);
    set.drop(tags::RESCALE_SLOPE).drop(tags::RESCALE_INTERCEPT);
    set.us(tags::BITS_ALLOCATED, 8).us(tags::BITS_STORED, 8).us(tags::HIGH_BIT, 7).us(tags::PIXEL_REPRESENTATION, 0);
    set.put(tags::PIXEL_DATA, VR::OB, Value::Bytes(vec![1, 255, 128, 0]));
    assert_eq!(decode_set(&set, EXPLICIT).unwrap()[0], [1.0, 255.0, 128.0, 0.0]);
}

/// Declares an overlay plane in samples of `bits`.
fn overlay(set: &mut Set, plane: u16, bits: u16, position: u16) {
    let tag = |element| dicom_core::Tag(0x6000 + 2 * plane, element);
    set.us(tag(0x0100), bits).us(tag(0x0102), position);
}

#[test]
fn bits_above_the_stored_ones_that_nothing_explains_are_a_fault() {
    let decoded = |pixels: [u16; 4], signed: u16, plane: Option<(u16, u16)>| {
        let mut set = Stack { rows: 2, columns: 2, ..Stack::t2("1") }.section(0);
        set.put(tags::PIXEL_DATA, VR::OW, Value::Us(pixels.to_vec())).us(tags::PIXEL_REPRESENTATION, signed);
        if let Some((bits, position)) = plane {
            overlay(&mut set, 1, bits, position);
        }
        decode_set(&set, EXPLICIT).map(|mut planes| planes.remove(0))
    };
    let beyond = Err(Code::SamplesBeyondBitsStored);
    assert_eq!(decoded([1, 4095, 4096, 9000], 0, None), beyond);
    assert_eq!(decoded([1, 4095, 4097, 9], 0, Some((16, 12))), Ok(vec![1.0, 4095.0, 1.0, 9.0]));
    // The overlay lies in another bit, or not in the pixels at all.
    assert_eq!(decoded([1, 4095, 4097, 9], 0, Some((16, 13))), beyond);
    assert_eq!(decoded([1, 4095, 4097, 9], 0, Some((1, 12))), beyond);
    // Signed: extended, not extended, neither, and beside an overlay.
    assert_eq!(decoded([0xFFFF, 0x0FFF, 0xF800, 0x07FF], 1, None), Ok(vec![-1.0, -1.0, -2048.0, 2047.0]));
    assert_eq!(decoded([0x17FF, 0, 0, 0], 1, None), beyond);
    assert_eq!(decoded([0x1800, 0, 0, 0], 1, None), beyond);
    assert_eq!(decoded([0xF7FF, 0, 0, 0], 1, None), beyond);
    assert_eq!(decoded([0xEFFF, 0x1FFF, 0x17FF, 0], 1, Some((16, 12))), Ok(vec![-1.0, -1.0, 2047.0, 0.0]));
}

#[test]
fn a_negative_sample_that_is_not_extended_is_noticed() {
    let noticed = |bits: u32, allocated: u32, signed, values: &[u16]| {
        let p = PixelFormat { bits_allocated: allocated, bits_stored: bits, signed, ..PixelFormat::default() };
        samples::rescale(values, &p, (1.0, 0.0), &mut vec![0.0; values.len()]).unwrap()
    };
    assert!(noticed(12, 16, true, &[1, 0x0FFF]));
    assert!(!noticed(12, 16, true, &[1, 0xFFFF, 0x07FF]));
    assert!(!noticed(12, 16, false, &[1, 0x0FFF]));
    assert!(!noticed(16, 16, true, &[1, 0xFFFF]) && !noticed(8, 8, true, &[1, 0xFF]));
}

#[test]
fn the_sample_that_fits_least_is_named() {
    let p = PixelFormat { bits_allocated: 16, bits_stored: 12, ..PixelFormat::default() };
    let mut out = [0f32; 3];
    let named = |values: [u16; 3], signed, out: &mut [f32]| {
        samples::rescale(&values, &PixelFormat { signed, ..p.clone() }, (1.0, 0.0), out).unwrap_err()
    };
    assert_eq!(
        named([4095, 4096, 9000], false, &mut out),
        FileError::BeyondBitsStored { sample: 9000, bits_stored: 12 }
    );
    let signed = [2047, 2048 + 4096, (-3000i16) as u16];
    assert_eq!(named(signed, true, &mut out), FileError::BeyondBitsStored { sample: 6144, bits_stored: 12 });
}

#[test]
fn rle_runs_and_literals_unpack() {
    let values: Vec<u16> = (0..24).map(|i| i * 171).collect();
    let set = encapsulated(vec![vec![], rle_literal(&values)]);
    assert_eq!(decode_set(&set, RLE).unwrap()[0], values.iter().map(|v| f32::from(*v)).collect::<Vec<_>>());
    // High bytes: 24 times 2 as one run; low bytes: a no-op, 10 literals, then 14 times 9.
    let low = [&[128, 9][..], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], &[243, 9]].concat();
    let set = encapsulated(vec![vec![], rle_frame(&[vec![233, 2], low])]);
    let expected: Vec<f32> = (1..=10).chain([9; 14]).map(|v| (512 + v) as f32).collect();
    assert_eq!(decode_set(&set, RLE).unwrap()[0], expected);
}

#[test]
fn damaged_rle_is_a_named_error() {
    let values: Vec<u16> = (0..24).collect();
    let good = rle_literal(&values);
    let code = |bytes: Vec<u8>| decode_set(&encapsulated(vec![vec![], bytes]), RLE).unwrap_err();
    assert_eq!(code(good[..70].to_vec()), Code::DecompressionFailed);
    assert_eq!(code(good[..40].to_vec()), Code::DecompressionFailed);
    let mut one_segment = good.clone();
    one_segment[0] = 1;
    assert_eq!(code(one_segment), Code::DecompressionFailed);
    let mut offset = good;
    offset[8..12].copy_from_slice(&[0xFF; 4]);
    assert_eq!(code(offset), Code::DecompressionFailed);
}

#[test]
fn jpeg_lossless_jpeg_ls_and_jpeg_2000_decode_to_the_drawn_image() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/codecs"));
    for name in ["jpeg-57", "jpeg-70", "jpegls-80", "jpeg2000-90", "jpeg2000-91"] {
        for (kind, shift) in [("unsigned", 0.0), ("signed", 1000.0)] {
            let plane = decode_file(&folder.join(format!("{name}-{kind}.dcm"))).unwrap().remove(0);
            for (i, value) in plane.iter().enumerate() {
                let expected = ((i / 68 * 100 + i % 68 * 7) % 4096) as f32 - shift;
                assert_eq!(*value, expected, "{name}-{kind} pixel {i}");
            }
            assert_eq!(plane.len(), 72 * 68);
        }
    }
}

#[test]
fn fragments_find_their_frames_through_the_offset_table() {
    let stack = Stack { rows: 4, columns: 6, ..Stack::t2("1") };
    let values = |k: u16| (0..24).map(|i| i * 10 + k).collect::<Vec<u16>>();
    let frames: Vec<Vec<u8>> = (0..3).map(|k| rle_literal(&values(k))).collect();
    // The second frame lies in two fragments.
    let (a, b) = frames[1].split_at(66);
    let parts = [frames[0].clone(), a.to_vec(), b.to_vec(), frames[2].clone()];
    let mut offsets = vec![0u32];
    for p in &parts {
        offsets.push(offsets[offsets.len() - 1] + 8 + p.len() as u32);
    }
    let table = |o: &[u32]| o.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let file = |table: Vec<u8>| {
        let mut set = stack.enhanced(&[0, 1, 2]);
        let fragments = std::iter::once(table).chain(parts.iter().cloned()).collect();
        set.put(tags::PIXEL_DATA, VR::OB, Value::Fragments(fragments));
        decode_set(&set, RLE)
    };
    let decoded = file(table(&[offsets[0], offsets[1], offsets[3]])).unwrap();
    for (k, plane) in decoded.iter().enumerate() {
        let expected: Vec<f32> = values(k as u16).iter().map(|v| f32::from(*v) * (1.0 + k as f32) - 5.0).collect();
        assert_eq!(*plane, expected);
    }
    // Without a table, what a frame begins with tells.
    assert_eq!(file(vec![]).unwrap(), decoded);
    assert_eq!(file(table(&[offsets[0], offsets[1] + 2, offsets[3]])).unwrap_err(), Code::DamagedFragments);
}

/// A JPEG 2000 code stream header that declares an image, and nothing behind it.
fn siz(rows: u32, columns: u32, tile: u32, layers: u16) -> Vec<u8> {
    let mut out = vec![0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0, 0];
    for v in [columns, rows, 0, 0, tile, tile, 0, 0] {
        out.extend(v.to_be_bytes());
    }
    out.extend([0, 1, 15, 1, 1]);
    out.extend([0xFF, 0x52, 0, 12, 0, 0]);
    out.extend(layers.to_be_bytes());
    out.extend([0, 5, 4, 4, 0, 1, 0xFF, 0x90, 0, 10]);
    out
}

#[test]
fn a_code_stream_that_declares_another_image_is_refused_before_it_is_decoded() {
    let code = |bytes: Vec<u8>, syntax| decode_set(&encapsulated(vec![vec![], bytes]), syntax).unwrap_err();
    for (rows, columns, tile, layers) in
        [(60_000, 60_000, 60_000, 1), (4, 6_000_000, 64, 1), (4, 6, 0, 1), (u32::MAX, u32::MAX, 1, 1)]
    {
        assert_eq!(code(siz(rows, columns, tile, layers), JPEG_2000_LOSSLESS), Code::CodestreamMismatch);
    }
    // The right size lets it pass to the decoder, which then finds nothing to decode.
    assert_eq!(code(siz(4, 6, 64, 1), JPEG_2000_LOSSLESS), Code::DecompressionFailed);
    let sof = |marker: u8, rows: u16, columns: u16, components: u8| {
        let mut out = vec![0xFF, 0xD8, 0xFF, marker, 0, 11, 16];
        out.extend(rows.to_be_bytes());
        out.extend(columns.to_be_bytes());
        out.extend([components, 1, 0x11, 0]);
        out
    };
    for bytes in [
        sof(0xC3, 65_535, 65_535, 1),
        sof(0xC3, 65_535, 6, 1),
        sof(0xC3, 4, 65_535, 1),
        sof(0xC0, 4, 6, 1),
        sof(0xC3, 4, 6, 3),
        vec![0xFF, 0xD8, 0xFF],
        vec![1, 2],
    ] {
        assert_eq!(code(bytes, JPEG_LOSSLESS), Code::CodestreamMismatch);
    }
    assert_eq!(code(sof(0xC3, 4, 6, 1), JPEG_LOSSLESS), Code::DecompressionFailed);
}

#[test]
fn a_code_stream_with_millions_of_packets_or_tiles_is_refused() {
    let pixels = PixelFormat {
        rows: 4096,
        columns: 4096,
        bits_allocated: 16,
        bits_stored: 16,
        samples: 1,
        ..PixelFormat::default()
    };
    assert!(codestream::check_jpeg2000(&siz(4096, 4096, 4096, 1), &pixels, 0).is_ok());
    assert!(codestream::check_jpeg2000(&siz(4096, 4096, 16, 1), &pixels, 0).is_err());
    // Precincts of 2 x 2 pixels in 1,000 layers.
    let mut bytes = siz(4096, 4096, 4096, 1000);
    let cod = bytes.len() - 18;
    assert_eq!(bytes[cod..cod + 2], [0xFF, 0x52]);
    bytes.truncate(cod);
    bytes.extend([
        0xFF, 0x52, 0, 18, 1, 0, 3, 232, 0, 5, 4, 4, 0, 1, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0xFF, 0x90, 0, 10,
    ]);
    assert!(codestream::check_jpeg2000(&bytes, &pixels, 0).is_err());
}

#[test]
fn a_panic_in_a_decoder_becomes_a_fault() {
    let result: Result<(), FileError> = guarded(4, || panic!("broken codec"));
    assert!(matches!(result, Err(FileError::Decode { frame: 5, .. })));
}

#[test]
fn truncated_fragments_are_named() {
    let folder = tempdir().unwrap();
    let values: Vec<u16> = (0..24).collect();
    let mut bytes = encapsulated(vec![vec![], rle_literal(&values)]).file(RLE);
    bytes.truncate(bytes.len() - 20);
    let path = folder.path().join("cut.dcm");
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(decode_file(&path).unwrap_err(), Code::ValueBeyondEnd);
    bytes.truncate(bytes.len() - 118);
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(decode_file(&path).unwrap_err(), Code::TruncatedFile);
}
