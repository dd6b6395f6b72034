//! The wall clock, as journal and wire count it.

use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, FixedOffset, Local, SubsecRound};

pub(super) const HOUR_MS: u64 = 3_600_000;
pub(super) const DAY_MS: u64 = 24 * HOUR_MS;

/// Now, in ms since 1970 (UTC).
pub(super) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as u64)
}

/// A moment to the second, with the local offset; `None` beyond what a calendar holds.
pub(super) fn local(ms: u64) -> Option<DateTime<FixedOffset>> {
    let moment = DateTime::from_timestamp_millis(i64::try_from(ms).ok()?)?;
    Some(moment.with_timezone(&Local).fixed_offset().trunc_subsecs(0))
}

/// Now, to the second, as RFC 3339 with the local offset.
pub(super) fn now_rfc3339() -> String {
    local(now_ms()).map(|now| now.to_rfc3339()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_keeps_its_second_in_every_time_zone() {
        assert_eq!(local(1_764_000_123_456).unwrap().timestamp_millis(), 1_764_000_123_000);
        assert_eq!(local(u64::MAX), None);
    }
}
