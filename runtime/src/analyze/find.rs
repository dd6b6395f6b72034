//! A normalised volume to findings: segment, measure, classify.

use std::time::Instant;

use cordline_device::Session;
use ndarray::{Array3, Array4, ArrayD, ArrayView4};

use super::{Observer, Progress};
use crate::bundle::Bundle;
use crate::networks::{NetworkError, Networks};
use crate::pipeline::classify::{self, LesionSections};
use crate::pipeline::findings::Findings;
use crate::pipeline::{Network, measure, segment};
use crate::stage::{Stage, Stopwatch};
use crate::volume::Volume;

/// Networks and measurements: from a normalised volume to findings.
pub(super) fn find(
    bundle: &Bundle,
    networks: &mut Networks,
    volume: &Volume,
    t2w: &Array3<f32>,
    t1c: Option<&Array3<f32>>,
    watch: &mut Stopwatch,
    observer: &mut Observer<'_>,
) -> Result<Findings, NetworkError> {
    let manifest = &bundle.manifest;
    let size = manifest.preprocessing.size;
    observer(Progress::Stage(Stage::Loading));
    watch.time(Stage::Loading.key(), || networks.segmenter().map(drop))?;
    watch.add("until_first_network_run", watch.elapsed_ms());

    let stage = Stage::Segmenting;
    observer(Progress::Stage(stage));
    let mut done = 0;
    let total = t2w.dim().0;
    let mut network = Timed { inner: networks.segmenter()?, milliseconds: 0.0 };
    let mask = watch.time(stage.key(), || {
        segment::segment(&mut network, t2w.view(), size, manifest.segmenter.threshold, &mut |_, _| {
            done += 1;
            observer(Progress::Section { stage, detail: None, done, total });
        })
    })?;
    let mut network_ms = network.milliseconds;
    networks.close_segmenter();

    observer(Progress::Stage(Stage::Measuring));
    let (labels, lesions) = watch
        .time(Stage::Measuring.key(), || measure::lesions(&mask, &volume.geometry, manifest.segmenter.min_lesion_ml));

    let stage = Stage::Classifying;
    observer(Progress::Stage(stage));
    let start = Instant::now();
    let mut loading_ms = 0.0;
    let lesion_mask = labels.mapv(|l| l > 0);
    let sections = LesionSections::new(t2w.view(), t1c.map(|t| t.view()), &lesion_mask, size);
    let mut run = |id: &str, input: Array4<f32>| -> Result<Vec<ArrayD<f32>>, NetworkError> {
        let before = Instant::now();
        let session = networks.classifier(id)?;
        loading_ms += before.elapsed().as_secs_f64() * 1000.0;
        let before = Instant::now();
        let outputs = session.run(input.view())?;
        network_ms += before.elapsed().as_secs_f64() * 1000.0;
        Ok(outputs)
    };
    let answers = classify::classify(manifest, &sections, &mut run, &mut |classifier, done, total| {
        observer(Progress::Section { stage, detail: Some(&classifier.question), done, total });
    })?;
    watch.add(stage.key(), start.elapsed().as_secs_f64() * 1000.0 - loading_ms);
    watch.add(Stage::Loading.key(), loading_ms);
    watch.add("networks", network_ms);
    Ok(Findings {
        finding: answers.finding,
        lesions,
        labels,
        classifications: answers.classifications,
        not_asked: answers.not_asked,
        heat_maps: answers.heat_maps,
    })
}

/// A network whose running time is added up.
struct Timed<'a> {
    inner: &'a mut Session,
    milliseconds: f64,
}

impl Network for Timed<'_> {
    fn run(&mut self, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, NetworkError> {
        let start = Instant::now();
        let outputs = self.inner.run(input)?;
        self.milliseconds += start.elapsed().as_secs_f64() * 1000.0;
        Ok(outputs)
    }
}
