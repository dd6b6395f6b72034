//! The client and a daemon that is slow, goes away, or talks to somebody who has left.

// A test that cannot go on should say where.
#![allow(clippy::unwrap_used)]

mod daemon;
mod following;
mod uploading;
