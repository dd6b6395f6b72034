//! Findings to files: DICOM objects for the archive, a page for people, `result.json` for programs.
//!
//! - [`folder`]: files appear whole or not at all
//! - [`earlier`]: what an earlier analysis left there
//! - [`objects`]: the DICOM objects

pub(super) mod earlier;
pub mod folder;
pub mod objects;

use std::io::Write;

use chrono::{DateTime, FixedOffset, Local, SubsecRound};
use cordline_core::stage::Stage;
use cordline_report::{self as report, RenderedSections, ReportError, Tiles};
use cordline_sdk::FileKind;
use cordline_sdk::problem::{Code, Problem};
use cordline_sdk::result::{AnalysisResult, OutputFile};

use super::context::AnalysisContext;
use super::outcome::Outcome;
use crate::reader::thumbnail::Thumbnail;
pub use folder::{OutputError, OutputFolder, RESULT_FILE};

/// Now, to the second, with the offset of this host.
pub fn now() -> DateTime<FixedOffset> {
    Local::now().fixed_offset().trunc_subsecs(0)
}

/// Writes everything but `result.json`, and returns what was written. `result` is the outcome's.
///
/// An analysis that ended early has no volume; it gets the page alone, with the thumbnails of the series among which a person must choose.
pub(super) fn write(
    folder: &OutputFolder,
    outcome: &Outcome,
    result: &AnalysisResult,
    created: DateTime<FixedOffset>,
    ctx: &mut AnalysisContext<'_>,
) -> Result<Vec<OutputFile>, Problem> {
    let (mut files, shown, tiles) = ctx.time(Stage::Writing, |_| -> Result<_, Problem> {
        let mut files = write_thumbnails(folder, &outcome.selection.thumbnails)?;
        let study = outcome.study.as_ref().ok();
        let shown = study.map(|study| RenderedSections::of(&study.volume, &study.findings));
        let tiles = shown.as_ref().map(Tiles::of);
        if let (Some(study), Some(shown), Some(tiles)) = (study, &shown, &tiles)
            && let (Some(source), Some(bundle)) = (&study.source, &outcome.bundle)
        {
            let picture = report::montage::draw(result, shown, tiles);
            files.extend(objects::write(folder, study, source, picture, bundle, created, result)?);
        }
        Ok((files, shown, tiles))
    })?;
    // The page lists files and times, but for its own.
    let listed = AnalysisResult { files: files.clone(), timings_ms: ctx.timings.report(), ..result.clone() };
    let drawn = shown.as_ref().zip(tiles.as_ref());
    let written = ctx.time(Stage::Writing, |_| {
        report::write(folder.path(), &listed, drawn, &mut |name, bytes| {
            folder.replace(name, |file| file.write_all(bytes))
        })
    });
    files.extend(written.map_err(report_problem)?);
    Ok(files)
}

fn write_thumbnails(folder: &OutputFolder, thumbnails: &[Thumbnail]) -> Result<Vec<OutputFile>, Problem> {
    let write = |thumbnail: &Thumbnail| {
        let path = thumbnail.path();
        let png = thumbnail.to_png().map_err(|e| report_problem(e.into()))?;
        folder.write(&path, &png)?;
        Ok(OutputFile { kind: FileKind::Thumbnail.to_string(), path, sop_instance_uid: None })
    };
    thumbnails.iter().map(write).collect()
}

fn report_problem(error: ReportError) -> Problem {
    match error {
        ReportError::Write { path, source } => OutputError::new(path, source).into(),
        other => Problem::new(
            Code::Report,
            other.to_string(),
            "this is a fault of the program: please report it with this message",
        ),
    }
}
