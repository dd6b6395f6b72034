//! What a network is to everybody who asks one, and why it may not answer.

use cordline_device::{LibraryError, Session, SessionError};
use cordline_sdk::result::Problem;
use ndarray::{ArrayD, ArrayView4};
use thiserror::Error;

use crate::bundle::BundleError;

/// Name of the segmenter among the networks; the others go by the id of their classifier.
pub const SEGMENTER: &str = "segmenter";

/// A network with one float32 input (n, channel, row, column).
pub trait Network {
    /// Runs the network and returns its outputs in the order that its opener asked for.
    fn run(&mut self, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, NetworkError>;
}

impl Network for Session {
    fn run(&mut self, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, NetworkError> {
        Ok(Session::run(self, input)?)
    }
}

/// Why a network cannot answer.
#[derive(Debug, Error)]
pub enum NetworkError {
    /// The bundle is at fault.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The box is at fault.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// ONNX Runtime cannot be used.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// Whoever watches wanted it to stop.
    #[error("the analysis was cancelled")]
    Cancelled,
    /// A network answered in another shape than the manifest promises.
    #[error("the network {network} answered with shape {found:?} where {expected} was promised")]
    Shape {
        /// Name of the network.
        network: String,
        /// Shape of the answer.
        found: Vec<usize>,
        /// The promise in words.
        expected: &'static str,
    },
}

impl NetworkError {
    /// The error as it is shown to people and programs.
    pub fn problem(&self) -> Problem {
        match self {
            Self::Bundle(error) => error.problem(),
            Self::Library(error) => {
                Problem { code: "no_onnxruntime".into(), message: self.to_string(), action: error.action() }
            }
            Self::Session(_) => Problem {
                code: "network".into(),
                message: self.to_string(),
                action: "run `cordline doctor` to see what this box can run".into(),
            },
            Self::Cancelled => Problem {
                code: "cancelled".into(),
                message: self.to_string(),
                action: "submit the study again if it is wanted after all".into(),
            },
            Self::Shape { .. } => Problem {
                code: "network_shape".into(),
                message: self.to_string(),
                action: "correct the bundle: its networks and its manifest disagree".into(),
            },
        }
    }
}
