//! Files to a volume: read, choose the series, decode.

use cordline_sdk::result::{AnalysisResult, Problem, SeriesChoice, State};
use ndarray::Array3;

use super::{Observer, Progress, Request, Stop, tell};
use crate::bundle::Bundle;
use crate::bundle::manifest::T1cUse;
use crate::config::Config;
use crate::dicom::read::series::{Choice, Series};
use crate::dicom::read::{input, series, stack};
use crate::dicom::source::SourceSeries;
use crate::stage::{Stage, Stopwatch};
use crate::volume::Volume;

/// What was taken in: the chosen series as a volume, and the T1c on its grid where the bundle wants one.
pub(super) struct Input {
    pub source: SourceSeries,
    pub volume: Volume,
    pub t1c: Option<T1c>,
}

/// A contrast-enhanced T1-weighted series on the grid of the T2-weighted one.
pub(super) struct T1c {
    pub source: SourceSeries,
    pub voxels: Array3<f32>,
}

/// Reads, chooses and decodes.
pub(super) fn take_in(
    request: &Request<'_>,
    config: &Config,
    bundle: &Bundle,
    result: &mut AnalysisResult,
    watch: &mut Stopwatch,
    observer: &mut Observer<'_>,
) -> Result<Input, Stop> {
    tell(observer, Progress::Stage(Stage::Reading))?;
    let intake =
        watch.time(Stage::Reading.key(), || input::read(request.inputs, &config.limits)).map_err(|e| e.problem())?;
    result.warnings.extend(intake.notes.iter().cloned());

    tell(observer, Progress::Stage(Stage::Selecting))?;
    let mut rules = config.series.clone();
    rules.allow_fat_suppression |= bundle.manifest.input.fat_saturation;
    let choice = watch.time(Stage::Selecting.key(), || series::choose(&intake, &rules, request.series));
    let problem = choice.problem();
    let (chosen, t1c) = match choice {
        Choice::Chosen { series, t1c, reasons, warnings, rejected } => {
            result.warnings.extend(warnings);
            let first = series.instances.first();
            result.series = Some(SeriesChoice {
                uid: Some(series.uid.clone()),
                study_uid: first.map(|i| i.study.uid.clone()),
                frame_of_reference_uid: first.map(|i| i.series.frame_of_reference_uid.clone()),
                description: Some(series.description().to_owned()),
                reasons,
                rejected,
                ..SeriesChoice::default()
            });
            (series, t1c)
        }
        Choice::NeedsSelection { candidates, rejected } => {
            let choice = SeriesChoice { candidates, rejected, ..SeriesChoice::default() };
            tell(observer, Progress::Series(result.series.insert(choice)))?;
            return Err(Stop::at(State::NeedsSelection, problem));
        }
        Choice::OutOfScope { reasons, rejected } => {
            let choice = SeriesChoice { reasons, rejected, ..SeriesChoice::default() };
            tell(observer, Progress::Series(result.series.insert(choice)))?;
            return Err(Stop::at(State::OutOfScope, problem));
        }
    };

    tell(observer, Progress::Stage(Stage::Decoding))?;
    let start = std::time::Instant::now();
    let (volume, source, warnings) = stack::load(&chosen, &config.limits).map_err(|e| e.problem())?;
    result.warnings.extend(warnings);
    let t1c = take_t1c(bundle.manifest.input.t1c, t1c.as_ref(), &volume, config, result)?;
    if let Some(series) = &mut result.series {
        series.shape = Some(volume.geometry.shape());
        series.spacing_mm = Some(volume.geometry.spacing());
        series.pixel_sha256 = Some(volume.pixel_sha256());
        series.t1c_uid = t1c.as_ref().map(|t| t.source.series_uid.clone());
        tell(observer, Progress::Series(series))?;
        let pixel_sha256 = series.pixel_sha256.as_deref().unwrap_or_default();
        tell(observer, Progress::Volume { geometry: &volume.geometry, pixel_sha256 })?;
    }
    watch.add(Stage::Decoding.key(), start.elapsed().as_secs_f64() * 1000.0);
    Ok(Input { source, volume, t1c })
}

/// The contrast-enhanced T1-weighted series on the grid of the chosen one, as far as the bundle wants it and the study has it.
fn take_t1c(
    wanted: T1cUse,
    series: Option<&Series>,
    volume: &Volume,
    config: &Config,
    result: &mut AnalysisResult,
) -> Result<Option<T1c>, Stop> {
    let missing = |why: String| Problem {
        code: "t1c_missing".into(),
        message: format!("this bundle needs a contrast-enhanced T1-weighted series, and {why}"),
        action: "add that series to the input, or name a bundle that does without it with --bundle".into(),
    };
    let series = match (wanted, series) {
        (T1cUse::Unused, _) => return Ok(None),
        (T1cUse::Optional, None) => {
            result.warnings.push(
                "No contrast-enhanced T1-weighted series fits; the answers rest on the T2-weighted series alone."
                    .into(),
            );
            return Ok(None);
        }
        (T1cUse::Required, None) => {
            return Err(Stop::at(
                State::OutOfScope,
                Some(missing("none of the input fits the T2-weighted series".into())),
            ));
        }
        (_, Some(series)) => series,
    };
    let loaded = stack::load(series, &config.limits).map(|(t1c, t1c_source, warnings)| {
        let voxels = stack::resample(&t1c, &volume.geometry);
        (T1c { source: t1c_source, voxels }, warnings)
    });
    match loaded {
        Ok((t1c, warnings)) => {
            result.warnings.extend(warnings);
            Ok(Some(t1c))
        }
        Err(error) if wanted == T1cUse::Optional => {
            result
                .warnings
                .push(format!("The contrast-enhanced T1-weighted series was left out: {}", error.problem().message));
            Ok(None)
        }
        Err(error) => Err(Stop::at(State::OutOfScope, Some(missing(error.problem().message)))),
    }
}
