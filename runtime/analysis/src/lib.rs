//! The analysis of a study: input to findings to files.
//!
//! - [`request`]: what is to be analysed; [`correction`]: with a mask that a person corrected
//! - [`load`](mod@load): read, choose the series, decode; [`viewer_volume`] where a viewer chose
//! - [`infer`](mod@infer): normalise, segment, measure, classify; [`models`]: opened for one study, or kept warm for many
//! - [`prepared`]: pictures, drawn while classifiers run; [`output`]: DICOM objects, page and `result.json`; both into an [`output_folder`]
//! - [`outcome`]: how far an analysis came, and what its result says of it
//! - [`progress`]: what the observer is told on the way
//! - [`early_end`]: why an analysis ended before any finding
//! - [`reader`]: files to a volume; for the daemon in a process of its own
//! - [`engine_builder`]: what providers compile of the networks, ahead and by processes of their own
//! - [`config`]: settings, resolved once; [`diagnosis`]: what this host has and lacks
//! - [`context`]: what every stage needs; [`timings`]: how long each took; [`error`]: why none came to findings
//!
//! Absent from here: jobs, sockets, and how DICOM is read and written.

pub mod config;
mod context;
pub mod correction;
pub mod diagnosis;
pub mod early_end;
pub mod engine_builder;
pub mod error;
mod infer;
mod load;
pub mod models;
mod outcome;
pub mod output;
pub mod output_folder;
mod prepared;
pub mod progress;
pub mod reader;
pub mod request;
mod timings;
pub mod viewer_volume;

use cordline_core::stage::Stage;
use cordline_sdk::problem::Problem;
use cordline_sdk::result::{AnalysisResult, State};

use crate::config::Config;
use crate::early_end::EarlyEnd;
use context::AnalysisContext;
pub use correction::Correction;
pub use error::AnalysisError;
use infer::{Found, Inference, infer};
use load::{Loaded, LoadedImages, load};
pub use models::Models;
use outcome::{AnalyzedStudy, Outcome};
use output::earlier::EarlierResult;
use output::{OutputFolder, RESULT_FILE};
pub use progress::{Observer, Progress};
pub use request::{AnalysisInput, AnalysisRequest};
use timings::Timings;

/// Analyses a study and writes all results into `request.out`.
///
/// Every end is a result: an answer, a choice for a person, out of scope, or failed with a reason.
///
/// # Errors
/// Not even the result can be written.
pub fn analyze(
    request: AnalysisRequest<'_>,
    config: &Config,
    models: Models<'_>,
    observer: &mut Observer<'_>,
) -> Result<AnalysisResult, Problem> {
    let timings = Timings::start();
    let earlier = EarlierResult::read(request.out);
    let folder = OutputFolder::open(request.out)?;
    let mut ctx = AnalysisContext::new(config, &folder, timings, observer);
    let wanted_date = request.created;
    let outcome = run_stages(request, models, &mut ctx);

    // An observer that ended the analysis is told of it by the result; writing that is not ended again.
    let _ = ctx.stage(Stage::Writing);
    let mut result = outcome.to_result();
    let created = earlier.created(&result).or(wanted_date).unwrap_or_else(output::now);
    result.created = created.to_rfc3339();
    let written = output::write(&outcome, &result, created, &mut ctx);
    result.timings_ms = ctx.timings.report();
    match written {
        Ok(files) => {
            result.files = files;
            if let Err(problem) = write_result(&folder, &result) {
                // The same without the file that says what the others are.
                let _ = folder.clear();
                return Err(problem);
            }
        }
        Err(problem) => {
            result.state = State::Failed;
            result.finding = None;
            result.problem = Some(problem.clone());
            // Half a set of results is worse than none. What cannot be removed either is named by the error that stands.
            let _ = folder.clear();
            write_result(&folder, &result).map_err(|_| problem)?;
        }
    }
    Ok(result)
}

/// Everything but the writing.
fn run_stages(request: AnalysisRequest<'_>, models: Models<'_>, ctx: &mut AnalysisContext<'_>) -> Outcome {
    let AnalysisRequest { input, series, correction, predecessors, again, .. } = request;
    let bundle = match models.bundle(ctx.config) {
        Ok(bundle) => bundle,
        Err(error) => return Outcome::without_bundle(error.into()),
    };
    let Loaded { images, selection } = match load(input, series, correction, &bundle.manifest, ctx) {
        Ok(loaded) => loaded,
        Err(end) => return Outcome::not_loaded(bundle.identity(), *end),
    };
    let Inference { found, computation, warnings } = infer(&images, correction, &bundle, models, ctx);
    let identity = bundle.identity();
    let LoadedImages { source, volume, t1c } = images;
    let study = found.map_err(EarlyEnd::from).map(|Found { findings, pictures }| AnalyzedStudy {
        source,
        t1c: t1c.and_then(|t1c| t1c.source),
        volume,
        findings,
        pictures,
        manifest: bundle.manifest,
        semiautomatic: correction.is_some(),
        reader: correction.and_then(|correction| correction.reader.clone()),
        again,
        predecessors: predecessors.to_vec(),
    });
    Outcome { bundle: Some(identity), selection, computation, warnings, study }
}

fn write_result(folder: &OutputFolder, result: &AnalysisResult) -> Result<(), Problem> {
    let json = serde_json::to_vec_pretty(result).expect("results are plain JSON");
    Ok(folder.write(RESULT_FILE, &json)?)
}
