//! What of an archive a viewer may reach, as a list of what passes.
//!
//! - [`paths`]: addresses, methods and roles; where a viewer's address lies in the archive
//!
//! Absent from here: sockets, HTTP and settings, so that the list can be read, tested and attacked by itself.

pub mod paths;
