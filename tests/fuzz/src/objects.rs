//! Result objects for the archive, of whatever source and findings.

use std::collections::BTreeMap;

use cordline_dicom::source::SourceSeries;
use cordline_dicom::write::context::{Algorithm, Device, ResultContext};
use cordline_dicom::write::error::ResultError;
use cordline_dicom::write::{seg, sr};
use cordline_core::findings::Findings;
use cordline_core::geometry::Geometry;
use cordline_sdk::result::BundleIdentity;

/// Writes segmentation and report into memory; how many there are.
///
/// # Errors
/// The source or the findings cannot be written, with the reason.
pub fn write(source: &SourceSeries, geometry: &Geometry, findings: &Findings) -> Result<usize, ResultError> {
    let named = |name: &str| name.to_owned();
    let bundle = BundleIdentity {
        id: named("id"),
        version: named("1"),
        sha256: named("0"),
        cohort: named("phantom"),
        warning: None,
    };
    let context = ResultContext {
        source,
        t1c: None,
        geometry,
        findings,
        bundle: &bundle,
        class_codes: &BTreeMap::new(),
        series_reasons: &[],
        warnings: &[],
        algorithm: Algorithm { name: named("a"), version: named("1"), parameters: named("p") },
        device: Device {
            manufacturer: named("m"),
            model: named("m"),
            serial: named("s"),
            software_versions: vec![named("1")],
        },
        created: cordline_analysis::output::now().into(),
        semiautomatic: true,
        reader: None,
        predecessors: &[],
    };
    let segmentation = seg::write(&context)?;
    let report = sr::write(&context, segmentation.as_ref())?;
    let objects: Vec<_> = segmentation.iter().chain([&report]).collect();
    for object in &objects {
        let mut file = Vec::new();
        object.write_to(&mut file).expect("memory takes what is written");
        assert_eq!(file.get(128..132), Some(&b"DICM"[..]));
    }
    Ok(objects.len())
}
