//! The program `cordline`: flags, then the command, then the exit code.

use std::process::ExitCode;

use clap::Parser;
use cordline::cli::{self, Cli};

fn main() -> ExitCode {
    cli::run(Cli::parse()).into()
}
