//! Files, folders and archives to a volume. In the order in which data passes:
//!
//! - [`limits`]: how much is accepted
//! - [`input`]: files, folders and archives to instances; inside it [`part10`] (what a file claims to be), [`prescan`] (a walk that believes
//!   nothing), [`elements`] (attributes), [`text`] (character sets), [`header`] and [`enhanced`] (from attributes to an [`instance`]), [`file_error`]
//!   (what can be wrong with a file), [`doubt`] (what is read all the same, and told),
//!   `overlay` (bits that are no grey values)
//! - [`series`]: which series is the sagittal T2-weighted one, and why
//! - [`identity`]: whether the files of a series are of one patient and one study
//! - [`stack`]: decodes the chosen series ([`decode`], [`syntax`]) and makes a volume of it
//!
//! `tolerance`: by how much the sections of one stack may differ.

pub mod decode;
pub mod doubt;
pub mod elements;
pub mod enhanced;
pub mod file_error;
pub mod header;
pub mod identity;
pub mod input;
pub mod instance;
pub mod limits;
pub(crate) mod opener;
pub mod origin;
mod overlay;
pub mod part10;
pub mod prescan;
pub mod same_frame;
pub mod series;
pub mod series_volume;
pub mod stack;
pub mod syntax;
pub mod text;
mod tolerance;
