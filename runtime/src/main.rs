//! The program `cordline`: flags, then the command, then the exit code.

use std::process::ExitCode;

use cordline::{cli, reader};

fn main() -> ExitCode {
    cordline_device::heap::keep_freed();
    // The daemon's own process for files: no flags, no configuration, no log.
    if std::env::args_os().nth(1).is_some_and(|word| word == reader::COMMAND) {
        return reader::child::run();
    }
    // Not in that process, which is held to a limit of memory from its first byte on.
    cordline_device::heap::begin_with_large_pages();
    cli::run(cli::parse()).into()
}
