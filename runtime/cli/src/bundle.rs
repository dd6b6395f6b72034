//! `cordline bundle`: is a bundle whole, and does this host compute what its maker computed.

use std::path::PathBuf;

use clap::Subcommand;
use cordline_analysis::config::{Config, Flags};
use cordline_analysis::models::load_networks;
use cordline_inference::bundle::{Bundle, verify};
use cordline_sdk::problem::Problem;

use crate::exit::Exit;
use crate::fail;

/// What to do with a bundle.
#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Check every file against the manifest, then run each network on its golden input
    Verify {
        /// Folder of the bundle [default: the one that comes with the program]
        folder: Option<PathBuf>,
    },
}

impl BundleCommand {
    /// The flags that stand for settings.
    pub(super) fn flags(&self) -> Flags {
        let Self::Verify { folder } = self;
        Flags { bundle: folder.clone(), ..Flags::default() }
    }
}

/// Verifies the configured bundle.
pub(crate) fn run(config: &Config) -> Exit {
    match verify(config) {
        Ok(()) => Exit::Completed,
        Err(problem) => fail(&problem, Exit::Failed),
    }
}

fn verify(config: &Config) -> Result<(), Problem> {
    let bundle = Bundle::open_or_default(config.bundle.as_deref())?;
    let identity = bundle.identity();
    println!("{} {} ({})", identity.id, identity.version, bundle.folder().display());
    println!("  SHA-256 {}", identity.sha256);
    println!("  trained on: {}; {}", identity.cohort, bundle.manifest.cohort.description);
    verify::all(&bundle)?;
    println!("  files: {} as the manifest says", bundle.manifest.sha256.len());
    let mut networks = load_networks(config, bundle.clone(), 0)?;
    let golden = networks.golden_check()?;
    println!("  computed by {} in {}", networks.provider_names(), networks.precision_names());
    for found in golden {
        println!("  golden output of {}: {}", found.network, found.describe());
    }
    if let Some(warning) = identity.warning {
        println!("  {warning}");
    }
    println!("  {}", cordline_sdk::RESEARCH_USE);
    Ok(())
}
