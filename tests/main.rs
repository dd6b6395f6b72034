//! The tests of the whole system: they drive the program `cordline` through its doors.
//!
//! - [`hostile`]: files made to break the reader
//! - [`parity`]: preprocessing equals numpy and OpenCV

// A test that cannot go on should say where.
#![allow(clippy::unwrap_used)]

#[path = "system/hostile.rs"]
mod hostile;
#[path = "system/parity.rs"]
mod parity;
