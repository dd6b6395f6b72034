//! Files to a volume: read, choose the series, decode.

use std::time::Instant;

use cordline_core::manifest::T1cUse;
use cordline_core::stage::Stage;
use cordline_core::volume::Volume;
use cordline_dicom::read::series::SeriesSelection;
use cordline_dicom::read::{input, series, stack};
use cordline_dicom::source::SourceSeries;
use cordline_sdk::problem::Problem;
use cordline_sdk::result::SeriesChoice;
use ndarray::Array3;
use serde::{Deserialize, Serialize};

use super::sandbox::Walls;
use super::thumbnail::{self, Thumbnail};
use super::{ReadRequest, patients, t1c};
use crate::early_end::EarlyEnd;

/// What was learnt of the files, and the chosen series unless the analysis ends here.
#[derive(Debug)]
pub struct ReadOutcome {
    /// What was learnt, whether or not a series was loaded.
    pub notes: ReadNotes,
    /// The chosen series.
    pub series: Result<LoadedSeries, EarlyEnd>,
}

/// What was learnt of the files.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct ReadNotes {
    /// What a reader of the result must know.
    pub warnings: Vec<String>,
    /// The series that was chosen, or the reasons why none was.
    pub series: Option<SeriesChoice>,
    /// How long each stage took, in milliseconds.
    pub timings_ms: Vec<(Stage, f64)>,
    /// The middle sections of the candidates among which a person must choose.
    pub thumbnails: Vec<Thumbnail>,
    /// What stood around the process that read them; nothing where the program itself did.
    pub walls: Walls,
}

/// The chosen series as a volume, and the T1c on its grid where it is wanted and there.
#[derive(Debug)]
pub struct LoadedSeries {
    /// Where the volume comes from.
    pub source: SourceSeries,
    /// The volume.
    pub volume: Volume,
    /// The contrast-enhanced T1-weighted series.
    pub t1c: Option<(SourceSeries, Array3<f32>)>,
}

/// Is told of each stage as it begins; its error ends the analysis.
pub type OnStage<'a> = dyn FnMut(Stage) -> Result<(), EarlyEnd> + 'a;

/// Reads, chooses and decodes.
pub fn read(request: &ReadRequest, on_stage: &mut OnStage<'_>) -> ReadOutcome {
    let mut notes = ReadNotes::default();
    let series = load(request, &mut notes, on_stage);
    ReadOutcome { notes, series }
}

fn load(request: &ReadRequest, notes: &mut ReadNotes, on_stage: &mut OnStage<'_>) -> Result<LoadedSeries, EarlyEnd> {
    let mut start = Instant::now();
    let mut took = |notes: &mut ReadNotes, stage| {
        notes.timings_ms.push((stage, start.elapsed().as_secs_f64() * 1000.0));
        start = Instant::now();
    };
    on_stage(Stage::Reading)?;
    let files = input::read(&request.inputs, &request.limits);
    took(notes, Stage::Reading);
    let files = files?;
    notes.warnings.extend(files.notes.iter().cloned());

    on_stage(Stage::Selecting)?;
    let choice = series::choose(&files, &request.rules, &request.limits, request.wanted.as_deref());
    took(notes, Stage::Selecting);
    let several = patients::check(&files, &choice, request);
    let study_uid = only_study(&files);
    let (chosen, t1c) = match choice {
        SeriesSelection::Chosen { series, t1c, reasons, warnings, rejected } => {
            notes.warnings.extend(warnings);
            let first = series.instances.first();
            notes.series = Some(SeriesChoice {
                uid: Some(series.uid.clone()),
                selector: Some(series.selector().to_string()),
                series_number: series.number(),
                acquired: series.acquired(),
                study_uid: first.map(|i| i.study.uid.clone()),
                frame_of_reference_uid: first.map(|i| i.series.frame_of_reference_uid.clone()),
                description: Some(series.description().to_owned()),
                reasons,
                rejected,
                ..SeriesChoice::default()
            });
            (series, t1c)
        }
        SeriesSelection::NeedsSelection { candidates, volumes, rejected } => {
            let problem = series::selection_problem(&candidates);
            notes.thumbnails = thumbnail::of_candidates(&volumes, &request.limits);
            notes.series = Some(SeriesChoice { study_uid, candidates, rejected, ..SeriesChoice::default() });
            notes.warnings.extend(several?);
            return Err(EarlyEnd::needs_selection(problem));
        }
        SeriesSelection::OutOfScope { reasons, rejected } => {
            let problem = series::scope_problem(&reasons);
            notes.series = Some(SeriesChoice { study_uid, reasons, rejected, ..SeriesChoice::default() });
            return Err(EarlyEnd::out_of_scope(problem));
        }
    };

    notes.warnings.extend(several?);
    notes.warnings.extend(chosen.warnings());

    on_stage(Stage::Decoding)?;
    let loaded = stack::load(&chosen, &request.limits).map_err(|e| with_alternatives(e.into(), notes.series.as_ref()));
    let (volume, source, warnings) = loaded?;
    notes.warnings.extend(warnings);
    let t1c = t1c.filter(|t1c| request.t1c == T1cUse::Unused || t1c::is_of_patient(t1c, &chosen, &mut notes.warnings));
    let t1c = t1c::load(request, t1c.as_deref(), &volume, &mut notes.warnings)?;
    took(notes, Stage::Decoding);
    Ok(LoadedSeries { source, volume, t1c })
}

/// The study of the files, where all that could be read are of one.
fn only_study(files: &input::ScannedInput) -> Option<String> {
    let mut studies = files.instances.iter().map(|i| i.study.uid.as_str());
    let first = studies.next()?;
    studies.all(|other| other == first).then(|| first.to_owned())
}

/// Adds the other series that fit to the action, where the chosen one turns out to be unreadable.
pub fn with_alternatives(mut problem: Problem, choice: Option<&SeriesChoice>) -> Problem {
    let others: Vec<String> = choice.iter().flat_map(|c| &c.rejected).filter(|v| v.fits).map(series::named).collect();
    if !others.is_empty() {
        let fit = if others.len() == 1 { "fits" } else { "fit" };
        problem.action = format!("{} Another way: choose {}, which {fit} too.", problem.action, others.join(" or "));
    }
    problem
}
