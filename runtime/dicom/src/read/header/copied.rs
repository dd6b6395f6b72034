//! What result objects carry over, patient and study first: equal to the source, legal, and with every doubt told.

use chrono::{NaiveDate, NaiveTime};
use cordline_sdk::steering::steers;
use dicom_core::Tag;
use dicom_dictionary_std::tags;

use crate::read::doubt::Doubt;
use crate::read::elements::DataSet;
use crate::source::{Patient, Study};

/// Most characters of a long string (LO), and of each group of a person name (PN).
const LONG: usize = 64;
/// Most characters of a short string (SH), a number as text (DS) and a code (CS).
const SHORT: usize = 16;

/// Takes values from a data set and notes the doubts about them.
pub(super) struct Copier<'a, 's> {
    pub set: &'a DataSet<'s>,
    pub doubts: &'a mut Vec<Doubt>,
}

impl Copier<'_, '_> {
    pub(super) fn patient(&mut self) -> Patient {
        Patient {
            name: self.name(tags::PATIENT_NAME, "PatientName"),
            id: self.words(tags::PATIENT_ID, "PatientID", LONG),
            issuer_of_id: self.words(tags::ISSUER_OF_PATIENT_ID, "IssuerOfPatientID", LONG),
            birth_date: self.date(tags::PATIENT_BIRTH_DATE, "PatientBirthDate"),
            sex: self.one_of(tags::PATIENT_SEX, "PatientSex", &["M", "F", "O"]),
            age: self.age(),
            identity_removed: self.one_of(tags::PATIENT_IDENTITY_REMOVED, "PatientIdentityRemoved", &["YES", "NO"]),
            deidentification_method: self.several(tags::DEIDENTIFICATION_METHOD, "DeidentificationMethod"),
        }
    }

    pub(super) fn study(&mut self, uid: String) -> Study {
        Study {
            uid,
            date: self.date(tags::STUDY_DATE, "StudyDate"),
            time: self.time(tags::STUDY_TIME, "StudyTime"),
            accession_number: self.words(tags::ACCESSION_NUMBER, "AccessionNumber", SHORT),
            referring_physician: self.name(tags::REFERRING_PHYSICIAN_NAME, "ReferringPhysicianName"),
            id: self.words(tags::STUDY_ID, "StudyID", SHORT),
            description: self.words(tags::STUDY_DESCRIPTION, "StudyDescription", LONG),
        }
    }

    /// A text of one value, of `most` characters where it is legal.
    pub(super) fn words(&mut self, tag: Tag, attribute: &'static str, most: usize) -> String {
        let text = self.text(tag, attribute);
        let legal = self.legal(text, attribute, Some('/'));
        self.bounded(legal.chars().count(), most, attribute);
        legal
    }

    /// A person name. A backslash would make two values of it.
    fn name(&mut self, tag: Tag, attribute: &'static str) -> String {
        let text = self.text(tag, attribute);
        let legal = self.legal(text, attribute, Some('/'));
        let longest = legal.split('=').map(|group| group.chars().count()).max().unwrap_or_default();
        self.bounded(longest, LONG, attribute);
        legal
    }

    /// A text of one or several values.
    fn several(&mut self, tag: Tag, attribute: &'static str) -> String {
        let text = self.text(tag, attribute);
        let legal = self.legal(text, attribute, None);
        let longest = legal.split('\\').map(|value| value.chars().count()).max().unwrap_or_default();
        self.bounded(longest, LONG, attribute);
        legal
    }

    fn text(&mut self, tag: Tag, attribute: &'static str) -> String {
        let copied = self.set.copied(tag);
        self.doubts.extend(copied.doubt.map(|doubt| Doubt::Text { attribute, doubt }));
        if copied.cut {
            self.doubts.push(Doubt::Cut(attribute));
        }
        copied.text
    }

    /// Without characters that steer what shows them; with `slash` for a backslash, if one is given.
    fn legal(&mut self, text: String, attribute: &'static str, slash: Option<char>) -> String {
        let forbidden = |c: char| steers(c) || (c == '\\' && slash.is_some());
        if !text.contains(forbidden) {
            return text;
        }
        self.doubts.push(Doubt::ForbiddenCharacters(attribute));
        let legal: String = text
            .chars()
            .map(|c| match c {
                '\\' => slash.unwrap_or(c),
                c if steers(c) => ' ',
                c => c,
            })
            .collect();
        legal.trim().to_owned()
    }

    fn bounded(&mut self, characters: usize, most: usize, attribute: &'static str) {
        if characters > most {
            self.doubts.push(Doubt::TooLong(attribute));
        }
    }

    /// YYYYMMDD; the older YYYY.MM.DD, and what others write with dashes, are brought into that form.
    fn date(&mut self, tag: Tag, attribute: &'static str) -> String {
        self.value(tag, attribute, |text| {
            let digits: String = text.chars().filter(|c| !matches!(c, '.' | '-' | '/')).collect();
            let is_date = digits.len() == 8 && NaiveDate::parse_from_str(&digits, "%Y%m%d").is_ok();
            is_date.then_some(digits)
        })
    }

    /// HHMMSS.FFFFFF, of which only the hour must be there; the older form with colons is brought into that.
    fn time(&mut self, tag: Tag, attribute: &'static str) -> String {
        self.value(tag, attribute, |text| {
            let plain: String = text.chars().filter(|c| *c != ':').collect();
            let (whole, fraction) = plain.split_once('.').map_or((plain.as_str(), None), |(w, f)| (w, Some(f)));
            let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
            let padded = format!("{whole:0<6}");
            // A leap second is legal in DICOM.
            let padded = padded.strip_suffix("60").map_or(padded.clone(), |minute| format!("{minute}59"));
            let is_time = matches!(whole.len(), 2 | 4 | 6)
                && digits(whole)
                && NaiveTime::parse_from_str(&padded, "%H%M%S").is_ok()
                && fraction.is_none_or(|f| whole.len() == 6 && !f.is_empty() && digits(f));
            // What is finer than a microsecond cannot be written.
            is_time.then(|| plain.chars().take(13).collect())
        })
    }

    /// Three digits and a unit; missing zeros are put in front.
    fn age(&mut self) -> String {
        self.value(tags::PATIENT_AGE, "PatientAge", |text| {
            let text = text.to_uppercase();
            let number = text.strip_suffix(['D', 'W', 'M', 'Y'])?;
            let is_age = (1..=3).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
            is_age.then(|| format!("{text:0>4}"))
        })
    }

    /// One of the values that the standard lists.
    fn one_of(&mut self, tag: Tag, attribute: &'static str, listed: &[&str]) -> String {
        self.value(tag, attribute, |text| {
            let code = text.to_uppercase();
            listed.contains(&code.as_str()).then_some(code)
        })
    }

    /// One or several numbers as text (DS).
    pub(super) fn decimals(&mut self, tag: Tag, attribute: &'static str) -> String {
        let is_sign = |b: u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'E' | b'e');
        self.each(tag, attribute, |value| value.bytes().all(is_sign) && value.parse::<f64>().is_ok())
    }

    /// One or several codes (CS).
    pub(super) fn codes(&mut self, tag: Tag, attribute: &'static str) -> String {
        let is_sign = |b: u8| matches!(b, b'A'..=b'Z' | b'0'..=b'9' | b'_' | b' ');
        self.each(tag, attribute, |value| !value.is_empty() && value.bytes().all(is_sign))
    }

    /// Values of which each is short and of a form, in capitals.
    fn each(&mut self, tag: Tag, attribute: &'static str, is_legal: impl Fn(&str) -> bool) -> String {
        self.value(tag, attribute, |text| {
            let text = text.to_uppercase();
            let values: Vec<&str> = text.split('\\').map(str::trim).collect();
            values.iter().all(|value| value.len() <= SHORT && is_legal(value)).then(|| values.join("\\"))
        })
    }

    /// A value that must have a form; empty, with a doubt, where it has not.
    fn value(&mut self, tag: Tag, attribute: &'static str, form: impl Fn(&str) -> Option<String>) -> String {
        let Some(text) = self.set.text(tag) else { return String::new() };
        form(&text).unwrap_or_else(|| {
            self.doubts.push(Doubt::NoSuchValue(attribute));
            String::new()
        })
    }
}

#[cfg(test)]
mod tests;
