//! The subject to a volume.

use cordline_sdk::result::{AnalysisResult, Problem};
use ndarray::Array3;

use super::subject::{check_plane, choice_of};
use super::{Observer, Progress, Request, Subject, tell};
use crate::bundle::Bundle;
use crate::bundle::manifest::T1cUse;
use crate::config::Config;
use crate::dicom::read::stack;
use crate::dicom::source::SourceSeries;
use crate::quality;
use crate::reader::intake::without_t1c;
use crate::reader::thumbnail::Thumbnail;
use crate::reader::{Ask, Intake, Taken, take_in as read};
use crate::stage::{Stage, Stopwatch};
use crate::stop::Stop;
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
    request: Request<'_>,
    config: &Config,
    bundle: &Bundle,
    result: &mut AnalysisResult,
    thumbnails: &mut Vec<Thumbnail>,
    watch: &mut Stopwatch,
    observer: &mut Observer<'_>,
) -> Result<Input, Stop> {
    let Request { subject, series, correction, .. } = request;
    let begin = &mut |stage| Ok(tell(observer, Progress::Stage(stage))?);
    let mut input = match subject {
        Subject::Files(inputs) => {
            let ask = Ask::new(inputs, series, config, &bundle.manifest);
            from_files(read(&ask, begin), result, thumbnails, watch, observer)?
        }
        Subject::Reader(reader) => from_files(reader.finish(begin)?, result, thumbnails, watch, observer)?,
        Subject::Volume(volume, t1c) => from_viewer(volume, t1c, config, bundle, result, observer)?,
    };
    let volume = &input.volume;
    if let Some(correction) = correction.filter(|c| c.mask.shape() != volume.voxels.shape()) {
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
        if let Some(correction) = correction {
            // Nobody chose here: a mask belongs to the series on which it was drawn.
            series.reasons = vec![correction.reason()];
            let other = vec!["the corrected mask is of another series".to_owned()];
            series.rejected.iter_mut().for_each(|rejected| rejected.reasons.clone_from(&other));
        }
        series.shape = Some(volume.geometry.shape());
        series.spacing_mm = Some(volume.geometry.spacing());
        series.pixel_sha256 = Some(pixel_sha256.clone());
    }
    let looked_at = check_plane(&volume.geometry, &config.series).and_then(|_| {
        Ok(watch.time(Stage::Decoding.key(), || quality::check(&volume.voxels)).map_err(|e| e.problem())?)
    });
    match looked_at {
        Ok(doubts) => result.warnings.extend(doubts),
        Err(stop) => {
            // Which series it was that cannot be used.
            result.series.as_ref().map_or(Ok(()), |series| tell(observer, Progress::Series(series)))?;
            return Err(stop);
        }
    }
    input.t1c = input.t1c.map(|t1c| usable_t1c(t1c, bundle.manifest.input.t1c, result)).transpose()?.flatten();
    let volume = &input.volume;
    if let Some(series) = &mut result.series {
        series.t1c_uid = input.t1c.as_ref().and_then(|t| Some(t.source.as_ref()?.series_uid.clone()));
        tell(observer, Progress::Series(series))?;
        tell(observer, Progress::Volume { geometry: &volume.geometry, pixel_sha256: &pixel_sha256 })?;
    }
    Ok(input)
}

/// The T1c, unless it shows nothing where the T2-weighted series lies: the classifiers would take its zeros for an answer.
fn usable_t1c(t1c: T1c, wanted: T1cUse, result: &mut AnalysisResult) -> Result<Option<T1c>, Stop> {
    match quality::check(&t1c.voxels) {
        Ok(doubts) => {
            let doubts = doubts.into_iter().map(|doubt| format!("Contrast-enhanced T1-weighted series: {doubt}"));
            result.warnings.extend(doubts);
            Ok(Some(t1c))
        }
        Err(why) => {
            let why = format!("it shows nothing where the T2-weighted series lies: {why}");
            without_t1c(wanted, &why)?;
            result.warnings.push(format!(
                "The contrast-enhanced T1-weighted series was left out, {why}; the answers rest on the T2-weighted series alone."
            ));
            Ok(None)
        }
    }
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
            result.warnings.push(without_t1c(wanted, "none was handed over")?);
            None
        }
    };
    Ok(Input { source: None, volume: volume.clone(), t1c })
}

/// What the files told, and the volume unless the road ends here.
fn from_files(
    intake: Intake,
    result: &mut AnalysisResult,
    thumbnails: &mut Vec<Thumbnail>,
    watch: &mut Stopwatch,
    observer: &mut Observer<'_>,
) -> Result<Input, Stop> {
    let Intake { notes, end } = intake;
    result.warnings.extend(notes.warnings);
    notes.timings_ms.iter().for_each(|(stage, ms)| watch.add(stage.key(), *ms));
    result.series = notes.series;
    if let Some(series) = &mut result.series {
        *thumbnails = notes.thumbnails;
        thumbnails.retain(|t| t.is_sound(series.candidates.len()));
        for thumbnail in thumbnails.iter() {
            series.candidates[thumbnail.candidate].thumbnail = Some(thumbnail.path());
        }
    }
    match end {
        Ok(Taken { source, volume, t1c }) => {
            let t1c = t1c.map(|(source, voxels)| T1c { source: Some(source), voxels });
            Ok(Input { source: Some(source), volume, t1c })
        }
        Err(stop) => {
            // The candidates, or why no series fits.
            result.series.as_ref().map_or(Ok(()), |series| tell(observer, Progress::Series(series)))?;
            Err(stop)
        }
    }
}
