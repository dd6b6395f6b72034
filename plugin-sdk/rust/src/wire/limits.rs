//! How much may be sent at once; the daemon announces it in its answer to `hello`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limits of one daemon. A message beyond one of them is refused by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Limits {
    /// Bytes of the header of `submit`, which names every instance.
    pub header_bytes: u64,
    /// Bytes of the header of every other verb.
    pub request_bytes: u64,
    /// Bytes of the raw frame, and so of a chunk.
    pub frame_bytes: u64,
    /// Chunks that may be on the way without an answer.
    pub chunks_in_flight: u32,
    /// Items of a manifest.
    pub items: u32,
    /// Bytes of all items of a job together.
    pub job_bytes: u64,
    /// Voxels of a volume or mask.
    pub voxels: u64,
    /// Seconds without any message after which a client counts as gone.
    pub silence_s: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 4 << 20,
            request_bytes: 16 << 10,
            frame_bytes: 1 << 20,
            chunks_in_flight: 16,
            items: 50_000,
            job_bytes: 4 << 30,
            voxels: 1 << 26,
            silence_s: 30,
        }
    }
}
