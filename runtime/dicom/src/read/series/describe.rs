//! What tells a series from others: the facts of a verdict, and its name in a sentence.

use cordline_sdk::result::SeriesVerdict;

use super::assessment::{Assessed, Assessment};
use super::frames::image_type;
use crate::read::series_volume::SeriesVolume;

impl SeriesVolume {
    /// What is said of it to people and programs.
    pub(super) fn verdict(&self, a: &Assessment, reasons: Vec<String>) -> SeriesVerdict {
        let first = self.frames().next();
        // A classic file without any frame that can be read is one image all the same.
        let lost = self.instances.iter().filter(|i| i.frames.is_empty()).count();
        SeriesVerdict {
            uid: self.uid.clone(),
            selector: self.selector().to_string(),
            part: self.part.as_ref().map(|part| part.words.clone()),
            description: self.description().to_owned(),
            series_number: self.number(),
            acquired: self.acquired(),
            frames: self.frames.len() + lost,
            sections: (a.sections > 0).then_some(a.sections),
            spacing_mm: a.spacing_mm,
            height_mm: a.height_mm,
            image_type: first.map(|(instance, frame)| image_type(instance, frame).to_vec()).unwrap_or_default(),
            thumbnail: None,
            fits: a.fits(),
            reasons,
        }
    }

    /// SeriesNumber; none where absent.
    pub fn number(&self) -> Option<i32> {
        self.instances.first().map(|i| i.series.number).filter(|n| *n != 0)
    }

    /// Date and time of the series; where there is no time, those at which its first frame was acquired.
    pub(super) fn moment(&self) -> Option<(&str, &str)> {
        let series = &self.instances.first()?.series;
        let (date, time) = (series.date.trim(), series.time.trim());
        let acquired = self.frames().map(|(_, f)| f.acquired.as_str()).filter(|at| at.len() > 8).min();
        match acquired.and_then(|at| at.split_at_checked(8)) {
            Some((day, at)) if time.is_empty() && day.bytes().all(|b| b.is_ascii_digit()) => Some((day, at.trim())),
            _ => Some((date, time)),
        }
    }

    /// When it was acquired, in ISO 8601 without an offset: the scanner states none.
    pub fn acquired(&self) -> Option<String> {
        let (date, time) = self.moment()?;
        let digits = |text: &str, from: usize| {
            let part = text.get(from..from + 2)?;
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.to_owned())
        };
        let (century, year, month, day) = (digits(date, 0)?, digits(date, 2)?, digits(date, 4)?, digits(date, 6)?);
        let [hour, minute, second] = [0, 2, 4].map(|at| digits(time, at).unwrap_or_else(|| "00".into()));
        Some(match time.is_empty() {
            true => format!("{century}{year}-{month}-{day}"),
            false => format!("{century}{year}-{month}-{day}T{hour}:{minute}:{second}"),
        })
    }
}

/// A series in a sentence for people: `"T2 TSE SAG" (series 5, echo 98 ms)`. Without its UID, which people do not read.
pub fn named(verdict: &SeriesVerdict) -> String {
    let number = verdict.series_number.map(|n| format!("series {n}"));
    let more: Vec<String> = number.into_iter().chain(verdict.part.clone()).collect();
    let name = if verdict.description.is_empty() {
        "a series without a description".to_owned()
    } else {
        format!("\"{}\"", verdict.description)
    };
    if more.is_empty() { name } else { format!("{name} ({})", more.join(", ")) }
}

/// Verdicts with the reasons that `why` gives.
pub(super) fn verdicts<'a>(
    looked: impl IntoIterator<Item = &'a Assessed>,
    why: impl Fn(&SeriesVolume, &Assessment) -> Vec<String>,
) -> Vec<SeriesVerdict> {
    looked.into_iter().map(|(s, a)| s.verdict(a, why(s, a))).collect()
}
