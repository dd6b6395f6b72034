//! Manifests that hold and such that do not.

use cordline_testkit::example_manifest;

use super::*;

fn error(from: &str, to: &str) -> String {
    let text = example_manifest();
    assert!(text.contains(from), "{from}");
    Manifest::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err()
}

#[test]
fn the_example_is_valid() {
    let manifest = Manifest::parse(example_manifest().as_bytes()).unwrap();
    assert_eq!(manifest.classifiers.len(), 3);
    assert_eq!(manifest.files().count(), 5);
}

#[test]
fn what_cannot_be_is_named() {
    for (from, to, word) in [
        ("format = 2", "format = 1", "format"),
        ("format = 2", "format = 1\nnew = 7", "format"),
        ("flipped = 0.0", "flipped = nan", "golden.tolerance.fp32.flipped"),
        ("flipped = 0.0", "flipped = -0.5", "golden.tolerance.fp32.flipped"),
        ("heat_map = 1e-3", "heat_map = inf", "golden.tolerance.fp32.heat_map"),
        ("file = \"segmenter.onnx\"", "file = \"segmenter.onnx\"\nhalf = \"half.onnx\"", "half.onnx"),
        ("{ id = \"ms\"", "{ id = \"no_lesion\"", "no_lesion"),
        ("{ id = \"ms\"", "{ id = \"undecided\"", "undecided"),
        ("id = \"disease\"", "id = \"segmenter\"", "segmenter"),
        ("channels = [\"t1c*mask\", \"t2w*mask\", \"mask\"]", "channels = []", "channels"),
        ("plane = \"sagittal\"", "plane = \"axial\"", "input.plane"),
        ("warning = \"Trained on phantoms.\"", "", "cohort.warning"),
        ("clip = 5.0", "clip = -5.0", "clip"),
        ("size = [64, 64]", "size = [64, 50]", "multiple of 32"),
        ("min_lesion_ml", "core_threshold = 0.4\nmin_lesion_ml", "core_threshold"),
        ("threshold = 0.5\nmin", "threshold = nan\nmin", "segmenter.threshold"),
        ("undecided = [0.4, 0.6]", "undecided = [0.6, 0.4]", "undecided"),
        ("class = \"tumour\"", "class = \"other\"", "no earlier classifier"),
        ("id = \"disease\"", "id = \"kind\"", "twice"),
        ("\"segmenter.onnx\" =", "\"../segmenter.onnx\" =", "[sha256]"),
        ("\"kind.onnx\" = \"0", "\"kind.onnx\" = \"X", "hexadecimal"),
        ("title = \"t\"", "titel = \"t\"", "titel"),
        // It would become the name of a file beside the results.
        ("id = \"disease\"", "id = \"../disease\"", "identifier"),
    ] {
        let error = error(from, to);
        assert!(error.contains(word), "{to}: {error}");
    }
}

#[test]
fn a_reason_names_the_line_and_quotes_nothing_that_steers_a_terminal() {
    assert!(error("title = \"t\"", "title = 7").starts_with("line 4: "), "{}", error("title = \"t\"", "title = 7"));
    for (from, to) in [
        ("format = 2", "format = \"\u{1b}[2J\""),
        ("title = \"t\"", &format!("\"{}\" = 1", "\\u001b".repeat(999))),
        ("id = \"disease\"", "id = \"\\u0007\""),
        ("question = \"kind?\"", "question = \"\\u001b[2J\""),
        ("question = \"kind?\"", "question = \"\\u202ednik\""),
    ] {
        let error = error(from, to);
        assert!(!error.chars().any(char::is_control) && error.chars().count() <= 300, "{error:?}");
    }
}
