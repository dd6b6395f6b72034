//! Normalise, segment, measure, classify, explain: pure functions on arrays and Geometry.
//!
//! Absent from here: DICOM, files, sockets.

pub mod findings;
