//! Inside the reader: it drops the rights that it will not need, then does what its request says.

use std::io::{self, Write};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::message::{self, ChildRequest};
use super::sandbox::{self, Walls};
use super::{ReadRequest, ReaderLimits, read};

/// The whole life of the reader: a request on standard input, the volume on standard output.
pub fn run() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A daemon that has gone does not need to know why.
            let _ = message::write_failure(&mut io::stdout().lock(), &error);
            ExitCode::FAILURE
        }
    }
}

fn work() -> io::Result<()> {
    let ChildRequest { request, limits, daemon } = message::read(&mut io::stdin().lock())?;
    // As early as can be; entering the namespace takes it back, and `sandbox::close` sets it again.
    sandbox::end_with(daemon)?;
    let walls = confine(&limits, &request, daemon)?;
    let mut out = io::BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut broken = None;
    let mut outcome = read::read(&request, &mut |stage| {
        // A daemon that no longer listens ends the reader below.
        broken = message::write_stage(&mut out, stage).and_then(|()| out.flush()).err();
        Ok(())
    });
    if let Some(error) = broken {
        return Err(error);
    }
    outcome.notes.walls = walls;
    message::write_outcome(&mut out, outcome)
}

/// Drops the network, all files but the input, other programs, and more memory and time than it was granted.
fn confine(limits: &ReaderLimits, request: &ReadRequest, daemon: u32) -> io::Result<Walls> {
    let at_most = |n: u64| Rlimit { current: Some(n), maximum: Some(n) };
    setrlimit(Resource::As, at_most(limits.memory_bytes))?;
    // At the first limit it gets SIGXCPU, which names the reason; at the second it is killed.
    let cpu = Rlimit { current: Some(limits.cpu_seconds), maximum: Some(limits.cpu_seconds.saturating_add(1)) };
    setrlimit(Resource::Cpu, cpu)?;
    setrlimit(Resource::Fsize, at_most(0))?;
    setrlimit(Resource::Core, at_most(0))?;
    setrlimit(Resource::Nproc, at_most(0))?;
    sandbox::close(Walls::ALL, &request.inputs, daemon)
}
