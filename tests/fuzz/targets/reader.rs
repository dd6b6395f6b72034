//! What the process that reads files tells its daemon: a file may have taken it over, and so nothing of it is believed.
#![no_main]

use cordline_analysis::reader::{LoadedSeries, message};
use cordline_core::findings::Findings;
use cordline_core::volume::LabelMap;
use cordline_fuzz::{guard, objects, said};
use cordline_imaging::quality;
use cordline_sdk::Finding;
use cordline_sdk::problem::Diagnose;
use cordline_sdk::result::State;
use libfuzzer_sys::fuzz_target;

/// Most voxels of a volume.
const VOXELS: u64 = 4096;

fuzz_target!(
    init: guard::prepare(),
    |data: &[u8]| guard::run(|| one(data))
);

fn one(data: &[u8]) {
    let (mut rest, mut stages) = (data, Vec::new());
    let begin = &mut |stage| {
        stages.push(stage);
        Ok(())
    };
    let told = message::read_outcome(&mut rest, VOXELS, begin);
    assert!(stages.is_sorted(), "stages go backwards");
    stages.dedup();
    assert!(stages.len() < 10);
    let Ok(Ok(outcome)) = told else { return };
    let notes = &outcome.notes;
    assert!(notes.warnings.len() <= message::MOST_WARNINGS, "the journal can be filled");
    assert!(notes.thumbnails.is_sorted_by(|one, next| one.candidate < next.candidate), "two pictures of one candidate");
    assert!(outcome.series.as_ref().err().is_none_or(|end| end.state != State::Completed), "an end without a finding");
    let Ok(LoadedSeries { source, volume, t1c }) = outcome.series else { return };
    let shape = volume.geometry.shape();
    assert!(shape.iter().product::<usize>() as u64 <= VOXELS);
    assert_eq!(volume.voxels.shape(), shape);
    assert!(t1c.is_none_or(|(_, voxels)| voxels.shape() == shape));
    if let Err(refused) = quality::check(&volume.voxels) {
        said::problem(&refused.problem());
    }
    let findings = Findings {
        finding: Finding::no_lesion(),
        lesions: Vec::new(),
        labels: LabelMap::zeros(shape),
        classifications: Vec::new(),
        not_asked: Vec::new(),
        heat_maps: Vec::new(),
    };
    if let Err(error) = objects::write(&source, &volume.geometry, &findings) {
        said::problem(&error.problem());
    }
}
