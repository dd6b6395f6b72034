//! The reader as its owner sees it: started, listened to, and never believed.

use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use cordline_core::manifest::T1cUse;
use cordline_dicom::read::limits::FileLimits;
use cordline_dicom::read::series::SeriesRules;
use cordline_sdk::problem::Problem;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::error::{Ending, Failure, ReaderError};
use super::message::{self, ChildRequest};
use super::sandbox::Walls;
use super::{COMMAND, OnStage, ReadOutcome, ReadRequest, ReaderLimits};
use crate::early_end::EarlyEnd;

/// The program that runs now, even where a newer one was installed in its place.
const PROGRAM: &str = "/proc/self/exe";

/// A process that reads files. It ends with its owner.
pub struct ReaderProcess {
    child: Child,
    stdout: ChildStdout,
    limits: ReaderLimits,
    max_voxels: u64,
}

impl ReaderProcess {
    /// Starts to read; [`ReaderProcess::finish`] need not be called at once.
    ///
    /// `at`: the folder from which the inputs of `request` are named. The process knows no other place, so nothing that
    /// it says of a file, in any form, tells where this host keeps it.
    ///
    /// # Errors
    /// The process could not be started.
    pub fn start(request: &ReadRequest, at: &Path, limits: &ReaderLimits) -> Result<Self, ReaderError> {
        let start = || -> io::Result<Self> {
            let mut child = Command::new(PROGRAM)
                .arg(COMMAND)
                .env_clear()
                .current_dir(at)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()?;
            let told = ChildRequest { request: request.clone(), limits: limits.clone(), daemon: std::process::id() };
            let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
            let mut reader = Self {
                child,
                stdout: stdout.expect("standard output was piped"),
                limits: limits.clone(),
                max_voxels: request.limits.voxels,
            };
            message::write(&mut stdin.expect("standard input was piped"), &told)
                .map_err(|e| reader.ended().map_or(e, |how| io::Error::other(how.to_string())))?;
            Ok(reader)
        };
        start().map_err(ReaderError::NotStarted)
    }

    /// The walls behind which this host can run a reader. Asks one for a volume of no file.
    ///
    /// # Errors
    /// It can run none.
    pub fn probe(limits: &ReaderLimits) -> Result<Walls, Problem> {
        let nothing = ReadRequest {
            inputs: Vec::new(),
            wanted: None,
            rules: SeriesRules::default(),
            limits: FileLimits::default(),
            t1c: T1cUse::Unused,
        };
        match Self::start(&nothing, Path::new("/"), limits)?.finish(&mut |_| Ok(())) {
            Ok(outcome) => Ok(outcome.notes.walls),
            Err(end) => Err(end.problem),
        }
    }

    /// Waits for the volume.
    ///
    /// # Errors
    /// The process broke, or said what no reader says; or that of `on_stage`.
    pub fn finish(mut self, on_stage: &mut OnStage<'_>) -> Result<ReadOutcome, EarlyEnd> {
        let mut answer = UntilDeadline { from: &mut self.stdout, deadline: Instant::now() + self.limits.timeout() };
        match message::read_outcome(&mut answer, self.max_voxels, on_stage) {
            Ok(outcome) => outcome,
            Err(error) => {
                let (ending, limits) = (self.ended(), self.limits.clone());
                Err(ReaderError::Broke(Failure { error, ending, limits }).into())
            }
        }
    }

    /// How the process ended; `None` where it had to be stopped.
    fn ended(&mut self) -> Option<Ending> {
        // Its pipe is closed an instant before it is gone.
        let until = Instant::now() + Duration::from_millis(500);
        while Instant::now() < until {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(Ending(status));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        None
    }
}

impl Drop for ReaderProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads from a pipe until a moment, and not for ever.
struct UntilDeadline<'a> {
    from: &'a mut ChildStdout,
    deadline: Instant,
}

impl Read for UntilDeadline<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        let mut polled = [PollFd::from_borrowed_fd(self.from.as_fd(), PollFlags::IN)];
        match poll(&mut polled, Some(&left)) {
            Ok(0) => Err(ErrorKind::TimedOut.into()),
            Ok(_) => self.from.read(buffer),
            Err(rustix::io::Errno::INTR) => Err(ErrorKind::Interrupted.into()),
            Err(error) => Err(error.into()),
        }
    }
}
