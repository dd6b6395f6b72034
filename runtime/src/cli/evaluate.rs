//! `cordline evaluate`: figures of a cohort.

use clap::Args;

use super::exit::Exit;

/// Flags of `evaluate`.
#[derive(Debug, Args)]
pub struct EvaluateArgs {}

/// Runs the command.
pub fn run(_: EvaluateArgs) -> Exit {
    Exit::Completed
}
