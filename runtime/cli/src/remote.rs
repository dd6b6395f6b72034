//! What all commands that talk to a running daemon share: where it is, and what its refusals mean.

use std::path::{Path, PathBuf};

use clap::Args;
use cordline_analysis::config::Config;
use cordline_core::printable::printable;
use cordline_sdk::client::{Client, ClientError, ClientKey, Endpoint};
use cordline_sdk::job::{JobId, JobState, JobSummary};
use cordline_sdk::problem::{Code, Problem};
use cordline_sdk::review::Review;

use crate::exit::Exit;
use crate::{fail, output};

/// Where the daemon is.
#[derive(Debug, Args)]
pub(crate) struct RemoteArgs {
    /// Socket file of the daemon [default: /run/cordline/cordline.sock]
    #[arg(long, value_name = "FILE")]
    socket: Option<PathBuf>,
    /// A daemon on another host, for example tcp://box:5710
    #[arg(long, value_name = "ENDPOINT", requires = "key", conflicts_with = "socket")]
    at: Option<String>,
    /// Key file for it, as `cordline keys new` printed it
    #[arg(long, value_name = "FILE", requires = "at")]
    key: Option<PathBuf>,
    /// Print JSON on standard output
    #[arg(long)]
    pub json: bool,
}

impl RemoteArgs {
    /// Connects, does the work, and tells what went wrong.
    pub(crate) fn with(&self, config: &Config, work: impl FnOnce(&mut Client) -> Result<Exit, Refusal>) -> Exit {
        let client = match (&self.at, &self.key) {
            (Some(address), Some(key)) => ClientKey::read(key).and_then(|key| {
                connect_to(Endpoint { address: address.clone(), key: Some(key), ..Endpoint::default() })
            }),
            _ => connect(self.socket.as_ref().unwrap_or(&config.daemon.socket)),
        };
        match client.map_err(Refusal::from).and_then(|mut client| work(&mut client)) {
            Ok(exit) => exit,
            Err(Refusal(problem)) => fail(&problem, Exit::Failed),
        }
    }
}

/// Why such a command came to nothing, as it is shown to people: what the client or the daemon said, or what went wrong here.
pub(crate) struct Refusal(pub Problem);

impl From<ClientError> for Refusal {
    fn from(error: ClientError) -> Self {
        Self(problem(&error))
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

/// A problem with a folder of results, which names files within it: whose folder it is, is ours to say.
pub(crate) fn in_folder(folder: &Path, problem: Problem) -> Problem {
    Problem { message: format!("{}: {}", folder.display(), problem.message), ..problem }
}

/// Connects to the daemon at a socket file.
pub(crate) fn connect(socket: &Path) -> Result<Client, ClientError> {
    connect_to(Endpoint { address: format!("ipc://{}", socket.display()), ..Endpoint::default() })
}

fn connect_to(endpoint: Endpoint) -> Result<Client, ClientError> {
    Client::connect(&endpoint, concat!("cordline ", env!("CARGO_PKG_VERSION")))
}

fn problem(error: &ClientError) -> Problem {
    let (code, message, action) = match error {
        ClientError::Rejected(fault) => return fault.problem.clone(),
        ClientError::ConnectError { .. } | ClientError::Timeout { .. } => (
            Code::NoDaemon,
            error.to_string(),
            "start `cordline serve`, or name its socket with --socket; its log says whom it refused".to_owned(),
        ),
        ClientError::NoDicom => {
            (Code::NoDicom, error.to_string(), "name DICOM files, or folders that hold some".to_owned())
        }
        ClientError::Unreadable { .. } => (
            Code::Unreadable,
            error.to_string(),
            "check that the file exists and that this user may read it".to_owned(),
        ),
        ClientError::Archive { .. } => (
            Code::Unreadable,
            error.to_string(),
            "unpack it and name the folder; `cordline analyze` without --daemon reads archives as they are".to_owned(),
        ),
        ClientError::InvalidUid { .. } => (
            Code::InvalidUid,
            error.to_string(),
            "leave the file out, or have its sender mend it: nothing could refer to it".to_owned(),
        ),
        ClientError::Key { .. } => (
            Code::Key,
            error.to_string(),
            "name the file into which the output of `cordline keys new` was put".to_owned(),
        ),
        ClientError::Unexpected { .. } | ClientError::VersionMismatch { .. } => {
            (Code::Unexpected, error.to_string(), "bring `cordline` and its daemon to the same version".to_owned())
        }
        _ => (Code::Connection, error.to_string(), "try again; if it stays, look at the daemon's log".to_owned()),
    };
    Problem { code, message, action }
}

/// A job's name on the command line.
pub(crate) fn parse_job(text: &str) -> Result<JobId, String> {
    JobId::new(text).ok_or_else(|| "a job's name has 1 to 64 letters and digits".to_owned())
}

/// Plain data as JSON on standard output.
pub(crate) fn print_json(value: &impl serde::Serialize) {
    let text = serde_json::to_string_pretty(value).expect("messages are plain data with text keys");
    println!("{}", output::json(&text));
}

/// How a job's end ends the program.
pub(crate) fn exit_of(state: JobState) -> Exit {
    match state {
        JobState::NeedsSelection => Exit::NeedsSelection,
        JobState::OutOfScope => Exit::OutOfScope,
        JobState::Failed | JobState::Cancelled => Exit::Failed,
        _ => Exit::Completed,
    }
}

/// A job in one line.
pub(crate) fn line(job: &JobSummary) -> String {
    let what = match (&job.finding, &job.problem, job.position) {
        (Some(finding), _, _) => finding.label.clone(),
        (_, Some(problem), _) => problem.message.clone(),
        (_, _, Some(before)) => {
            let left = job.seconds_left.map(|s| format!(", about {s:.0} s left")).unwrap_or_default();
            format!("{before} before it{left}")
        }
        _ => String::new(),
    };
    let corrected = job.reader.as_ref().map_or(String::new(), |reader| format!(", corrected by {reader}"));
    let reviewed = Review::standing(&job.reviews).map_or(String::new(), |review| format!(" - {}", review.line()));
    let line =
        format!("{}  {:<15} {:<10} {what}{corrected}{reviewed}", job.job, job.state.as_str(), job.priority.as_str());
    printable(line.trim_end(), usize::MAX)
}
