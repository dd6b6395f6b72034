//! Findings become files: DICOM objects for the archive, a page for people.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, FixedOffset, Local, SubsecRound};
use cordline_device::probe;
use cordline_sdk::FileKind;
use cordline_sdk::result::{AnalysisResult, BundleIdentity, OutputFile, Problem};

use crate::analysed::Analysed;
use crate::dicom::source::SourceSeries;
use crate::dicom::write::codes::Code;
use crate::dicom::write::kept::{REPORT_FILE, SEGMENTATION_FILE};
use crate::dicom::write::result_object::{Algorithm, Device, ResultContext, ResultObject};
use crate::dicom::write::{parametric_map, secondary_capture, seg, sr};
use crate::outbox::{Outbox, OutboxError, RESULT_FILE};
use crate::reader::thumbnail::Thumbnail;
use crate::report::{self, ReportError, RgbImage, Shown, Tiles};
use crate::stage::{Stage, Stopwatch};

/// The result that an earlier run left in the folder, as far as it says whether the same was done before.
#[derive(Debug, Default)]
pub struct Earlier(Option<AnalysisResult>);

impl Earlier {
    /// Reads what lies there; anything that is no result counts as nothing.
    pub fn read(folder: &Path) -> Self {
        let bytes = std::fs::read(folder.join(RESULT_FILE)).ok();
        Self(bytes.and_then(|b| serde_json::from_slice(&b).ok()))
    }

    /// When the earlier result was made, if it had the same pixels, models and program: the objects of both runs carry the same UIDs, so they must
    /// be the same bytes.
    pub fn moment(&self, result: &AnalysisResult) -> Option<DateTime<FixedOffset>> {
        let same = |earlier: &AnalysisResult| {
            let key = |r: &AnalysisResult| {
                let series = r.series.as_ref();
                (
                    series.and_then(|s| s.pixel_sha256.clone()),
                    series.and_then(|s| s.uid.clone()),
                    r.bundle.as_ref().map(|b| b.sha256.clone()),
                    r.cordline_version.clone(),
                    r.provider.clone(),
                )
            };
            key(earlier) == key(result)
        };
        self.0.as_ref().filter(|e| same(e)).and_then(|e| DateTime::parse_from_rfc3339(&e.created).ok())
    }
}

/// Now, to the second, with the offset of the box.
pub fn now() -> DateTime<FixedOffset> {
    Local::now().fixed_offset().trunc_subsecs(0)
}

/// Writes everything but `result.json`, and lists it in `result.files`.
///
/// An analysis that ended early has no volume; it gets the page alone, with the `thumbnails` of the series among which a person must
/// choose.
pub fn deliver(
    outbox: &Outbox,
    analysed: Option<&Analysed>,
    thumbnails: &[Thumbnail],
    created: DateTime<FixedOffset>,
    result: &mut AnalysisResult,
    watch: &mut Stopwatch,
) -> Result<(), Problem> {
    let start = std::time::Instant::now();
    for thumbnail in thumbnails {
        let png = thumbnail.to_png().map_err(|e| report_problem(e.into()))?;
        outbox.write_picture(&thumbnail.path(), &png).map_err(|e| e.problem())?;
        result.files.push(OutputFile {
            kind: FileKind::Thumbnail.key().into(),
            path: thumbnail.path(),
            sop_instance_uid: None,
        });
    }
    let shown = analysed.map(|a| Shown::of(&a.volume, &a.findings));
    let tiles = shown.as_ref().map(Tiles::of);
    let drawn = shown.as_ref().zip(tiles.as_ref());
    if let (Some(analysed), Some((shown, tiles)), Some(bundle)) = (analysed, drawn, result.bundle.clone())
        && let Some(source) = &analysed.source
    {
        let picture = report::montage::draw(result, shown, tiles);
        write_objects(outbox, analysed, source, picture, &bundle, created, result)?;
    }
    watch.add(Stage::Writing.key(), start.elapsed().as_secs_f64() * 1000.0);
    result.timings_ms = watch.report();
    let start = std::time::Instant::now();
    let written = report::write(outbox.folder(), result, drawn).map_err(report_problem)?;
    result.files.extend(written);
    watch.add(Stage::Writing.key(), start.elapsed().as_secs_f64() * 1000.0);
    Ok(())
}

fn write_objects(
    outbox: &Outbox,
    analysed: &Analysed,
    source: &SourceSeries,
    picture: RgbImage,
    bundle: &BundleIdentity,
    created: DateTime<FixedOffset>,
    result: &mut AnalysisResult,
) -> Result<(), Problem> {
    let class_codes: BTreeMap<String, Code> = analysed
        .manifest
        .classifiers
        .iter()
        .flat_map(|c| &c.classes)
        .map(|c| (c.id.clone(), Code::new(&c.code, &c.scheme, &c.meaning)))
        .collect();
    let reasons = result.series.as_ref().map(|s| s.reasons.clone()).unwrap_or_default();
    let warnings = result.warnings.clone();
    let context = ResultContext {
        source,
        t1c: analysed.t1c.as_ref(),
        geometry: &analysed.volume.geometry,
        findings: &analysed.findings,
        bundle,
        class_codes: &class_codes,
        series_reasons: &reasons,
        warnings: &warnings,
        algorithm: algorithm(analysed, result),
        device: device(),
        created: created.into(),
        semiautomatic: analysed.semiautomatic,
        reader: analysed.reader.as_deref(),
        predecessors: &analysed.predecessors,
    };
    let RgbImage { width, height, pixels } = picture;
    // A montage is a few thousand pixels wide at most.
    let picture = secondary_capture::RgbImage { width: width as u32, height: height as u32, pixels };
    let mut keep = |kind: FileKind, name: &str, object: &ResultObject| -> Result<(), Problem> {
        outbox.fill(name, |file| object.write_to(file)).map_err(|e| e.problem())?;
        result.files.push(OutputFile {
            kind: kind.to_string(),
            path: name.into(),
            sop_instance_uid: Some(object.sop_instance_uid.clone()),
        });
        Ok(())
    };
    let segmentation = seg::write(&context).map_err(|e| e.problem())?;
    if let Some(object) = &segmentation {
        keep(FileKind::Segmentation, SEGMENTATION_FILE, object)?;
    }
    keep(
        FileKind::StructuredReport,
        REPORT_FILE,
        &sr::write(&context, segmentation.as_ref()).map_err(|e| e.problem())?,
    )?;
    for map in &analysed.findings.heat_maps {
        let object = parametric_map::write(&context, map).map_err(|e| e.problem())?;
        keep(FileKind::ParametricMap, &format!("heat-map-{}.dcm", map.classifier), &object)?;
    }
    keep(
        FileKind::SecondaryCapture,
        "secondary-capture.dcm",
        &secondary_capture::write(&context, &picture, "findings").map_err(|e| e.problem())?,
    )
}

/// What computed the result. Every number that decides on the answer is a parameter, and so part of the objects' UIDs.
fn algorithm(analysed: &Analysed, result: &AnalysisResult) -> Algorithm {
    let manifest = &analysed.manifest;
    let questions = manifest
        .classifiers
        .iter()
        .map(|c| format!("{} threshold {} undecided {} to {}", c.id, c.threshold, c.undecided[0], c.undecided[1]));
    let parameters = [
        format!("mask threshold {}", manifest.segmenter.threshold),
        format!("core threshold {}", manifest.segmenter.core_threshold()),
        format!("smallest core {} mL", manifest.segmenter.min_lesion_ml),
    ];
    let again = (analysed.again > 0).then(|| format!("analysis {} of these images", analysed.again + 1));
    let computed = [result.provider.clone().unwrap_or_default(), result.precision.clone().unwrap_or_default()];
    Algorithm {
        name: format!("Cordline {}", manifest.id),
        version: manifest.version.clone(),
        parameters: parameters.into_iter().chain(questions).chain(computed).chain(again).collect::<Vec<_>>().join("; "),
    }
}

/// This box and program, as result objects name them.
pub(crate) fn device() -> Device {
    Device {
        manufacturer: "Cordline".into(),
        model: "Cordline edge runtime".into(),
        serial: probe::serial(),
        software_versions: vec![format!("cordline {}", env!("CARGO_PKG_VERSION"))],
    }
}

fn report_problem(error: ReportError) -> Problem {
    match error {
        ReportError::Write { path, source } => OutboxError::new(path, source).problem(),
        other => Problem {
            code: "report".into(),
            message: other.to_string(),
            action: "this is a fault of the program: please report it with this message".into(),
        },
    }
}
