//! Models: verified before use, and opened when needed.
//!
//! - [`bundle`]: a folder with a manifest, networks, and a golden input and output
//! - [`networks`]: as sessions of ONNX Runtime
//! - [`engines`]: what providers compile of them, built ahead
//!
//! Absent from here: DICOM, sockets, and what is done with the output of a network.

pub mod bundle;
pub mod engines;
pub mod networks;
