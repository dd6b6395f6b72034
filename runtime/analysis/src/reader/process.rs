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

/// How long whoever waits goes without a look at whether it still should: a person who cancels, or a unit that stops, waits no longer.
const MOMENT: Duration = Duration::from_millis(200);

/// Is asked while the process reads; its error ends the analysis.
pub type IsWanted<'a> = dyn FnMut() -> Result<(), EarlyEnd> + 'a;

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
        match Self::start(&nothing, Path::new("/"), limits)?.finish(&mut |_| Ok(()), &mut || Ok(())) {
            Ok(outcome) => Ok(outcome.notes.walls),
            Err(end) => Err(end.problem),
        }
    }

    /// Waits for the volume; `is_wanted` is asked every moment, and its error ends the process and the analysis.
    ///
    /// # Errors
    /// The process broke, or said what no reader says; or that of `on_stage` or `is_wanted`.
    pub fn finish(mut self, on_stage: &mut OnStage<'_>, is_wanted: &mut IsWanted<'_>) -> Result<ReadOutcome, EarlyEnd> {
        let now = Instant::now();
        let deadline = now + self.limits.timeout();
        let mut answer = Answer { from: &mut self.stdout, deadline, is_wanted, ask_at: now + MOMENT, unwanted: None };
        match message::read_outcome(&mut answer, self.max_voxels, on_stage) {
            Ok(outcome) => outcome,
            Err(error) => {
                if let Some(end) = answer.unwanted {
                    return Err(end);
                }
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

/// What comes from a pipe, until it is too late or not wanted any more.
struct Answer<'a, R> {
    from: &'a mut R,
    deadline: Instant,
    is_wanted: &'a mut IsWanted<'a>,
    ask_at: Instant,
    /// Why it is not wanted any more.
    unwanted: Option<EarlyEnd>,
}

impl<R: Read + AsFd> Read for Answer<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let now = Instant::now();
            // Also where bytes come, one by one, for ever.
            if now >= self.deadline {
                return Err(ErrorKind::TimedOut.into());
            }
            if now >= self.ask_at {
                self.ask_at = now + MOMENT;
                if let Err(end) = (self.is_wanted)() {
                    self.unwanted = Some(end);
                    return Err(io::Error::other("the volume is not wanted any more"));
                }
            }
            let left = self.deadline.min(self.ask_at).saturating_duration_since(now);
            let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
            let mut polled = [PollFd::from_borrowed_fd(self.from.as_fd(), PollFlags::IN)];
            match poll(&mut polled, Some(&left)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return self.from.read(buffer),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use cordline_sdk::result::State;

    use super::*;
    use crate::error::AnalysisError;

    fn wait(script: &str, seconds: u64, is_wanted: &mut IsWanted<'_>) -> (io::Result<usize>, Option<EarlyEnd>) {
        let mut child = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let (mut from, now) = (child.stdout.take().unwrap(), Instant::now());
        let deadline = now + Duration::from_secs(seconds);
        let mut answer = Answer { from: &mut from, deadline, is_wanted, ask_at: now + MOMENT, unwanted: None };
        let read = io::copy(&mut answer, &mut io::sink()).map(|bytes| bytes as usize);
        let unwanted = answer.unwanted;
        child.kill().unwrap();
        child.wait().unwrap();
        (read, unwanted)
    }

    #[test]
    fn who_does_not_want_the_volume_any_more_does_not_wait_for_it() {
        let began = Instant::now();
        let (read, unwanted) = wait("exec sleep 30", 30, &mut || Err(AnalysisError::Cancelled.into()));
        assert!(read.is_err() && began.elapsed() < Duration::from_secs(10));
        assert_eq!(unwanted.map(|end| end.state), Some(State::Failed));
    }

    #[test]
    fn an_answer_that_comes_byte_by_byte_ends_at_its_deadline() {
        let mut asked = 0;
        let (read, unwanted) = wait("while printf x; do sleep 0.05; done", 1, &mut || {
            asked += 1;
            Ok(())
        });
        assert_eq!((read.unwrap_err().kind(), unwanted), (ErrorKind::TimedOut, None));
        assert!((1..10).contains(&asked), "asked {asked} times");
        assert_eq!(wait("printf xyz", 20, &mut || Ok(())).0.unwrap(), 3);
    }
}
