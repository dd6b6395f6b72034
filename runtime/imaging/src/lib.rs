//! Normalise, segment, measure, classify, explain: pure functions on arrays and Geometry.
//!
//! - [`quality`]: is there a picture in the voxels at all
//! - [`reorient`]: the sections in training orientation, and findings back on the grid of the source
//! - [`normalise`]: intensities of a volume to 0..1
//! - [`segment`]: probability of lesion, section by section, middle ones first
//! - [`components`]: which voxels of a mask hang together
//! - [`measure`]: the lesions with volume and extent
//! - [`lesion_sections`]: what the classifiers see of a study
//! - [`classify`]: the questions, along the branches
//! - [`section_answers`]: what a classifier answered of each section
//! - [`explain`]: Grad-CAM, on the network's own grid
//! - [`network`]: what a network is to all of these
//!
//! Absent from here: DICOM, files, sockets, and the library that runs networks.

pub mod classify;
pub mod components;
pub mod explain;
pub mod lesion_sections;
pub mod measure;
pub mod network;
pub mod normalise;
pub mod quality;
pub mod reorient;
pub mod section_answers;
pub mod segment;
