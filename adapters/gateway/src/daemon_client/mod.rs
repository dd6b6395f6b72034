//! The client of the daemon, over ZeroMQ.
//!
//! - [`client`]: one function for each request
//! - [`files`], [`file_list_cache`]: the files of a job, fetched piece by piece
//! - [`event_stream`]: the events of a job, on a connection of its own
//! - [`multiplexer`]: many requests on one connection
//! - [`socket`]: a connection that tokio waits for
//!
//! Absent from here: HTTP.

mod client;
mod event_stream;
mod file_list_cache;
mod files;
mod multiplexer;
mod socket;

pub(crate) use self::client::DaemonClient;
pub(crate) use self::socket::Socket;
