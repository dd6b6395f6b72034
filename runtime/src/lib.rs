//! The runtime: DICOM in; masks, answers, heat maps and a report out.
//!
//! The parts, each of which knows those above it only:
//! - [`geometry`], [`volume`]: voxels and where they lie in the patient (LPS, mm); [`findings`]: what was found in them
//! - [`manifest`]: what a bundle wants; [`stage`]: the stages of an analysis; [`digest`]: which bytes, voxels and masks these are
//! - [`resize`]: images in another size
//! - [`pipeline`]: normalise, segment, measure, classify, explain; pure functions on arrays and Geometry
//! - [`quality`]: is there a picture in the voxels at all
//! - [`dicom`]: the only folder that knows DICOM, on the way in (scan, series, volume) and on the way out (SEG, SR, heat map, secondary capture)
//! - [`bundle`], [`networks`]: models, verified before use; as sessions, opened when needed
//! - [`report`]: the page and the pictures for people; [`evaluate`]: figures of a cohort
//! - [`reader`]: files to a volume; for the daemon in a process of its own; [`early_end`]: why an analysis ended before any finding
//! - [`config`]: settings, resolved once
//! - [`analyze`]: the analysis of a study: load, infer, write
//! - [`diagnosis`]: what this host has and lacks
//! - [`journal`], [`spool`]: jobs on disk; their input and results on disk
//! - [`keys`], [`audit`]: which clients of other hosts are accepted; who did what, when
//! - [`private_folder`], [`lock`]: files for one user and one process; [`printable`]: text from elsewhere, harmless in logs
//! - [`daemon`]: `cordline serve`: server, scheduler and worker
//! - [`cli`]: the commands

pub mod analyze;
pub mod audit;
pub mod bundle;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod diagnosis;
pub mod dicom;
pub mod digest;
pub mod early_end;
pub mod evaluate;
pub mod findings;
pub mod geometry;
pub mod journal;
pub mod keys;
mod lock;
pub mod manifest;
pub mod networks;
pub mod pipeline;
pub mod printable;
pub mod private_folder;
pub mod quality;
pub mod reader;
pub mod report;
pub mod resize;
pub mod spool;
pub mod stage;
pub mod volume;
