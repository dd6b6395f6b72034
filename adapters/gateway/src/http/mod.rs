//! HTTP as all routes share it.
//!
//! - [`server`]: connections accepted, secured and served
//! - [`request_tracking`]: each request is counted on its connection, until its answer was read
//! - [`extract`]: who asks, and whether they may
//! - [`input`]: path, query and body of a request
//!
//! Absent from here: what is served ([`crate::routes`]).

pub(crate) mod extract;
pub(crate) mod input;
pub(crate) mod request_tracking;
pub(crate) mod server;
