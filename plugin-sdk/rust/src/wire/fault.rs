//! Why a request was refused.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::words;

/// A refusal: for programs, for people, and whether trying again helps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// What went wrong.
    pub code: FaultCode,
    /// The same in a sentence, with the facts.
    pub message: String,
    /// What to do about it.
    pub action: String,
    /// True where the very same request may succeed later.
    pub retry: bool,
}

words! {
    /// Stable words for programs.
    pub enum FaultCode {
        /// The message is of another major version.
        Version = "version_unsupported",
        /// The header is not MessagePack, or a field is missing or of the wrong type.
        Malformed = "malformed",
        /// The daemon does not know the verb.
        UnknownVerb = "unknown_verb",
        /// A frame is missing, one too many, or of another length than its header says.
        Frames = "frames_wrong",
        /// More than the limits of `hello` allow.
        TooLarge = "too_large",
        /// The daemon does not know this client, or not any more: `hello` comes first.
        HelloRequired = "hello_required",
        /// The role of this client does not allow it.
        NotAllowed = "not_allowed",
        /// No such job, or it is so old that it was removed.
        NoSuchJob = "no_such_job",
        /// The job is in a state in which this cannot be done.
        WrongState = "wrong_state",
        /// The manifest contradicts itself.
        Manifest = "manifest_invalid",
        /// A chunk does not begin where the item ends so far.
        ChunkOrder = "chunk_out_of_order",
        /// More chunks in flight than were granted.
        Credit = "credit_exceeded",
        /// What arrived has another SHA-256 than the manifest says; the item begins anew.
        Digest = "digest_mismatch",
        /// Some items are not whole yet.
        Incomplete = "upload_incomplete",
        /// The folder lies outside the allowed roots, or is not there.
        Folder = "folder_not_allowed",
        /// The job has no such artifact.
        NoSuchArtifact = "no_such_artifact",
        /// The disk would become too full.
        DiskReserve = "disk_reserve",
        /// Too many jobs wait already.
        QueueFull = "queue_full",
        /// The daemon is shutting down.
        ShuttingDown = "shutting_down",
        /// A fault of the daemon itself.
        Internal = "internal",
        /// In a client only: a code of a later daemon, to be treated by its `retry`.
        #[serde(other)]
        Unknown = "unknown",
    }
}

impl FaultCode {
    /// True where the very same request may succeed later.
    pub fn is_passing(self) -> bool {
        matches!(
            self,
            Self::HelloRequired
                | Self::ChunkOrder
                | Self::Credit
                | Self::Digest
                | Self::DiskReserve
                | Self::QueueFull
                | Self::ShuttingDown
                | Self::Internal
        )
    }
}

impl Fault {
    /// A refusal with facts and advice.
    pub fn new(code: FaultCode, message: impl Into<String>, action: impl Into<String>) -> Self {
        Self { code, message: message.into(), action: action.into(), retry: code.is_passing() }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; {}", self.message, self.action)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_words_on_the_wire() {
        for code in FaultCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.key());
        }
    }

    #[test]
    fn a_code_of_a_later_daemon_is_read_and_its_retry_holds() {
        let said = r#"{"code": "not_yet_invented", "message": "m", "action": "a", "retry": true}"#;
        let fault: Fault = serde_json::from_str(said).unwrap();
        assert_eq!((fault.code, fault.retry), (FaultCode::Unknown, true));
    }
}
