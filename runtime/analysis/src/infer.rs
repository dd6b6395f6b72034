//! A volume to findings: normalise, segment, measure, classify.
//!
//! All of it happens in training orientation; what the observer hears and what is handed on lies on the grid of the source again.

use std::thread;
use std::time::Instant;

use cordline_core::findings::Findings;
use cordline_core::stage::Stage;
use cordline_core::volume::Volume;
use cordline_device::Refusal;
use cordline_imaging::classify::{self, Step};
use cordline_imaging::lesion_sections::LesionSections;
use cordline_imaging::measure;
use cordline_imaging::network::Network;
use cordline_imaging::normalise::Normalised;
use cordline_imaging::reorient::Reorientation;
use cordline_imaging::section_answers::{Classifiers, OutputsOf};
use cordline_imaging::segment::{self, Segmented};
use cordline_inference::bundle::Bundle;
use cordline_inference::networks::{NetworkError, Networks, SEGMENTER};
use cordline_report::Pictures;
use cordline_sdk::problem::Problem;
use cordline_sdk::result::Lesion;
use ndarray::{ArrayD, ArrayView4};

use super::context::AnalysisContext;
use super::error::AnalysisError;
use super::load::LoadedImages;
use super::models::{self, Models};
use super::prepared::{Measured, Preparation};
use super::timings::{CpuTime, NetworkTime, TimeBeside};
use super::{Correction, Progress};

/// What came of the networks' work.
pub(super) struct Inference {
    pub found: Result<Found, AnalysisError>,
    /// `None` where no network ran.
    pub computation: Option<Computation>,
    pub warnings: Vec<String>,
}

/// What was found in a volume.
pub(super) struct Found {
    pub findings: Findings,
    /// What was drawn of it beside the networks, or why that could not be.
    pub pictures: Result<Pictures, Problem>,
}

/// Where the networks were computed.
pub(super) struct Computation {
    /// The execution providers that ran one.
    pub provider: String,
    /// In which precision.
    pub precision: String,
}

/// What is looked at, in training orientation.
struct Images<'a> {
    /// As it was read.
    source: &'a Volume,
    /// How the source lies in that orientation.
    way: Reorientation,
    volume: &'a Volume,
    t2w: &'a Normalised<'a>,
    /// On the grid of the T2w.
    t1c: Option<&'a Normalised<'a>>,
    /// Instead of the segmenter's mask; on the grid of the source.
    correction: Option<&'a Correction>,
}

/// Normalises the images, opens the networks where they are not yet, and lets them answer.
pub(super) fn infer(
    images: &LoadedImages,
    correction: Option<&Correction>,
    bundle: &Bundle,
    models: Models<'_>,
    ctx: &mut AnalysisContext<'_>,
) -> Inference {
    with_networks(images, correction, bundle, models, ctx).unwrap_or_else(|error| Inference {
        found: Err(error),
        computation: None,
        warnings: Vec::new(),
    })
}

/// The error is one from before any network was open.
fn with_networks(
    images: &LoadedImages,
    correction: Option<&Correction>,
    bundle: &Bundle,
    models: Models<'_>,
    ctx: &mut AnalysisContext<'_>,
) -> Result<Inference, AnalysisError> {
    let LoadedImages { volume, t1c, .. } = images;
    let stage = Stage::Normalising;
    ctx.stage(stage)?;
    let clip = bundle.manifest.preprocessing.clip;
    let way = Reorientation::of(&volume.geometry);
    let (upright, t1c_upright) =
        ctx.time(stage, |_| (way.volume(volume), t1c.as_ref().map(|t1c| way.array(&t1c.voxels))));
    let (t2w, t1c) = ctx.time(stage, |_| {
        (Normalised::of(&upright.voxels, clip), t1c_upright.as_ref().map(|voxels| Normalised::of(voxels, clip)))
    });

    let mut cold = None;
    let networks = match models {
        Models::Warm(models) => &mut models.networks,
        Models::Cold => cold.insert(models::open_verified(bundle, ctx)?),
    };
    let images = Images { source: volume, way, volume: &upright, t2w: &t2w, t1c: t1c.as_ref(), correction };
    let found = loop {
        match find(bundle, networks, &images, ctx) {
            Err(error) if providers_fault(&error).is_some_and(|reason| networks.leave_provider(reason)) => {
                // Anew from the first section, since a study is computed in one place. What cannot be removed will not be written either,
                // and that is an error of its own.
                let _ = ctx.folder.clear();
            }
            ended => break ended,
        }
    };
    drop((upright, t1c_upright));
    let (computation, fallbacks) = computed_by(networks);
    ctx.timings.close(|| drop(cold));
    let warnings = correction.map(Correction::warning).into_iter().chain(fallbacks).collect();
    Ok(Inference { found, computation, warnings })
}

/// Networks and measurements: from a normalised volume to findings on the grid of the source.
fn find(
    bundle: &Bundle,
    networks: &mut Networks,
    images: &Images<'_>,
    ctx: &mut AnalysisContext<'_>,
) -> Result<Found, AnalysisError> {
    let manifest = &bundle.manifest;
    let size = manifest.preprocessing.size;
    ctx.stage(Stage::Loading)?;
    let Images { source, way, volume, t2w, t1c, correction } = *images;
    let (mut loading, mut running) = (CpuTime::default(), NetworkTime::default());
    let (segmented, least_ml) = match correction {
        // A person's mask is believed to the last voxel.
        Some(correction) => (correction.segmented(&way), 0.0),
        None => {
            let segmented = segment_all(bundle, networks, images, (&mut loading, &mut running), ctx)?;
            (segmented, manifest.segmenter.min_lesion_ml)
        }
    };

    ctx.stage(Stage::Measuring)?;
    let (labels, lesions) = ctx.time(Stage::Measuring, |_| measure::lesions(&segmented, &volume.geometry, least_ml))?;
    let stage = Stage::Classifying;
    let sections = ctx.time(stage, |_| LesionSections::new(t2w, t1c, &labels, size));
    let labels = ctx.time(Stage::Measuring, |_| way.array_to_source(labels));
    let lesions: Vec<Lesion> = lesions.into_iter().map(|lesion| way.lesion_to_source(lesion)).collect();
    ctx.notify(Progress::Measured { lesions: &lesions, labels: &labels })?;

    ctx.stage(stage)?;
    let beside = TimeBeside::default();
    let folder = ctx.folder;
    let (answers, pictures) = thread::scope(|scope| -> Result<_, AnalysisError> {
        let measured = Measured { volume: source, lesions: &lesions, labels: &labels };
        let preparation = Preparation::begin(scope, measured, folder, &beside);
        let (start, loading_before_ms) = (Instant::now(), loading.wall_ms);
        let mut timed = TimedNetworks { networks, loading: &mut loading, running: &mut running, beside: &beside };
        let answers = classify::classify(manifest, &sections, &mut timed, &mut |step| match step {
            Step::Asked { classifier, done, total } => {
                ctx.notify(Progress::Asked { question: &classifier.question, done, total })
            }
            Step::Answered(answer, map) => {
                let answer = way.classification_to_source(answer.clone());
                let map = map.map(|map| way.heat_map_to_source(map.clone()));
                ctx.notify(Progress::Answered(&answer, map.as_ref()))?;
                map.into_iter().for_each(|map| preparation.add(map));
                Ok(())
            }
        })?;
        let opened_ms = loading.wall_ms - loading_before_ms;
        ctx.timings.add(stage.as_str(), start.elapsed().as_secs_f64() * 1000.0 - opened_ms);
        Ok((answers, ctx.time(Stage::Writing, |_| preparation.finish())))
    })?;
    ctx.timings.add_with_cpu(Stage::Loading.as_str(), loading);
    ctx.timings.add_with_cpu("beside_networks", beside.so_far());
    ctx.timings.add_networks(running);
    let findings = Findings {
        finding: answers.finding,
        lesions,
        labels,
        classifications: answers.classifications.into_iter().map(|a| way.classification_to_source(a)).collect(),
        not_asked: answers.not_asked,
        heat_maps: answers.heat_maps.into_iter().map(|map| way.heat_map_to_source(map)).collect(),
    };
    Ok(Found { findings, pictures })
}

/// Every section through the segmenter, which is closed after the last one where it is not to stay open.
fn segment_all(
    bundle: &Bundle,
    networks: &mut Networks,
    images: &Images<'_>,
    (loading, running): (&mut CpuTime, &mut NetworkTime),
    ctx: &mut AnalysisContext<'_>,
) -> Result<Segmented, AnalysisError> {
    let manifest = &bundle.manifest;
    let Images { way, t2w, .. } = *images;
    loading.time(|| networks.prepare(SEGMENTER))?;
    ctx.timings.add("until_first_network_run", ctx.timings.elapsed_ms());

    let stage = Stage::Segmenting;
    ctx.stage(stage)?;
    let mut done = 0;
    let [total, _, _] = t2w.shape();
    // Nothing works beside the segmenter.
    let mut network = TimedNetworks { networks, loading, running, beside: &TimeBeside::default() };
    let thresholds = [manifest.segmenter.threshold, manifest.segmenter.core_threshold()];
    let segmented = ctx.time(stage, |ctx| {
        segment::segment(&mut network, t2w, manifest.preprocessing.size, thresholds, &mut |section, mask| {
            done += 1;
            let (section, mask) = (way.section_index_to_source(section), way.section_to_source(mask));
            ctx.notify(Progress::Segmented { section, mask, done, total })
        })
    })?;
    ctx.timings.close(|| networks.close_segmenter());
    Ok(segmented)
}

/// Who computed and in which precision, and a warning where that is not who was wanted most.
fn computed_by(networks: &Networks) -> (Option<Computation>, Vec<String>) {
    let computation = Computation { provider: networks.provider_names(), precision: networks.precision_names() };
    if computation.provider.is_empty() {
        return (None, Vec::new());
    }
    let used = format!("{} {}", computation.provider, computation.precision);
    let warnings = networks
        .noteworthy_fallbacks()
        .map(|f| format!("{} could not be used, the networks ran on {used}: {}", f.subject(), f.reason))
        .collect();
    (Some(computation), warnings)
}

/// Why a provider is to be left, where an error may be its own; another one may do better.
fn providers_fault(error: &AnalysisError) -> Option<Refusal> {
    match error {
        AnalysisError::Network(NetworkError::Run(error)) => Some(error.refusal()),
        AnalysisError::Output(error) => Some(Refusal::Answer(error.to_string())),
        AnalysisError::Network(_) | AnalysisError::Cancelled | AnalysisError::Scattered(_) => None,
    }
}

/// The networks, whose opening and running times are added up, less what a thread of ours takes beside them.
struct TimedNetworks<'a> {
    networks: &'a mut Networks,
    loading: &'a mut CpuTime,
    running: &'a mut NetworkTime,
    beside: &'a TimeBeside,
}

impl Network for TimedNetworks<'_> {
    type Error = AnalysisError;

    fn batch_for(&mut self, left: usize) -> Result<usize, AnalysisError> {
        Classifiers::batch_for(self, SEGMENTER, left)
    }

    fn run(&mut self, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, AnalysisError> {
        Classifiers::run(self, SEGMENTER, input)
    }
}

impl Classifiers for TimedNetworks<'_> {
    type Error = AnalysisError;

    fn batch_for(&mut self, id: &str, left: usize) -> Result<usize, AnalysisError> {
        Ok(self.loading.time_less(self.beside, || self.networks.batch_for(id, left))?)
    }

    fn run(&mut self, id: &str, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, AnalysisError> {
        Ok(self.running.time_less(self.beside, || self.networks.run(id, input))?)
    }

    fn are_side_by_side(&self) -> bool {
        self.networks.are_side_by_side()
    }

    fn run_side_by_side(&mut self, asked: &[(&str, ArrayView4<'_, f32>)]) -> Vec<OutputsOf<Self>> {
        let outputs = self.running.time_less(self.beside, || self.networks.run_side_by_side(asked));
        outputs.into_iter().map(|outputs| Ok(outputs?)).collect()
    }
}
