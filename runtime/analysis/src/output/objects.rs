//! The DICOM objects of an analysis, for the archive.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use cordline_device::probe;
use cordline_dicom::source::SourceSeries;
use cordline_dicom::write::codes::CodedConcept;
use cordline_dicom::write::context::{Algorithm, Device, ResultContext};
use cordline_dicom::write::earlier_object::{REPORT_FILE, SEGMENTATION_FILE};
use cordline_dicom::write::result_object::ResultObject;
use cordline_dicom::write::{parametric_map, secondary_capture, seg, sr};
use cordline_report::montage::Montage;
use cordline_sdk::FileKind;
use cordline_sdk::problem::Problem;
use cordline_sdk::result::{AnalysisResult, BundleIdentity, OutputFile};

use crate::outcome::AnalyzedStudy;
use crate::output_folder::{HEAT_MAP_FILE, OutputFolder, SECONDARY_CAPTURE_FILE};

/// Writes them, and returns what was written. `picture` shows the findings, for archives that show nothing else.
pub(super) fn write(
    folder: &OutputFolder,
    study: &AnalyzedStudy,
    source: &SourceSeries,
    picture: &Montage<'_>,
    bundle: &BundleIdentity,
    created: DateTime<FixedOffset>,
    result: &AnalysisResult,
) -> Result<Vec<OutputFile>, Problem> {
    let class_codes: BTreeMap<String, CodedConcept> = study
        .manifest
        .classifiers
        .iter()
        .flat_map(|c| &c.classes)
        .map(|c| (c.id.clone(), CodedConcept::new(&c.code, &c.scheme, &c.meaning)))
        .collect();
    let reasons = result.series.as_ref().map(|s| &s.reasons[..]).unwrap_or_default();
    let context = ResultContext {
        source,
        t1c: study.t1c.as_ref(),
        geometry: &study.volume.geometry,
        findings: &study.findings,
        bundle,
        class_codes: &class_codes,
        series_reasons: reasons,
        warnings: &result.warnings,
        algorithm: algorithm(study, result),
        device: device(),
        created: created.into(),
        semiautomatic: study.semiautomatic,
        reader: study.reader.as_deref(),
        predecessors: &study.predecessors,
    };
    let pixels = picture.strips.iter().map(|strip| &strip.pixels[..]).collect();
    // A montage is a few thousand pixels wide at most.
    let [width, height] = [picture.width, picture.height].map(|side| side as u32);
    let picture = secondary_capture::CapturedImage { width, height, pixels };
    let mut files = Vec::new();
    let mut keep = |kind: FileKind, name: &str, object: &ResultObject| -> Result<(), Problem> {
        folder.write_with(name, |file| object.write_to(file))?;
        files.push(OutputFile {
            kind: kind.to_string(),
            path: name.into(),
            sop_instance_uid: Some(object.sop_instance_uid.clone()),
        });
        Ok(())
    };
    let segmentation = seg::write(&context)?;
    if let Some(object) = &segmentation {
        keep(FileKind::Segmentation, SEGMENTATION_FILE, object)?;
    }
    keep(FileKind::StructuredReport, REPORT_FILE, &sr::write(&context, segmentation.as_ref())?)?;
    for map in &study.findings.heat_maps {
        let object = parametric_map::write(&context, map)?;
        let [begin, end] = HEAT_MAP_FILE;
        keep(FileKind::ParametricMap, &format!("{begin}{}{end}", map.classifier), &object)?;
    }
    let object = secondary_capture::write(&context, &picture, "findings")?;
    keep(FileKind::SecondaryCapture, SECONDARY_CAPTURE_FILE, &object)?;
    Ok(files)
}

/// What computed the result. Every number that decides on the answer is a parameter, and so part of the objects' UIDs.
fn algorithm(study: &AnalyzedStudy, result: &AnalysisResult) -> Algorithm {
    let manifest = &study.manifest;
    let questions = manifest
        .classifiers
        .iter()
        .map(|c| format!("{} threshold {} undecided {} to {}", c.id, c.threshold, c.undecided[0], c.undecided[1]));
    let [rows, columns] = manifest.preprocessing.size;
    let prepared = [
        format!("clipped at {} standard deviations", manifest.preprocessing.clip),
        format!("sections of {rows} x {columns} pixels"),
    ];
    let segmenter = [
        format!("mask threshold {}", manifest.segmenter.threshold),
        format!("core threshold {}", manifest.segmenter.core_threshold()),
        format!("smallest core {} mL", manifest.segmenter.min_lesion_ml),
    ];
    // A person's mask is taken as it was drawn: none of these was applied to it.
    let segmenter = segmenter.into_iter().filter(|_| !study.semiautomatic);
    let again = (study.again > 0).then(|| format!("analysis {} of these images", study.again + 1));
    let computed = [result.provider.clone().unwrap_or_default(), result.precision.clone().unwrap_or_default()];
    let parameters = prepared.into_iter().chain(segmenter).chain(questions).chain(computed).chain(again);
    Algorithm {
        name: format!("Cordline {}", manifest.id),
        version: manifest.version.clone(),
        parameters: parameters.collect::<Vec<_>>().join("; "),
    }
}

/// This host and program, as result objects name them.
pub fn device() -> Device {
    Device {
        manufacturer: "Cordline".into(),
        model: "Cordline edge runtime".into(),
        serial: probe::serial(),
        software_versions: vec![format!("cordline {}", env!("CARGO_PKG_VERSION"))],
    }
}
