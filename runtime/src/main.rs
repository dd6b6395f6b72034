//! The program `cordline`: flags, then the command, then the exit code.

use std::process::ExitCode;

use cordline::cli;

fn main() -> ExitCode {
    cli::run(cli::parse()).into()
}
