//! Findings to DICOM objects for the archive.
//!
//! - [`context`]: what every result is made from; [`result_object`]: what it becomes; [`error`]: why not
//! - [`seg`], [`sr`], [`parametric_map`], [`secondary_capture`]: one kind each
//! - [`codes`], [`uid`], [`timestamp`]: what they share
//! - [`earlier_object`]: the objects of an earlier run

pub mod codes;
pub mod context;
mod dataset;
pub mod earlier_object;
pub mod error;
mod module;
pub mod parametric_map;
mod part10;
pub mod result_object;
pub mod secondary_capture;
pub mod seg;
pub mod sr;
#[cfg(test)]
mod tests;
pub mod timestamp;
pub mod uid;
