//! Times of Orthanc's clock: `20261129T230935` (UTC). The order of such texts is the order in time.

use std::time::Duration;

const FORMAT: &str = "%Y%m%dT%H%M%S";

/// The time that lies `by` before `moment`. A text of another form is returned as it is.
pub(super) fn before(moment: &str, by: Duration) -> String {
    let read = chrono::NaiveDateTime::parse_from_str(moment, FORMAT);
    let by = chrono::Duration::from_std(by).unwrap_or_default();
    read.ok()
        .and_then(|read| read.checked_sub_signed(by))
        .map_or_else(|| moment.to_owned(), |m| m.format(FORMAT).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_midnight_is_of_the_day_before() {
        assert_eq!(before("20260101T000005", Duration::from_secs(10)), "20251231T235955");
        assert_eq!(before("soon", Duration::from_secs(10)), "soon");
    }
}
