use std::path::Path;

use cordline_sdk::sha256::Sha256;
use cordline_testkit::example_manifest;
use safetensors::tensor::TensorView;

use super::*;

/// Two images of which the second is brighter; the segmenter should answer with its input.
fn bundle(folder: &Path) -> Bundle {
    let bytes: Vec<u8> = (0..32).flat_map(|v| (v as f32 / 32.0).to_le_bytes()).collect();
    let answers: Vec<u8> = [0.3f32, 0.7, 0.6, 0.4].iter().flat_map(|v| v.to_le_bytes()).collect();
    let view = |shape: &[usize]| TensorView::new(Dtype::F32, shape.to_vec(), &bytes).unwrap();
    let tensors = [
        ("segmenter.image", view(&[2, 1, 4, 4])),
        ("segmenter.probability", view(&[2, 1, 4, 4])),
        ("kind.image", TensorView::new(Dtype::U8, vec![2, 1, 1, 1], &[51, 255]).unwrap()),
        ("kind.probabilities", TensorView::new(Dtype::F32, vec![2, 2], &answers).unwrap()),
        ("kind.cam", view(&[2, 2, 2, 4])),
    ];
    let golden = safetensors::serialize(tensors, None).unwrap();
    let listed = |sum: &str| format!("\"golden.safetensors\" = \"{sum}\"");
    let bf16 =
        "[golden.tolerance.bf16]\nsegmenter = 0.2\nflipped = 0.2\nprobability = 5e-2\nheat_map = 8e-2\n[[classifier]]";
    let manifest = example_manifest()
        .replace(&listed(&"0".repeat(64)), &listed(&Sha256::of(&golden).to_string()))
        .replacen("[[classifier]]", bf16, 1);
    std::fs::write(folder.join("golden.safetensors"), golden).unwrap();
    std::fs::write(folder.join("bundle.toml"), manifest).unwrap();
    Bundle::open(folder).unwrap()
}

/// A segmenter that answers with its input, a little brighter, told apart by image.
fn check(
    bundle: &Bundle,
    precision: Precision,
    extent: Extent,
    by: [f32; 2],
) -> Result<GoldenDifference, NetworkError> {
    let mut image = 0;
    check_network(bundle, SEGMENTER, precision, extent, &mut |input| {
        image += 1;
        Ok(vec![input.mapv(|v| v + by[image - 1]).into_dyn()])
    })
}

fn is_golden(result: Result<GoldenDifference, NetworkError>) -> bool {
    matches!(result, Err(NetworkError::Bundle(BundleError::Golden { network, .. })) if network == SEGMENTER)
}

#[test]
fn a_network_within_the_tolerance_of_its_precision_passes() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let both = |precision, by| check(&bundle, precision, Extent::Whole, [by; 2]);
    assert!(both(Precision::Fp32, 5e-5).is_ok());
    assert!(is_golden(both(Precision::Fp32, 2e-2)));
    assert_eq!(both(Precision::Bf16, 2e-2).unwrap().flipped, Some([0, 16]));
    for by in [0.3, f32::NAN, f32::INFINITY] {
        assert!(is_golden(both(Precision::Bf16, by)), "{by}");
    }
    // Not judged, so not used.
    assert!(both(Precision::Fp16, 0.0).is_err());
}

#[test]
fn pixels_that_change_sides_count_even_where_they_hardly_change() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    // 14 and 15 of 32 lie just below the threshold of 0.5.
    let found = check(&bundle, Precision::Bf16, Extent::Whole, [0.07; 2]).unwrap();
    assert_eq!(found.flipped, Some([2, 16]));
    assert!(is_golden(check(&bundle, Precision::Bf16, Extent::Whole, [0.13; 2])));
}

#[test]
fn every_image_counts_where_the_whole_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let second = [0.0, 0.9];
    assert!(check(&bundle, Precision::Bf16, Extent::FirstImage, second).is_ok());
    assert!(is_golden(check(&bundle, Precision::Bf16, Extent::Whole, second)));
}

#[test]
fn answers_and_heat_maps_of_a_classifier_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let check = |answer: f32, heat: f32| {
        let mut image = 0;
        check_network(&bundle, "kind", Precision::Bf16, Extent::Whole, &mut |input| {
            // Bytes are shares of 255.
            assert_eq!(input[(0, 0, 0, 0)], [0.2, 1.0][image]);
            let p = [0.3, 0.6][image] + answer;
            let map = ArrayD::from_shape_fn(IxDyn(&[1, 2, 2, 4]), |at| {
                (image * 16 + at[1] * 8 + at[2] * 4 + at[3]) as f32 / 32.0 + heat
            });
            image += 1;
            Ok(vec![ArrayD::from_shape_vec(IxDyn(&[1, 2]), vec![p, 1.0 - p]).unwrap(), map])
        })
    };
    let found = check(0.01, 0.01).unwrap();
    assert!((found.difference - 0.01).abs() < 1e-6 && (found.heat_map.unwrap() - 0.01 / (15.0 / 32.0)).abs() < 1e-6);
    assert!(check(0.06, 0.0).is_err());
    // Of the first image's largest value, 15 of 32, this is more than 8 %.
    assert!(check(0.0, 0.04).is_err());
}

#[test]
fn a_golden_file_that_was_altered_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = bundle(folder.path());
    let file = folder.path().join("golden.safetensors");
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let error = check(&bundle, Precision::Fp32, Extent::Whole, [0.0; 2]).unwrap_err();
    assert!(matches!(error, NetworkError::Bundle(BundleError::Altered { .. })));
}
