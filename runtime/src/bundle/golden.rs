//! A provider must reproduce the stored output of each network within the manifest's tolerance, or it is not used.

use ndarray::{Array4, ArrayD, IxDyn};
use safetensors::{Dtype, SafeTensors};

use super::{Bundle, BundleError};
use crate::networks::{NetworkError, Networks};

/// How far a network strays from its golden output.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct GoldenDifference {
    /// `segmenter` or the id of a classifier.
    pub network: String,
    /// Largest absolute difference over all outputs.
    pub difference: f32,
}

/// Runs every network on its golden input. The error is the first network that strays too far, or cannot run at all.
pub fn check(bundle: &Bundle, networks: &mut Networks) -> Result<Vec<GoldenDifference>, NetworkError> {
    let file = &bundle.manifest.golden.file;
    let bytes = bundle.read(file)?;
    let tensors =
        SafeTensors::deserialize(&bytes).map_err(|e| unreadable(bundle, format!("it is no safetensors file: {e}")))?;
    let mut differences = Vec::new();
    let segmenter = ("segmenter".to_owned(), vec!["probability"]);
    let classifiers = bundle.manifest.classifiers.iter().map(|c| (c.id.clone(), vec!["probabilities", "cam"]));
    for (network, outputs) in std::iter::once(segmenter).chain(classifiers) {
        let load = |name: &str| tensor(bundle, &tensors, &format!("{network}.{name}"));
        let image: Array4<f32> = load("image")?
            .into_dimensionality()
            .map_err(|_| unreadable(bundle, format!("{network}.image has not four axes")))?;
        let session = if network == "segmenter" { networks.segmenter()? } else { networks.classifier(&network)? };
        let results = session.run(image.view())?;
        let mut worst = 0.0f32;
        for (result, name) in results.iter().zip(outputs) {
            let expected = load(name)?;
            if result.shape() != expected.shape() {
                return Err(unreadable(
                    bundle,
                    format!(
                        "{network}.{name} has shape {:?}, the network gives {:?}",
                        expected.shape(),
                        result.shape()
                    ),
                ));
            }
            let difference = result
                .iter()
                .zip(&expected)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, |m: f32, d| if d.is_nan() { f32::INFINITY } else { m.max(d) });
            worst = worst.max(difference);
        }
        let tolerance = bundle.manifest.golden.tolerance;
        if worst > tolerance {
            return Err(BundleError::Golden { network, difference: worst, tolerance }.into());
        }
        differences.push(GoldenDifference { network, difference: worst });
    }
    Ok(differences)
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
