//! Files that other programs read or write at the same time.
//!
//! - [`AtomicFile`]: replaces a file whole or not at all; [`unfinished`]: of which file a name is the beginning
//! - [`Reloading`]: what a file says, read again when it changes
//!
//! Absent from here: what the files hold, and who may read them.

mod atomic;
mod reloading;

pub use atomic::{AtomicFile, Durability, unfinished};
pub use reloading::Reloading;
