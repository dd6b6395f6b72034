//! Writes invented results as DICOM objects, beside what they must hold, so that foreign readers can be asked about them.
//!
//! `cargo run --package cordline-test-programs --bin write_results -- FOLDER` makes a folder for each case with `*.dcm`, `labels.u16`, `heat_map_*.f32`
//! (little-endian, C order) and `expected.json`. `-- --time` prints what writing costs instead.

mod cases;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use cases::ResultCase;
use cordline_dicom::write::result_object::ResultObject;
use cordline_dicom::write::secondary_capture::CapturedImage;
use cordline_dicom::write::{codes, parametric_map, secondary_capture, seg, sr};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("--time") => time(&cases::full_size()),
        Some(folder) => {
            let folder = Path::new(folder);
            for case in cases::all() {
                write(&case, &folder.join(case.name))?;
            }
            Ok(fs::write(folder.join("codes.json"), serde_json::to_vec_pretty(&code_table())?)?)
        }
        None => Err("usage: write_results FOLDER | --time".into()),
    }
}

fn objects<'a>(
    case: &'a ResultCase,
    picture: &'a CapturedImage<'a>,
) -> Result<Vec<(String, ResultObject<'a>)>, Box<dyn Error>> {
    let ctx = case.context();
    let mut all = Vec::new();
    let segmentation = seg::write(&ctx)?;
    all.push(("sr.dcm".to_owned(), sr::write(&ctx, segmentation.as_ref())?));
    for (i, map) in case.findings.heat_maps.iter().enumerate() {
        all.push((format!("heat_map_{i}.dcm"), parametric_map::write(&ctx, map)?));
    }
    all.push(("picture.dcm".to_owned(), secondary_capture::write(&ctx, picture, "lesion contours")?));
    all.extend(segmentation.map(|s| ("seg.dcm".to_owned(), s)));
    Ok(all)
}

/// Columns and rows of a picture with an odd number of bytes.
const PICTURE: [u32; 2] = [31, 17];

fn picture() -> Vec<u8> {
    (0..3 * PICTURE[0] * PICTURE[1]).map(|i| (i * 7 % 251) as u8).collect()
}

fn captured(pixels: &[u8]) -> CapturedImage<'_> {
    let [width, height] = PICTURE;
    CapturedImage { width, height, pixels: vec![pixels] }
}

fn write(case: &ResultCase, folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    for (name, object) in objects(case, &captured(&picture()))? {
        object.write_to(&mut fs::File::create(folder.join(name))?)?;
    }
    let labels: Vec<u8> = case.findings.labels.iter().flat_map(|v| v.to_le_bytes()).collect();
    fs::write(folder.join("labels.u16"), labels)?;
    let mut maps = Vec::new();
    for (i, map) in case.findings.heat_maps.iter().enumerate() {
        let frames = cases::heat_map_frames(map, case.geometry.shape());
        let bytes: Vec<u8> = frames.iter().flat_map(|v| v.to_le_bytes()).collect();
        fs::write(folder.join(format!("heat_map_{i}.f32")), bytes)?;
        let asked: Vec<usize> = map.sections.iter().map(|s| s.section).collect();
        maps.push(json!({ "asked": asked, "classifier": map.classifier, "class": map.class, "question": map.question,
            "label": map.label }));
    }
    fs::write(folder.join("picture.rgb"), picture())?;
    fs::write(folder.join("expected.json"), serde_json::to_vec_pretty(&expected(case, maps))?)?;
    Ok(())
}

fn expected(case: &ResultCase, maps: Vec<Value>) -> Value {
    let g = &case.geometry;
    let frames = |source: &cordline_dicom::source::SourceSeries| -> Vec<Value> {
        let one =
            |f: &cordline_dicom::source::SourceFrame| json!([f.sop_class_uid, f.sop_instance_uid, f.frame_number]);
        source.frames.iter().map(one).collect()
    };
    json!({
        "shape": g.shape(), "spacing": g.spacing(), "origin": g.origin(), "axes": g.axes(),
        "patient": { "name": case.source.patient.name, "id": case.source.patient.id },
        "study_uid": case.source.study.uid, "series_uid": case.source.series_uid,
        "frame_of_reference_uid": case.source.frame_of_reference_uid,
        "frames": frames(&case.source),
        "t1c_frames": case.t1c.as_ref().map(frames),
        "lossy": case.source.lossy,
        "semiautomatic": case.semiautomatic,
        "finding": case.findings.finding, "lesions": case.findings.lesions,
        "classifications": case.findings.classifications, "not_asked": case.findings.not_asked,
        "heat_maps": maps, "bundle": case.bundle, "warnings": case.warnings, "series_reasons": case.series_reasons,
        "class_codes": case.class_codes.iter().map(|(id, c)| (id.clone(), json!([c.value, c.scheme, c.meaning])))
            .collect::<serde_json::Map<_, _>>(),
        "picture": [PICTURE[1], PICTURE[0]],
    })
}

fn code_table() -> Value {
    codes::TABLE
        .iter()
        .map(|(c, checked)| json!([c.value, c.scheme, c.meaning, format!("{checked:?}")]))
        .collect::<Vec<_>>()
        .into()
}

/// Prints the fastest and the median of some runs, single-threaded.
fn time(case: &ResultCase) -> Result<(), Box<dyn Error>> {
    let pixels = picture();
    let picture = captured(&pixels);
    let mut runs = Vec::new();
    let mut file = Vec::new();
    for _ in 0..40 {
        let began = Instant::now();
        file.clear();
        for (_, object) in objects(case, &picture)? {
            object.write_to(&mut file)?;
        }
        runs.push((began.elapsed(), file.len()));
    }
    runs.sort();
    println!(
        "all objects of {:?}: fastest {:?}, median {:?}, {} bytes",
        case.geometry.shape(),
        runs[0].0,
        runs[20].0,
        runs[0].1
    );
    Ok(())
}
