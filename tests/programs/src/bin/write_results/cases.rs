//! Invented results, one for each thing that can go wrong in writing them. No network ran for any of these.

use std::collections::BTreeMap;

use cordline_core::findings::{ActivationMap, Findings, HeatMap};
use cordline_core::geometry::{Geometry, Lps};
use cordline_core::resize;
use cordline_core::volume::LabelMap;
use cordline_dicom::source::{Patient, SourceFrame, SourceSeries, Study};
use cordline_dicom::write::codes::CodedConcept;
use cordline_dicom::write::context::{Algorithm, Device, ResultContext};
use cordline_dicom::write::uid;
use cordline_sdk::Finding;
use cordline_sdk::result::{BundleIdentity, Classification, Lesion, NotAsked, SectionProbability};
use cordline_sdk::wire::request::Predecessor;
use ndarray::{Array2, Array3};

const MR: &str = "1.2.840.10008.5.1.4.1.1.4";
const ENHANCED_MR: &str = "1.2.840.10008.5.1.4.1.1.4.1";

/// Everything that a [`ResultContext`] borrows.
pub(crate) struct ResultCase {
    pub(crate) name: &'static str,
    pub(crate) source: SourceSeries,
    pub(crate) t1c: Option<SourceSeries>,
    pub(crate) geometry: Geometry,
    pub(crate) findings: Findings,
    pub(crate) bundle: BundleIdentity,
    pub(crate) class_codes: BTreeMap<String, CodedConcept>,
    pub(crate) series_reasons: Vec<String>,
    pub(crate) warnings: Vec<String>,
    pub(crate) semiautomatic: bool,
    pub(crate) reader: Option<&'static str>,
    pub(crate) predecessors: Vec<Predecessor>,
}

impl ResultCase {
    /// The context at a fixed moment.
    pub(crate) fn context(&self) -> ResultContext<'_> {
        ResultContext {
            source: &self.source,
            t1c: self.t1c.as_ref(),
            geometry: &self.geometry,
            findings: &self.findings,
            bundle: &self.bundle,
            class_codes: &self.class_codes,
            series_reasons: &self.series_reasons,
            warnings: &self.warnings,
            algorithm: Algorithm {
                name: "Cordline".into(),
                version: "0.1.0".into(),
                parameters: "lesion threshold=0.5; provider=CPU; precision=fp32".into(),
            },
            device: Device {
                manufacturer: "Cordline".into(),
                model: "Cordline edge runtime".into(),
                serial: "TEST-1".into(),
                software_versions: vec!["0.1.0".into()],
            },
            created: chrono::DateTime::parse_from_rfc3339("2026-01-05T11:00:00+01:00").expect("a valid moment").into(),
            semiautomatic: self.semiautomatic,
            reader: self.reader,
            predecessors: &self.predecessors,
        }
    }
}

/// Every case but the one that is only there to be timed.
pub(crate) fn all() -> Vec<ResultCase> {
    vec![oblique(), odd_size(), enhanced(), ms(), nmosd(), astrocytoma(), no_lesion(), indeterminate(), corrected()]
}

/// Turned about two axes, anisotropic, several lesions, a name that is not ASCII, a source that was compressed with loss,
/// and questions whose sections leave a gap.
fn oblique() -> ResultCase {
    let geometry = grid([7, 52, 38], [3.3, 0.7812345678901, 0.65], 0.31, 0.17);
    let mut case = case("oblique", geometry, ["Müller^Jürgen", "İstanbul-17"], MR);
    case.source.lossy = true;
    case.source.lossy_ratio = "12.5".into();
    case.source.lossy_method = "ISO_15444_1".into();
    case.source.slice_thickness_mm = Some(3.0);
    case.warnings.push("The plane is oblique: 21° away from sagittal.".into());
    // Touching lesions, one in the first section, one in the last, an asymmetric one.
    paint(&mut case, &[(1..4, 10..30, 5..17), (0..1, 2..3, 36..38), (5..7, 40..52, 20..29)]);
    case.findings.labels[[4, 11, 6]] = 1;
    answer(
        &mut case,
        &[("tumour-demyelinating", 0.0625, &[2, 3, 4, 7]), ("astrocytoma-ependymoma", 1.0 / 1.2345, &[2, 4])],
    );
    case
}

/// 63 columns, 47 rows, 3 sections: no frame but the first starts at a byte.
fn odd_size() -> ResultCase {
    let geometry = grid([3, 47, 63], [4.0, 0.9, 0.9], 0.0, 0.0);
    let mut case = case("odd_size", geometry, ["Odd^Size", "63x47x3"], MR);
    paint(&mut case, &[(0..3, 0..47, 60..63), (1..2, 0..1, 0..1)]);
    // A pattern that no shift by less than a row or a frame maps onto itself.
    for (i, label) in case.findings.labels.iter_mut().enumerate() {
        if *label == 0 && (i * i) % 7 == 3 && i % 63 < 50 && i > 700 {
            *label = 2;
        }
    }
    answer(&mut case, &[("tumour-demyelinating", 0.9, &[1, 2, 3]), ("ms-nmosd", 0.5, &[1, 2, 3])]);
    case
}

/// One Enhanced MR instance whose frames run against the normal, with a second series beside it.
fn enhanced() -> ResultCase {
    let geometry = grid([5, 40, 36], [3.0, 1.0, 1.0], 0.0, 0.05);
    let mut case = case("enhanced", geometry, ["Enhanced^MR", "E"], ENHANCED_MR);
    let mut t1c = case.source.clone();
    t1c.series_uid = uid::derived(["enhanced", "t1c"]);
    for (i, frame) in t1c.frames.iter_mut().enumerate() {
        *frame = SourceFrame {
            sop_class_uid: MR.into(),
            sop_instance_uid: uid::derived(["enhanced", "t1c", &i.to_string()]),
            frame_number: None,
        };
    }
    case.t1c = Some(t1c);
    paint(&mut case, &[(1..4, 8..31, 12..20)]);
    answer(&mut case, &[("tumour-demyelinating", 0.03, &[2, 3, 4]), ("astrocytoma-ependymoma", 0.95, &[2, 3, 4])]);
    case
}

fn ms() -> ResultCase {
    let mut case = case("ms", grid([9, 64, 48], [3.3, 0.8, 0.8], 0.0, 0.0), ["Class^MS", "1"], MR);
    paint(&mut case, &[(2..4, 10..16, 20..24), (6..7, 40..44, 20..26)]);
    answer(&mut case, &[("tumour-demyelinating", 0.97, &[3, 4, 7]), ("ms-nmosd", 0.1, &[3, 4, 7])]);
    case
}

fn nmosd() -> ResultCase {
    let mut case = case("nmosd", grid([9, 64, 48], [3.3, 0.8, 0.8], -0.1, 0.0), ["Class^NMOSD", "2"], MR);
    paint(&mut case, &[(3..6, 10..50, 20..24)]);
    answer(&mut case, &[("tumour-demyelinating", 0.99, &[4, 5, 6]), ("ms-nmosd", 0.93, &[4, 5, 6])]);
    case
}

fn astrocytoma() -> ResultCase {
    let mut case = case("astrocytoma", grid([9, 64, 48], [3.3, 0.8, 0.8], 0.0, -0.1), ["Class^Astrocytoma", "3"], MR);
    paint(&mut case, &[(2..7, 8..60, 16..30)]);
    answer(
        &mut case,
        &[("tumour-demyelinating", 1e-9, &[3, 4, 5, 6, 7]), ("astrocytoma-ependymoma", 0.2, &[3, 4, 5, 6, 7])],
    );
    case
}

/// Nothing segmented, and next to nothing known of the patient.
fn no_lesion() -> ResultCase {
    let mut case = case("no_lesion", grid([5, 40, 36], [3.0, 1.0, 1.0], 0.0, 0.0), ["", ""], MR);
    case.source.patient = Patient { identity_removed: "YES".into(), ..Patient::default() };
    case.source.study = Study { uid: case.source.study.uid, ..Study::default() };
    case.source.slice_thickness_mm = None;
    case.source.position_reference_indicator.clear();
    case
}

/// The first question lies in its undecided band: nothing further is asked, and there is no heat map.
fn indeterminate() -> ResultCase {
    let mut case = case("indeterminate", grid([5, 40, 36], [3.0, 1.0, 1.0], 0.0, 0.0), ["Near^Chance", "5"], MR);
    paint(&mut case, &[(1..3, 8..31, 12..20)]);
    answer(&mut case, &[("tumour-demyelinating", 0.55, &[2, 3])]);
    case
}

/// The mask of `ms`, corrected by a person whose name is not ASCII; it follows a segmentation and a report.
fn corrected() -> ResultCase {
    let earlier = |class: &str, number: u32| Predecessor {
        series_uid: format!("2.25.77{number}"),
        sop_class_uid: class.into(),
        sop_uid: format!("2.25.77{number}.1"),
    };
    let predecessors = vec![earlier("1.2.840.10008.5.1.4.1.1.66.4", 1), earlier("1.2.840.10008.5.1.4.1.1.88.34", 2)];
    let mut case =
        ResultCase { name: "corrected", semiautomatic: true, reader: Some("Jörg Weiß"), predecessors, ..ms() };
    case.findings.labels[[2, 17, 21]] = 1;
    case
}

/// As large as a usual study, to be timed.
pub(crate) fn full_size() -> ResultCase {
    let mut case = case("full_size", grid([15, 448, 448], [3.3, 0.6, 0.6], 0.02, 0.0), ["Full^Size", "6"], MR);
    paint(&mut case, &[(5..10, 100..300, 200..240), (3..5, 350..400, 210..230), (11..12, 50..60, 220..225)]);
    let sections = &[4, 5, 6, 7, 8, 9, 10, 12];
    answer(&mut case, &[("tumour-demyelinating", 0.02, sections), ("astrocytoma-ependymoma", 0.8, sections)]);
    case
}

/// A sagittal grid about the origin, turned about the long axis and tilted about the front-to-back one, in radians.
fn grid(shape: [usize; 3], spacing: [f64; 3], turn: f64, tilt: f64) -> Geometry {
    let rotate = |v: Lps| {
        let [x, y, z] = v;
        let [x, y] = [x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos()];
        [x * tilt.cos() + z * tilt.sin(), y, z * tilt.cos() - x * tilt.sin()]
    };
    // Columns run to the back, rows to the feet, sections along row x column: from left to right.
    let axes = [[-1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]].map(rotate);
    Geometry::new(shape, spacing, [17.25, -103.4, 211.125], axes).expect("a proper grid")
}

fn case(name: &'static str, geometry: Geometry, [patient, id]: [&str; 2], sop_class_uid: &str) -> ResultCase {
    let [sections, ..] = geometry.shape();
    let frame = |i: usize| {
        let enhanced = sop_class_uid == ENHANCED_MR;
        SourceFrame {
            sop_class_uid: sop_class_uid.into(),
            sop_instance_uid: uid::derived([name, "instance", &if enhanced { String::new() } else { i.to_string() }]),
            // Against the normal: section and frame number must not be mixed up.
            frame_number: enhanced.then_some((sections - i) as u32),
        }
    };
    let source = SourceSeries {
        patient: Patient {
            name: patient.into(),
            id: id.into(),
            birth_date: "19700102".into(),
            sex: "O".into(),
            age: "055Y".into(),
            ..Patient::default()
        },
        study: Study {
            uid: uid::derived([name, "study"]),
            date: "20260105".into(),
            time: "101500.5".into(),
            accession_number: "A17".into(),
            referring_physician: "Doctor^Referring".into(),
            id: "S1".into(),
            description: "MR spine".into(),
        },
        series_uid: uid::derived([name, "series"]),
        series_number: 3,
        frame_of_reference_uid: uid::derived([name, "frame of reference"]),
        position_reference_indicator: "SN".into(),
        slice_thickness_mm: Some(geometry.spacing()[0]),
        frames: (0..sections).map(frame).collect(),
        ..SourceSeries::default()
    };
    let questions =
        QUESTIONS.iter().map(|(id, question, ..)| not_asked(id, question, "no lesion was found.")).collect();
    let findings = Findings {
        finding: Finding::no_lesion(),
        lesions: Vec::new(),
        labels: LabelMap::zeros(geometry.shape()),
        classifications: Vec::new(),
        not_asked: questions,
        heat_maps: Vec::new(),
    };
    ResultCase {
        name,
        source,
        t1c: None,
        geometry,
        findings,
        bundle: BundleIdentity {
            id: "spinal-lesion-phantom".into(),
            version: "0.1.0".into(),
            sha256: "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0".into(),
            cohort: "phantom".into(),
            warning: Some("Trained on drawn phantoms; it knows nothing of patients.".into()),
        },
        class_codes: CLASSES.iter().map(|(id, _, v, s, m)| ((*id).to_owned(), CodedConcept::new(*v, *s, *m))).collect(),
        series_reasons: vec![
            "Sagittal: the normal of its plane runs from left to right.".into(),
            r"T2-weighted: echo time 105 ms, repetition time 3500 ms (C:\not\a\split).".into(),
        ],
        warnings: Vec::new(),
        semiautomatic: false,
        reader: None,
        predecessors: Vec::new(),
    }
}

/// Id, words, code value, scheme and meaning of each class.
const CLASSES: [(&str, &str, &str, &str, &str); 6] = [
    ("tumour", "Tumour", "108369006", "SCT", "Neoplasm"),
    ("demyelinating", "Demyelinating lesion", "6118003", "SCT", "Demyelinating disease of central nervous system"),
    ("astrocytoma", "Astrocytoma", "38713004", "SCT", "Astrocytoma"),
    ("ependymoma", "Ependymoma", "57706007", "SCT", "Ependymoma"),
    ("ms", "MS", "24700007", "SCT", "Multiple sclerosis"),
    ("nmosd", "NMOSD", "25044007", "SCT", "Neuromyelitis optica"),
];

/// Id, words and the two classes of each question.
const QUESTIONS: [(&str, &str, [&str; 2]); 3] = [
    ("tumour-demyelinating", "Tumour or demyelinating lesion?", ["tumour", "demyelinating"]),
    ("astrocytoma-ependymoma", "Astrocytoma or ependymoma?", ["astrocytoma", "ependymoma"]),
    ("ms-nmosd", "MS or NMOSD?", ["ms", "nmosd"]),
];

fn not_asked(id: &str, question: &str, reason: &str) -> NotAsked {
    NotAsked { id: id.into(), question: question.into(), reason: reason.into() }
}

type Box3 = (std::ops::Range<usize>, std::ops::Range<usize>, std::ops::Range<usize>);

/// Paints boxes as lesions 1, 2, … and measures them.
fn paint(case: &mut ResultCase, boxes: &[Box3]) {
    for (n, (sections, rows, columns)) in boxes.iter().enumerate() {
        for s in sections.clone() {
            for r in rows.clone() {
                for c in columns.clone() {
                    case.findings.labels[[s, r, c]] = n as u16 + 1;
                }
            }
        }
        let voxels = sections.len() * rows.len() * columns.len();
        let middle = [sections, rows, columns].map(|r| (r.start + r.end - 1) as f64 / 2.0);
        case.findings.lesions.push(Lesion {
            number: n as u16 + 1,
            volume_ml: voxels as f64 * case.geometry.voxel_ml(),
            extent_mm: rows.len() as f64 * case.geometry.spacing()[1],
            sections: sections.clone().map(|s| s + 1).collect(),
            centre_lps_mm: case.geometry.to_patient(middle),
        });
    }
}

/// Answers questions with (id, probability of the second class, section numbers), with a heat map for each decided one.
fn answer(case: &mut ResultCase, answers: &[(&str, f64, &[usize])]) {
    const UNDECIDED: [f64; 2] = [0.4, 0.6];
    case.findings.not_asked = QUESTIONS
        .iter()
        .filter(|(id, ..)| answers.iter().all(|(asked, ..)| asked != id))
        .map(|(id, question, _)| not_asked(id, question, "it belongs to the other branch."))
        .collect();
    let [_, rows, columns] = case.geometry.shape();
    let mut decisions = Vec::new();
    for (id, probability, sections) in answers {
        let (_, question, classes) = QUESTIONS.iter().find(|(q, ..)| q == id).expect("a question");
        let decision = match probability {
            p if (UNDECIDED[0]..=UNDECIDED[1]).contains(p) => Finding::UNDECIDED,
            p if *p >= 0.5 => classes[1],
            _ => classes[0],
        };
        decisions.push(decision);
        let label = |class: &str| CLASSES.iter().find(|c| c.0 == class).expect("a class").1.to_owned();
        case.findings.classifications.push(Classification {
            id: (*id).into(),
            question: (*question).into(),
            classes: classes.map(Into::into),
            probabilities: [(classes[0].into(), 1.0 - probability), (classes[1].into(), *probability)].into(),
            labels: classes.iter().map(|c| ((*c).to_owned(), label(c))).collect(),
            threshold: 0.5,
            undecided: UNDECIDED,
            decision: decision.into(),
            sections: sections.iter().map(|s| SectionProbability { section: *s, probability: *probability }).collect(),
        });
        if decision != Finding::UNDECIDED {
            case.findings.heat_maps.push(HeatMap {
                classifier: (*id).into(),
                question: (*question).into(),
                class: decision.into(),
                label: label(decision),
                grid: [rows, columns],
                sections: sections.iter().map(|s| heat(s - 1, *probability)).collect(),
            });
        }
    }
    case.findings.finding = match decisions[..] {
        [Finding::UNDECIDED, ..] => Finding::indeterminate(),
        [first, ref rest @ ..] => Finding {
            name: first.into(),
            subtype: rest.first().map(|s| (*s).to_owned()),
            label: format!("{first}: {}", rest.first().unwrap_or(&"")),
        },
        [] => Finding::no_lesion(),
    };
}

/// A map of 0 to 1 in which no two neighbours are equal.
fn heat(section: usize, seed: f64) -> ActivationMap {
    let value = |(r, c): (usize, usize)| {
        let wave = (r as f64 * 0.37 + seed).sin() * (c as f64 * 0.23 + section as f64).cos();
        (wave.abs()).min(1.0) as f32
    };
    ActivationMap { section, activation: Array2::from_shape_fn((8, 8), value) }
}

/// Values of a heat map as the object must hold them: every section, -1 where it was not asked.
pub(crate) fn heat_map_frames(map: &HeatMap, shape: [usize; 3]) -> Array3<f32> {
    let mut frames = Array3::from_elem(shape, -1.0);
    for s in &map.sections {
        frames.index_axis_mut(ndarray::Axis(0), s.section).assign(&resize::linear(s.activation.view(), map.grid));
    }
    frames
}
