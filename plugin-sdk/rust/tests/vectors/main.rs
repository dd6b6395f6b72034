//! `plugin-sdk/vectors/messages.json` holds every message as JSON and as bytes; the clients of all languages are tested on it.
//!
//! After a change of the protocol: `UPDATE_VECTORS=1 cargo test -p cordline-sdk --test vectors`, and look at the difference.

mod file;
mod page;
mod samples;
