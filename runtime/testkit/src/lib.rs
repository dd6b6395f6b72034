//! DICOM files, legal ones and others, the manifest of a bundle, and made-up hosts, for the tests of the runtime.
//!
//! - [`data_set`]: elements, items and fragments to bytes, in any transfer syntax
//! - [`series`]: a drawn MR series
//! - [`files`]: data sets as files of a folder
//! - [`rle`]: compressed frames
//! - [`uids`]: transfer syntaxes and SOP classes
//! - [`mod@manifest`]: what a bundle wants, as it stands in its folder
//! - [`hosts`]: the files by which the kernel tells what is in a host
//!
//! Absent from here: the runtime. Reader and builder are written apart, so that both must agree on the standard.

pub mod data_set;
pub mod files;
pub mod hosts;
pub mod manifest;
pub mod rle;
pub mod series;
pub mod uids;

pub use data_set::{Set, Value, head, meta};
pub use files::write;
pub use manifest::example_manifest;
pub use rle::{rle_frame, rle_literal};
pub use series::Stack;
pub use uids::*;
