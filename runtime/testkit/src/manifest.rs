//! The manifest of a bundle.

/// A manifest of the spinal kind: one question, and one more on each branch.
pub fn example_manifest() -> String {
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
        "format = 2\nid = \"test\"\nversion = \"1\"\ntitle = \"t\"\nlicence = \"MIT\"\nintended_use = \"tests\"\n\
         [cohort]\nkind = \"phantom\"\ndescription = \"d\"\nwarning = \"Trained on phantoms.\"\n\
         [input]\nplane = \"sagittal\"\ncontrast = \"T2w\"\nt1c = \"unused\"\nfat_saturation = true\n\
         [preprocessing]\nname = \"volume-zscore-minmax\"\nclip = 5.0\nsize = [64, 64]\nimage_interpolation = \"linear\"\nmask_interpolation = \"nearest\"\n\
         [segmenter]\nfile = \"segmenter.onnx\"\ninput = \"image\"\noutput = \"probability\"\nthreshold = 0.5\nmin_lesion_ml = 0.05\n\
         [golden]\nfile = \"golden.safetensors\"\n\n\
         [golden.tolerance.fp32]\nsegmenter = 1e-4\nflipped = 0.0\nprobability = 1e-4\nheat_map = 1e-3\n"
            .to_owned(),
        classifier("kind", ["tumour", "demyelinating"], ""),
        classifier("tumour-type", ["astrocytoma", "ependymoma"], "after = { classifier = \"kind\", class = \"tumour\" }"),
        classifier("disease", ["ms", "nmosd"], "after = { classifier = \"kind\", class = \"demyelinating\" }"),
        format!("[sha256]\n{hashes}"),
    ]
    .concat()
}
