//! Files to a volume: read, choose the series, decode.

use std::path::PathBuf;
use std::time::Instant;

use cordline_sdk::result::{Problem, SeriesChoice, State};
use ndarray::Array3;
use serde::{Deserialize, Serialize};

use super::patients;
use crate::bundle::manifest::{Manifest, T1cUse};
use crate::config::Config;
use crate::dicom::read::limits::Limits;
use crate::dicom::read::series::{Choice, Series, SeriesRules};
use crate::dicom::read::{doubt, identity, input, series, stack};
use crate::dicom::source::SourceSeries;
use crate::reader::thumbnail::{self, Thumbnail};
use crate::stage::Stage;
use crate::stop::Stop;
use crate::volume::Volume;

/// What is to be read, and by which rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// Files, folders and ZIP archives of one patient.
    pub inputs: Vec<PathBuf>,
    /// What a person chose: a SeriesInstanceUID, or `UID#N` for the Nth volume of that series.
    pub wanted: Option<String>,
    /// How the series is chosen.
    pub rules: SeriesRules,
    /// How much is accepted.
    pub limits: Limits,
    /// What becomes of a contrast-enhanced T1-weighted series.
    pub t1c: T1cUse,
}

impl Ask {
    /// By the rules of the box and of a bundle.
    pub fn new(inputs: &[PathBuf], wanted: Option<&str>, config: &Config, manifest: &Manifest) -> Self {
        let mut rules = config.series.clone();
        rules.allow_fat_suppression |= manifest.input.fat_saturation;
        Self {
            inputs: inputs.to_vec(),
            wanted: wanted.map(str::to_owned),
            rules,
            limits: config.limits.clone(),
            t1c: manifest.input.t1c,
        }
    }
}

/// What was learnt of the files, and the volume unless the road ends here.
#[derive(Debug)]
pub struct Intake {
    /// What was learnt.
    pub notes: Notes,
    /// The volume.
    pub end: Result<Taken, Stop>,
}

/// What was learnt of the files.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Notes {
    /// What a reader of the result must know.
    pub warnings: Vec<String>,
    /// The series that was chosen, or the reasons why none was.
    pub series: Option<SeriesChoice>,
    /// How long each stage took, in milliseconds.
    pub timings_ms: Vec<(Stage, f64)>,
    /// The middle sections of the candidates among which a person must choose.
    pub thumbnails: Vec<Thumbnail>,
}

/// The chosen series as a volume, and the T1c on its grid where it is wanted and there.
#[derive(Debug)]
pub struct Taken {
    /// Where the volume comes from.
    pub source: SourceSeries,
    /// The volume.
    pub volume: Volume,
    /// The contrast-enhanced T1-weighted series.
    pub t1c: Option<(SourceSeries, Array3<f32>)>,
}

/// Reads, chooses and decodes. `begin` is told of each stage, and may end the road.
pub fn take_in(ask: &Ask, begin: &mut dyn FnMut(Stage) -> Result<(), Stop>) -> Intake {
    let mut notes = Notes::default();
    let end = read(ask, &mut notes, begin);
    Intake { notes, end }
}

fn read(ask: &Ask, notes: &mut Notes, begin: &mut dyn FnMut(Stage) -> Result<(), Stop>) -> Result<Taken, Stop> {
    let mut start = Instant::now();
    let mut spent = |notes: &mut Notes, stage| {
        notes.timings_ms.push((stage, start.elapsed().as_secs_f64() * 1000.0));
        start = Instant::now();
    };
    begin(Stage::Reading)?;
    let files = input::read(&ask.inputs, &ask.limits);
    spent(notes, Stage::Reading);
    let files = files.map_err(|e| e.problem())?;
    notes.warnings.extend(files.notes.iter().cloned());

    begin(Stage::Selecting)?;
    let choice = series::choose(&files, &ask.rules, &ask.limits, ask.wanted.as_deref());
    spent(notes, Stage::Selecting);
    let several = patients::check(&files, &choice, ask);
    let study_uid = only_study(&files);
    let (chosen, t1c) = match choice {
        Choice::Chosen { series, t1c, reasons, warnings, rejected } => {
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
        Choice::NeedsSelection { candidates, volumes, rejected } => {
            let problem = series::selection_problem(&candidates);
            notes.thumbnails = thumbnail::of_candidates(&volumes, &ask.limits);
            notes.series = Some(SeriesChoice { study_uid, candidates, rejected, ..SeriesChoice::default() });
            several.map_err(|e| e.problem())?;
            return Err(Stop::at(State::NeedsSelection, problem));
        }
        Choice::OutOfScope { reasons, rejected } => {
            let problem = series::scope_problem(&reasons);
            notes.series = Some(SeriesChoice { study_uid, reasons, rejected, ..SeriesChoice::default() });
            return Err(Stop::at(State::OutOfScope, problem));
        }
    };

    notes.warnings.extend(several.map_err(|e| e.problem())?);
    notes.warnings.extend(doubt::warnings(&chosen));

    begin(Stage::Decoding)?;
    let loaded = stack::load(&chosen, &ask.limits).map_err(|e| or_another(e.problem(), notes.series.as_ref()));
    let (volume, source, warnings) = loaded?;
    notes.warnings.extend(warnings);
    let t1c = t1c.filter(|t1c| ask.t1c == T1cUse::Unused || is_of(t1c, &chosen, &mut notes.warnings));
    let t1c = take_t1c(ask, t1c.as_deref(), &volume, &mut notes.warnings)?;
    spent(notes, Stage::Decoding);
    Ok(Taken { source, volume, t1c })
}

/// The study of the files, where all that could be read are of one.
fn only_study(files: &input::Intake) -> Option<String> {
    let mut studies = files.instances.iter().map(|i| i.study.uid.as_str());
    let first = studies.next()?;
    studies.all(|other| other == first).then(|| first.to_owned())
}

/// Names the other series that fit where the chosen one turns out to be unreadable.
fn or_another(mut problem: Problem, choice: Option<&SeriesChoice>) -> Problem {
    let others: Vec<String> = choice.iter().flat_map(|c| &c.rejected).filter(|v| v.fits).map(series::named).collect();
    if !others.is_empty() {
        let fit = if others.len() == 1 { "fits" } else { "fit" };
        problem.action = format!("{} Another way: choose {}, which {fit} too.", problem.action, others.join(" or "));
    }
    problem
}

/// True where a second series is of the patient of the first; that one is left out otherwise, and it is said.
fn is_of(t1c: &Series, chosen: &Series, warnings: &mut Vec<String>) -> bool {
    let (patient, _) = identity::common(chosen);
    let is = t1c.instances.iter().all(|i| identity::same_patient(&patient, &i.patient));
    if is {
        warnings.extend(doubt::warnings(t1c));
    } else {
        warnings.push("A contrast-enhanced T1-weighted series was left out: it is of another patient.".into());
    }
    is
}

/// The contrast-enhanced T1-weighted series on the grid of the chosen one, as far as the bundle wants it and the study has it.
fn take_t1c(
    ask: &Ask,
    series: Option<&Series>,
    volume: &Volume,
    warnings: &mut Vec<String>,
) -> Result<Option<(SourceSeries, Array3<f32>)>, Stop> {
    let series = match (ask.t1c, series) {
        (T1cUse::Unused, _) => return Ok(None),
        (wanted, None) => {
            warnings.push(without_t1c(wanted, "none of the input fits the T2-weighted series")?);
            return Ok(None);
        }
        (_, Some(series)) => series,
    };
    match stack::load(series, &ask.limits) {
        Ok((t1c, source, more)) => {
            warnings.extend(more);
            Ok(Some((source, stack::resample(&t1c, &volume.geometry))))
        }
        Err(error) if ask.t1c == T1cUse::Optional => {
            let why = error.problem().message;
            warnings.push(format!("The contrast-enhanced T1-weighted series was left out: {why}"));
            Ok(None)
        }
        Err(error) => Err(t1c_missing(&error.problem().message)),
    }
}

/// No T1c is there, for the reason `why`: the warning that says so, or the end of the road where the bundle cannot do without.
pub fn without_t1c(wanted: T1cUse, why: &str) -> Result<String, Stop> {
    match wanted {
        T1cUse::Required => Err(t1c_missing(why)),
        _ => {
            Ok("No contrast-enhanced T1-weighted series fits; the answers rest on the T2-weighted series alone.".into())
        }
    }
}

fn t1c_missing(why: &str) -> Stop {
    let problem = Problem {
        code: "t1c_missing".into(),
        message: format!("this bundle needs a contrast-enhanced T1-weighted series, and {why}"),
        action: "add that series to the input, or name a bundle that does without it with --bundle".into(),
    };
    Stop::at(State::OutOfScope, problem)
}
