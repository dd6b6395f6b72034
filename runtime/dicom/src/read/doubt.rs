//! What is read of a file, though not without doubt: it is done, and told.

use std::collections::BTreeMap;

use super::prescan::Encoding;
use super::text::TextDoubt;

/// A doubt about one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The text of an attribute that results carry over.
    Text {
        attribute: &'static str,
        /// What is doubtful.
        doubt: TextDoubt,
    },
    /// The attribute holds characters that DICOM forbids there; results carry others in their place.
    ForbiddenCharacters(&'static str),
    /// The attribute is longer than DICOM allows; results carry it as it stands.
    TooLong(&'static str),
    /// The attribute is longer than any may be, and results carry its beginning.
    Cut(&'static str),
    /// The value of the attribute is none of its kind (a date, a time, an age, a code); results leave it out.
    NoSuchValue(&'static str),
    /// The file does not say how its data set is written; its first element does.
    NoTransferSyntax,
    /// The data set is written otherwise than the file says.
    Encoding {
        /// As the file says.
        declared: Encoding,
        /// As it is.
        found: Encoding,
    },
    /// Some elements are written otherwise than the others.
    MixedEncoding,
    /// Sequences or items are not closed, or closed twice.
    Delimiters,
    /// PixelData goes on behind the image.
    Padding {
        /// Bytes that are left over.
        bytes: u64,
        /// They could be rows, columns or images more.
        suspicious: bool,
    },
    /// The lowest stored value is meant to be shown white (MONOCHROME1).
    Inverted,
    /// HighBit is not the highest of BitsStored bits that begin with the lowest one.
    HighBit,
    /// RescaleSlope is negative.
    NegativeSlope,
}

impl Doubt {
    /// The sentence, without attribute and number of files: doubts of one sentence are told together.
    fn sentence(self) -> String {
        match self {
            Self::Text { doubt, .. } => match doubt {
                TextDoubt::Undeclared(set) => {
                    format!("could not be read with certainty: no character set is declared for it. It was read as {set}; compare it with the archive")
                }
                TextDoubt::NotAsDeclared(set) => format!(
                    "could not be read with certainty: the declared character set does not explain it. It was read as {set}; compare it with the archive"
                ),
                TextDoubt::LooksLikeUtf8 => {
                    "could not be read with certainty: it looks like UTF-8, but another character set is declared. It was read as declared; compare it with the archive".into()
                }
                TextDoubt::Unreadable => {
                    "could not be read: the declared character sets do not explain all of it. Results carry a replacement sign (U+FFFD) for what is missing".into()
                }
            },
            Self::ForbiddenCharacters(_) => {
                "holds characters that DICOM forbids there; results carry a space or a slash in their place".into()
            }
            Self::TooLong(_) => "is longer than DICOM allows; results carry it as it stands".into(),
            Self::Cut(_) => "is longer than any text that is carried over; results carry its beginning".into(),
            Self::NoSuchValue(_) => "has a value that DICOM does not allow there; results leave it empty".into(),
            Self::NoTransferSyntax => "do not say how they are written (no TransferSyntaxUID); it was told from their first element".into(),
            Self::Encoding { declared, found } => {
                format!("say that they are written in {declared}, but are written in {found}; they were read as they are written")
            }
            Self::MixedEncoding => {
                "hold elements that are written otherwise than the others; they were read as they are written".into()
            }
            Self::Delimiters => "have sequences that are not closed as they should be; they were read all the same".into(),
            Self::Padding { suspicious: true, .. } => {
                "have as many bytes behind the pixels as rows, columns or images would have; they were ignored. Check that Rows, Columns and bits are those of the image".into()
            }
            Self::Padding { .. } => "have bytes behind the pixels, which were ignored as padding".into(),
            Self::HighBit => {
                "have a HighBit that does not go with BitsStored; samples were read where their bits lie".into()
            }
            Self::NegativeSlope => {
                "have a negative RescaleSlope, which makes of the highest samples the darkest voxels. Look at the series in a viewer: where bright and dark are exchanged, a lesion is not found".into()
            }
            Self::Inverted => {
                "are stored with inverted grey values (MONOCHROME1) and were turned the usual way, bright for high".into()
            }
        }
    }

    /// The attribute that it is about.
    fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Text { attribute, .. }
            | Self::ForbiddenCharacters(attribute)
            | Self::TooLong(attribute)
            | Self::Cut(attribute)
            | Self::NoSuchValue(attribute) => Some(attribute),
            _ => None,
        }
    }
}

/// The doubts about the files of a series in sentences, each once; `files` are the doubts of each file.
pub fn warnings<'a>(files: impl ExactSizeIterator<Item = &'a [Doubt]>) -> Vec<String> {
    let mut about: Vec<(String, Vec<&'static str>)> = Vec::new();
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    let all = files.len();
    for doubt in files.flatten() {
        let sentence = doubt.sentence();
        let at = about.iter().position(|(known, _)| *known == sentence).unwrap_or_else(|| {
            about.push((sentence, Vec::new()));
            about.len() - 1
        });
        match doubt.attribute() {
            Some(attribute) if !about[at].1.contains(&attribute) => about[at].1.push(attribute),
            Some(_) => {}
            None => *counts.entry(at).or_default() += 1,
        }
    }
    let told = about.into_iter().enumerate().map(|(at, (sentence, attributes))| match counts.get(&at) {
        Some(n) if *n == all => format!("The files of the series {sentence}."),
        Some(n) => format!("{n} of the {all} files of the series {sentence}."),
        None => format!("{}: the text {sentence}.", attributes.join(", ")),
    });
    told.collect()
}
