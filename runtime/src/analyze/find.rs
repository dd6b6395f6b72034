//! A normalised volume to findings: segment, measure, classify.
//!
//! All of it happens in training orientation; whatever is told or handed on lies on the grid of the source again.

use std::time::Instant;

use cordline_device::Session;
use cordline_sdk::result::Lesion;
use ndarray::{ArrayD, ArrayView4};

use super::{Correction, Observer, Progress, tell};
use crate::bundle::Bundle;
use crate::network::{Network, NetworkError};
use crate::networks::Networks;
use crate::pipeline::classify::{self, LesionSections, Step};
use crate::pipeline::findings::Findings;
use crate::pipeline::measure;
use crate::pipeline::normalise::Normalised;
use crate::pipeline::reorient::Reorientation;
use crate::pipeline::segment::{self, Segmented};
use crate::stage::{Spent, Stage, Stopwatch};
use crate::volume::Volume;

/// What is looked at.
pub(super) struct Images<'a> {
    /// How the source lies in training orientation.
    pub way: Reorientation,
    /// The volume as it was read, in training orientation.
    pub volume: &'a Volume,
    /// The same, normalised.
    pub t2w: &'a Normalised<'a>,
    /// The T1c on its grid, normalised.
    pub t1c: Option<&'a Normalised<'a>>,
    /// A mask that a person corrected, instead of the segmenter's; on the grid of the source.
    pub correction: Option<&'a Correction>,
}

/// Networks and measurements: from a normalised volume to findings on the grid of the source.
pub(super) fn find(
    bundle: &Bundle,
    networks: &mut Networks,
    images: &Images<'_>,
    watch: &mut Stopwatch,
    observer: &mut Observer<'_>,
) -> Result<Findings, NetworkError> {
    let manifest = &bundle.manifest;
    let size = manifest.preprocessing.size;
    tell(observer, Progress::Stage(Stage::Loading))?;
    let Images { way, volume, t2w, t1c, correction } = *images;
    let (mut loading, mut running) = (Spent::default(), Spent::default());
    let (segmented, least_ml) = match correction {
        // A person's mask is believed to the last voxel.
        Some(correction) => (correction.segmented(&way), 0.0),
        None => {
            let segmented = segment_all(bundle, networks, images, [&mut loading, &mut running], watch, observer)?;
            (segmented, manifest.segmenter.min_lesion_ml)
        }
    };

    tell(observer, Progress::Stage(Stage::Measuring))?;
    let (labels, lesions) =
        watch.time(Stage::Measuring.key(), || measure::lesions(&segmented, &volume.geometry, least_ml));
    let stage = Stage::Classifying;
    let sections = watch.time(stage.key(), || LesionSections::new(t2w, t1c, &labels, size));
    let labels = watch.time(Stage::Measuring.key(), || way.array_to_source(labels));
    let lesions: Vec<Lesion> = lesions.into_iter().map(|lesion| way.lesion_to_source(lesion)).collect();
    tell(observer, Progress::Measured { lesions: &lesions, labels: &labels })?;

    tell(observer, Progress::Stage(stage))?;
    let start = Instant::now();
    let loading_before_ms = loading.wall_ms;
    let mut run = |id: &str, input: ArrayView4<'_, f32>| -> Result<Vec<ArrayD<f32>>, NetworkError> {
        let session = loading.time(|| networks.classifier(id))?;
        Ok(running.time(|| session.run(input))?)
    };
    let answers = classify::classify(manifest, &sections, &mut run, &mut |step| match step {
        Step::Asked { classifier, done, total } => {
            tell(observer, Progress::Asked { question: &classifier.question, done, total })
        }
        Step::Answered(answer, map) => {
            let answer = way.classification_to_source(answer.clone());
            let map = map.map(|map| way.heat_map_to_source(map.clone()));
            tell(observer, Progress::Answered(&answer, map.as_ref()))
        }
    })?;
    watch.add(stage.key(), start.elapsed().as_secs_f64() * 1000.0 - (loading.wall_ms - loading_before_ms));
    watch.add_spent(Stage::Loading.key(), loading);
    watch.add_spent("networks", running);
    Ok(Findings {
        finding: answers.finding,
        lesions,
        labels,
        classifications: answers.classifications.into_iter().map(|a| way.classification_to_source(a)).collect(),
        not_asked: answers.not_asked,
        heat_maps: answers.heat_maps.into_iter().map(|map| way.heat_map_to_source(map)).collect(),
    })
}

/// Every section through the segmenter, which is closed after the last one where it is not to stay open.
fn segment_all(
    bundle: &Bundle,
    networks: &mut Networks,
    images: &Images<'_>,
    [loading, running]: [&mut Spent; 2],
    watch: &mut Stopwatch,
    observer: &mut Observer<'_>,
) -> Result<Segmented, NetworkError> {
    let manifest = &bundle.manifest;
    let Images { way, t2w, .. } = *images;
    loading.time(|| networks.segmenter().map(drop))?;
    watch.add("until_first_network_run", watch.elapsed_ms());

    let stage = Stage::Segmenting;
    tell(observer, Progress::Stage(stage))?;
    let mut done = 0;
    let [total, _, _] = t2w.shape();
    let mut network = Timed { inner: networks.segmenter()?, spent: running };
    let thresholds = [manifest.segmenter.threshold, manifest.segmenter.core_threshold()];
    let segmented = watch.time(stage.key(), || {
        segment::segment(&mut network, t2w, manifest.preprocessing.size, thresholds, &mut |section, mask| {
            done += 1;
            let (section, mask) = (way.section_index_to_source(section), way.section_to_source(mask));
            tell(observer, Progress::Segmented { section, mask, done, total })
        })
    })?;
    watch.time_spent("closing", || networks.close_segmenter());
    Ok(segmented)
}

/// A network whose running time is added up.
struct Timed<'a> {
    inner: &'a mut Session,
    spent: &'a mut Spent,
}

impl Network for Timed<'_> {
    fn run(&mut self, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, NetworkError> {
        let inner = &mut *self.inner;
        Ok(self.spent.time(|| inner.run(input))?)
    }
}
