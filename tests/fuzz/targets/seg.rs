//! Voxels, matrix and mask as a viewer hands them over, to lesions, a segmentation and the sections of the report.
//!
//! Three bytes of shape, one of choices, twelve numbers of the matrix (float32), then bytes that serve as voxels and as the mask's bits.
#![no_main]

use cordline_analysis::AnalysisError;
use cordline_analysis::viewer_volume::geometry_of;
use cordline_core::findings::Findings;
use cordline_core::volume::Volume;
use cordline_dicom::source::{SourceFrame, SourceSeries, Study};
use cordline_fuzz::{guard, objects, said};
use cordline_imaging::measure;
use cordline_imaging::quality;
use cordline_imaging::reorient::Reorientation;
use cordline_imaging::segment::Segmented;
use cordline_report::RenderedSections;
use cordline_sdk::Finding;
use cordline_sdk::problem::Diagnose;
use cordline_sdk::wire::tensor::{Element, Tensor, pack_bits, unpack_bits};
use libfuzzer_sys::fuzz_target;
use ndarray::Array3;

fuzz_target!(
    init: guard::prepare(),
    |data: &[u8]| guard::run(|| one(data))
);

fn one(data: &[u8]) {
    let Some(([sections, rows, columns, choices], rest)) = data.split_first_chunk() else { return };
    let Some((numbers, rest)) = rest.split_first_chunk::<48>() else { return };
    let shape = [usize::from(sections % 12) + 1, usize::from(rows % 48) + 1, usize::from(columns % 48) + 1];
    let mut matrix = [0.0; 16];
    for (number, bytes) in matrix.iter_mut().zip(numbers.as_chunks().0) {
        *number = f64::from(f32::from_le_bytes(*bytes));
    }
    matrix[15] = 1.0;
    let count = shape.iter().product();
    let tensor = Tensor { shape: shape.map(|side| side as u64).to_vec(), element: Element::Bit };
    let bits = unpack_bits(rest, count);
    let packed = pack_bits(bits.iter().copied());
    assert_eq!(tensor.bytes(), Some(packed.len() as u64));
    assert_eq!(unpack_bits(&packed, count), bits);

    let Ok(geometry) = geometry_of(&matrix, shape) else { return };
    assert!(geometry.spacing().iter().all(|s| s.is_finite() && *s > 0.0));
    let value = |k: usize| match choices & 1 {
        0 => f32::from(rest.get(k % rest.len().max(1)).copied().unwrap_or_default()),
        _ => rest.as_chunks().0.get(k).map_or(0.0, |b| f32::from_le_bytes(*b)),
    };
    let voxels = Array3::from_shape_vec(shape, (0..count).map(value).collect()).expect("as many values as voxels");
    match quality::check(&voxels) {
        Ok(doubts) => doubts.iter().for_each(|d| said::sentence(d)),
        // The analysis ends there.
        Err(refused) => return said::problem(&refused.problem()),
    }
    let volume = Volume { voxels, geometry };
    let mask = Array3::from_shape_vec(shape, bits).expect("as many bits as voxels");
    let way = Reorientation::of(&volume.geometry);
    let turned = way.volume(&volume);
    let mask = way.array(&mask).into_owned();
    let marked = mask.iter().filter(|m| **m).count();
    let segmented = Segmented { core: mask.clone(), mask };
    let (labels, lesions) = match measure::lesions(&segmented, &turned.geometry, 0.0) {
        Ok(measured) => measured,
        Err(scattered) => return said::problem(&AnalysisError::from(scattered).problem()),
    };
    let labels = way.array_to_source(labels);
    let sum: f64 = lesions.iter().map(|l| l.volume_ml).sum();
    let whole = marked as f64 * volume.geometry.voxel_ml();
    assert!((sum - whole).abs() <= 1e-9 * whole.max(1.0), "{sum} of {whole} ml");
    for lesion in &lesions {
        assert!(lesion.volume_ml > 0.0 && lesion.extent_mm.is_finite(), "{lesion:?}");
        assert!(lesion.centre_lps_mm.iter().all(|v| v.is_finite()), "{lesion:?}");
        assert!(lesion.sections.iter().all(|s| (1..=shape[0]).contains(s)));
    }
    let findings = Findings {
        finding: Finding::indeterminate(),
        lesions,
        labels,
        classifications: Vec::new(),
        not_asked: Vec::new(),
        heat_maps: Vec::new(),
    };
    let shown = RenderedSections::of(&volume, &findings.lesions, &findings.labels);
    assert!(shown.sections.len() <= shape[0]);
    // To write objects takes longer than all the rest.
    if choices & 14 != 0 {
        return;
    }
    let frame = |k| SourceFrame {
        sop_class_uid: "1.2.840.10008.5.1.4.1.1.4".into(),
        sop_instance_uid: format!("1.2.{k}"),
        frame_number: None,
    };
    let source = SourceSeries {
        study: Study { uid: "1.1".into(), ..Study::default() },
        series_uid: "1.2".into(),
        frame_of_reference_uid: "1.3".into(),
        frames: (0..shape[0]).map(frame).collect(),
        ..SourceSeries::default()
    };
    let written = objects::write(&source, &volume.geometry, &findings);
    assert!(
        written.is_ok_and(|n| n == 1 + usize::from(!findings.lesions.is_empty())),
        "an honest source has its objects"
    );
}
