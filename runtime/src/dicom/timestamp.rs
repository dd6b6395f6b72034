//! The moment at which a result was made, as DICOM writes it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Date and time of day, to the second. Frozen once a result is made, so that a repeated run writes the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    seconds: i64,
}

impl Timestamp {
    /// `offset` seconds east of UTC: objects carry the wall clock of the hospital, as the images beside them do.
    pub fn new(moment: SystemTime, offset: i32) -> Self {
        let since = match moment.duration_since(UNIX_EPOCH) {
            Ok(d) => i64::try_from(d.as_secs()).unwrap_or(i64::MAX / 2),
            // A clock before 1970 is wrong anyway; it must only not stop the result.
            Err(_) => Duration::ZERO.as_secs() as i64,
        };
        Self { seconds: since.saturating_add(i64::from(offset)) }
    }

    /// Date as DICOM DA: YYYYMMDD.
    pub fn date(&self) -> String {
        let (year, month, day) = civil(self.seconds.div_euclid(86_400));
        format!("{year:04}{month:02}{day:02}")
    }

    /// Time of day as DICOM TM: HHMMSS.
    pub fn time(&self) -> String {
        let s = self.seconds.rem_euclid(86_400);
        format!("{:02}{:02}{:02}", s / 3600, s / 60 % 60, s % 60)
    }
}

/// Year, month and day of a count of days since 1970-01-01 in the Gregorian calendar.
///
/// Counts from 1 March of year 0, so that the leap day ends a year: then months start at (153 m + 2) / 5 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year_of_era + carry, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64, offset: i32) -> (String, String) {
        let t = Timestamp::new(UNIX_EPOCH + Duration::from_secs(seconds), offset);
        (t.date(), t.time())
    }

    #[test]
    fn known_moments() {
        assert_eq!(at(0, 0), ("19700101".into(), "000000".into()));
        assert_eq!(at(951_782_399, 0), ("20000228".into(), "235959".into()));
        assert_eq!(at(951_782_400, 0), ("20000229".into(), "000000".into()));
        assert_eq!(at(1_795_489_505, 0), ("20261124".into(), "030505".into()));
    }

    #[test]
    fn the_offset_moves_the_date_too() {
        assert_eq!(at(951_782_399, 3600), ("20000229".into(), "005959".into()));
        assert_eq!(at(0, -1), ("19691231".into(), "235959".into()));
    }
}
