//! What holds for all result objects of one study.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use cordline_core::findings::{ActivationMap, Findings, HeatMap};
use cordline_core::geometry::Geometry;
use cordline_core::volume::LabelMap;
use cordline_sdk::Finding;
use cordline_sdk::job_id::JobId;
use cordline_sdk::problem::{Code, Diagnose};
use cordline_sdk::result::BundleIdentity;
use cordline_sdk::review::{Review, Verdict};
use dicom_dictionary_std::tags;
use ndarray::Array2;
use tempfile::tempdir;

use super::context::{Algorithm, Device, ResultContext};
use super::earlier_object::REPORT_FILE;
use super::error::ResultError;
use super::secondary_capture::CapturedImage;
use super::{parametric_map, secondary_capture, sr};
use crate::source::{SourceFrame, SourceSeries, Study};

fn device() -> Device {
    let [manufacturer, model, serial] = ["m", "n", "1"].map(str::to_owned);
    Device { manufacturer, model, serial, software_versions: vec!["1".into()] }
}

/// The map of a question; of no section where none was asked.
fn map(class: &str, sections: &[usize]) -> HeatMap {
    let activation = |section: &usize| ActivationMap { section: *section, activation: Array2::zeros((2, 2)) };
    HeatMap {
        classifier: format!("of {class}"),
        question: "Which?".into(),
        class: class.into(),
        label: class.into(),
        grid: [4, 4],
        sections: sections.iter().map(activation).collect(),
    }
}

/// Looks at a study of two sections, series 5, without a lesion.
fn study<T>(change: impl FnOnce(&mut ResultContext<'_>), look: impl FnOnce(&ResultContext<'_>) -> T) -> T {
    let axes = [[-1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]];
    let geometry = Geometry::new([2, 4, 4], [3.0, 1.0, 1.0], [0.0; 3], axes).unwrap();
    let frame = |k: usize| SourceFrame {
        sop_class_uid: cordline_testkit::MR.into(),
        sop_instance_uid: format!("1.2.3.{k}"),
        frame_number: None,
    };
    let source = SourceSeries {
        study: Study { uid: "1.2".into(), ..Study::default() },
        series_uid: "1.2.3".into(),
        series_number: 5,
        frame_of_reference_uid: "1.2.4".into(),
        frames: (0..2).map(frame).collect(),
        ..SourceSeries::default()
    };
    let findings = Findings {
        finding: Finding::no_lesion(),
        lesions: Vec::new(),
        labels: LabelMap::zeros(geometry.shape()),
        classifications: Vec::new(),
        not_asked: Vec::new(),
        heat_maps: vec![map("first", &[0]), map("second", &[1])],
    };
    let bundle = BundleIdentity {
        id: "b".into(),
        version: "1".into(),
        sha256: "0".into(),
        cohort: "phantom".into(),
        warning: None,
    };
    let mut ctx = ResultContext {
        source: &source,
        t1c: None,
        geometry: &geometry,
        findings: &findings,
        bundle: &bundle,
        class_codes: &BTreeMap::new(),
        series_reasons: &[],
        warnings: &[],
        algorithm: Algorithm { name: "a".into(), version: "1".into(), parameters: String::new() },
        device: device(),
        created: DateTime::parse_from_rfc3339("2026-01-05T10:00:00Z").unwrap().into(),
        semiautomatic: false,
        reader: None,
        predecessors: &[],
    };
    change(&mut ctx);
    look(&ctx)
}

#[test]
fn no_two_kinds_of_objects_share_a_series_number() {
    let folder = tempdir().unwrap();
    let mut files = study(
        |_| {},
        |ctx| {
            let file = |object: super::result_object::ResultObject<'_>| {
                let mut file = Vec::new();
                object.write_to(&mut file).unwrap();
                file
            };
            let picture = CapturedImage { width: 1, height: 1, pixels: vec![&[0; 2], &[0]] };
            let report = file(sr::write(ctx, None).unwrap());
            std::fs::write(folder.path().join(REPORT_FILE), &report).unwrap();
            let mut files = vec![report, file(secondary_capture::write(ctx, &picture, "answers").unwrap())];
            files.extend(ctx.findings.heat_maps.iter().map(|map| file(parametric_map::write(ctx, map).unwrap())));
            files
        },
    );
    let review = Review {
        job: JobId::new("1").unwrap(),
        reader: "R".into(),
        at_ms: 1,
        verdict: Verdict::Accepted,
        reason: String::new(),
        file: None,
    };
    let moment = DateTime::parse_from_rfc3339("2026-01-05T11:00:00Z").unwrap();
    files.push(sr::review::write(folder.path(), &review, 1, &device(), moment).unwrap().unwrap());
    let number = |file: &Vec<u8>| {
        let object = dicom_object::from_reader(file.as_slice()).unwrap();
        object.element(tags::SERIES_NUMBER).unwrap().to_int::<i64>().unwrap()
    };
    let numbers: BTreeSet<i64> = files.iter().map(number).collect();
    assert_eq!(numbers.into_iter().collect::<Vec<_>>(), [2005, 3005, 4005, 8005, 9005]);
}

#[test]
fn advice_is_for_the_fault_at_hand() {
    let said = |error: ResultError| (error.code(), error.action().into_owned());
    let report = |change: fn(&mut ResultContext<'_>)| said(study(change, |ctx| sr::write(ctx, None).unwrap_err()));
    let (code, action) = report(|ctx| ctx.device.model.clear());
    assert!(code == Code::DeviceUnnamed && action.contains("the device's"), "{code:?}: {action}");
    let of_map = |map: HeatMap| said(study(|_| {}, |ctx| parametric_map::write(ctx, &map).unwrap_err()));
    let of_the_program =
        [report(|ctx| ctx.algorithm.version.clear()), of_map(map(Finding::UNDECIDED, &[0])), of_map(map("first", &[]))];
    for (code, action) in of_the_program {
        assert!(code == Code::ResultNotWritten && action.contains("a fault of the program"), "{code:?}: {action}");
    }
}
