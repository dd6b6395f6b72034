//! Inside the reader: it gives up what it will not need, then reads what it was told to.

use std::io::{self, Write};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use super::message::{self, Order};
use super::{ReaderLimits, intake, sandbox};

/// The whole life of the reader: an order on standard input, the volume on standard output.
pub fn run() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Where nobody listens there is nobody to tell.
            let _ = message::write_end(&mut io::stdout().lock(), &error);
            ExitCode::FAILURE
        }
    }
}

fn work() -> io::Result<()> {
    let Order { ask, limits } = message::read(&mut io::stdin().lock())?;
    confine(&limits)?;
    let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut broken = None;
    let intake = intake::take_in(&ask, &mut |stage| {
        // A daemon that no longer listens ends the reader below.
        broken = message::write_stage(&mut out, stage).and_then(|()| out.flush()).err();
        Ok(())
    });
    if let Some(error) = broken {
        return Err(error);
    }
    message::write_intake(&mut out, intake)
}

/// Gives up the network, files to write, other programs, and more memory and time than it was given.
fn confine(limits: &ReaderLimits) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let at_most = |n: u64| Rlimit { current: Some(n), maximum: Some(n) };
    setrlimit(Resource::As, at_most(limits.memory_bytes))?;
    // At the first limit it is told why it ends, at the second it ends.
    let cpu = Rlimit { current: Some(limits.cpu_seconds), maximum: Some(limits.cpu_seconds.saturating_add(1)) };
    setrlimit(Resource::Cpu, cpu)?;
    setrlimit(Resource::Fsize, at_most(0))?;
    setrlimit(Resource::Core, at_most(0))?;
    sandbox::close()
}
