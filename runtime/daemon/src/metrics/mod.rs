//! Figures for Prometheus, and whether the daemon is alive and ready. No patient data.
//!
//! - [`counters`]: counted while the daemon works
//! - [`gpus`]: what the GPUs tell of themselves
//! - [`page`](mod@page): all figures as text
//! - [`endpoint`]: the HTTP server

mod counters;
mod endpoint;
mod gpus;
mod page;

pub(super) use counters::Metrics;
pub(super) use endpoint::{MetricsSources, serve};
