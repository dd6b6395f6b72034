//! Manifests that hold and such that do not.

use super::*;

/// A manifest of the spinal kind: one question, and one more on each branch.
pub(crate) fn example() -> String {
    let classifier = |id: &str, classes: [&str; 2], after: &str| {
        let class = |c: &str| {
            format!("{{ id = \"{c}\", label = \"{c}\", code = \"1\", scheme = \"99TEST\", meaning = \"{c}\" }}")
        };
        format!(
            "[[classifier]]\nid = \"{id}\"\nquestion = \"{id}?\"\nfile = \"{id}.onnx\"\nchannels = [\"t1c*mask\", \"t2w*mask\", \"mask\"]\n\
             input = \"image\"\nprobabilities = \"probabilities\"\nheat_map = \"cam\"\nthreshold = 0.5\nundecided = [0.4, 0.6]\n\
             classes = [{}, {}]\n{after}\n",
            class(classes[0]),
            class(classes[1])
        )
    };
    let hash = "0".repeat(64);
    let files = ["segmenter.onnx", "golden.safetensors", "kind.onnx", "tumour-type.onnx", "disease.onnx"];
    let hashes: String = files.iter().map(|f| format!("\"{f}\" = \"{hash}\"\n")).collect();
    [
        "format = 1\nid = \"test\"\nversion = \"1\"\ntitle = \"t\"\nlicence = \"MIT\"\nintended_use = \"tests\"\n\
         [cohort]\nkind = \"phantom\"\ndescription = \"d\"\nwarning = \"Trained on phantoms.\"\n\
         [input]\nplane = \"sagittal\"\ncontrast = \"T2w\"\nt1c = \"unused\"\nfat_saturation = true\n\
         [preprocessing]\nname = \"volume-zscore-minmax\"\nclip = 5.0\nsize = [64, 64]\nimage_interpolation = \"linear\"\nmask_interpolation = \"nearest\"\n\
         [segmenter]\nfile = \"segmenter.onnx\"\ninput = \"image\"\noutput = \"probability\"\nthreshold = 0.5\nmin_lesion_ml = 0.05\n\
         [golden]\nfile = \"golden.safetensors\"\ntolerance = 1e-3\n"
            .to_owned(),
        classifier("kind", ["tumour", "demyelinating"], ""),
        classifier("tumour-type", ["astrocytoma", "ependymoma"], "after = { classifier = \"kind\", class = \"tumour\" }"),
        classifier("disease", ["ms", "nmosd"], "after = { classifier = \"kind\", class = \"demyelinating\" }"),
        format!("[sha256]\n{hashes}"),
    ]
    .concat()
}

fn error(from: &str, to: &str) -> String {
    let text = example();
    assert!(text.contains(from), "{from}");
    Manifest::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err()
}

#[test]
fn the_example_is_valid() {
    let manifest = Manifest::parse(example().as_bytes()).unwrap();
    assert_eq!(manifest.classifiers.len(), 3);
    assert_eq!(manifest.files().count(), 5);
}

#[test]
fn what_cannot_be_is_named() {
    for (from, to, word) in [
        ("format = 1", "format = 2", "format"),
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
        ("format = 1", "format = \"\u{1b}[2J\""),
        ("title = \"t\"", &format!("\"{}\" = 1", "\\u001b".repeat(999))),
        ("id = \"disease\"", "id = \"\\u0007\""),
        ("question = \"kind?\"", "question = \"\\u001b[2J\""),
    ] {
        let error = error(from, to);
        assert!(!error.chars().any(char::is_control) && error.chars().count() <= 300, "{error:?}");
    }
}
