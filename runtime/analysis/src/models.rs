//! The models that an analysis uses: opened for one study, or kept warm for many.

use std::time::Instant;

use cordline_device::memory;
use cordline_inference::bundle::{Bundle, BundleError, verify};
use cordline_inference::networks::{NetworkError, Networks};

use super::context::AnalysisContext;
use super::timings::CpuTime;
use crate::config::Config;

/// Where the models come from.
pub enum Models<'a> {
    /// Verified, loaded and closed again with the study.
    Cold,
    /// Those of a process that analyses many.
    Warm(&'a mut WarmModels),
}

impl Models<'_> {
    /// The bundle, of which nothing but the manifest is verified where the models are cold.
    pub(super) fn bundle(&self, config: &Config) -> Result<Bundle, BundleError> {
        match self {
            Self::Warm(models) => Ok(models.bundle.clone()),
            Self::Cold => Bundle::open_or_default(config.bundle.as_deref()),
        }
    }
}

/// A verified bundle with networks that stay open.
pub struct WarmModels {
    pub(super) bundle: Bundle,
    pub(super) networks: Networks,
}

impl WarmModels {
    /// Hashes every file of the configured bundle, opens all its networks, and lets each reproduce its golden output.
    ///
    /// # Errors
    /// The bundle was altered, or a network cannot be run as its maker ran it.
    ///
    /// `device`: the GPU that is to compute, from 0, where there are some.
    pub fn open(config: &Config, device: usize) -> Result<Self, NetworkError> {
        let bundle = Bundle::open_or_default(config.bundle.as_deref())?;
        verify::all(&bundle)?;
        let mut networks = load_networks(config, bundle.clone(), device)?;
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

/// The networks of a bundle for one study.
pub(super) fn open_verified(bundle: &Bundle, ctx: &mut AnalysisContext<'_>) -> Result<Networks, NetworkError> {
    // Every file is hashed, also those that this study will not need: a bundle is whole, or it is not used.
    let hashed = bundle.clone();
    let verification = std::thread::spawn(move || (verify::all(&hashed), memory::thread_processor_ms()));
    let (opened, took) = CpuTime::this_thread(|| load_networks(ctx.config, bundle.clone(), 0));
    ctx.timings.add_with_cpu("starting_onnxruntime", took);
    let start = Instant::now();
    let (whole, cpu_ms) = verification.join().expect("hashing files does not panic");
    ctx.timings.add_with_cpu("verifying", CpuTime { wall_ms: start.elapsed().as_secs_f64() * 1000.0, cpu_ms });
    whole?;
    opened
}

/// Loads ONNX Runtime as configured, for this GPU of the host; no network is opened yet.
///
/// # Errors
/// ONNX Runtime cannot be used.
pub fn load_networks(config: &Config, bundle: Bundle, device: usize) -> Result<Networks, NetworkError> {
    Networks::load(config.onnxruntime.as_deref(), bundle, config.network_options(device))
}
