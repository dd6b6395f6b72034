//! Limits that are a small share of the usual ones, so that an input that passes one of them is quick and small itself.

use cordline_dicom::read::limits::FileLimits;
use cordline_dicom::read::series::SeriesRules;

/// Bytes of the largest input.
pub const MAX_BYTES: usize = 64 << 10;

/// What the targets accept.
pub fn limits() -> FileLimits {
    FileLimits {
        classic_file_bytes: MAX_BYTES as u64,
        enhanced_file_bytes: MAX_BYTES as u64,
        study_bytes: 1 << 20,
        header_bytes: 32 << 10,
        elements: 4000,
        nesting: 32,
        files: 64,
        folder_depth: 4,
        zip_ratio: 200,
        zip_free_bytes: 256 << 10,
        rows_columns: 256,
        frames: 64,
        voxels: 1 << 18,
    }
}

/// A series of few small sections is one all the same.
pub fn rules() -> SeriesRules {
    SeriesRules { min_sections: 2, min_matrix: 4, ..SeriesRules::default() }
}
