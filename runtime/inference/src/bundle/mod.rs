//! A bundle: a folder with a manifest, ONNX networks, a golden input and output, and a card. Data only, no code.
//!
//! - [`verify`]: every byte is hashed before it is used
//! - [`place`]: where the bundle lies when none is named
//!
//! Absent from here: the networks, which [`networks`](crate::networks) runs.

mod place;
pub mod verify;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use cordline_core::manifest::Manifest;
use cordline_sdk::problem::{Code, Diagnose};
use cordline_sdk::result::BundleIdentity;
use cordline_sdk::sha256::Sha256;
use thiserror::Error;

/// Name of the segmenter among the networks; the others go by the id of their classifier.
pub const SEGMENTER: &str = "segmenter";

/// Name of the manifest in a bundle's folder.
pub const MANIFEST_FILE: &str = "bundle.toml";

/// A bundle whose manifest was read and checked. Its files are verified one by one as they are read.
#[derive(Debug, Clone)]
pub struct Bundle {
    folder: PathBuf,
    /// What the bundle wants and holds.
    pub manifest: Manifest,
    sha256: String,
}

/// Why a bundle cannot be used.
#[derive(Debug, Error)]
pub enum BundleError {
    /// There is no manifest.
    #[error("{} is not a bundle: {reason}", .path.display())]
    NotABundle {
        /// The folder.
        path: PathBuf,
        /// What is missing.
        reason: String,
    },
    /// The manifest cannot be read.
    #[error("{} cannot be read: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The manifest says something that cannot be.
    #[error("{}: {reason}", .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file is not what the manifest says.
    #[error("{} was altered: its SHA-256 is {found}, the manifest says {expected}", .path.display())]
    Altered {
        /// The file.
        path: PathBuf,
        /// SHA-256 of what lies there.
        found: String,
        /// SHA-256 in the manifest.
        expected: String,
    },
    /// A network does not reproduce its golden output.
    #[error("the network {network} misses its golden output in {precision}: it {found}")]
    Golden {
        /// Name of the network.
        network: String,
        /// In which it was computed.
        precision: String,
        /// How far it strays, in words.
        found: String,
    },
}

impl Diagnose for BundleError {
    fn code(&self) -> Code {
        match self {
            Self::NotABundle { .. } => Code::NoBundle,
            Self::Unreadable { .. } => Code::BundleUnreadable,
            Self::Manifest { .. } => Code::BundleInvalid,
            Self::Altered { .. } => Code::BundleAltered,
            Self::Golden { .. } => Code::BundleGolden,
        }
    }

    fn action(&self) -> Cow<'_, str> {
        match self {
            Self::NotABundle { .. } => "name a folder that holds bundle.toml with --bundle or in the configuration",
            Self::Unreadable { .. } => "check that the file exists and that this user may read it",
            Self::Manifest { .. } => "correct the manifest, or install the bundle again",
            Self::Altered { .. } => "install the bundle again; a file that was changed is never used",
            Self::Golden { .. } => {
                "run `cordline doctor`; this box computes something else than the box of the bundle's maker"
            }
        }
        .into()
    }
}

impl Bundle {
    /// Reads and checks the manifest of a bundle. Its other files are not touched yet.
    ///
    /// # Errors
    /// There is no manifest, it cannot be read, or it says something that cannot be.
    pub fn open(folder: &Path) -> Result<Self, BundleError> {
        let path = folder.join(MANIFEST_FILE);
        if !folder.is_dir() {
            return Err(BundleError::NotABundle { path: folder.into(), reason: "there is no such folder".into() });
        }
        if !path.is_file() {
            return Err(BundleError::NotABundle {
                path: folder.into(),
                reason: format!("it holds no {MANIFEST_FILE}"),
            });
        }
        let bytes =
            std::fs::read(&path).map_err(|e| BundleError::Unreadable { path: path.clone(), reason: e.to_string() })?;
        let manifest = Manifest::parse(&bytes).map_err(|reason| BundleError::Manifest { path, reason })?;
        Ok(Self { folder: folder.into(), manifest, sha256: Sha256::of(&bytes).to_string() })
    }

    /// The bundle in `folder`, or else the one that comes with the program.
    ///
    /// # Errors
    /// None is there, or its manifest cannot be used.
    pub fn open_or_default(folder: Option<&Path>) -> Result<Self, BundleError> {
        match folder {
            Some(folder) => Self::open(folder),
            None => Self::open(&place::find()?),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads a file of the bundle and checks its bytes against the manifest. What is returned is what was checked.
    ///
    /// # Errors
    /// It cannot be read, or was altered.
    pub fn read(&self, file: &str) -> Result<Vec<u8>, BundleError> {
        verify::read(self, file)
    }

    /// Every network by its name: the segmenter, then the classifiers by their ids.
    pub fn network_names(&self) -> impl Iterator<Item = &str> {
        [SEGMENTER].into_iter().chain(self.manifest.classifiers.iter().map(|c| c.id.as_str()))
    }

    /// SHA-256 that the manifest gives for one of its files.
    pub fn sha256_of(&self, file: &str) -> &str {
        // The check of the manifest made sure that every file in use is listed.
        self.manifest.sha256.get(file).map_or("", String::as_str)
    }

    /// How the bundle is named in results.
    pub fn identity(&self) -> BundleIdentity {
        BundleIdentity {
            id: self.manifest.id.clone(),
            version: self.manifest.version.clone(),
            sha256: self.sha256.clone(),
            cohort: self.manifest.cohort.kind.to_string(),
            warning: self.manifest.cohort.warning.clone().filter(|warning| !warning.trim().is_empty()),
        }
    }
}
