//! What Cordline says to the world, in types that an adapter can lean on.
//!
//! - [`result`]: one analysed study, as written to `result.json`
//! - [`series_choice`]: which series was analysed, and what tells the others apart; [`selector`]: how a person names one
//! - [`finding`]: the answer in a word or two
//! - [`job`]: what a client asked the daemon to do, and how far it came
//! - [`review`]: what a reader says of an answer
//! - [`client`]: a connection to the daemon
//! - [`wire`]: the messages between the daemon and its clients
//! - [`file_kind`]: what the files of a result are
//! - [`owner`](mod@owner): whose a file is that a service has to read
//! - [`uid`]: DICOM unique identifiers, and the one rule for them
//! - [`words`](mod@words): enums whose values are words, each written once
//!
//! Absent from here: ONNX Runtime, every algorithm, and all of DICOM but its identifiers (`uid.rs`, and `client/part10.rs`, which reads the one
//! that a manifest names a file by).

pub mod client;
pub mod file_kind;
pub mod finding;
pub mod job;
#[cfg(unix)]
pub mod owner;
pub mod result;
pub mod review;
pub mod selector;
pub mod series_choice;
pub mod uid;
pub mod wire;
pub mod words;

pub use file_kind::FileKind;
pub use finding::Finding;
pub use result::AnalysisResult;

/// The line that stands wherever a result appears.
pub const RESEARCH_USE: &str = "Research use only; not a medical device";
