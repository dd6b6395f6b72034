//! The page and its pictures as a whole.

use std::collections::{HashMap, HashSet};
use std::fs;

use cordline_core::findings::{ActivationMap, Findings, HeatMap};
use cordline_core::geometry::Geometry;
use cordline_core::volume::Volume;
use cordline_sdk::problem::Problem;
use cordline_sdk::result::{
    AnalysisResult, BundleIdentity, Lesion, NotAsked, SCHEMA_VERSION, SeriesChoice, SeriesVerdict, State,
};
use cordline_sdk::{FileKind, Finding, RESEARCH_USE};
use ndarray::{Array2, Array3, s};

use super::answer::tests::asked;
use super::picture::Packing;
use super::*;

/// A result with everything that a page shows.
pub(crate) fn result(state: State) -> AnalysisResult {
    let completed = state == State::Completed;
    AnalysisResult {
        created: "2026-01-31T12:00:00+01:00".into(),
        schema_version: SCHEMA_VERSION.into(),
        notice: RESEARCH_USE.into(),
        cordline_version: "9.8.7".into(),
        state,
        finding: completed.then(|| Finding {
            name: "demyelinating".into(),
            subtype: Some("ms".into()),
            label: "Demyelinating lesion: MS".into(),
        }),
        problem: (!completed).then(|| Problem {
            code: "code".parse().unwrap(),
            message: "What is <wrong>.".into(),
            action: "What to do.".into(),
        }),
        warnings: vec!["The plane is oblique.".into(), "Knows nothing of patients.".into()],
        series: Some(SeriesChoice {
            uid: Some("1.2.3".into()),
            study_uid: Some("1.2".into()),
            description: Some("<script>alert(1)</script>\u{202e}\" onload=\"x".into()),
            reasons: vec!["sagittal & <b>T2w</b>".into()],
            candidates: vec![verdict("1.2.31", "first <i>choice</i>")],
            rejected: vec![verdict("1.2.4", "localizer")],
            shape: Some([4, 24, 40]),
            spacing_mm: Some([3.0, 2.0, 1.0]),
            pixel_sha256: Some("abc".into()),
            ..SeriesChoice::default()
        }),
        bundle: Some(BundleIdentity {
            id: "spinal".into(),
            version: "0.1.0".into(),
            sha256: "feed".into(),
            cohort: "phantom".into(),
            warning: Some("Knows nothing of patients.".into()),
        }),
        provider: completed.then(|| "CPU".into()),
        precision: completed.then(|| "fp32".into()),
        classifications: Vec::new(),
        not_asked: Vec::new(),
        lesions: Vec::new(),
        timings_ms: [("writing", 7.0), ("reading", 6.4), ("total", 99.0)].map(|(k, v)| (k.to_string(), v)).into(),
        files: Vec::new(),
    }
}

fn verdict(uid: &str, description: &str) -> SeriesVerdict {
    SeriesVerdict {
        uid: uid.into(),
        description: description.into(),
        frames: 3,
        reasons: vec!["3 planes".into()],
        ..SeriesVerdict::default()
    }
}

/// Four sections of 24 x 40 pixels of 8 x 4 mm, stored feet first: the picture is turned upside down.
fn volume() -> Volume {
    let axes = [[1., 0., 0.], [0., 0., 1.], [0., 1., 0.]];
    let geometry = Geometry::new([4, 24, 40], [3.0, 8.0, 4.0], [-6.0, 0.0, 0.0], axes).unwrap();
    let voxels = Array3::from_shape_fn((4, 24, 40), |(s, r, c)| (s * 100 + r * 10 + c) as f32);
    Volume { voxels, geometry }
}

/// One lesion in sections 2 and 3, with a heat map of the first of two questions.
fn findings() -> Findings {
    let mut labels = Array3::<u16>::zeros((4, 24, 40));
    labels.slice_mut(s![1..3, 2..6, 10..14]).fill(1);
    let lesion = Lesion { number: 1, volume_ml: 0.192, extent_mm: 8.0, sections: vec![2, 3], centre_lps_mm: [0.0; 3] };
    let map = |section| ActivationMap { section, activation: Array2::from_elem((8, 8), 0.9) };
    Findings {
        finding: Finding { name: "demyelinating".into(), subtype: Some("ms".into()), label: "Demyelinating".into() },
        lesions: vec![lesion],
        labels,
        classifications: vec![asked("tumour", "demyelinating", &[0.9, 0.8]), asked("ms", "nmosd", &[0.5, 0.5])],
        not_asked: vec![NotAsked {
            id: "x".into(),
            question: "Astrocytoma or ependymoma?".into(),
            reason: "No tumour <here>.".into(),
        }],
        heat_maps: vec![HeatMap {
            classifier: "tumour/demyelinating".into(),
            question: "tumour or demyelinating?".into(),
            class: "demyelinating".into(),
            label: "Demyelinating & more".into(),
            grid: [24, 40],
            sections: vec![map(1), map(2)],
        }],
    }
}

/// What is drawn of findings in [`volume`]; the files go nowhere.
fn drawn(found: &Findings) -> Pictures {
    let keep = &mut |_: &str, _: &[u8]| Ok(());
    let mut pictures = Pictures::of(&volume(), &found.lesions, &found.labels, keep).unwrap();
    found.heat_maps.iter().for_each(|map| pictures.add(map, keep).unwrap());
    pictures
}

/// The result of [`findings`], and what is drawn of it.
fn with_lesion() -> (AnalysisResult, Pictures) {
    let found = findings();
    let pictures = drawn(&found);
    let result = AnalysisResult {
        lesions: found.lesions,
        classifications: found.classifications,
        not_asked: found.not_asked,
        ..result(State::Completed)
    };
    (result, pictures)
}

fn page_of(result: &AnalysisResult, pictures: Option<&Pictures>) -> String {
    page::render(result, pictures, &|_| None).unwrap()
}

fn count(page: &str, part: &str) -> usize {
    page.matches(part).count()
}

#[test]
fn every_ending_has_a_page_with_the_research_line_at_both_ends() {
    let none =
        Findings { lesions: Vec::new(), labels: Array3::zeros((4, 24, 40)), heat_maps: Vec::new(), ..findings() };
    let without = drawn(&none);
    let (lesion, with) = with_lesion();
    let no_lesion = AnalysisResult { finding: Some(Finding::no_lesion()), ..result(State::Completed) };
    let indeterminate = AnalysisResult { finding: Some(Finding::indeterminate()), ..lesion.clone() };
    let pages = [
        (page_of(&lesion, Some(&with)), "Demyelinating lesion: MS"),
        (page_of(&indeterminate, Some(&with)), "Lesion found, kind undecided"),
        (page_of(&no_lesion, Some(&without)), "No lesion found"),
        (page_of(&result(State::NeedsSelection), None), "A series must be chosen"),
        (page_of(&result(State::OutOfScope), None), "Out of scope: not analysed"),
        (page_of(&result(State::Failed), None), "The analysis failed"),
    ];
    for (page, headline) in pages {
        assert!(page.contains(&format!("<h1>{headline}</h1>")), "{headline}");
        let line = format!("role=\"note\">{RESEARCH_USE}<");
        assert_eq!(count(&page, &line), 2, "{headline}");
        let body = page.find("<body>").unwrap();
        assert!(page[body..body + 120].contains(RESEARCH_USE), "{headline}");
        assert!(page.contains("<html lang=\"en\">") && page.contains(&format!("<title>{headline}")), "{headline}");
        assert!(page.contains("<b>Knows nothing of patients.</b>"), "{headline}: the phantom warning");
        assert_eq!(count(&page, "Knows nothing of patients."), 1, "{headline}: said once");
        assert!(page.contains("The plane is oblique."), "{headline}");
    }
}

#[test]
fn a_hostile_series_description_stays_text() {
    let (result, pictures) = with_lesion();
    let page = page_of(&result, Some(&pictures));
    assert!(!page.contains("<script") && !page.contains("<b>T2w") && !page.contains('\u{202e}'));
    assert!(!page.contains("<i>choice") && !page.contains("<here>") && !page.contains("\" onload"));
    assert!(page.contains("&lt;script&gt;alert(1)") && page.contains("sagittal &amp; &lt;b&gt;T2w"));
    let page = page_of(&self::result(State::Failed), None);
    assert!(page.contains("What is &lt;wrong&gt;.") && page.contains("What to do."));
}

#[test]
fn the_page_needs_nothing_from_outside() {
    let (result, pictures) = with_lesion();
    let page = page_of(&result, Some(&pictures));
    for part in ["http://", "https://", "<link", "@import", "src=\""] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(page.contains("default-src 'none'"));
    for reference in page.match_indices("href=\"").map(|(i, _)| &page[i + 6..i + 30]) {
        assert!(reference.starts_with("data:image/png;base64,") || reference.starts_with("#section-"), "{reference}");
    }
}

#[test]
fn ids_are_unique_and_every_panel_has_words_for_those_who_do_not_see_it() {
    let (result, pictures) = with_lesion();
    let page = page_of(&result, Some(&pictures));
    let ids: Vec<&str> = page.match_indices(" id=\"").map(|(i, _)| page[i + 5..].split('"').next().unwrap()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<HashSet<_>>().len(), "{ids:?}");
    assert_eq!(count(&page, "<svg"), count(&page, "role=\"img\" aria-label=\""));
    // Two sections: plain, outlines, enlarged, one heat map.
    assert_eq!(count(&page, "<figure"), 8);
    assert_eq!(count(&page, "data:image/png"), 2 + 2, "each picture once");
    assert_eq!(count(&page, "class=\"outline\""), 2 * 3);
}

#[test]
fn both_probabilities_have_bars_with_threshold_and_band() {
    let (result, pictures) = with_lesion();
    let page = page_of(&result, Some(&pictures));
    for part in [
        "<span class=\"value\">0.15</span>",
        "<span class=\"value\">0.85</span>",
        "probability 0.85; threshold at 50.0 percent",
        "<rect x=\"35.0\" y=\"5\" width=\"25.0\"",
        "<rect x=\"40.0\" y=\"5\" width=\"25.0\"",
        "<title>Section 5: 0.80</title>",
        "Mean over 2 sections with lesion (4, 5)",
        "Undecided <span>too close to call",
        "<b>Not asked:</b> Astrocytoma or ependymoma?",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn measurements_series_and_versions_are_on_the_page() {
    let (result, pictures) = with_lesion();
    let page = page_of(&result, Some(&pictures));
    for part in [
        "<td class=\"number\">0.19</td><td class=\"number\">8.0</td><td>2, 3</td>",
        "One lesion of 0.19 mL, 8 mm from head to foot, in 2 of 4 sections.",
        "4 sections of 24 × 40 pixels; 2.00 × 1.00 mm a pixel, sections 3.00 mm apart",
        "<h3>Section 2 of 4 <span>R 3.0 mm · lesion 1</span></h3>",
        "grid of 8 × 8, one place for about 24 × 20 mm",
        "Cordline 9.8.7",
        "spinal 0.1.0, trained on phantoms",
        "SHA-256 feed",
        "CPU, fp32",
        "reading 6 · writing 7 · total 99",
        "2026-01-31T12:00:00+01:00",
        "Equally good",
        "turned or mirrored",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn panels_are_in_the_millimetres_of_the_patient() {
    let (result, pictures) = with_lesion();
    let page = page_of(&result, Some(&pictures));
    // 40 pixels of 4 mm across, 24 pixels of 8 mm down.
    assert!(page.contains("viewBox=\"0.0 0.0 160.0 192.0\""));
    assert!(page.contains("width=\"40\" height=\"24\" preserveAspectRatio=\"none\" transform=\"scale(4.0 8.0)\""));
    // Rows 2 to 5 of 24 lie at rows 18 to 21 once the head is up.
    assert!(page.contains("d=\"M10.5 18L13.5 18L14 18.5L14 21.5L13.5 22L10.5 22L10 21.5L10 18.5Z\""));
    for letter in ["H", "P", "F", "A"] {
        assert!(page.contains(&format!(">{letter}</text>")), "{letter}");
    }
    assert!(page.contains(">20 mm</text>") && page.contains(">10 mm</text>"), "whole and enlarged");
}

#[test]
fn pictures_can_be_read_back_and_have_square_pixels() {
    let (dir, mut kept) = (tempfile::tempdir().unwrap(), HashMap::new());
    let keep = &mut |name: &str, bytes: &[u8]| {
        kept.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    };
    let found = findings();
    let mut pictures = Pictures::of(&volume(), &found.lesions, &found.labels, keep).unwrap();
    pictures.add(&found.heat_maps[0], keep).unwrap();
    let written = write(dir.path(), &result(State::Completed), Some(&pictures), keep).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "whoever keeps a file writes it");
    let mut paths: Vec<&str> = written.iter().map(|f| f.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "pictures/section-02-heat-tumour-demyelinating.png",
            "pictures/section-02-lesions.png",
            "pictures/section-02.png",
            "pictures/section-03-heat-tumour-demyelinating.png",
            "pictures/section-03-lesions.png",
            "pictures/section-03.png",
            "report.html",
        ]
    );
    for file in written.iter().filter(|f| f.kind == FileKind::Picture) {
        let mut reader = png::Decoder::new(io::Cursor::new(&kept[&file.path])).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let info = reader.info();
        // A heat map is as large as a tile, which has room for its letters.
        let size = if file.path.contains("-heat-") { (192, 230) } else { (40, 48) };
        assert_eq!((info.width, info.height), size, "{}", file.path);
    }
}

#[test]
fn png_files_hold_the_pixels_that_went_in() {
    let grey = picture::GreyImage { width: 5, height: 3, pixels: (0..15).map(|v| v * 17).collect() };
    let mut colour = grey.to_rgb();
    picture::Canvas::mix(&mut colour, 2, 1, [255, 0, 128], 255);
    let read = |bytes: Vec<u8>| {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    };
    let (table, opacity) = (&*palette::HEAT, &*palette::HEAT_OPACITY);
    for packing in [Packing::Compressed, Packing::Stored] {
        assert_eq!(read(grey.to_png(packing).unwrap()), grey.pixels);
        assert_eq!(read(colour.to_png(packing).unwrap()), colour.pixels);
        let shown = read(picture::PaletteImage { picture: &grey, table, opacity }.to_png(packing).unwrap());
        let v = usize::from(grey.pixels[7]);
        assert_eq!(shown[28..32], [table[v][0], table[v][1], table[v][2], opacity[v]]);
    }
}

#[test]
fn the_montage_says_research_use_only_and_shows_each_section() {
    let (result, pictures) = with_lesion();
    let montage = pictures.montage(&result).joined();
    assert_eq!(montage.pixels.len(), montage.width * montage.height * 3);
    // The line at the top is drawn in a colour that nothing else has.
    let alert = montage.pixels.chunks_exact(3).take(montage.width * 50).filter(|p| **p == [255, 196, 92]).count();
    assert!(alert > 200, "{alert}");
    let outline = palette::lesion(1);
    assert!(montage.pixels.chunks_exact(3).filter(|p| **p == outline).count() > 100);
    let empty = drawn(&Findings { lesions: Vec::new(), heat_maps: Vec::new(), ..findings() });
    assert_eq!(empty.shown.sections.iter().map(|s| s.index).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(empty.montage(&self::result(State::Completed)).height > 200);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let keep = &mut |_: &str, _: &[u8]| Err(io::ErrorKind::NotFound.into());
    let message = write(Path::new("/nonexistent/folder"), &result(State::Failed), None, keep).unwrap_err().to_string();
    assert!(message.contains("/nonexistent/folder/report.html"), "{message}");
}
