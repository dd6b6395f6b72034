//! `cordline serve`: the daemon.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::Args;
use cordline_analysis::config::{Config, Flags};
use cordline_analysis::reader::ReaderProcess;
use cordline_daemon as daemon;

use crate::exit::Exit;
use crate::fail;

/// Flags of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Folder for jobs and their journal [default: /var/lib/cordline]
    #[arg(long, value_name = "DIR")]
    spool: Option<PathBuf>,
    /// Socket file for clients of this box [default: /run/cordline/cordline.sock]
    #[arg(long, value_name = "FILE")]
    socket: Option<PathBuf>,
    /// Folder of the bundle [default: the one that comes with the program]
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Folder under which clients may name input that lies on this box; may be given several times
    #[arg(long, value_name = "DIR")]
    root: Vec<PathBuf>,
    /// Threads of a network [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Only say what is wrong with the configuration and what to do about it, and end
    #[arg(long)]
    check: bool,
}

impl ServeArgs {
    /// The flags that stand for settings.
    pub(super) fn flags(&self) -> Flags {
        let Self { bundle, threads, spool, socket, root, check: _ } = self;
        Flags {
            bundle: bundle.clone(),
            threads: *threads,
            spool: spool.clone(),
            socket: socket.clone(),
            roots: root.clone(),
        }
    }
}

/// Runs the command until SIGTERM or SIGINT: the running section is finished, jobs stay on disk.
pub(crate) fn run(args: &ServeArgs, config: &Config) -> Exit {
    if args.check {
        let mut wrong = daemon::check(config);
        wrong.extend(ReaderProcess::probe(&config.daemon.reader).err());
        wrong.iter().for_each(|problem| {
            fail(problem, Exit::Usage);
        });
        if wrong.is_empty() {
            println!("the configuration is right");
            return Exit::Completed;
        }
        return Exit::Usage;
    }
    // Files made from here on are for the daemon's user alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register(signal, stop.clone()).expect("these two signals can be caught");
    }
    match daemon::run(config, &stop) {
        Ok(()) => Exit::Completed,
        Err(problem) => fail(&problem, Exit::Failed),
    }
}
