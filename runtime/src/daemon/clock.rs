//! The time, as journal and wire count it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in ms since 1970 (UTC).
pub(super) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
}
