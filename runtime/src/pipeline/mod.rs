//! Normalise, segment, measure, classify, explain: pure functions on arrays and Geometry.
//!
//! - [`normalise`]: intensities of a volume to 0..1
//! - [`resize`]: between the native grid and the network's
//! - [`segment`]: probability of lesion, section by section, middle ones first
//! - [`measure`]: connected lesions with volume and extent
//! - [`classify`]: the questions, along the branches
//! - [`explain`]: Grad-CAM on the native grid
//! - [`findings`]: what all of this comes to
//!
//! Absent from here: DICOM, files, sockets. Networks come in as [`Network`].

pub mod classify;
pub mod explain;
pub mod findings;
pub mod measure;
pub mod normalise;
pub mod resize;
pub mod segment;

use cordline_device::Session;
use ndarray::{ArrayD, ArrayView4};

use crate::networks::NetworkError;

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
