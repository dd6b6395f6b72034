//! Files to a volume: read, choose the series, decode.

use std::path::PathBuf;

use cordline_sdk::result::{AnalysisResult, Problem, SeriesChoice, State};
use ndarray::Array3;

use super::subject::choice_of;
use super::{Observer, Progress, Request, Stop, Subject, tell};
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
    pub source: Option<SourceSeries>,
    pub volume: Volume,
    pub t1c: Option<T1c>,
}

/// A contrast-enhanced T1-weighted series on the grid of the T2-weighted one.
pub(super) struct T1c {
    pub source: Option<SourceSeries>,
    pub voxels: Array3<f32>,
}

/// Takes the subject in, whichever it is.
pub(super) fn take_in(
    request: &Request<'_>,
    config: &Config,
    bundle: &Bundle,
    result: &mut AnalysisResult,
    watch: &mut Stopwatch,
    observer: &mut Observer<'_>,
) -> Result<Input, Stop> {
    let input = match request.subject {
        Subject::Files(inputs) => from_files(inputs, request.series, config, bundle, result, watch, observer)?,
        Subject::Volume(volume, t1c) => from_viewer(volume, t1c, config, bundle, result, observer)?,
    };
    let volume = &input.volume;
    if let Some(correction) = request.correction.filter(|c| c.mask.shape() != volume.voxels.shape()) {
        return Err(Problem {
            code: "mask_grid".into(),
            message: format!(
                "the corrected mask has the shape {:?}, the volume {:?}",
                correction.mask.shape(),
                volume.voxels.shape()
            ),
            action: "correct the mask on the grid of the volume that was analysed".into(),
        }
        .into());
    }
    let pixel_sha256 = watch.time(Stage::Decoding.key(), || volume.pixel_sha256());
    if let Some(series) = &mut result.series {
        series.shape = Some(volume.geometry.shape());
        series.spacing_mm = Some(volume.geometry.spacing());
        series.pixel_sha256 = Some(pixel_sha256.clone());
        series.t1c_uid = input.t1c.as_ref().and_then(|t| Some(t.source.as_ref()?.series_uid.clone()));
        tell(observer, Progress::Series(series))?;
        tell(observer, Progress::Volume { geometry: &volume.geometry, pixel_sha256: &pixel_sha256 })?;
    }
    Ok(input)
}

/// A volume from a viewer: nothing is read and nothing is chosen.
fn from_viewer(
    volume: &Volume,
    t1c: Option<&Volume>,
    config: &Config,
    bundle: &Bundle,
    result: &mut AnalysisResult,
    observer: &mut Observer<'_>,
) -> Result<Input, Stop> {
    tell(observer, Progress::Stage(Stage::Selecting))?;
    let (choice, warnings) = choice_of(volume, &config.series)?;
    result.series = Some(choice);
    result.warnings.extend(warnings);
    let t1c = match (bundle.manifest.input.t1c, t1c) {
        (T1cUse::Unused, _) => None,
        (_, Some(t1c)) => Some(T1c { source: None, voxels: stack::resample(t1c, &volume.geometry) }),
        (wanted, None) => {
            without_t1c(wanted, "none was handed over", result)?;
            None
        }
    };
    Ok(Input { source: None, volume: volume.clone(), t1c })
}

/// Reads, chooses and decodes.
fn from_files(
    inputs: &[PathBuf],
    wanted: Option<&str>,
    config: &Config,
    bundle: &Bundle,
    result: &mut AnalysisResult,
    watch: &mut Stopwatch,
    observer: &mut Observer<'_>,
) -> Result<Input, Stop> {
    tell(observer, Progress::Stage(Stage::Reading))?;
    let intake = watch.time(Stage::Reading.key(), || input::read(inputs, &config.limits)).map_err(|e| e.problem())?;
    result.warnings.extend(intake.notes.iter().cloned());

    tell(observer, Progress::Stage(Stage::Selecting))?;
    let mut rules = config.series.clone();
    rules.allow_fat_suppression |= bundle.manifest.input.fat_saturation;
    let choice = watch.time(Stage::Selecting.key(), || series::choose(&intake, &rules, wanted));
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
    watch.add(Stage::Decoding.key(), start.elapsed().as_secs_f64() * 1000.0);
    Ok(Input { source: Some(source), volume, t1c })
}

/// No T1c is there, for the reason `why`: that is said, or it ends the road where the bundle cannot do without.
fn without_t1c(wanted: T1cUse, why: &str, result: &mut AnalysisResult) -> Result<(), Stop> {
    if wanted == T1cUse::Required {
        return Err(Stop::at(State::OutOfScope, Some(t1c_missing(why.into()))));
    }
    result
        .warnings
        .push("No contrast-enhanced T1-weighted series fits; the answers rest on the T2-weighted series alone.".into());
    Ok(())
}

fn t1c_missing(why: String) -> Problem {
    Problem {
        code: "t1c_missing".into(),
        message: format!("this bundle needs a contrast-enhanced T1-weighted series, and {why}"),
        action: "add that series to the input, or name a bundle that does without it with --bundle".into(),
    }
}

/// The contrast-enhanced T1-weighted series on the grid of the chosen one, as far as the bundle wants it and the study has it.
fn take_t1c(
    wanted: T1cUse,
    series: Option<&Series>,
    volume: &Volume,
    config: &Config,
    result: &mut AnalysisResult,
) -> Result<Option<T1c>, Stop> {
    let series = match (wanted, series) {
        (T1cUse::Unused, _) => return Ok(None),
        (_, None) => {
            without_t1c(wanted, "none of the input fits the T2-weighted series", result)?;
            return Ok(None);
        }
        (_, Some(series)) => series,
    };
    let loaded = stack::load(series, &config.limits).map(|(t1c, t1c_source, warnings)| {
        let voxels = stack::resample(&t1c, &volume.geometry);
        (T1c { source: Some(t1c_source), voxels }, warnings)
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
        Err(error) => Err(Stop::at(State::OutOfScope, Some(t1c_missing(error.problem().message)))),
    }
}
