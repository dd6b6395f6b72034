//! The figures of whole cohorts.

use std::collections::BTreeMap;

use cordline_sdk::problem::{Code, Diagnose};

use super::cohort::Case;
use super::counts::Rate;
use super::questions::tests::spinal;
use super::*;

/// Scores of a question with these counts of right and wrong, so that the area under the curve comes near `area`.
///
/// The wrongly called cases stand among the rightly called ones of the other kind at the height that gives the area.
fn scores(
    true_positive: usize,
    false_negative: usize,
    true_negative: usize,
    false_positive: usize,
    area: f64,
) -> [Vec<f64>; 2] {
    let [tp, fn_, tn, fp] = [true_positive, false_negative, true_negative, false_positive].map(|n| n as f64);
    let share = (area * (tp + fn_) * (tn + fp) - tp * tn) / (tp * fp + fn_ * tn);
    assert!((0.0..=1.0).contains(&share), "{share}");
    let spread = |n: usize, from: f64| (0..n).map(move |i| from + 0.5 * (i as f64 + 0.5) / n as f64);
    let positive = spread(true_positive, 0.5).chain(vec![0.5 * share; false_negative]).collect();
    let negative = spread(true_negative, 0.0).chain(vec![1.0 - 0.5 * share; false_positive]).collect();
    [negative, positive]
}

/// The published test cohort: 34 astrocytoma, 45 ependymoma, 33 MS, 45 NMOSD.
fn published() -> Vec<Case> {
    let first = scores(76, 2, 74, 5, 0.99);
    let tumours = scores(34, 11, 31, 3, 0.90);
    let lesions = scores(36, 9, 26, 7, 0.85);
    let labels = [("astrocytoma", 34), ("ependymoma", 45), ("ms", 33), ("nmosd", 45)];
    let mut cases: Vec<Case> = labels
        .into_iter()
        .flat_map(|(label, n)| (0..n).map(move |i| (label, i)))
        .map(|(label, i)| Case {
            name: format!("{label}-{i}"),
            label: label.into(),
            finding: String::new(),
            dice: None,
            probabilities: BTreeMap::new(),
        })
        .collect();
    let questions = spinal();
    for (question, scores) in questions.iter().zip([first, tumours, lesions]) {
        let mut scores = scores.map(Vec::into_iter);
        for case in &mut cases {
            if let Some(truth) = question.truth(&case.label) {
                case.probabilities.insert(question.id.clone(), scores[usize::from(truth)].next().unwrap());
            }
        }
        assert!(scores.iter_mut().all(|s| s.next().is_none()));
    }
    cases
}

/// The cohort as a table on disk.
fn table(cases: &[Case]) -> String {
    let questions = spinal();
    let mut text = "case,label,finding,dice,p:tumour-demyelinating,p:astrocytoma-ependymoma,p:ms-nmosd\n".to_string();
    for case in cases {
        let cells = questions.iter().map(|q| case.probabilities.get(&q.id).map(|p| p.to_string()).unwrap_or_default());
        text += &format!("{},{},,,{}\n", case.name, case.label, cells.collect::<Vec<_>>().join(","));
    }
    text
}

#[test]
fn the_published_table_is_printed_from_labels_and_scores() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cohort.csv");
    std::fs::write(&path, table(&published())).unwrap();
    let cases = cohort::read_table(&path, &spinal()).unwrap();
    let printed = Evaluation::of(&cases, &spinal(), 500, SEED).to_string();
    let expected = [
        ("accuracy", ["96 % (150/157)", "82 % (65/79)", "79 % (62/78)"]),
        ("sensitivity", ["97 % (76/78)", "76 % (34/45)", "80 % (36/45)"]),
        ("specificity", ["94 % (74/79)", "91 % (31/34)", "79 % (26/33)"]),
        ("PPV", ["94 % (76/81)", "92 % (34/37)", "84 % (36/43)"]),
        ("NPV", ["97 % (74/76)", "74 % (31/42)", "74 % (26/35)"]),
        ("AUC", ["0.99 (0.9", "0.90 (0.8", "0.85 (0.7"]),
    ];
    for (name, cells) in expected {
        let line = printed.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{name} in\n{printed}"));
        let mut rest = line;
        for cell in cells {
            let at = rest.find(cell).unwrap_or_else(|| panic!("{cell} in\n{printed}"));
            rest = &rest[at + cell.len()..];
        }
    }
    assert!(printed.contains("157 cases") && printed.contains(cordline_sdk::RESEARCH_USE));
    // Truth down, answers across: 74 5 / 2 76.
    let rows: Vec<Vec<&str>> = printed
        .lines()
        .filter(|l| l.starts_with("truth "))
        .map(|l| l.split_whitespace().filter(|w| w.parse::<usize>().is_ok()).collect())
        .collect();
    assert_eq!(rows, [["74", "5"], ["2", "76"], ["31", "3"], ["11", "34"], ["26", "7"], ["9", "36"]]);
}

#[test]
fn columns_of_the_table_stand_under_each_other() {
    let printed = Evaluation::of(&published(), &spinal(), 50, SEED).to_string();
    let ends = |name: &str| -> usize { printed.lines().find(|l| l.starts_with(name)).unwrap().chars().count() };
    assert_eq!(ends("accuracy"), ends("sensitivity"));
    assert_eq!(ends("accuracy"), ends("AUC"));
}

#[test]
fn a_case_without_an_answer_counts_as_wrong_and_that_is_said() {
    let mut cases = published();
    let missing = cases.iter_mut().find(|c| c.label == "nmosd").unwrap();
    assert!(missing.probabilities.remove("ms-nmosd").is_some_and(|p| p > 0.5));
    let figures = Evaluation::of(&cases, &spinal(), 50, SEED);
    let third = &figures.questions[2];
    assert_eq!((third.confusion.true_positive, third.confusion.false_negative, third.unanswered), (35, 10, 1));
    assert!(figures.to_string().contains("without answer (counted as wrong)"));
    let (before, after) = (figures.questions[0].unanswered, third.unanswered);
    assert_eq!((before, after), (0, 1));
}

#[test]
fn findings_and_dice_are_told_by_label() {
    let case = |label: &str, finding: &str, dice| Case {
        name: "x".into(),
        label: label.into(),
        finding: finding.into(),
        dice,
        probabilities: BTreeMap::new(),
    };
    let cases = [
        case("ms", "demyelinating/ms", Some(0.8)),
        case("ms", "no_lesion", Some(0.0)),
        case("healthy", "no_lesion", None),
        case("healthy", "indeterminate", None),
        case("healthy", "no_lesion", None),
        // Called neither.
        case("healthy", "needs_selection", None),
        case("healthy", "", None),
        case("ms", "failed", None),
    ];
    let figures = Evaluation::of(&cases, &spinal(), 50, SEED);
    assert_eq!(figures.without_lesion, Some(Rate { count: 2, of: 3 }));
    assert_eq!(figures.missed, Some(Rate { count: 1, of: 2 }));
    assert_eq!(figures.findings["healthy"]["indeterminate"], 1);
    let printed = figures.to_string();
    assert!(printed.contains("0.40 ± 0.57"), "{printed}");
    assert!(printed.contains("called no_lesion: 67 % (2/3); false positives: 1"), "{printed}");
    assert!(figures.questions.is_empty());
}

#[test]
fn csv_has_a_row_a_figure_with_intervals() {
    let csv = Evaluation::of(&published(), &spinal(), 200, SEED).to_csv();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap(), vec!["about", "measure", "value", "low", "high", "count", "of"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let row = |about: &str, measure: &str| rows.iter().find(|r| &r[0] == about && &r[1] == measure).unwrap();
    let sensitivity = row("ms-nmosd", "sensitivity");
    assert_eq!((&sensitivity[2], &sensitivity[5], &sensitivity[6]), ("0.800000", "36", "45"));
    assert!(sensitivity[3].parse::<f64>().unwrap() < 0.8 && sensitivity[4].parse::<f64>().unwrap() > 0.8);
    assert_eq!(&row("astrocytoma-ependymoma", "false_positive")[5], "3");
    assert_eq!(row("tumour-demyelinating", "AUC")[2].parse::<f64>().map(|v| (v * 100.0).round()), Ok(99.0));
}

#[test]
fn both_pictures_show_every_curve() {
    let figures = Evaluation::of(&published(), &spinal(), 50, SEED);
    let svg = figures.roc_svg();
    assert_eq!(svg.matches("<circle").count(), 3);
    assert!(svg.contains("Tumour or Demyelinating lesion?  AUC 0.99") && svg.contains(cordline_sdk::RESEARCH_USE));
    let png = figures.roc_png().unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    for colour in [[0, 90, 160], [200, 80, 0], [0, 130, 95]] {
        assert!(pixels.chunks_exact(3).filter(|p| **p == colour).count() > 300, "{colour:?}");
    }
}

#[test]
fn a_request_goes_from_files_to_figures() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("nothing.csv");
    let manifest = cordline_core::manifest::Manifest::parse(cordline_testkit::example_manifest().as_bytes()).unwrap();
    let request = EvaluationRequest { cohort: CohortSource::Table(path.clone()), draws: 100, seed: SEED };
    let problem = run(&request, &manifest).unwrap_err().problem();
    assert!(problem.message.contains("nothing.csv") && problem.code == Code::CohortUnreadable, "{problem:?}");
}

#[test]
fn captions_of_the_picture_are_not_cut() {
    let figures = Evaluation::of(&published(), &spinal(), 50, SEED);
    for q in &figures.questions {
        let caption = super::plot::caption(q);
        assert_eq!(crate::text::fit(&caption, 16.0, super::plot::LEGEND_ROOM), caption);
    }
}
