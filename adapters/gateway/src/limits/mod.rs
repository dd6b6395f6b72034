//! How much anybody may have at once.
//!
//! - [`quotas`]: requests, bytes, answers and streams of one token
//! - [`connections`]: open connections, and which of them is closed when there are too many
//! - [`write_timeout`]: a connection whose other side does not read is closed
//! - [`file_descriptors`]: the limit of the system, and how many connections go with it

pub(crate) mod connections;
pub(crate) mod file_descriptors;
pub(crate) mod quotas;
pub(crate) mod write_timeout;
