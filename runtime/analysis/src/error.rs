//! Why an analysis came to no finding although there was a volume.

use std::borrow::Cow;

use cordline_device::RunError;
use cordline_imaging::components::Scattered;
use cordline_imaging::network::UnexpectedOutput;
use cordline_inference::networks::NetworkError;
use cordline_sdk::problem::{Code, Diagnose};
use thiserror::Error;

/// Why an analysis came to no finding although there was a volume.
#[derive(Debug, Error)]
pub enum AnalysisError {
    /// A network could not be opened or run.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The observer wanted it to end.
    #[error("the analysis was cancelled")]
    Cancelled,
    /// What was segmented or drawn is no lesions.
    #[error(transparent)]
    Scattered(#[from] Scattered),
    /// Networks and manifest of the bundle disagree.
    #[error(transparent)]
    Output(#[from] UnexpectedOutput),
}

impl Diagnose for AnalysisError {
    fn code(&self) -> Code {
        match self {
            Self::Network(error) => error.code(),
            Self::Cancelled => Code::Cancelled,
            Self::Scattered(_) => Code::MaskScattered,
            Self::Output(UnexpectedOutput::Shape { .. }) => Code::NetworkShape,
            Self::Output(UnexpectedOutput::Value { .. }) => Code::Network,
        }
    }

    fn action(&self) -> Cow<'_, str> {
        match self {
            Self::Network(error) => error.action(),
            Self::Cancelled => "submit the study again if it is wanted after all".into(),
            Self::Scattered(_) => {
                "look at the series in a viewer, noise or motion may fill it; a corrected mask must have fewer pieces, each a lesion"
                    .into()
            }
            Self::Output(UnexpectedOutput::Shape { .. }) => {
                "correct the bundle: its networks and its manifest disagree".into()
            }
            Self::Output(UnexpectedOutput::Value { .. }) => {
                "run `cordline doctor`, and try with precision = \"exact\"; the bundle's maker should see this study".into()
            }
        }
    }
}

impl From<RunError> for AnalysisError {
    fn from(error: RunError) -> Self {
        Self::Network(error.into())
    }
}
