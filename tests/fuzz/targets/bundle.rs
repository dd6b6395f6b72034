//! The manifest of a bundle: what is accepted can be worked with.
#![no_main]

use cordline_core::manifest::Manifest;
use cordline_fuzz::{guard, said};
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: guard::prepare(),
    |data: &[u8]| guard::run(|| one(data))
);

fn one(data: &[u8]) {
    match Manifest::parse(data) {
        Err(why) => said::sentence(&why),
        Ok(manifest) => {
            let p = &manifest.preprocessing;
            assert!(p.size.iter().all(|side| (32..=1024).contains(side)) && p.clip.is_finite() && p.clip > 0.0);
            let s = &manifest.segmenter;
            assert!(0.0 < s.threshold && s.threshold <= s.core_threshold() && s.core_threshold() < 1.0);
            assert!(s.min_lesion_ml.is_finite() && s.min_lesion_ml >= 0.0);
            assert!(!manifest.classifiers.is_empty());
            for c in &manifest.classifiers {
                assert!(0.0 <= c.undecided[0] && c.undecided[0] <= c.threshold);
                assert!(c.threshold <= c.undecided[1] && c.undecided[1] <= 1.0);
            }
            let ids = manifest.classifiers.iter().flat_map(|c| [&c.id, &c.classes[0].id, &c.classes[1].id]);
            for file in
                ids.map(String::as_str).chain(manifest.files()).chain(manifest.sha256.keys().map(String::as_str))
            {
                let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
                assert!(file.bytes().all(plain) && !file.starts_with('.') && !file.is_empty(), "{file:?}");
            }
            assert!(manifest.files().all(|file| manifest.sha256[file].len() == 64));
        }
    }
}
