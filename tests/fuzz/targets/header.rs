//! Bytes to the header of one file, without any file: prescan, character sets, attributes, functional groups.
#![no_main]

use std::path::PathBuf;

use cordline_dicom::read::header::{self, Header};
use cordline_dicom::read::instance::{InstanceHeader, PixelData, sop_class};
use cordline_dicom::read::origin::Origin;
use cordline_dicom::read::part10::{self, Part10Kind};
use cordline_fuzz::{guard, said, small};
use cordline_sdk::problem::Diagnose;
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: guard::prepare(),
    |data: &[u8]| guard::run(|| one(data))
);

fn one(data: &[u8]) {
    let kind = part10::kind(data);
    if kind == Part10Kind::NotDicom {
        return;
    }
    let (limits, origin, total) = (small::limits(), Origin::File(PathBuf::from("file")), data.len() as u64);
    // Read piece by piece, as from a disk, and in one piece: the same comes out.
    let mut wanted = 140.min(data.len());
    let mut rounds = 0;
    let pieces = loop {
        match header::read(&data[..wanted], total, kind, &origin, &limits) {
            Ok(Header::NeedMore(more)) => {
                assert!(more > wanted, "more is wanted than is there: {more} of {wanted}");
                if more > data.len() {
                    return;
                }
                // Not byte by byte, as the reader does not either.
                wanted = more.max(wanted * 2).min(data.len());
                rounds += 1;
                assert!(rounds < 64);
            }
            Ok(Header::Complete(instance)) => break Ok(instance),
            Err(error) => break Err(error),
        }
    };
    let whole = match header::read(data, total, kind, &origin, &limits) {
        Ok(Header::Complete(instance)) => Ok(instance),
        Ok(Header::NeedMore(more)) => panic!("all bytes are there, and {more} are wanted"),
        Err(error) => Err(error),
    };
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
            judge(&whole, total);
        }
        (Err(whole), Err(pieces)) => {
            assert_eq!(whole.error.code(), pieces.error.code());
            said::problem(&whole.error.problem());
        }
        (whole, pieces) => panic!("{whole:?} in one piece, {pieces:?} in several"),
    }
}

fn judge(instance: &InstanceHeader, total: u64) {
    for uid in [&instance.sop_class_uid, &instance.sop_instance_uid, &instance.study.uid, &instance.series.uid] {
        assert!(cordline_sdk::uid::check(uid).is_ok(), "{uid:?}");
    }
    if let Some(error) = &instance.error {
        said::problem(&error.problem());
    } else if sop_class::is_mr(&instance.sop_class_uid) {
        let (p, limits) = (&instance.pixels, small::limits());
        assert!((1..=limits.rows_columns).contains(&p.rows) && (1..=limits.rows_columns).contains(&p.columns));
        assert!((1..=limits.frames as usize).contains(&instance.frames.len()));
        assert!(matches!(p.bits_allocated, 8 | 16) && (1..=p.bits_allocated).contains(&p.bits_stored));
        let bytes =
            u64::from(p.rows) * u64::from(p.columns) * u64::from(p.bits_allocated / 8) * instance.frames.len() as u64;
        match instance.pixel_data {
            PixelData::Absent => panic!("an image without pixels, and no fault"),
            PixelData::Native { start } => assert!(start + bytes <= total, "pixels beyond the end of the file"),
            PixelData::Encapsulated { start } => assert!(start <= total),
        }
    }
}
