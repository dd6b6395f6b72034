//! How much input is accepted. Every figure is configuration; the defaults fit spine MR with room to spare.

use serde::{Deserialize, Serialize};

/// Upper bounds on what is read. They keep a hostile or damaged file from costing more than a moment and a few megabytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileLimits {
    /// Bytes of a classic (one frame) file.
    pub classic_file_bytes: u64,
    /// Bytes of an Enhanced (many frames) file, and of any file at all.
    pub enhanced_file_bytes: u64,
    /// Bytes of all files of the input together; members of archives count with their inflated size.
    pub study_bytes: u64,
    /// Bytes of a file before its pixels.
    pub header_bytes: usize,
    /// Elements and items of one header.
    pub elements: usize,
    /// Depth to which sequences and items may be nested.
    pub nesting: usize,
    /// Files (and members of archives) in the input.
    pub files: usize,
    /// Depth to which folders may be nested.
    pub folder_depth: usize,
    /// Inflated size over packed size of an archive member or a whole archive; looked at above `zip_free_bytes`.
    pub zip_ratio: u64,
    /// Inflated sizes up to here are accepted at any ratio: small images of a plain background pack very well.
    pub zip_free_bytes: u64,
    /// Rows, and columns, of a frame.
    pub rows_columns: u32,
    /// Frames of a file.
    pub frames: u32,
    /// Voxels of the volume that is decoded (each takes four bytes).
    pub voxels: u64,
}

impl Default for FileLimits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            classic_file_bytes: 64 * MIB,
            enhanced_file_bytes: 1024 * MIB,
            study_bytes: 4096 * MIB,
            header_bytes: 32 << 20,
            elements: 500_000,
            nesting: 32,
            files: 50_000,
            folder_depth: 32,
            zip_ratio: 200,
            zip_free_bytes: 16 * MIB,
            rows_columns: 4096,
            frames: 2000,
            voxels: 64 << 20,
        }
    }
}
