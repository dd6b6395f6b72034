//! The moment at which a result was made, as DICOM writes it.

use chrono::{DateTime, FixedOffset};

/// Date and time of day, to the second, in the wall clock of the hospital, as the images beside it have it. Frozen once a result is made, so
/// that a repeated run writes the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp(DateTime<FixedOffset>);

impl From<DateTime<FixedOffset>> for Timestamp {
    fn from(moment: DateTime<FixedOffset>) -> Self {
        Self(moment)
    }
}

impl Timestamp {
    /// Date as DICOM DA: YYYYMMDD.
    pub fn date(&self) -> String {
        self.0.format("%Y%m%d").to_string()
    }

    /// Time of day as DICOM TM: HHMMSS.
    pub fn time(&self) -> String {
        self.0.format("%H%M%S").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_is_written() {
        let moment = DateTime::parse_from_rfc3339("2026-02-28T23:59:58+01:00").map(Timestamp::from).unwrap();
        assert_eq!((moment.date().as_str(), moment.time().as_str()), ("20260228", "235958"));
    }
}
