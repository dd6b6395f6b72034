//! The models that an analysis uses: opened for one study, or kept warm for many.

use crate::bundle::{Bundle, place, verify};
use crate::config::Config;
use crate::network::NetworkError;
use crate::networks::Networks;

/// Where the models come from.
pub enum Models<'a> {
    /// Verified, loaded and closed again with the study.
    Cold,
    /// Those of a process that analyses many.
    Warm(&'a mut WarmModels),
}

/// A verified bundle with networks that stay open.
pub struct WarmModels {
    pub(super) bundle: Bundle,
    pub(super) networks: Networks,
}

impl WarmModels {
    /// Hashes every file of the configured bundle, opens all its networks, and lets each reproduce its golden output.
    pub fn open(config: &Config) -> Result<Self, NetworkError> {
        let folder = config.bundle.clone().map_or_else(place::find, Ok)?;
        let bundle = Bundle::open(&folder)?;
        verify::all(&bundle)?;
        let mut networks = Networks::load(config, bundle.clone())?;
        networks.keep_open();
        networks.golden_check()?;
        Ok(Self { bundle, networks })
    }

    /// The bundle.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The networks.
    pub fn networks(&self) -> &Networks {
        &self.networks
    }

    /// True while the manifest on disk is the one that was loaded.
    pub fn are_current(&self) -> bool {
        Bundle::open(self.bundle.folder()).is_ok_and(|now| now.identity() == self.bundle.identity())
    }
}
