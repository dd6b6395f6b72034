//! What a network is to the segmentation: something that answers an image, or fails for reasons of its owner's; and an answer that none is.

use ndarray::{ArrayD, ArrayView4};
use thiserror::Error;

/// A network with one float32 input (n, channel, row, column).
pub trait Network {
    /// Why it may not answer. The pipeline adds one reason of its own, and passes all others on.
    type Error: From<UnexpectedOutput>;

    /// How many images it is to be given at once where `left` are left; at least 1. What exceeds these is empty, and its answer dropped.
    ///
    /// # Errors
    /// The network cannot be run.
    fn batch_for(&mut self, left: usize) -> Result<usize, Self::Error> {
        let _ = left;
        Ok(1)
    }

    /// Runs the network and returns its outputs in the order that its opener asked for.
    ///
    /// # Errors
    /// The network could not be run.
    fn run(&mut self, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, Self::Error>;
}

/// A network answered otherwise than the manifest promises.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum UnexpectedOutput {
    /// In another shape.
    #[error("the network {network} answered with shape {found:?} where {expected} was promised")]
    Shape {
        /// Name of the network.
        network: String,
        /// Shape of the answer.
        found: Vec<usize>,
        /// The promise in words.
        expected: &'static str,
    },
    /// With a value that none of its kind can have.
    #[error("the network {network} answered with {found} where {expected} was promised")]
    Value {
        /// Name of the network.
        network: String,
        /// The first such value.
        found: f32,
        /// The promise in words.
        expected: &'static str,
    },
}

impl UnexpectedOutput {
    /// Of several probabilities the first that is none. Below a threshold NaN would count as "no", and nobody would know.
    pub(super) fn improbable<'a>(network: &str, values: impl IntoIterator<Item = &'a f32>) -> Result<(), Self> {
        match values.into_iter().find(|value| !is_probability(**value)) {
            None => Ok(()),
            Some(&found) => Err(Self::Value { network: network.into(), found, expected: "a probability from 0 to 1" }),
        }
    }
}

/// Sums of low precision may pass 1 by a hair.
const ROUNDING: f32 = 1e-3;

/// False for NaN too.
pub(super) fn is_probability(value: f32) -> bool {
    (-ROUNDING..=1.0 + ROUNDING).contains(&value)
}

#[cfg(test)]
pub(super) mod tests {
    use super::UnexpectedOutput;

    /// How a test's analysis ends early.
    #[derive(Debug, PartialEq)]
    pub(crate) enum TestError {
        /// The caller wanted it to.
        Cancelled,
        /// The network's answer was none.
        Output(UnexpectedOutput),
    }

    impl From<UnexpectedOutput> for TestError {
        fn from(error: UnexpectedOutput) -> Self {
            Self::Output(error)
        }
    }
}
