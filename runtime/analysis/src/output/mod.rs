//! Findings to files: DICOM objects for the archive, a page for people, `result.json` for programs.
//!
//! - [`earlier`]: what an earlier analysis left there
//! - [`objects`]: the DICOM objects

pub(super) mod earlier;
pub mod objects;

use std::io::Write;

use chrono::{DateTime, FixedOffset, Local, SubsecRound};
use cordline_core::stage::Stage;
use cordline_report as report;
use cordline_sdk::FileKind;
use cordline_sdk::problem::Problem;
use cordline_sdk::result::{AnalysisResult, OutputFile};

use super::context::AnalysisContext;
use super::outcome::Outcome;
pub use crate::output_folder::{OutputError, OutputFolder, RESULT_FILE};
use crate::prepared::report_problem;
use crate::reader::thumbnail::Thumbnail;

/// Now, to the second, with the offset of this host.
pub fn now() -> DateTime<FixedOffset> {
    Local::now().fixed_offset().trunc_subsecs(0)
}

/// Writes everything but `result.json`, and returns what was written. `result` is the outcome's.
///
/// An analysis that ended early has no volume; it gets the page alone, with the thumbnails of the series among which a person must choose.
pub(super) fn write(
    outcome: &Outcome,
    result: &AnalysisResult,
    created: DateTime<FixedOffset>,
    ctx: &mut AnalysisContext<'_>,
) -> Result<Vec<OutputFile>, Problem> {
    let folder = ctx.folder;
    let (mut files, pictures) = ctx.time(Stage::Writing, |_| -> Result<_, Problem> {
        let Ok(study) = &outcome.study else {
            // Pictures that were drawn before the end came.
            folder.clear().map_err(|error| OutputError::new(folder.path().into(), error))?;
            return Ok((write_thumbnails(folder, &outcome.selection.thumbnails)?, None));
        };
        let pictures = study.pictures.as_ref().map_err(Problem::clone)?;
        let mut files = Vec::new();
        if let (Some(source), Some(bundle)) = (&study.source, &outcome.bundle) {
            let picture = pictures.montage(result);
            files.extend(objects::write(folder, study, source, &picture, bundle, created, result)?);
        }
        Ok((files, Some(pictures)))
    })?;
    // The page lists files and times, but for its own.
    let listed = AnalysisResult { files: files.clone(), timings_ms: ctx.timings.report(), ..result.clone() };
    let written = ctx.time(Stage::Writing, |_| {
        report::write(folder.path(), &listed, pictures, &mut |name, bytes| {
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

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::thread;

    use super::*;
    use crate::Progress;
    use crate::config::Config;
    use crate::error::AnalysisError;
    use crate::prepared::tests::{files, heat_map, images};
    use crate::prepared::{Measured, Preparation};
    use crate::timings::{TimeBeside, Timings};

    #[test]
    fn an_analysis_that_ends_in_the_middle_leaves_its_page_alone() {
        let (volume, lesions, labels) = images();
        let (room, time) = (tempfile::tempdir().unwrap(), TimeBeside::default());
        let folder = OutputFolder::open(room.path()).unwrap();
        thread::scope(|scope| {
            let measured = Measured { volume: &volume, lesions: &lesions, labels: &labels };
            Preparation::begin(scope, measured, &folder, &time).add(heat_map("kind"));
        });
        assert!(files(room.path()).len() > 10, "all of it was drawn, and the thread is gone");

        let (config, mut observer) = (Config::default(), |_: Progress<'_>| ControlFlow::Continue(()));
        let mut ctx = AnalysisContext::new(&config, &folder, Timings::start(), &mut observer);
        let outcome = Outcome::without_bundle(AnalysisError::Cancelled.into());
        write(&outcome, &outcome.to_result(), now(), &mut ctx).unwrap();
        assert_eq!(files(room.path()).into_keys().collect::<Vec<_>>(), [room.path().join("report.html")]);
    }
}
