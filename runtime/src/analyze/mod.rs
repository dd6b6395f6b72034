//! The road of a study: input to findings to files.
//!
//! - [`take_in`](mod@take_in): read, choose the series, decode
//! - [`find`](mod@find): segment, measure, classify
//! - [`models`]: opened for one study, or kept warm for many
//! - [`subject`]: what is analysed
//! - [`progress`]: what is told on the way

mod find;
pub mod models;
pub mod progress;
pub mod subject;
mod take_in;

use std::ops::ControlFlow;
use std::path::Path;

use chrono::{DateTime, FixedOffset};
use cordline_device::{ExecutionProvider, memory};
use cordline_sdk::result::{AnalysisResult, Problem, SCHEMA_VERSION, State};
use cordline_sdk::wire::request::Predecessor;

use crate::analysed::Analysed;
use crate::bundle::{Bundle, place, verify};
use crate::config::Config;
use crate::deliver::{self, Earlier};
use crate::network::NetworkError;
use crate::networks::Networks;
use crate::outbox::{Outbox, RESULT_FILE};
use crate::pipeline::normalise::Normalised;
use crate::pipeline::reorient::Reorientation;
use crate::reader::thumbnail::Thumbnail;
use crate::stage::{Spent, Stage, Stopwatch};
use crate::stop::Stop;
use find::{Images, find};
pub use models::Models;
pub use progress::{Observer, Progress};
pub use subject::{Correction, Subject};
use take_in::{Input, take_in};

/// What is to be analysed.
pub struct Request<'a> {
    /// What it is.
    pub subject: Subject<'a>,
    /// Folder for the results.
    pub out: &'a Path,
    /// What a person chose: a SeriesInstanceUID, or `UID#N` for the Nth volume of that series.
    pub series: Option<&'a str>,
    /// A mask that a person corrected: nothing is segmented, and the questions are asked again.
    pub correction: Option<&'a Correction>,
    /// Results of earlier analyses of the same study, which the new ones name.
    pub predecessors: &'a [Predecessor],
    /// When the results say that they were made; now where absent. A job that is run again after a power cut must write the same bytes.
    pub moment: Option<DateTime<FixedOffset>>,
    /// How often the same was analysed before: results of another analysis are other objects.
    pub again: u32,
}

/// Analyses a study and writes everything that is to be said of it into `request.out`.
///
/// Every end of the road is a result: an answer, a choice for a person, out of scope, or failed with a reason. The error is left for the case
/// in which not even the result can be written.
pub fn analyze(
    request: Request<'_>,
    config: &Config,
    models: Models<'_>,
    observer: &mut Observer<'_>,
) -> Result<AnalysisResult, Problem> {
    let mut watch = Stopwatch::start();
    let earlier = Earlier::read(request.out);
    let moment = request.moment;
    let outbox = Outbox::open(request.out).map_err(|e| e.problem())?;
    let mut result = blank();
    let mut thumbnails = Vec::new();
    let analysed = match travel(request, config, models, &mut result, &mut thumbnails, &mut watch, observer) {
        Ok(analysed) => Some(analysed),
        Err(stop) => {
            result.state = stop.state;
            result.problem = Some(stop.problem);
            None
        }
    };
    // Whoever stopped the analysis is told of it by the result; writing that is not stopped again.
    let _ = observer(Progress::Stage(Stage::Writing));
    let created = earlier.moment(&result).or(moment).unwrap_or_else(deliver::now);
    result.created = created.to_rfc3339();
    let delivered = deliver::deliver(&outbox, analysed.as_ref(), &thumbnails, created, &mut result, &mut watch);
    if let Err(problem) = delivered {
        result.state = State::Failed;
        result.finding = None;
        result.files.clear();
        result.problem = Some(problem.clone());
        // Half a set of results is worse than none. What cannot be removed either is named by the error that stands.
        let _ = outbox.clear();
        write_result(&outbox, &result).map_err(|_| problem)?;
        return Ok(result);
    }
    result.timings_ms = watch.report();
    write_result(&outbox, &result)?;
    Ok(result)
}

fn write_result(outbox: &Outbox, result: &AnalysisResult) -> Result<(), Problem> {
    let json = serde_json::to_vec_pretty(result).expect("results are plain JSON");
    outbox.write(RESULT_FILE, &json).map_err(|e| e.problem())
}

/// A result that says nothing yet.
fn blank() -> AnalysisResult {
    AnalysisResult {
        schema_version: SCHEMA_VERSION.into(),
        notice: cordline_sdk::RESEARCH_USE.into(),
        cordline_version: env!("CARGO_PKG_VERSION").into(),
        state: State::Completed,
        finding: None,
        problem: None,
        warnings: Vec::new(),
        series: None,
        bundle: None,
        created: String::new(),
        provider: None,
        precision: None,
        classifications: Vec::new(),
        not_asked: Vec::new(),
        lesions: Vec::new(),
        timings_ms: Default::default(),
        files: Vec::new(),
    }
}

/// Asks the observer whether to go on.
fn tell(observer: &mut Observer<'_>, progress: Progress<'_>) -> Result<(), NetworkError> {
    match observer(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(NetworkError::Cancelled),
    }
}

impl From<NetworkError> for Stop {
    fn from(error: NetworkError) -> Self {
        error.problem().into()
    }
}

/// The road itself; what is learnt on the way goes into `result` at once, so that an early end still tells it.
fn travel(
    request: Request<'_>,
    config: &Config,
    models: Models<'_>,
    result: &mut AnalysisResult,
    thumbnails: &mut Vec<Thumbnail>,
    watch: &mut Stopwatch,
    observer: &mut Observer<'_>,
) -> Result<Analysed, Stop> {
    let bundle = match &models {
        Models::Warm(models) => models.bundle.clone(),
        Models::Cold => {
            let folder = config.bundle.clone().map_or_else(place::find, Ok).map_err(|e| e.problem())?;
            Bundle::open(&folder).map_err(|e| e.problem())?
        }
    };
    let identity = bundle.identity();
    result.warnings.extend(identity.warning.clone());
    result.bundle = Some(identity);

    let (correction, again) = (request.correction, request.again);
    let predecessors = request.predecessors.to_vec();
    let Input { source, volume, t1c } = take_in(request, config, &bundle, result, thumbnails, watch, observer)?;

    let stage = Stage::Normalising;
    tell(observer, Progress::Stage(stage))?;
    let clip = bundle.manifest.preprocessing.clip;
    let way = Reorientation::of(&volume.geometry);
    let (upright, t1c_upright) =
        watch.time(stage.key(), || (way.volume(&volume), t1c.as_ref().map(|t| way.array(&t.voxels))));
    let (t2w, t1c_voxels) = watch.time(stage.key(), || {
        (Normalised::of(&upright.voxels, clip), t1c_upright.as_ref().map(|voxels| Normalised::of(voxels, clip)))
    });

    let mut cold = None;
    let networks = match models {
        Models::Warm(models) => &mut models.networks,
        Models::Cold => {
            // Every file is hashed, also those that this study will not need: a bundle is whole, or it is not used.
            let hashed = bundle.clone();
            let verification = std::thread::spawn(move || (verify::all(&hashed), memory::thread_processor_ms()));
            let (opened, spent) = Spent::of_this_thread(|| Networks::load(config, bundle.clone()));
            watch.add_spent("starting_onnxruntime", spent);
            let start = std::time::Instant::now();
            let (whole, cpu_ms) = verification.join().expect("hashing files does not panic");
            watch.add_spent("verifying", Spent { wall_ms: start.elapsed().as_secs_f64() * 1000.0, cpu_ms });
            whole.map_err(|e| e.problem())?;
            cold.insert(opened?)
        }
    };
    result.warnings.extend(correction.map(Correction::warning));
    let images = Images { way, volume: &upright, t2w: &t2w, t1c: t1c_voxels.as_ref(), correction };
    let findings = find(&bundle, networks, &images, watch, observer);
    drop((upright, t1c_upright));
    say_provider(networks, config, result);
    watch.time_spent("closing", || drop(cold));
    let findings = findings?;

    result.finding = Some(findings.finding.clone());
    result.classifications = findings.classifications.clone();
    result.not_asked = findings.not_asked.clone();
    result.lesions = findings.lesions.clone();
    let semiautomatic = correction.is_some();
    let t1c = t1c.and_then(|t| t.source);
    let reader = correction.and_then(|c| c.reader.clone());
    let manifest = bundle.manifest;
    Ok(Analysed { source, t1c, volume, findings, manifest, semiautomatic, again, reader, predecessors })
}

/// Says who computed, and says aloud where that is not who was wanted most.
///
/// A box without GPU that was left at the default order has nothing to be warned of: the provider stands in the result.
fn say_provider(networks: &Networks, config: &Config, result: &mut AnalysisResult) {
    let used = networks.provider_names();
    if used.is_empty() {
        return;
    }
    let by_choice = config.providers != ExecutionProvider::PREFERENCE;
    if by_choice || networks.hardware().gpu.is_some() {
        let fallbacks = networks.fallbacks().iter();
        result.warnings.extend(
            fallbacks.map(|f| format!("{} could not be used, the networks ran on {used}: {}", f.wanted, f.reason)),
        );
    }
    result.provider = Some(used);
    result.precision = Some("fp32".into());
}
