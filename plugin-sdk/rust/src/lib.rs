//! What Cordline says to the world, in types that an adapter can lean on.
//!
//! - [`result`]: one analysed study, as written to `result.json`
//! - [`finding`]: the answer in a word or two
//!
//! Absent from here: DICOM, ONNX Runtime and every algorithm.

pub mod finding;
pub mod result;

pub use finding::Finding;
pub use result::AnalysisResult;

/// The line that stands wherever a result appears.
pub const RESEARCH_USE: &str = "Research use only; not a medical device";
