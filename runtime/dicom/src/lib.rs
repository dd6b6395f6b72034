//! The only crate that knows DICOM, on the way in and on the way out.
//!
//! - [`read`]: files, folders and archives to a volume
//! - [`source`]: what the chosen series is called and where its frames come from; results carry it over
//! - [`mod@write`]: findings to SEG, SR, parametric map and secondary capture
//!
//! Absent from here: networks, arithmetic on lesions, words for people beyond reasons and errors.

pub mod read;
pub mod source;
pub mod write;
