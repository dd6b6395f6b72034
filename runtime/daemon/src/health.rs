//! Whether the models answer, and on what they run; written by the worker, read by queries and metrics.

use cordline_sdk::result::BundleIdentity;
use cordline_sdk::wire::reply::DeviceReport;

/// The state of the models.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    pub bundle: Option<BundleIdentity>,
    /// True once the models reproduced their golden output.
    pub ready: bool,
    pub device: Option<DeviceReport>,
    /// For the operator.
    pub warnings: Vec<String>,
}
