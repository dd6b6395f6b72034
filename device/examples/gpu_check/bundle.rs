//! The networks of a bundle, by what little of its manifest is needed to run them.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use cordline_device::Graph;
use serde::Deserialize;

#[derive(Deserialize)]
struct Manifest {
    preprocessing: Preprocessing,
    segmenter: Segmenter,
    #[serde(default, rename = "classifier")]
    classifiers: Vec<Classifier>,
    golden: Golden,
}

#[derive(Deserialize)]
struct Golden {
    file: String,
}

#[derive(Deserialize)]
struct Preprocessing {
    size: [usize; 2],
}

#[derive(Deserialize)]
struct Segmenter {
    file: String,
    half: Option<String>,
    input: String,
    output: String,
}

#[derive(Deserialize)]
struct Classifier {
    id: String,
    file: String,
    half: Option<String>,
    channels: Vec<String>,
    input: String,
    probabilities: String,
    heat_map: String,
}

/// A network, and its bytes.
pub(crate) struct Network {
    pub name: String,
    /// In single precision.
    pub single: Vec<u8>,
    /// For providers that compute in half precision as the graph says.
    pub half: Option<Vec<u8>>,
    input: String,
    outputs: Vec<String>,
    /// Channels, rows, columns.
    pub shape: [usize; 3],
    /// Images of this shape that come with the bundle, one after the other; often none.
    pub golden: Vec<f32>,
}

impl Network {
    pub(crate) fn is_classifier(&self) -> bool {
        self.outputs.len() == 2
    }

    /// Calls `open` with the network as a provider wants it.
    pub(crate) fn with_graph<T>(&self, onnx: &[u8], open: impl FnOnce(&Graph<'_>) -> T) -> T {
        let outputs: Vec<&str> = self.outputs.iter().map(String::as_str).collect();
        open(&Graph { name: &self.name, onnx, input: &self.input, outputs: &outputs, shape: self.shape, engine: None })
    }
}

/// All networks of a bundle, the segmenter first.
pub(crate) fn read(folder: &Path) -> Result<Vec<Network>, Box<dyn Error>> {
    let bytes = |file: &PathBuf| fs::read(file).map_err(|error| format!("{}: {error}", file.display()));
    let manifest = folder.join("bundle.toml");
    let manifest: Manifest = toml::from_str(&String::from_utf8(bytes(&manifest)?)?)?;
    let [rows, columns] = manifest.preprocessing.size;
    let golden = bytes(&folder.join(manifest.golden.file))?;
    let segmenter = manifest.segmenter;
    let mut networks = vec![Network {
        name: "segmenter".into(),
        single: bytes(&folder.join(segmenter.file))?,
        half: segmenter.half.map(|file| bytes(&folder.join(file))).transpose()?,
        input: segmenter.input,
        outputs: vec![segmenter.output],
        shape: [1, rows, columns],
        golden: images(&golden, "segmenter.image", [1, rows, columns])?,
    }];
    for classifier in manifest.classifiers {
        let shape = [classifier.channels.len(), rows, columns];
        networks.push(Network {
            golden: images(&golden, &format!("{}.image", classifier.id), shape)?,
            name: classifier.id,
            single: bytes(&folder.join(classifier.file))?,
            half: classifier.half.map(|file| bytes(&folder.join(file))).transpose()?,
            input: classifier.input,
            outputs: vec![classifier.probabilities, classifier.heat_map],
            shape,
        });
    }
    Ok(networks)
}

/// A tensor of a safetensors file: the length of a header, which is JSON, then values. None where it has another shape.
fn images(file: &[u8], name: &str, shape: [usize; 3]) -> Result<Vec<f32>, Box<dyn Error>> {
    let damaged = || format!("the golden file does not hold {name} whole");
    let (length, rest) = file.split_first_chunk::<8>().ok_or_else(damaged)?;
    let (header, values) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length))?).ok_or_else(damaged)?;
    let tensor = &serde_json::from_slice::<serde_json::Value>(header)?[name];
    let dimensions: Vec<usize> = serde_json::from_value(tensor["shape"].clone()).map_err(|_| damaged())?;
    let [start, end]: [usize; 2] = serde_json::from_value(tensor["data_offsets"].clone()).map_err(|_| damaged())?;
    if dimensions.get(1..) != Some(&shape) {
        return Ok(Vec::new());
    }
    let values = values.get(start..end).ok_or_else(damaged)?;
    match tensor["dtype"].as_str() {
        Some("F32") => Ok(values.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()),
        // Shares of 255.
        Some("U8") => Ok(values.iter().map(|byte| f32::from(*byte) / 255.0).collect()),
        _ => Err(damaged().into()),
    }
}
