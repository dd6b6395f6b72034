//! The program `cordline`: flags in, words and exit codes out.
//!
//! - [`command_line`]: which commands there are
//! - [`analyze`]: a study to findings
//! - [`doctor`]: what this host has, what was chosen and why, what is wrong and what to do
//! - [`bundle`]: is a bundle whole
//! - [`engines`]: what TensorRT compiled of its networks
//! - [`evaluate`]: figures of a cohort
//! - [`documents`]: shell completions, man pages and the schema of the result
//! - [`serve`]: the daemon
//! - [`submit`], [`watch`], [`get`], [`jobs`]: what is asked of a running daemon; [`remote`] is what they share
//! - [`series_table`]: the series among which a person chooses, as a table
//! - [`spool`]: what the daemon set aside
//! - [`keys`]: who may come in from other hosts; is the audit file whole
//! - [`progress`]: the bar on a terminal; [`output`]: words on standard output, and what becomes of them when the pipe is closed
//! - [`logging`]: the log on standard error
//! - [`exit`]: what the exit codes mean

// First: its macros hold for all that follows.
#[macro_use]
mod output;

mod analyze;
mod bundle;
mod command_line;
mod doctor;
mod documents;
mod engines;
mod evaluate;
mod exit;
mod get;
mod jobs;
mod keys;
mod logging;
mod progress;
mod remote;
mod series_table;
mod serve;
mod spool;
mod submit;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use cordline_analysis::reader;
use cordline_device::trial;
use cordline_sdk::problem::Problem;

use exit::Exit;

fn main() -> ExitCode {
    cordline_device::heap::keep_freed();
    cordline_device::probe::order_gpus_by_bus();
    // Processes of the program's own, for files and for plug-ins: no flags, no configuration, no log.
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    match words.first() {
        Some(word) if word == reader::COMMAND => return reader::child::run(),
        Some(word) if word == trial::COMMAND => return try_plug_in(&words[1..]),
        _ => {}
    }
    // Not in that process, which limits its own memory as soon as it has read its request.
    cordline_device::heap::begin_with_large_pages();
    command_line::run(command_line::parse()).into()
}

/// Loads the library of an execution provider, and ends.
fn try_plug_in(words: &[OsString]) -> ExitCode {
    match trial::run(words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Says a problem on standard error, and what to do about it.
fn fail(problem: &Problem, exit: Exit) -> Exit {
    eprintln!("cordline: {}", problem.message);
    eprintln!("  what to do: {}", problem.action);
    exit
}
