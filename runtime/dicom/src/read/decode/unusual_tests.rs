//! Samples and fragments as few writers lay them out.

use std::path::Path;

use cordline_sdk::problem::Code;
use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::tests::{decode_file, decode_set};
use super::*;
use cordline_testkit::{EXPLICIT, Set, Stack, Value};

/// Two by two samples.
fn four(samples: [u16; 4]) -> Set {
    let mut set = Stack { rows: 2, columns: 2, ..Stack::t2("1") }.section(0);
    set.put(tags::PIXEL_DATA, VR::OW, Value::Us(samples.to_vec()));
    set
}

#[test]
fn samples_lie_where_high_bit_says_or_where_their_bits_are() {
    let decoded = |samples, high_bit, signed| {
        let mut set = four(samples);
        set.us(tags::HIGH_BIT, high_bit).us(tags::PIXEL_REPRESENTATION, signed);
        decode_set(&set, EXPLICIT).map(|mut planes| planes.remove(0))
    };
    assert_eq!(decoded([0x0010, 0xFFF0, 0x8000, 0], 15, 0), Ok(vec![1.0, 4095.0, 2048.0, 0.0]));
    assert_eq!(decoded([0x0010, 0xFFF0, 0x8000, 0], 15, 1), Ok(vec![1.0, -1.0, -2048.0, 0.0]));
    assert_eq!(decoded([0x0004, 0x3FFC, 0, 0], 13, 0), Ok(vec![1.0, 4095.0, 0.0, 0.0]));
    // The header is wrong: nothing lies above the twelve lowest bits.
    assert_eq!(decoded([1, 4095, 2048, 17], 15, 0), Ok(vec![1.0, 4095.0, 2048.0, 17.0]));
    assert_eq!(decoded([1, 4095, 2048, 17], 7, 0), Ok(vec![1.0, 4095.0, 2048.0, 17.0]));
    // Both would lose bits.
    assert_eq!(decoded([0xFFF1, 1, 2, 3], 15, 0), Err(Code::PixelFormat));
    assert_eq!(decoded([1, 2, 3, 4], 16, 0), Err(Code::PixelFormat));
}

#[test]
fn an_overlay_below_the_samples_is_no_grey_value() {
    let mut set = four([0x0011, 0xFFF0, 0x8001, 0]);
    set.us(tags::HIGH_BIT, 15);
    set.us(dicom_core::Tag(0x6000, 0x0100), 16).us(dicom_core::Tag(0x6000, 0x0102), 0);
    assert_eq!(decode_set(&set, EXPLICIT).unwrap()[0], [1.0, 4095.0, 2048.0, 0.0]);
}

#[test]
fn padding_is_no_measurement() {
    let decoded = |samples: [u16; 4], signed: u16, padding: &[u16]| {
        let mut set = four(samples);
        set.us(tags::BITS_STORED, 16).us(tags::HIGH_BIT, 15).us(tags::PIXEL_REPRESENTATION, signed);
        for (tag, value) in [tags::PIXEL_PADDING_VALUE, tags::PIXEL_PADDING_RANGE_LIMIT].into_iter().zip(padding) {
            set.us(tag, *value);
        }
        decode_set(&set, EXPLICIT).unwrap().remove(0)
    };
    // Far below, written without a sign; far above; a range.
    assert_eq!(decoded([0x8000, 50, 900, 70], 1, &[0x8000]), [50.0, 50.0, 900.0, 70.0]);
    assert_eq!(decoded([0xFFFF, 50, 900, 70], 0, &[0xFFFF]), [50.0, 50.0, 900.0, 70.0]);
    assert_eq!(decoded([0xFFFF, 65_000, 900, 70], 0, &[0xFFFF, 65_000]), [70.0, 70.0, 900.0, 70.0]);
    // Zero beside low values spoils nothing, and values are left as they are.
    assert_eq!(decoded([0, 50, 900, 70], 0, &[0]), [0.0, 50.0, 900.0, 70.0]);
    // A section of padding alone.
    assert_eq!(decoded([0x8000; 4], 1, &[0x8000]), [0.0; 4]);
    // Padding may lie in bits that no measured sample has.
    let mut beyond = four([0x8000, 50, 900, 70]);
    beyond.us(tags::PIXEL_REPRESENTATION, 1);
    assert_eq!(decode_set(&beyond, EXPLICIT), Err(Code::SamplesBeyondBitsStored));
    beyond.us(tags::PIXEL_PADDING_VALUE, 0x8000);
    assert_eq!(decode_set(&beyond, EXPLICIT).unwrap()[0], [50.0, 50.0, 900.0, 70.0]);
    // What is not declared is measured.
    assert_eq!(decoded([0x8000, 50, 900, 70], 1, &[]), [-32768.0, 50.0, 900.0, 70.0]);
}

#[test]
fn a_code_stream_is_found_inside_of_a_file_of_its_own() {
    let stream = [0xFF, 0x4F, 0xFF, 0x51, 1, 2, 3, 4];
    let boxed =
        |kind: &[u8; 4], content: &[u8]| [&(content.len() as u32 + 8).to_be_bytes(), kind.as_slice(), content].concat();
    let file = [boxed(b"jP  ", &[13, 10, 0x87, 10]), boxed(b"jp2h", &[0; 20]), boxed(b"jp2c", &stream)].concat();
    assert_eq!(codestream::inside_jp2(&file), stream);
    assert_eq!(codestream::inside_jp2(&stream), stream);
    // Cut, empty or endless: what is there is left to be refused.
    for end in 0..file.len() - stream.len() {
        assert_eq!(codestream::inside_jp2(&file[..end]), &file[..end]);
    }
    let endless = [boxed(b"jP  ", &[]), vec![0, 0, 0, 1], b"abcd".to_vec()].concat();
    assert_eq!(codestream::inside_jp2(&endless), endless);
}

#[test]
fn frames_without_an_offset_table_are_told_apart_by_what_they_begin_with() {
    let limits = FileLimits::default();
    let p = PixelFormat { bits_allocated: 16, ..PixelFormat::default() };
    let item =
        |content: &[u8]| [&[0xFE, 0xFF, 0x00, 0xE0], &(content.len() as u32).to_le_bytes()[..], content].concat();
    let split = |syntax: Syntax, fragments: &[&[u8]], count| {
        let all =
            [item(&[]), fragments.iter().flat_map(|f| item(f)).collect(), vec![0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]];
        let begins = |fragment: &[u8]| codestream::begins_frame(&syntax, fragment, &p);
        let found = fragments::frames(&all.concat(), count, 0, &limits, &begins)?
            .iter()
            .map(|frame| frame.bytes().into_owned())
            .collect::<Vec<_>>();
        Ok::<_, FileError>(found)
    };
    let head = [2, 0, 0, 0, 64, 0, 0, 0];
    let frames = split(Syntax::Rle, &[&head, &[1, 1], &head, &[2, 2]], 2).unwrap();
    assert_eq!(frames, [[&head[..], &[1, 1]].concat(), [&head[..], &[2, 2]].concat()]);
    let stream = [0xFF, 0x4F, 0xFF, 0x51];
    assert_eq!(split(Syntax::Jpeg2000Lossless, &[&stream, &[9, 9], &stream], 2).unwrap().len(), 2);
    // Not as many beginnings as frames, and a beginning that is none.
    assert!(split(Syntax::Jpeg2000Lossless, &[&stream, &[9, 9], &stream], 4).is_err());
    assert!(split(Syntax::Rle, &[&[3, 3], &head, &[1, 1], &head], 2).is_err());
}

#[test]
fn jpeg_ls_knows_runs_and_keeps_its_bound() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/codecs"));
    for (name, bound) in [("jpegls-80-patches", 0.0), ("jpegls-81-patches", 3.0)] {
        let plane = decode_file(&folder.join(format!("{name}.dcm"))).unwrap().remove(0);
        for (i, value) in plane.iter().enumerate() {
            let (row, column) = (i / 68, i % 68);
            let rough = (row * row * 31 + column * column * 17 + row * column * 7) % 4096;
            let expected = if (row / 9 + column / 11) % 2 == 0 { 300 } else { rough } as f32;
            assert!((value - expected).abs() <= bound, "{name} pixel {i}: {value}, not {expected}");
        }
    }
}

#[test]
fn a_damaged_jpeg_ls_image_is_an_error() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/codecs"));
    let file = std::fs::read(folder.join("jpegls-80-patches.dcm")).unwrap();
    let start = file.windows(3).position(|w| w == [0xFF, 0xD8, 0xFF]).unwrap();
    let image = &file[start..];
    assert!(jpeg_ls::decode(image).is_ok());
    for end in (0..image.len() / 2).step_by(13) {
        assert!(jpeg_ls::decode(&image[..end]).is_err(), "cut at {end}");
    }
    // Whatever a byte says, decoding ends, and gives an image of the size in its header or a reason.
    for at in (0..image.len()).filter(|at| *at < 60 || at % 17 == 0) {
        for value in [0x00, 0x7F, 0xFF, image[at] ^ 1] {
            let mut wrong = image.to_vec();
            wrong[at] = value;
            if let Ok((head, _)) = jpeg_ls_head::head(&wrong)
                && head.rows * head.columns <= 72 * 68 * 4
            {
                let _ = jpeg_ls::decode(&wrong).map(|values| assert_eq!(values.len(), head.rows * head.columns));
            }
        }
    }
}
