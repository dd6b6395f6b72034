//! The road of a study: DICOM in; masks, answers, heat maps and a report out.
//!
//! The parts in the order in which data passes:
//! - [`config`]: settings, resolved once
//! - [`bundle`]: manifest and models, verified before use
//! - [`network`], [`networks`]: what a network is; the bundle's networks as sessions, opened when needed
//! - [`dicom`]: the only folder that knows DICOM, on the way in (scan, series, volume) and on the way out (SEG, SR, heat map, secondary capture)
//! - [`digest`]: which bytes, voxels and masks these are
//! - [`bilinear`]: images in another size
//! - [`geometry`], [`volume`]: voxels and where they lie in the patient (LPS, mm)
//! - [`quality`]: is there a picture in the voxels at all
//! - [`pipeline`]: normalise, segment, measure, classify, explain; pure functions on arrays and Geometry
//! - [`reader`]: files to a volume; for the daemon in a process of its own
//! - [`analyze`]: the road itself; [`analysed`] is what it carries, [`stage`] where it is, [`stop`] why it ended early
//! - [`deliver`], [`outbox`]: findings to files, whole or not at all
//! - [`report`]: the page and the pictures for people
//! - [`evaluate`]: figures of a cohort
//! - [`diagnosis`]: what this box has and lacks
//! - [`journal`], [`spool`]: jobs on disk; their input and results on disk
//! - [`daemon`]: `cordline serve`: server, clerk and worker
//! - [`keys`], [`audit`]: who may come from other hosts; who did what, when; [`private_folder`] is where such things lie
//! - [`cli`]: the commands

pub mod analysed;
pub mod analyze;
pub mod audit;
pub mod bilinear;
pub mod bundle;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod deliver;
pub mod diagnosis;
pub mod dicom;
pub mod digest;
pub mod evaluate;
pub mod geometry;
pub mod journal;
pub mod keys;
pub mod network;
pub mod networks;
pub mod outbox;
pub mod pipeline;
pub mod private_folder;
pub mod quality;
pub mod reader;
pub mod report;
pub mod spool;
pub mod stage;
pub mod stop;
pub mod volume;
