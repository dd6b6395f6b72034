//! Writes a report for each way in which an analysis can end, to be looked at.
//!
//! `cargo run --package cordline-test-programs --bin sample_report -- OUT [VOLUME.nii [MASK.nii]]`: the volume (NIfTI-1, not compressed) stands in for the drawn
//! one, and the mask (0 or 1) for the drawn lesions. Probabilities and heat maps are invented for the eye; no network runs.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{env, fs};

use cordline_core::findings::{ActivationMap, Findings, HeatMap};
use cordline_core::geometry::Geometry;
use cordline_core::volume::Volume;
use cordline_report::picture::Packing;
use cordline_report::{self as report, Pictures};
use cordline_sdk::problem::Problem;
use cordline_sdk::result::{
    AnalysisResult, BundleIdentity, Classification, Lesion, NotAsked, OutputFile, SCHEMA_VERSION, SectionProbability,
    SeriesChoice, SeriesVerdict, State,
};
use cordline_sdk::{Finding, RESEARCH_USE};
use ndarray::{Array2, Array3};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let out = arguments.next().unwrap_or_else(|| "out/sample-report".into());
    let volume = match arguments.next() {
        Some(file) => read_nifti(&file)?,
        None => drawn_volume(),
    };
    let mask = arguments.next().map(|file| read_nifti(&file)).transpose()?;
    let lesions = findings(&volume, mask.as_ref(), &[(0.30, 0.07), (0.52, 0.035), (0.66, 0.02)]);
    let healthy = findings(&volume, None, &[]);
    let blank = || result(State::Completed, &volume);

    let tumour = findings(&volume, mask.as_ref(), &[(0.42, 0.12)]);
    let finding =
        Finding { name: "tumour".into(), subtype: Some("ependymoma".into()), label: "Tumour: ependymoma".into() };
    let asked = vec![first(0.07), classifier("astrocytoma", "Astrocytoma", "ependymoma", "Ependymoma", 0.83)];
    let not = vec![not_asked("MS or NMOSD?", "Asked only after the answer \"Demyelinating lesion\".")];
    write(&out, "tumour", blank(), Some((&volume, with_maps(tumour, finding, asked, not))))?;

    let finding =
        Finding { name: "demyelinating".into(), subtype: Some("ms".into()), label: "Demyelinating lesion: MS".into() };
    let asked = vec![first(0.94), classifier("ms", "MS", "nmosd", "NMOSD", 0.21)];
    let not = vec![not_asked("Astrocytoma or ependymoma?", "Asked only after the answer \"Tumour\".")];
    write(&out, "demyelinating", blank(), Some((&volume, with_maps(lesions.clone(), finding, asked, not))))?;

    let not = ["Astrocytoma or ependymoma?", "MS or NMOSD?"]
        .map(|q| not_asked(q, "The first question is undecided (0.52 lies between 0.40 and 0.60)."));
    let undecided = with_maps(lesions, Finding::indeterminate(), vec![first(0.52)], not.to_vec());
    write(&out, "indeterminate", blank(), Some((&volume, undecided)))?;

    let mut clear = blank();
    clear.warnings.push("CUDA was asked for and is not there: the networks ran on the CPU.".into());
    let not = ["Tumour or demyelinating lesion?", "Astrocytoma or ependymoma?", "MS or NMOSD?"]
        .map(|q| not_asked(q, "No lesion was found."));
    let nothing = Findings { not_asked: not.to_vec(), ..healthy };
    write(&out, "no_lesion", clear, Some((&volume, nothing)))?;

    let mut tie = result(State::NeedsSelection, &volume);
    tie.problem = Some(problem(
        "needs_selection",
        "2 series fit equally well: \"t2_tse_sag upper\" (series 4), upper part; \"t2_tse_sag lower\" (series 5), 220 mm lower.",
        "Look at them, and choose the one to analyse.",
    ));
    tie.series = Some(SeriesChoice {
        candidates: vec![
            verdict("t2_tse_sag upper", 15, &["sagittal", "T2w: spin echo, TE 102 ms, TR 3500 ms", "15 sections"]),
            verdict("t2_tse_sag lower", 15, &["sagittal", "T2w: spin echo, TE 102 ms, TR 3500 ms", "15 sections"]),
        ],
        ..without_choice()
    });
    write(&out, "needs_selection", tie, None)?;

    let mut outside = result(State::OutOfScope, &volume);
    outside.problem = Some(problem(
        "no_sagittal_t2w",
        "None of the 2 series is a sagittal T2-weighted series of the spine.",
        "Give a study that holds one; the reasons stand beside each series.",
    ));
    outside.series = Some(without_choice());
    write(&out, "out_of_scope", outside, None)?;

    let mut failed = result(State::Failed, &volume);
    failed.problem = Some(problem(
        "unequal_gaps",
        "Sections 7 and 8 lie 6.6 mm apart, all others 3.3 mm: one section is missing.",
        "Send the series again from the archive, and run the analysis again.",
    ));
    failed.series = None;
    write(&out, "failed", failed, None)
}

/// Writes one report with its montage several times, and says how long the quickest took.
fn write(
    out: &Path,
    name: &str,
    mut result: AnalysisResult,
    found: Option<(&Volume, Findings)>,
) -> Result<(), Box<dyn Error>> {
    let dir = out.join(name);
    fs::create_dir_all(dir.join(report::PICTURES))?;
    let keep = &mut |name: &str, bytes: &[u8]| fs::write(dir.join(name), bytes);
    println!("{}", dir.join(report::PAGE).display());
    let Some((volume, findings)) = found else {
        report::write(&dir, &result, None, keep)?;
        return Ok(());
    };
    result.finding = Some(findings.finding.clone());
    result.lesions = findings.lesions.clone();
    result.classifications = findings.classifications.clone();
    result.not_asked = findings.not_asked.clone();
    let mut best = [f64::MAX; 3];
    let mut files = 0;
    for _ in 0..5 {
        let mut watch = Instant::now();
        let mut lap = |best: &mut f64| {
            *best = best.min(watch.elapsed().as_secs_f64() * 1e3);
            watch = Instant::now();
        };
        let mut pictures = Pictures::of(volume, &findings.lesions, &findings.labels, keep)?;
        findings.heat_maps.iter().try_for_each(|map| pictures.add(map, keep))?;
        lap(&mut best[0]);
        files = report::write(&dir, &result, Some(&pictures), keep)?.len();
        lap(&mut best[1]);
        let montage = pictures.montage(&result).joined();
        lap(&mut best[2]);
        fs::write(dir.join("montage.png"), montage.to_png(Packing::Compressed)?)?;
    }
    let [sections, page, montage] = best;
    println!("    sections {sections:.1} ms, {files} files {page:.1} ms, montage {montage:.1} ms");
    Ok(())
}

/// A sagittal volume with vertebrae, cord and fluid, drawn with a few curves.
fn drawn_volume() -> Volume {
    let shape = [15, 448, 448];
    let geometry =
        Geometry::new(shape, [3.3, 0.625, 0.625], [-23.1, -140.0, 140.0], [[1., 0., 0.], [0., 0., -1.], [0., 1., 0.]])
            .expect("a valid grid");
    let mut noise = 1u32;
    let voxels = Array3::from_shape_fn((shape[0], shape[1], shape[2]), |(s, r, c)| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = (noise >> 16) as f32 / 65536.0 * 30.0;
        let (x, y) = (s as f32 - 7.0, c as f32 - cord_column(r));
        let body = ((c as f32 - 230.0) / 190.0).powi(2) + (x / 12.0).powi(2) < 1.0;
        let level = match (body, x.abs() < 2.6, y.abs()) {
            (false, ..) => 5.0,
            (_, true, d) if d < 9.0 - x.abs() => 330.0,
            (_, true, d) if d < 17.0 - x.abs() * 1.5 => 900.0,
            _ if y < -20.0 && y > -75.0 => {
                let place = (r as f32 / 34.0).fract();
                if place < 0.78 { 420.0 } else { 640.0 }
            }
            _ if y > 90.0 => 780.0,
            _ => 210.0,
        };
        level + grain
    });
    Volume { voxels, geometry }
}

fn cord_column(row: usize) -> f32 {
    235.0 + 22.0 * (row as f32 / 448.0 * 4.0).sin()
}

/// The lesion of a mask, or lesions about the middle column: each is given by the place of its centre and half its length, as shares
/// of the height.
fn findings(volume: &Volume, mask: Option<&Volume>, places: &[(f64, f64)]) -> Findings {
    let [sections, rows, columns] = volume.geometry.shape();
    let spacing = volume.geometry.spacing();
    let inside = |(place, half): (f64, f64), at: [usize; 3]| {
        let row = rows as f64 * place;
        let centre = [
            sections as f64 / 2.0 - 0.5,
            row,
            f64::from(cord_column((448.0 * place) as usize)) * columns as f64 / 448.0,
        ];
        let radius = [8.0 / spacing[0], rows as f64 * half, (5.5 + 20.0 * half) / spacing[2]];
        let wave = 0.12 * (at[1] as f64 * 0.11).sin() + 0.08 * (at[2] as f64 * 0.37).cos();
        (0..3).map(|k| ((at[k] as f64 - centre[k]) / radius[k]).powi(2)).sum::<f64>() < 1.0 + wave
    };
    let labels = Array3::from_shape_fn((sections, rows, columns), |(s, r, c)| match mask {
        Some(mask) if !places.is_empty() => u16::from(mask.voxels[[s, r, c]] > 0.0),
        _ => places.iter().position(|p| inside(*p, [s, r, c])).map_or(0, |n| n as u16 + 1),
    });
    let largest = labels.iter().copied().max().unwrap_or(0);
    let lesions = (1..=largest).map(|number| measured(volume, &labels, number)).collect();
    Findings {
        finding: Finding::no_lesion(),
        lesions,
        labels,
        classifications: Vec::new(),
        not_asked: Vec::new(),
        heat_maps: Vec::new(),
    }
}

/// What the table says of a lesion; rows run from head to foot.
fn measured(volume: &Volume, labels: &Array3<u16>, number: u16) -> Lesion {
    let voxels: Vec<(usize, usize)> =
        labels.indexed_iter().filter(|(_, l)| **l == number).map(|((s, r, _), _)| (s, r)).collect();
    let mut sections: Vec<usize> = voxels.iter().map(|(s, _)| s + 1).collect();
    sections.dedup();
    let rows = || voxels.iter().map(|(_, r)| *r);
    let extent = rows().max().zip(rows().min()).map_or(0, |(last, first)| last - first + 1);
    Lesion {
        number,
        volume_ml: voxels.len() as f64 * volume.geometry.voxel_ml(),
        extent_mm: extent as f64 * volume.geometry.spacing()[1],
        sections,
        centre_lps_mm: [0.0; 3],
    }
}

/// Adds the answers, with a heat map for each decided question.
fn with_maps(mut found: Findings, finding: Finding, asked: Vec<Classification>, not_asked: Vec<NotAsked>) -> Findings {
    let (_, rows, columns) = found.labels.dim();
    let mut sections: Vec<usize> = found.lesions.iter().flat_map(|l| l.sections.clone()).collect();
    sections.sort_unstable();
    sections.dedup();
    found.finding = finding;
    found.not_asked = not_asked;
    found.classifications = asked
        .into_iter()
        .map(|mut q| {
            let p = q.sections[0].probability;
            let spread = |i: usize| (p + ((i * 7 % 5) as f64 - 2.0) * 0.03).clamp(0.0, 1.0);
            q.sections = (0..sections.len())
                .map(|i| SectionProbability { section: sections[i], probability: spread(i) })
                .collect();
            q
        })
        .collect();
    found.heat_maps = found
        .classifications
        .iter()
        .filter(|q| q.labels.contains_key(&q.decision))
        .enumerate()
        .map(|(n, q)| HeatMap {
            classifier: q.id.clone(),
            question: q.question.clone(),
            class: q.decision.clone(),
            label: q.labels[&q.decision].clone(),
            grid: [rows, columns],
            sections: sections
                .iter()
                .map(|s| ActivationMap { section: s - 1, activation: coarse_map(n, *s) })
                .collect(),
        })
        .collect();
    found
}

/// An 8 x 8 map about the cord.
fn coarse_map(question: usize, section: usize) -> Array2<f32> {
    Array2::from_shape_fn((8, 8), |(r, c)| {
        let d = (r as f32 - 3.0 + question as f32 * 0.7).powi(2) * 0.35 + (c as f32 - 3.8).powi(2) * 0.7;
        ((1.05 - 0.06 * (section as f32 - 8.0).abs()) * (-d * 0.5).exp()).min(1.0)
    })
}

fn first(p: f64) -> Classification {
    classifier("tumour", "Tumour", "demyelinating", "Demyelinating lesion", p)
}

fn classifier(a: &str, label_a: &str, b: &str, label_b: &str, p: f64) -> Classification {
    let decision = if (0.4..=0.6).contains(&p) {
        "undecided"
    } else if p > 0.5 {
        b
    } else {
        a
    };
    let lower = label_b.chars().skip(1).any(char::is_lowercase).then(|| label_b.to_lowercase());
    Classification {
        id: format!("{a}-{b}"),
        question: format!("{label_a} or {}?", lower.unwrap_or_else(|| label_b.into())),
        classes: [a, b].map(str::to_string),
        probabilities: [(a.to_string(), 1.0 - p), (b.to_string(), p)].into(),
        labels: [(a.to_string(), label_a.to_string()), (b.to_string(), label_b.to_string())].into(),
        threshold: 0.5,
        undecided: [0.4, 0.6],
        decision: decision.into(),
        sections: vec![SectionProbability { section: 1, probability: p }],
    }
}

fn not_asked(question: &str, reason: &str) -> NotAsked {
    NotAsked { id: question.into(), question: question.into(), reason: reason.into() }
}

fn problem(code: &str, message: &str, action: &str) -> Problem {
    Problem::new(code.parse().expect("every word is a code"), message, action)
}

fn verdict(description: &str, frames: usize, reasons: &[&str]) -> SeriesVerdict {
    let digits: String = description.bytes().rev().map(|b| b.to_string()).take(8).collect();
    SeriesVerdict {
        uid: format!("2.25.{digits}"),
        description: description.into(),
        frames,
        reasons: reasons.iter().map(|r| r.to_string()).collect(),
        ..SeriesVerdict::default()
    }
}

fn without_choice() -> SeriesChoice {
    SeriesChoice {
        rejected: vec![
            verdict("localizer", 9, &["its images are localizers", "9 sections in three planes"]),
            verdict("t1_tse_sag <b>&amp;", 15, &["T1w: TE 9 ms, TR 600 ms"]),
        ],
        ..SeriesChoice::default()
    }
}

/// A result with all that does not depend on the answer.
fn result(state: State, volume: &Volume) -> AnalysisResult {
    let stages =
        [("reading", 6.1), ("selecting", 0.4), ("segmenting", 4210.0), ("measuring", 3.0), ("classifying", 812.0)];
    AnalysisResult {
        created: "2026-01-31T12:00:00+01:00".into(),
        schema_version: SCHEMA_VERSION.into(),
        notice: RESEARCH_USE.into(),
        cordline_version: env!("CARGO_PKG_VERSION").into(),
        state,
        finding: None,
        problem: None,
        warnings: vec!["Trained on drawn phantoms; it knows nothing of patients.".into()],
        series: Some(SeriesChoice {
            uid: Some("2.25.329800735698586629295641978511506172918".into()),
            study_uid: Some("2.25.146893021540198273645501928374650192837".into()),
            description: Some("t2_tse_sag_384".into()),
            reasons: [
                "sagittal (normal within 3 degrees)",
                "T2w: spin echo, TE 102 ms, TR 3500 ms",
                "spine: BodyPartExamined CSPINE",
            ]
            .map(String::from)
            .to_vec(),
            shape: Some(volume.geometry.shape()),
            spacing_mm: Some(volume.geometry.spacing()),
            pixel_sha256: Some(volume.pixel_sha256()),
            ..without_choice()
        }),
        bundle: Some(BundleIdentity {
            id: "spinal-lesion-phantom".into(),
            version: "0.1.0".into(),
            sha256: "3f2b6c1d".repeat(8),
            cohort: "phantom".into(),
            warning: Some("Trained on drawn phantoms; it knows nothing of patients.".into()),
        }),
        provider: (state == State::Completed).then(|| "CPU".into()),
        precision: (state == State::Completed).then(|| "fp32".into()),
        classifications: Vec::new(),
        not_asked: Vec::new(),
        lesions: Vec::new(),
        timings_ms: stages.into_iter().map(|(k, v)| (k.to_string(), v)).collect(),
        files: [("segmentation", "segmentation.dcm"), ("structured_report", "report.dcm")]
            .map(|(kind, path)| OutputFile { kind: kind.into(), path: path.into(), sop_instance_uid: None })
            .to_vec(),
    }
}

/// A NIfTI-1 file of 8-bit, 16-bit or float voxels with an affine, as a volume in LPS; the axis nearest to left-right counts sections.
fn read_nifti(file: &Path) -> Result<Volume, Box<dyn Error>> {
    let bytes = fs::read(file)?;
    let i16_at = |at: usize| i16::from_le_bytes([bytes[at], bytes[at + 1]]);
    let f32_at = |at: usize| f32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let dims: [usize; 3] = std::array::from_fn(|k| i16_at(42 + 2 * k) as usize);
    let start = f32_at(108) as usize;
    let voxel = |i: usize| match i16_at(70) {
        2 => f32::from(bytes[start + i]),
        16 => f32_at(start + 4 * i),
        512 => f32::from(i16_at(start + 2 * i) as u16),
        _ => f32::from(i16_at(start + 2 * i)),
    };
    // Rows of the affine are x, y, z in RAS; LPS turns the first two.
    let sign = [-1.0, -1.0, 1.0];
    let column = |k: usize| -> [f64; 3] { std::array::from_fn(|r| sign[r] * f64::from(f32_at(280 + 16 * r + 4 * k))) };
    let main = |k: usize| (0..3).max_by(|a, b| column(k)[*a].abs().total_cmp(&column(k)[*b].abs())).unwrap_or(0);
    // Sections along x; rows along z; columns along y.
    let order: Vec<usize> = [0, 2, 1].iter().filter_map(|axis| (0..3).find(|k| main(*k) == *axis)).collect();
    let [s, r, c] = order[..] else { return Err("the affine has no three distinct axes".into()) };
    let length = |k: usize| column(k).iter().map(|v| v * v).sum::<f64>().sqrt();
    let unit = |k: usize| column(k).map(|v| v / length(k));
    let steps = [1, dims[0], dims[0] * dims[1]];
    let voxels = Array3::from_shape_fn((dims[s], dims[r], dims[c]), |(i, j, k)| {
        voxel(i * steps[s] + j * steps[r] + k * steps[c])
    });
    let geometry = Geometry::new(
        [dims[s], dims[r], dims[c]],
        [length(s), length(r), length(c)],
        column(3),
        [unit(s), unit(r), unit(c)],
    )?;
    Ok(Volume { voxels, geometry })
}
