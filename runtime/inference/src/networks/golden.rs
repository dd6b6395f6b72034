//! A provider must reproduce the stored output of each network within the manifest's tolerance, or it is not used.

use cordline_device::SessionError;
use ndarray::{Array4, ArrayD, ArrayView4, IxDyn};
use safetensors::{Dtype, SafeTensors};

use super::{NetworkError, SEGMENTER};
use crate::bundle::{Bundle, BundleError};

/// How far a network strays from its golden output.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct GoldenDifference {
    /// `segmenter` or the id of a classifier.
    pub network: String,
    /// Largest absolute difference over all outputs.
    pub difference: f32,
}

/// Runs one network on its golden input, with `run`: [`SEGMENTER`] or the id of a classifier.
///
/// # Errors
/// The network strays too far, cannot be run, or the stored input and output cannot be read.
pub fn check_network(
    bundle: &Bundle,
    name: &str,
    run: impl FnOnce(ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, SessionError>,
) -> Result<GoldenDifference, NetworkError> {
    let bytes = bundle.read(&bundle.manifest.golden.file)?;
    let tensors =
        SafeTensors::deserialize(&bytes).map_err(|e| unreadable(bundle, format!("it is no safetensors file: {e}")))?;
    let load = |output: &str| tensor(bundle, &tensors, &format!("{name}.{output}"));
    let image: Array4<f32> = load("image")?
        .into_dimensionality()
        .map_err(|_| unreadable(bundle, format!("{name}.image has not four axes")))?;
    let outputs: &[&str] = if name == SEGMENTER { &["probability"] } else { &["probabilities", "cam"] };
    let results = run(image.view())?;
    let mut worst = 0.0f32;
    for (result, output) in results.iter().zip(outputs) {
        let expected = load(output)?;
        if result.shape() != expected.shape() {
            let (stored, given) = (expected.shape(), result.shape());
            return Err(unreadable(
                bundle,
                format!("{name}.{output} has shape {stored:?}, the network gives {given:?}"),
            ));
        }
        for (a, b) in result.iter().zip(&expected) {
            let difference = (a - b).abs();
            worst = if difference.is_nan() { f32::INFINITY } else { worst.max(difference) };
        }
    }
    let tolerance = bundle.manifest.golden.tolerance;
    if worst > tolerance {
        return Err(BundleError::Golden { network: name.into(), difference: worst, tolerance }.into());
    }
    Ok(GoldenDifference { network: name.into(), difference: worst })
}

fn tensor(bundle: &Bundle, tensors: &SafeTensors<'_>, name: &str) -> Result<ArrayD<f32>, NetworkError> {
    let view = tensors.tensor(name).map_err(|_| unreadable(bundle, format!("it lacks the tensor {name}")))?;
    if view.dtype() != Dtype::F32 {
        return Err(unreadable(bundle, format!("the tensor {name} is not float32")));
    }
    let values = view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    ArrayD::from_shape_vec(IxDyn(view.shape()), values)
        .map_err(|e| unreadable(bundle, format!("the tensor {name} is malformed: {e}")))
}

fn unreadable(bundle: &Bundle, reason: String) -> NetworkError {
    BundleError::Unreadable { path: bundle.folder().join(&bundle.manifest.golden.file), reason }.into()
}

#[cfg(test)]
mod tests {
    use cordline_sdk::sha256::Sha256;
    use cordline_testkit::example_manifest;
    use safetensors::tensor::TensorView;

    use super::*;

    /// Answers with its input, a little brighter.
    fn brighter(by: f32) -> impl FnOnce(ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, SessionError> {
        move |input| Ok(vec![input.mapv(|v| v + by).into_dyn()])
    }

    /// A bundle whose segmenter should answer with its input.
    fn bundle(folder: &std::path::Path) -> Bundle {
        let bytes: Vec<u8> = (0..16).flat_map(|v| (v as f32 / 16.0).to_le_bytes()).collect();
        let view = || TensorView::new(Dtype::F32, vec![1, 1, 4, 4], &bytes).unwrap();
        let golden =
            safetensors::serialize([("segmenter.image", view()), ("segmenter.probability", view())], None).unwrap();
        let listed = format!("\"golden.safetensors\" = \"{}\"", "0".repeat(64));
        let manifest =
            example_manifest().replace(&listed, &format!("\"golden.safetensors\" = \"{}\"", Sha256::of(&golden)));
        std::fs::write(folder.join("golden.safetensors"), golden).unwrap();
        std::fs::write(folder.join("bundle.toml"), manifest).unwrap();
        Bundle::open(folder).unwrap()
    }

    #[test]
    fn a_network_within_tolerance_passes_and_one_beyond_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = bundle(folder.path());
        assert!(check_network(&bundle, SEGMENTER, brighter(5e-4)).unwrap().difference > 4e-4);
        for offset in [2e-3, f32::NAN] {
            let error = check_network(&bundle, SEGMENTER, brighter(offset)).unwrap_err();
            assert!(
                matches!(&error, NetworkError::Bundle(BundleError::Golden { network, .. }) if network == SEGMENTER),
                "{error}"
            );
        }
    }

    #[test]
    fn a_golden_file_that_was_altered_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = bundle(folder.path());
        let file = folder.path().join("golden.safetensors");
        let mut bytes = std::fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let error = check_network(&bundle, SEGMENTER, brighter(0.0)).unwrap_err();
        assert!(matches!(error, NetworkError::Bundle(BundleError::Altered { .. })));
    }
}
