//! The tests of the whole system: they drive the program `cordline` through its doors.
//!
//! - [`parity`]: preprocessing equals numpy and OpenCV

#[path = "system/parity.rs"]
mod parity;
