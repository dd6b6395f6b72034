//! The modules and functional groups that result objects share, one file for each noun.
//!
//! - [`patient_study`]: who was imaged and in which examination, copied from the source
//! - [`series`]: the new series, the equipment that made it, the instance itself
//! - [`series_number`]: what tells the series of a source apart by number
//! - [`content`]: what a derived image says of itself
//! - [`dimension`]: how the frames of a multi-frame object are indexed
//! - [`functional_group`]: geometry of a frame, and the source frame behind it
//! - [`person`]: a reader's name
//! - [`predecessor`]: results of earlier analyses
//! - [`mod@reference`]: pointers to other instances

pub(super) mod content;
pub(super) mod dimension;
pub(super) mod functional_group;
pub(super) mod patient_study;
pub(super) mod person;
pub(super) mod predecessor;
pub(super) mod reference;
pub(super) mod series;
pub(super) mod series_number;
