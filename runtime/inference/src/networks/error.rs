//! Why a network of the bundle cannot be opened or run.

use std::borrow::Cow;

use cordline_device::{LibraryError, OpenError, RunError};
use cordline_sdk::problem::{Code, Diagnose};
use thiserror::Error;

use crate::bundle::BundleError;

/// Why a network of the bundle cannot be opened or run.
#[derive(Debug, Error)]
pub enum NetworkError {
    /// The bundle is at fault.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// No execution provider runs it; the reasons in order.
    #[error("the network {network} runs on none of the configured providers: {reasons}")]
    NoProvider {
        /// Name of the network.
        network: String,
        /// Provider and reason, one after the other.
        reasons: String,
    },
    /// It is not the network that the manifest describes.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It failed while running.
    #[error(transparent)]
    Run(#[from] RunError),
    /// ONNX Runtime cannot be used.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

impl Diagnose for NetworkError {
    fn code(&self) -> Code {
        match self {
            Self::Bundle(error) => error.code(),
            Self::NoProvider { .. } | Self::Open(_) | Self::Run(_) => Code::Network,
            Self::Library(_) => Code::NoOnnxruntime,
        }
    }

    fn action(&self) -> Cow<'_, str> {
        match self {
            Self::Bundle(error) => error.action(),
            Self::NoProvider { .. } | Self::Open(_) | Self::Run(_) => {
                "run `cordline doctor` to see what this box can run".into()
            }
            Self::Library(error) => error.action().into(),
        }
    }
}
