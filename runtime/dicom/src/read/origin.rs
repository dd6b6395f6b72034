//! Where files and frames lie, in words by which an operator finds them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a file lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A file of its own.
    File(PathBuf),
    /// A member of a ZIP archive.
    ZipMember {
        archive: Arc<PathBuf>,
        /// Position in the archive's directory, from 0.
        index: usize,
    },
}

/// Where a frame lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameOrigin {
    pub file: Origin,
    /// Frame number from 1 in a multi-frame file.
    pub frame: Option<u32>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            // Its name is a patient's often enough.
            Self::ZipMember { archive, index } => write!(f, "{}, file {}", archive.display(), index + 1),
        }
    }
}

impl fmt::Display for FrameOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.frame {
            Some(number) => write!(f, "{} frame {number}", self.file),
            None => write!(f, "{}", self.file),
        }
    }
}
