//! Series among which a person chooses, in a table that tells them apart, each with what is to be typed to take it.

use cordline_core::printable::printable;
use cordline_sdk::result::SeriesVerdict;

/// The headings of the table.
const HEADINGS: [&str; 7] = ["Series", "Description", "Volume", "Acquired", "Covers (mm)", "Sections", "Pixels (mm)"];

/// The table: a row for each series and, below it, its reasons and what `typed` makes of its selector. Columns in which no row says anything
/// are left out.
pub(crate) fn table<'a>(series: impl IntoIterator<Item = &'a SeriesVerdict>, typed: impl Fn(&str) -> String) -> String {
    let series: Vec<&SeriesVerdict> = series.into_iter().collect();
    let rows: Vec<[String; 7]> = series.iter().map(|v| cells(v)).collect();
    let width = |column: usize| match rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0) {
        0 => 0,
        longest => longest.max(HEADINGS[column].chars().count()),
    };
    let line = |row: [&str; 7]| {
        let cells = (0..7).filter(|c| width(*c) > 0).map(|c| format!("{:<1$}", row[c], width(c)));
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    };
    let mut text = vec![line(HEADINGS)];
    for (verdict, row) in series.iter().zip(&rows) {
        text.push(line(row.each_ref().map(String::as_str)));
        text.push(format!("      {}", printable(&verdict.reasons.join("; "), usize::MAX)));
        text.push(format!("      {}", printable(&typed(verdict.selector()), usize::MAX)));
    }
    text.join("\n")
}

fn cells(verdict: &SeriesVerdict) -> [String; 7] {
    let plain = |text: &str| printable(text, usize::MAX);
    let description =
        if verdict.description.is_empty() { "(no description)".into() } else { plain(&verdict.description) };
    [
        verdict.series_number.map(|n| n.to_string()).unwrap_or_default(),
        description,
        verdict.part.as_deref().map(plain).unwrap_or_default(),
        verdict.acquired.as_deref().map(|at| plain(at).replace('T', " ")).unwrap_or_default(),
        verdict.height_mm.map(|[low, high]| format!("{} to {}", place(high), place(low))).unwrap_or_default(),
        verdict.sections.map(|n| n.to_string()).unwrap_or_default(),
        verdict
            .spacing_mm
            .map(|[gap, row, column]| format!("{row:.2} x {column:.2}, {gap:.1} apart"))
            .unwrap_or_default(),
    ]
}

/// A height as sections are written: towards the head or the feet.
fn place(z: f64) -> String {
    format!("{}{:.0}", if z < 0.0 { 'F' } else { 'H' }, z.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_stations_are_told_apart_and_say_what_to_type() {
        let station = |part: &str, number: usize, height_mm| SeriesVerdict {
            uid: "1.2.3".into(),
            selector: format!("1.2.3#{number}"),
            part: Some(part.into()),
            description: "T2 TSE\u{1b}SAG".into(),
            series_number: Some(5),
            acquired: Some("2026-01-05T10:15:00".into()),
            sections: Some(7),
            spacing_mm: Some([3.3, 0.5, 0.625]),
            height_mm: Some(height_mm),
            reasons: vec!["sagittal".into()],
            ..SeriesVerdict::default()
        };
        let two = [station("station 1", 1, [-140.0, 119.6]), station("station 2, 220 mm lower", 2, [-360.0, -100.4])];
        assert_eq!(
            table(&two, |selector| format!("--series {selector}")),
            "  Series  Description  Volume                   Acquired             Covers (mm)   Sections  Pixels (mm)
  5       T2 TSE SAG   station 1                2026-01-05 10:15:00  H120 to F140  7         0.50 x 0.62, 3.3 apart
      sagittal
      --series 1.2.3#1
  5       T2 TSE SAG   station 2, 220 mm lower  2026-01-05 10:15:00  F100 to F360  7         0.50 x 0.62, 3.3 apart
      sagittal
      --series 1.2.3#2"
        );
    }

    #[test]
    fn columns_without_a_word_are_left_out() {
        let bare = SeriesVerdict { uid: "1.2".into(), reasons: vec!["localizer".into()], ..SeriesVerdict::default() };
        assert_eq!(
            table([&bare], |selector| format!("--series {selector}")),
            "  Description\n  (no description)\n      localizer\n      --series 1.2"
        );
    }
}
