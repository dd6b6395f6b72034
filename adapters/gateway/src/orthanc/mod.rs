//! Studies that arrive in Orthanc: fetched, analysed, and their results stored beside them, once.
//!
//! A study may be announced by the hook in Orthanc (`adapters/orthanc/cordline.lua`), by the list of changes that is read here, or by a
//! person, and several times: what was done with it is written on the study itself. Objects are only ever added: what is in the archive
//! may be somebody's work.
//!
//! - [`client`], [`resources`], [`response`]: Orthanc's REST interface
//! - [`metadata`]: what stands on a study; [`study_record`], [`status_line`], [`reviews`], [`saves`], [`reanalysis`] are what it holds
//! - [`predecessors`]: earlier results of ours in a study
//! - [`changes`], [`cursor`], [`timestamp`]: the list of changes, and how far it was read
//! - [`unstable_instances`]: images whose study may never be called stable
//! - [`queue`]: studies that are to be processed; [`processor`]: how one is
//! - [`review_sync`]: reviews that the daemon has are brought to the study
//! - [`rerun`]: the command that has a study analysed again
//! - [`id`]: Orthanc's identifiers; [`error`]: what can go wrong

pub(crate) mod changes;
mod client;
mod cursor;
pub mod error;
#[cfg(test)]
pub(crate) mod fake_orthanc;
pub(crate) mod id;
mod metadata;
mod predecessors;
pub(crate) mod processor;
pub(crate) mod queue;
pub(crate) mod reanalysis;
pub mod rerun;
mod resources;
mod response;
pub(crate) mod review_sync;
pub(crate) mod reviews;
mod saves;
mod status_line;
pub(crate) mod study_record;
mod timestamp;
mod unstable_instances;
