//! Folders of this host as input: only under the allowed roots, and copied before the job is accepted. Another user may change them at any moment, so
//! what is copied is compared with what was listed.
//!
//! - [`listing`]: the files that lie there
//! - [`open_beneath`]: opening without following links or blocking
//! - [`copy`](mod@copy): into the spool

mod copy;
mod listing;
mod open_beneath;
#[cfg(test)]
mod tests;

pub(crate) use copy::{CopyError, CopyGuard};
pub(crate) use listing::Listing;
