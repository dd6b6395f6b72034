//! The only folder that knows DICOM.
//!
//! On the way in: what the chosen series is called and where its frames come from ([`source`]).
//!
//! Absent from here: networks, arithmetic on lesions, words for people.

pub mod source;
