//! Whether the models answer, and on what they run; written by the worker, read by queries and metrics.

use cordline_device::Fallback;
use cordline_sdk::result::BundleIdentity;
use cordline_sdk::wire::reply::DeviceReport;

/// The state of the models.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    pub bundle: Option<BundleIdentity>,
    /// True once the models reproduced their golden output.
    pub ready: bool,
    pub device: Option<DeviceReport>,
    /// The fall-backs of the device, in words of metrics.
    pub refusals: Vec<RefusedProvider>,
    /// For the operator.
    pub warnings: Vec<String>,
}

/// A provider that was wanted and is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RefusedProvider {
    pub provider: String,
    /// One of few words: sentences name files and networks.
    pub reason: &'static str,
}

impl RefusedProvider {
    pub(super) fn of(fallback: &Fallback) -> Self {
        Self { provider: fallback.wanted.to_string(), reason: fallback.reason.as_str() }
    }
}
