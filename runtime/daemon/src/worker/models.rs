//! The models of every worker: one on each GPU, or as many as are configured.

use cordline_analysis::config::Config;
use cordline_analysis::models::WarmModels;
use cordline_inference::networks::NetworkError;

/// What a worker computes with.
pub(crate) struct WorkerModels {
    /// With its share of the threads.
    pub config: Config,
    /// Its GPU, from 0, where there are some.
    pub device: usize,
    pub models: WarmModels,
}

impl WorkerModels {
    /// Opens the models of every worker. Whoever computes slower than the first is left out, unless the operator wants so many.
    ///
    /// # Errors
    /// Those of the first cannot be opened.
    pub(crate) fn open_all(config: &Config) -> Result<Vec<Self>, NetworkError> {
        let wanted = config.device.workers;
        let config = config.shared_by(wanted.unwrap_or(1));
        let first = Self::open(&config, 0)?;
        let networks = first.models.networks();
        let gpus = if networks.are_on_gpu() { networks.host().hardware.gpus.len().max(1) } else { 1 };
        let mut all = vec![first];
        for number in 1..wanted.unwrap_or(gpus) {
            let device = number % gpus;
            match Self::open(&config, device) {
                Ok(one) if wanted.is_some() || one.models.networks().are_on_gpu() => all.push(one),
                Ok(one) => {
                    let provider = one.models.networks().provider_names();
                    tracing::warn!(
                        gpu = device,
                        provider,
                        "this GPU is not used: its jobs would be computed elsewhere"
                    );
                }
                Err(error) => tracing::warn!(gpu = device, %error, "this GPU is not used"),
            }
        }
        Ok(all)
    }

    fn open(config: &Config, device: usize) -> Result<Self, NetworkError> {
        Ok(Self { config: config.clone(), device, models: WarmModels::open(config, device)? })
    }
}
