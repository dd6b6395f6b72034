//! The reader as its owner sees it: started, listened to, and never believed.

use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use cordline_sdk::result::Problem;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::intake::{Ask, Intake};
use super::message::{self, Order};
use super::{COMMAND, ReaderLimits};
use crate::bundle::manifest::T1cUse;
use crate::dicom::read::limits::Limits;
use crate::dicom::read::series::SeriesRules;
use crate::stage::Stage;
use crate::stop::Stop;

/// The program that runs now, even where a newer one was installed in its place.
const PROGRAM: &str = "/proc/self/exe";

/// A process that reads files. It ends with its owner.
pub struct Reader {
    child: Child,
    words: ChildStdout,
    limits: ReaderLimits,
    most_voxels: u64,
}

impl Reader {
    /// Starts to read; [`Reader::finish`] need not be called at once.
    ///
    /// `at`: the folder from which the inputs of `ask` are named. The process knows no other place, so whatever it says of a file, in
    /// whichever form, tells nothing of where this box keeps it.
    pub fn start(ask: &Ask, at: &Path, limits: &ReaderLimits) -> Result<Self, Problem> {
        let start = || {
            let mut child = Command::new(PROGRAM)
                .arg(COMMAND)
                .env_clear()
                .current_dir(at)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()?;
            let order = Order { ask: ask.clone(), limits: limits.clone() };
            let (stdin, words) = (child.stdin.take(), child.stdout.take());
            let mut reader = Self {
                child,
                words: words.expect("standard output was piped"),
                limits: limits.clone(),
                most_voxels: ask.limits.voxels,
            };
            message::write(&mut stdin.expect("standard input was piped"), &order)
                .map_err(|e| reader.ended().map_or(e, |how| io::Error::other(how.to_string())))?;
            Ok(reader)
        };
        start().map_err(|e: io::Error| Problem {
            code: "reader_not_started".into(),
            message: format!("the process that reads files could not be started: {e}"),
            action: "look at memory and process limits of the box, then submit the study again".into(),
        })
    }

    /// Can this box run a reader at all? Asks one for a volume of no file.
    pub fn probe(limits: &ReaderLimits) -> Result<(), Problem> {
        let nothing = Ask {
            inputs: Vec::new(),
            wanted: None,
            rules: SeriesRules::default(),
            limits: Limits::default(),
            t1c: T1cUse::Unused,
        };
        match Self::start(&nothing, Path::new("/"), limits)?.finish(&mut |_| Ok(())) {
            Ok(_) => Ok(()),
            Err(stop) => Err(stop.problem),
        }
    }

    /// Waits for the volume; `begin` is told of each stage, and may end the road.
    pub fn finish(mut self, begin: &mut dyn FnMut(Stage) -> Result<(), Stop>) -> Result<Intake, Stop> {
        let mut words = Patient { words: &mut self.words, until: Instant::now() + self.limits.patience() };
        match message::read_intake(&mut words, self.most_voxels, begin) {
            Ok(intake) => intake,
            Err(error) => Err(self.broke(&error).into()),
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

    /// Why no volume came.
    fn broke(&mut self, error: &io::Error) -> Problem {
        let ReaderLimits { memory_bytes, cpu_seconds } = self.limits;
        let late = error.kind() == ErrorKind::TimedOut;
        let what = match (late, self.ended()) {
            (true, _) => format!("no volume came within {} s", self.limits.patience().as_secs()),
            (false, Some(Ending(status))) if status.signal() == Some(libc::SIGXCPU) => {
                format!("reading took more than {cpu_seconds} s of processor time")
            }
            (false, Some(Ending(status))) if status.code() == Some(1) => {
                format!("the process that reads them gave up: {error}")
            }
            (false, Some(how)) => format!("the process that read them {how}"),
            (false, None) => format!("what came from the process that read them makes no sense: {error}"),
        };
        Problem {
            code: "reader_broke".into(),
            message: format!("the files could not be read: {what}"),
            action: format!(
                "have the files checked, one of them may be damaged or hostile; a study that honestly needs more than {} MB or {cpu_seconds} s \
                 needs a higher daemon.reader.memory_bytes or daemon.reader.cpu_seconds",
                memory_bytes >> 20
            ),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a process ended, in words.
struct Ending(ExitStatus);

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.signal(), self.0.code()) {
            (Some(libc::SIGABRT), _) => f.write_str("broke down, or needed more memory than it is given"),
            (Some(signal), _) => write!(f, "was ended by signal {signal}"),
            (None, code) => write!(f, "ended with exit code {}", code.unwrap_or_default()),
        }
    }
}

/// Reads until a moment, and not for ever.
struct Patient<'a> {
    words: &'a mut ChildStdout,
    until: Instant,
}

impl Read for Patient<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.until.saturating_duration_since(Instant::now());
        let left = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
        let mut polled = [PollFd::from_borrowed_fd(self.words.as_fd(), PollFlags::IN)];
        match poll(&mut polled, Some(&left)) {
            Ok(0) => Err(ErrorKind::TimedOut.into()),
            Ok(_) => self.words.read(buffer),
            Err(rustix::io::Errno::INTR) => Err(ErrorKind::Interrupted.into()),
            Err(error) => Err(error.into()),
        }
    }
}
