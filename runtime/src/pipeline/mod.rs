//! Normalise, segment, measure, classify, explain: pure functions on arrays and Geometry.
//!
//! - [`reorient`]: the sections in training orientation, and findings back on the grid of the source
//! - [`normalise`]: intensities of a volume to 0..1
//! - [`resize`]: between the native grid and the network's
//! - [`segment`]: probability of lesion, section by section, middle ones first
//! - [`components`]: which voxels of a mask hang together
//! - [`measure`]: the lesions with volume and extent
//! - [`classify`]: the questions, along the branches
//! - [`explain`]: Grad-CAM on the native grid
//! - [`findings`]: what all of this comes to
//!
//! Absent from here: DICOM, files, sockets. Networks come in as [`Network`](crate::network::Network).

pub mod classify;
pub mod components;
pub mod explain;
pub mod findings;
pub mod measure;
pub mod normalise;
pub mod reorient;
pub mod resize;
pub mod segment;
