//! Messages between the daemon and its clients, as `plugin-sdk/PROTOCOL.md` describes them.
//!
//! - [`request`]: what a client asks, one type a verb
//! - [`reply`]: what the daemon answers
//! - [`event`]: what happens to a job
//! - [`fault`]: why a request was refused
//! - [`role`]: what a client may do
//! - [`limits`]: how much may be sent at once
//! - [`tensor`]: shape and type of the raw frame, masks of one bit a voxel
//! - [`schema`](mod@schema): the same as JSON Schema, for other languages
//! - [`codec`]: messages to frames and back; [`glance`] looks at a header before anything is made of it
//!
//! A header holds only what JSON can say (no binary, no integers above 2^53), so that the same message can travel as
//! MessagePack over ZeroMQ and as JSON through the gateway.

pub mod codec;
pub mod event;
pub mod fault;
pub mod glance;
pub mod limits;
pub mod reply;
pub mod request;
pub mod role;
pub mod schema;
pub mod tensor;

/// Major version of the protocol, in every message. Another one is refused by name.
pub const MAJOR: u64 = 1;
/// Minor version, in `hello`. It grows with every new verb or field; an unknown field is ignored.
pub const MINOR: u64 = 3;
