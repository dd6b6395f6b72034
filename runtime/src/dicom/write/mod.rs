//! Findings to DICOM objects for the archive.
//!
//! [`result_object`] is what every result is made from; [`seg`], [`sr`], [`parametric_map`] and [`secondary_capture`] write one kind each, from the
//! [`codes`] and [`uid`]s that they share; [`kept`] reads those of an earlier run.

pub mod codes;
mod dataset;
pub mod kept;
mod module;
pub mod parametric_map;
mod part10;
pub mod result_object;
pub mod secondary_capture;
pub mod seg;
pub mod sr;
pub mod timestamp;
pub mod uid;
