//! A file of a job that can be fetched.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file that can be fetched with `artifact`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileInfo {
    /// Its path, for `artifact`.
    pub path: String,
    /// What it is, as in `result.json`; `result` for `result.json` itself.
    pub kind: String,
    /// Media type, for example `application/dicom`.
    pub media_type: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}
