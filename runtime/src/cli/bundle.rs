//! `cordline bundle`: is a bundle whole, and does this box compute what its maker computed.

use std::path::PathBuf;

use clap::Subcommand;
use cordline_sdk::result::Problem;

use super::exit::Exit;
use super::fail;
use crate::bundle::{Bundle, place, verify};
use crate::config::Config;
use crate::networks::Networks;

/// What to do with a bundle.
#[derive(Debug, Subcommand)]
pub enum BundleCommand {
    /// Check every file against the manifest, then run each network on its golden input
    Verify {
        /// Folder of the bundle [default: the one that comes with the program]
        folder: Option<PathBuf>,
    },
}

/// Runs the command.
pub fn run(command: BundleCommand, config: Config) -> Exit {
    let BundleCommand::Verify { folder } = command;
    match verify(folder.or_else(|| config.bundle.clone()), &config) {
        Ok(()) => Exit::Completed,
        Err(problem) => fail(&problem, Exit::Failed),
    }
}

fn verify(folder: Option<PathBuf>, config: &Config) -> Result<(), Problem> {
    let folder = folder.map_or_else(place::find, Ok).map_err(|e| e.problem())?;
    let bundle = Bundle::open(&folder).map_err(|e| e.problem())?;
    let identity = bundle.identity();
    println!("{} {} ({})", identity.id, identity.version, folder.display());
    println!("  SHA-256 {}", identity.sha256);
    println!("  trained on: {}; {}", identity.cohort, bundle.manifest.cohort.description);
    verify::all(&bundle).map_err(|e| e.problem())?;
    println!("  files: {} as the manifest says", bundle.manifest.sha256.len());
    let mut networks = Networks::load(config, bundle.clone()).map_err(|e| e.problem())?;
    for found in networks.golden_check().map_err(|e| e.problem())? {
        println!(
            "  golden output of {}: largest difference {:.1e} (allowed {:.0e})",
            found.network, found.difference, bundle.manifest.golden.tolerance
        );
    }
    if let Some(warning) = identity.warning {
        println!("  {warning}");
    }
    println!("  {}", cordline_sdk::RESEARCH_USE);
    Ok(())
}
