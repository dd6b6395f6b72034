//! Why a network of the bundle cannot be opened or run.

use std::borrow::Cow;

use cordline_device::{LibraryError, SessionError};
use cordline_sdk::problem::{Code, Diagnose};
use thiserror::Error;

use crate::bundle::BundleError;

/// Why a network of the bundle cannot be opened or run.
#[derive(Debug, Error)]
pub enum NetworkError {
    /// The bundle is at fault.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// No execution provider runs it.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// ONNX Runtime cannot be used.
    #[error(transparent)]
    Library(#[from] LibraryError),
}

impl Diagnose for NetworkError {
    fn code(&self) -> Code {
        match self {
            Self::Bundle(error) => error.code(),
            Self::Session(_) => Code::Network,
            Self::Library(_) => Code::NoOnnxruntime,
        }
    }

    fn action(&self) -> Cow<'_, str> {
        match self {
            Self::Bundle(error) => error.action(),
            Self::Session(_) => "run `cordline doctor` to see what this box can run".into(),
            Self::Library(error) => error.action().into(),
        }
    }
}
