//! What Cordline says to the world, in types that an adapter can lean on.
//!
//! - [`result`]: one analysed study, as written to `result.json`
//! - [`series_choice`]: which series was analysed, and what tells the others apart; [`selector`]: how a person names one
//! - [`finding`]: the answer in a word or two
//! - [`job`]: what a client asked the daemon to do, and how far it came; [`job_id`]: its name
//! - [`problem`]: why something came to nothing: the table of all codes
//! - [`review`]: what a reader says of an answer
//! - `client`: a connection to the daemon (feature `client`)
//! - [`wire`]: the messages between the daemon and its clients
//! - [`file_info`], [`file_kind`]: the files of a result, and what they are
//! - [`owner`](mod@owner): whose a file is that a service has to read
//! - [`sha256`]: digests, and their hexadecimal digits
//! - [`uid`]: DICOM unique identifiers, and the one rule for them
//! - [`steering`]: characters that no message may hold
//! - [`words`](mod@words): enums whose values are words, each written once
//!
//! Absent from here: ONNX Runtime, every algorithm, and all of DICOM but its identifiers (`uid.rs`, and `client/part10.rs`, which reads the one
//! that a manifest names a file by).

// Public to others: every item says what it is.
#![warn(missing_docs)]

#[cfg(feature = "client")]
pub mod client;
pub mod file_info;
pub mod file_kind;
pub mod finding;
pub mod job;
pub mod job_id;
#[cfg(unix)]
pub mod owner;
pub mod problem;
pub mod result;
pub mod review;
pub mod selector;
pub mod series_choice;
pub mod sha256;
pub mod steering;
pub mod uid;
pub mod wire;
pub mod words;

pub use file_kind::FileKind;
pub use finding::Finding;
pub use problem::{Code, Diagnose, Problem};
pub use result::AnalysisResult;

/// The line that stands wherever a result appears.
pub const RESEARCH_USE: &str = "Research use only; not a medical device";
