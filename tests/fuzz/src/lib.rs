//! What the fuzz targets share: a guard that tells the decoders' own panics from ours, and what holds of everything that is said.

pub mod guard;
pub mod objects;
pub mod room;
pub mod said;
pub mod small;
