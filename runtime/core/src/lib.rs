//! What every other part speaks of: voxels, where they lie in the patient (LPS, mm), and what was found in them.
//!
//! - [`geometry`], [`volume`]: voxels and their places; [`findings`]: what was found in them
//! - [`manifest`]: what a bundle wants; [`stage`]: the stages of an analysis; [`digest`]: which bytes, voxels and masks these are
//! - [`resize`]: images in another size
//! - [`printable`]: text from elsewhere, harmless in logs
//!
//! Absent from here: files, sockets, DICOM and networks.

pub mod digest;
pub mod findings;
pub mod geometry;
pub mod manifest;
pub mod printable;
pub mod resize;
pub mod stage;
pub mod volume;
