//! What a network is to the pipeline: something that answers an image, or fails for reasons of its owner's.

use ndarray::{ArrayD, ArrayView4};
use thiserror::Error;

/// A network with one float32 input (n, channel, row, column).
pub trait Network {
    /// Why it may not answer. The pipeline adds one reason of its own, and passes all others on.
    type Error: From<UnexpectedShape>;

    /// Runs the network and returns its outputs in the order that its opener asked for.
    ///
    /// # Errors
    /// The network could not be run.
    fn run(&mut self, input: ArrayView4<'_, f32>) -> Result<Vec<ArrayD<f32>>, Self::Error>;
}

/// A network answered in another shape than the manifest promises.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the network {network} answered with shape {found:?} where {expected} was promised")]
pub struct UnexpectedShape {
    /// Name of the network.
    pub network: String,
    /// Shape of the answer.
    pub found: Vec<usize>,
    /// The promise in words.
    pub expected: &'static str,
}

#[cfg(test)]
pub(super) mod tests {
    use super::UnexpectedShape;

    /// How a test's analysis ends early.
    #[derive(Debug, PartialEq, Eq)]
    pub(crate) enum TestError {
        /// The caller wanted it to.
        Cancelled,
        /// The network's answer had another shape.
        Shape(UnexpectedShape),
    }

    impl From<UnexpectedShape> for TestError {
        fn from(error: UnexpectedShape) -> Self {
            Self::Shape(error)
        }
    }
}
