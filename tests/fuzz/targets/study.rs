//! Files of a study to a volume: prescan, headers, choice of series, decoding, stack.
//!
//! The input is one file, or several parted by [`BETWEEN`]; one that begins like a ZIP archive is opened as such, as in an analysis.
#![no_main]

use cordline_analysis::reader::{LoadedSeries, ReadRequest, read};
use cordline_core::manifest::T1cUse;
use cordline_fuzz::{guard, room, said, small};
use libfuzzer_sys::fuzz_target;

const BETWEEN: &[u8] = b"\n--- next file ---\n";
const MAX_FILES: usize = 16;

fuzz_target!(
    init: guard::prepare(),
    |data: &[u8]| guard::run(|| study(data))
);

fn study(data: &[u8]) {
    let inputs = room::files(parted(data).into_iter().take(MAX_FILES));
    let request =
        ReadRequest { inputs, wanted: None, rules: small::rules(), limits: small::limits(), t1c: T1cUse::Optional };
    let outcome = read(&request, &mut |_| Ok(()));
    outcome.notes.warnings.iter().for_each(|w| said::sentence(w));
    if let Some(choice) = &outcome.notes.series {
        choice.reasons.iter().for_each(|r| said::sentence(r));
        for verdict in choice.candidates.iter().chain(&choice.rejected) {
            verdict.reasons.iter().for_each(|r| said::sentence(r));
        }
    }
    assert!(outcome.notes.thumbnails.iter().all(|t| t.is_sound(24)), "a thumbnail that the daemon would not believe");
    match outcome.series {
        Err(end) => said::problem(&end.problem),
        Ok(LoadedSeries { source, volume, t1c }) => {
            let shape = volume.geometry.shape();
            let voxels = shape.iter().product::<usize>();
            assert_eq!(volume.voxels.shape(), shape);
            assert!(voxels as u64 <= request.limits.voxels);
            assert_eq!(source.frames.len(), shape[0], "a frame for each section");
            let grid = volume.geometry;
            assert!(grid.spacing().iter().all(|s| s.is_finite() && *s > 0.0));
            assert!(grid.axes().iter().flatten().chain(&grid.origin()).all(|v| v.is_finite()));
            assert!(volume.voxels.iter().all(|v| v.is_finite()), "a voxel that is no number");
            let uids = source.frames.iter().flat_map(|f| [&f.sop_class_uid, &f.sop_instance_uid]);
            for uid in uids.chain([&source.series_uid, &source.study.uid, &source.frame_of_reference_uid]) {
                assert!(cordline_sdk::uid::check(uid).is_ok(), "{uid:?}");
            }
            if let Some((_, voxels)) = t1c {
                assert_eq!(voxels.shape(), shape, "the T1c lies on the grid of the T2w");
            }
        }
    }
}

fn parted(data: &[u8]) -> Vec<&[u8]> {
    let mut files = Vec::new();
    let mut rest = data;
    while let Some(at) = rest.windows(BETWEEN.len()).position(|w| w == BETWEEN) {
        files.push(&rest[..at]);
        rest = &rest[at + BETWEEN.len()..];
    }
    files.push(rest);
    files
}
