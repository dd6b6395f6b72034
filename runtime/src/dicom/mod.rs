//! The only folder that knows DICOM.
//!
//! On the way in: what the chosen series is called and where its frames come from ([`source`]).
//!
//! On the way out: [`result_object`] is what every result is made from; [`seg`], [`sr`], [`parametric_map`] and
//! [`secondary_capture`] write one kind each, from the [`codes`] and [`uid`]s that they share.
//!
//! Absent from here: networks, arithmetic on lesions, words for people.

pub mod codes;
mod dataset;
mod module;
pub mod parametric_map;
mod part10;
pub mod result_object;
pub mod secondary_capture;
pub mod seg;
pub mod source;
pub mod sr;
pub mod timestamp;
pub mod uid;
