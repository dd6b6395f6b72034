//! Cordline for browsers and archives: a client of the daemon like any other. It keeps no results of its own.
//!
//! ```text
//! browser ── HTTP, WebSocket ──> routes ──> daemon_client (ZeroMQ)
//!    │                              └─────> archive: DICOMweb of the one that is configured
//!    └── pages: OHIF, our extension
//! archive (Orthanc) ── new studies ──> orthanc ──> daemon_client, and the results back
//! ```
//!
//! - [`settings`]: file, environment, flags; resolved once
//! - [`run`](mod@run): start, background tasks, shutdown
//! - [`state`]: what every request shares
//! - [`routes`]: what is served: the interface under `/api/v1` with its OpenAPI document, DICOMweb, pages
//! - [`http`]: connections, and what all routes share: access, input, request tracking
//! - [`auth`]: tokens, roles, origins
//! - [`limits`]: quotas of a token, connections, write timeouts, file descriptors
//! - [`daemon_client`]: the daemon, asked over ZeroMQ
//! - [`archive`]: the HTTP client of the archive
//! - [`orthanc`]: studies that arrive are analysed, and their results stored beside them
//! - [`error`]: errors as HTTP answers them
//! - [`metrics`]: counters for Prometheus
//! - [`tls`], [`file_permissions`], [`keyed_lock`]: small parts that several of these use
//!
//! Absent from here: reading DICOM, and everything that an analysis is made of.
//!
//! Research use only; not a medical device.

mod archive;
#[cfg(test)]
mod attack_tests;
pub mod auth;
mod daemon_client;
pub mod error;
mod file_permissions;
mod http;
mod keyed_lock;
mod limits;
mod metrics;
pub mod orthanc;
mod routes;
mod run;
pub mod settings;
mod state;
mod tls;

pub use self::run::{GatewayError, run};
