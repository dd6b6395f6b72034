//! The input of an analysis to a volume: read, choose the series, decode, look whether there is a picture.

use std::cell::RefCell;

use cordline_core::manifest::{Manifest, T1cUse};
use cordline_core::stage::Stage;
use cordline_core::volume::Volume;
use cordline_dicom::read::stack;
use cordline_dicom::source::SourceSeries;
use cordline_imaging::quality;
use cordline_sdk::result::SeriesChoice;
use ndarray::Array3;

use super::context::AnalysisContext;
use super::request::AnalysisInput;
use super::viewer_volume::{check_plane, choice_of};
use super::{Correction, Progress};
use crate::early_end::EarlyEnd;
use crate::reader::read::with_alternatives;
use crate::reader::thumbnail::Thumbnail;
use crate::reader::{LoadedSeries, ReadOutcome, ReadRequest, ReaderProcess, read, t1c};

/// The chosen series as a volume, with what the result says of the choice.
pub(super) struct Loaded {
    pub images: LoadedImages,
    pub selection: Selection,
}

/// No volume, but what the result says of the input all the same.
pub(super) struct NotLoaded {
    pub end: EarlyEnd,
    pub selection: Selection,
}

/// The images of an analysis.
pub(super) struct LoadedImages {
    /// Where the volume comes from; `None` for one from a viewer.
    pub source: Option<SourceSeries>,
    pub volume: Volume,
    /// Where the bundle wants one, and the input has it.
    pub t1c: Option<T1c>,
}

/// A contrast-enhanced T1-weighted series on the grid of the T2-weighted one.
pub(super) struct T1c {
    pub source: Option<SourceSeries>,
    pub voxels: Array3<f32>,
}

/// What the result says of the input.
#[derive(Default)]
pub(super) struct Selection {
    /// The series that was chosen, or the reasons why none was.
    pub series: Option<SeriesChoice>,
    /// Of the candidates among which a person must choose.
    pub thumbnails: Vec<Thumbnail>,
    pub warnings: Vec<String>,
}

/// Loads the images of an analysis, whichever way they come.
///
/// # Errors
/// Nothing can be read, nothing fits, a person must choose, or the observer wants the analysis to end.
pub(super) fn load(
    input: AnalysisInput<'_>,
    series: Option<&str>,
    correction: Option<&Correction>,
    manifest: &Manifest,
    ctx: &mut AnalysisContext<'_>,
) -> Result<Loaded, Box<NotLoaded>> {
    let (mut selection, images) = match input {
        AnalysisInput::Files(inputs) => {
            let request = ReadRequest::new(inputs, series, &ctx.config.series, &ctx.config.limits, &manifest.input);
            from_files(read(&request, &mut |stage| Ok(ctx.stage(stage)?)), ctx)
        }
        AnalysisInput::Reader(reader) => match finish(reader, ctx) {
            Ok(outcome) => from_files(outcome, ctx),
            Err(end) => (Selection::default(), Err(end)),
        },
        AnalysisInput::Volume(volume, t1c) => from_viewer(volume, t1c, manifest.input.t1c, ctx),
    };
    match images.and_then(|images| check(images, &mut selection, correction, manifest, ctx)) {
        Ok(images) => Ok(Loaded { images, selection }),
        Err(end) => Err(Box::new(NotLoaded { end, selection })),
    }
}

/// Waits for a reader, which may take minutes: the observer can end that too.
fn finish(reader: ReaderProcess, ctx: &mut AnalysisContext<'_>) -> Result<ReadOutcome, EarlyEnd> {
    // A stage is told of between two reads, and the other is asked within one: never both at once.
    let ctx = RefCell::new(ctx);
    reader.finish(&mut |stage| Ok(ctx.borrow_mut().stage(stage)?), &mut || {
        Ok(ctx.borrow_mut().notify(Progress::Waiting)?)
    })
}

/// What was learnt of the files, and their images unless the analysis ends here.
fn from_files(outcome: ReadOutcome, ctx: &mut AnalysisContext<'_>) -> (Selection, Result<LoadedImages, EarlyEnd>) {
    let ReadOutcome { notes, series: read } = outcome;
    notes.timings_ms.iter().for_each(|(stage, ms)| ctx.timings.add(stage.as_str(), *ms));
    let (mut series, mut thumbnails) = (notes.series, Vec::new());
    if let Some(series) = &mut series {
        thumbnails = notes.thumbnails;
        thumbnails.retain(|t| t.is_sound(series.candidates.len()));
        for thumbnail in &thumbnails {
            series.candidates[thumbnail.candidate].thumbnail = Some(thumbnail.path());
        }
    }
    let images = match read {
        Ok(LoadedSeries { source, volume, t1c }) => {
            let t1c = t1c.map(|(source, voxels)| T1c { source: Some(source), voxels });
            Ok(LoadedImages { source: Some(source), volume, t1c })
        }
        // The candidates, or why no series fits.
        Err(end) => Err(notify_series(series.as_ref(), ctx).err().unwrap_or(end)),
    };
    (Selection { series, thumbnails, warnings: notes.warnings }, images)
}

/// A volume from a viewer: nothing is read and nothing is chosen.
fn from_viewer(
    volume: &Volume,
    t1c: Option<&Volume>,
    t1c_use: T1cUse,
    ctx: &mut AnalysisContext<'_>,
) -> (Selection, Result<LoadedImages, EarlyEnd>) {
    let began = ctx.stage(Stage::Selecting).map_err(EarlyEnd::from);
    let (choice, mut warnings) = match began.and_then(|()| choice_of(volume, &ctx.config.series)) {
        Ok(choice) => choice,
        Err(end) => return (Selection::default(), Err(end)),
    };
    let t1c = match (t1c_use, t1c) {
        (T1cUse::Unused, _) => Ok(None),
        (_, Some(t1c)) => Ok(Some(T1c { source: None, voxels: stack::resample(t1c, &volume.geometry) })),
        (wanted, None) => t1c::missing(wanted, "none was handed over").map(|warning| {
            warnings.push(warning);
            None
        }),
    };
    let images = t1c.map(|t1c| LoadedImages { source: None, volume: volume.clone(), t1c });
    (Selection { series: Some(choice), thumbnails: Vec::new(), warnings }, images)
}

/// Whether the images can be analysed, and what must be known of them; tells the observer which they are.
fn check(
    mut images: LoadedImages,
    selection: &mut Selection,
    correction: Option<&Correction>,
    manifest: &Manifest,
    ctx: &mut AnalysisContext<'_>,
) -> Result<LoadedImages, EarlyEnd> {
    let volume = &images.volume;
    correction.map_or(Ok(()), |correction| correction.check_grid(volume))?;
    let pixel_sha256 = ctx.time(Stage::Decoding, |_| volume.pixel_sha256());
    if let Some(series) = &mut selection.series {
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
    let seen = check_plane(&volume.geometry, &ctx.config.series).and_then(|_| {
        Ok(ctx
            .time(Stage::Decoding, |_| quality::check(&volume.voxels))
            .map_err(|e| with_alternatives(e.into(), selection.series.as_ref()))?)
    });
    match seen {
        Ok(doubts) => selection.warnings.extend(doubts),
        Err(end) => {
            // Which series it was that cannot be used.
            notify_series(selection.series.as_ref(), ctx)?;
            return Err(end);
        }
    }
    if let Some(t1c) = images.t1c.take() {
        let (t1c, warnings) = usable_t1c(t1c, manifest.input.t1c)?;
        selection.warnings.extend(warnings);
        images.t1c = t1c;
    }
    if let Some(series) = &mut selection.series {
        series.t1c_uid = images.t1c.as_ref().and_then(|t| Some(t.source.as_ref()?.series_uid.clone()));
        ctx.notify(Progress::Series(series))?;
        ctx.notify(Progress::Volume { geometry: &images.volume.geometry, pixel_sha256: &pixel_sha256 })?;
    }
    Ok(images)
}

/// The T1c with its warnings, unless it shows nothing where the T2-weighted series lies: the classifiers would take its zeros for an answer.
fn usable_t1c(t1c: T1c, wanted: T1cUse) -> Result<(Option<T1c>, Vec<String>), EarlyEnd> {
    match quality::check(&t1c.voxels) {
        Ok(doubts) => {
            let doubts = doubts.into_iter().map(|doubt| format!("Contrast-enhanced T1-weighted series: {doubt}"));
            Ok((Some(t1c), doubts.collect()))
        }
        Err(why) => {
            let why = format!("it shows nothing where the T2-weighted series lies: {why}");
            t1c::missing(wanted, &why)?;
            let warning = format!(
                "The contrast-enhanced T1-weighted series was left out, {why}; the answers rest on the T2-weighted series alone."
            );
            Ok((None, vec![warning]))
        }
    }
}

/// Tells the observer of the choice, where one was made.
fn notify_series(series: Option<&SeriesChoice>, ctx: &mut AnalysisContext<'_>) -> Result<(), EarlyEnd> {
    Ok(series.map_or(Ok(()), |series| ctx.notify(Progress::Series(series)))?)
}
