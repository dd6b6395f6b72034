//! A client of the daemon: one DEALER socket, used from one thread.
//!
//! ```no_run
//! use cordline_sdk::client::{Client, Endpoint};
//! use cordline_sdk::job::Priority;
//!
//! let mut client = Client::connect(&Endpoint::default(), "example 1.0")?;
//! let job = client.submit_study(&["study".into()], Priority::Routine, None)?;
//! client.follow(&job, 0, &mut |event, _mask| {
//!     println!("{:?}", event.kind);
//!     std::ops::ControlFlow::Continue(())
//! })?;
//! # Ok::<(), cordline_sdk::client::ClientError>(())
//! ```
//!
//! - [`asynchronous`]: the same for async programs (feature `async`)
//! - [`error`](mod@error): what can go wrong
//! - `follow`: the events of a job
//! - `link`: messages as they are, for gateways (feature `async`, on Unix)
//! - [`key`]: with which a client of another host comes in
//! - [`upload`]: files to items, pieces and credit
//! - [`part10`]: the one thing that a manifest wants to know of a DICOM file

#[cfg(feature = "async")]
pub mod asynchronous;
pub mod error;
mod follow;
pub mod key;
#[cfg(all(feature = "async", unix))]
pub mod link;
pub mod part10;
mod upload;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::job::{JobId, JobState, JobSummary};
use crate::problem::Code;
use crate::sha256::Sha256;
use crate::wire::codec::{self, FromDaemon};
use crate::wire::event::{Event, FileInfo};
use crate::wire::fault::Fault;
use crate::wire::reply::{Answer, Daemon, DeviceReport, Jobs, Welcome};
use crate::wire::request::{
    Artifact, Choose, Hello, Input, Judgement, List, Nothing, OfJob, Request, Status, Submit, Verb,
};

#[cfg(feature = "async")]
pub use asynchronous::AsyncClient;
pub use error::{ClientError, SocketError};
pub use follow::Listener;
pub use key::ClientKey;
pub use upload::VolumeUpload;

/// Where the daemon listens, and how long to wait for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// ZeroMQ endpoint, for example `ipc:///run/cordline/cordline.sock`.
    pub address: String,
    /// How long an answer may take.
    pub timeout: Duration,
    /// The key, where the daemon is on another host.
    pub key: Option<ClientKey>,
}

impl Default for Endpoint {
    fn default() -> Self {
        Self { address: "ipc:///run/cordline/cordline.sock".into(), timeout: Duration::from_secs(10), key: None }
    }
}

/// Messages that ZeroMQ holds for a client that does not read; the daemon's own books hold the rest.
const HIGH_WATER: i32 = 64;

/// How often a follower tries to come back, and how often an upload goes on after a refused piece.
const TRIES: u32 = 5;

/// An event with its raw frame.
pub type Arrived = (Event, Option<Vec<u8>>);

/// A connection to the daemon.
pub struct Client {
    endpoint: Endpoint,
    name: String,
    socket: zmq::Socket,
    next_id: u64,
    welcome: Option<Welcome>,
    /// Events that came while an answer was waited for.
    early: VecDeque<Arrived>,
    /// When the daemon last heard of this client: what it sends itself does not count there.
    spoke: Instant,
}

impl Client {
    /// Connects and says hello. `name`: name and version of the program, for the daemon's log.
    ///
    /// # Errors
    /// [`ClientError::ConnectError`] where nobody answers; the refusal of the daemon; what the socket says.
    pub fn connect(endpoint: &Endpoint, name: &str) -> Result<Self, ClientError> {
        let socket = open(&zmq::Context::new(), endpoint, |_| Ok(())).map_err(ClientError::socket)?;
        let mut client = Self {
            endpoint: endpoint.clone(),
            name: name.into(),
            socket,
            next_id: 1,
            welcome: None,
            early: VecDeque::new(),
            spoke: Instant::now(),
        };
        client.greet()?;
        Ok(client)
    }

    /// What the daemon said when it was greeted: version, role, limits, models.
    pub fn welcome(&self) -> &Welcome {
        self.welcome.as_ref().expect("a client exists only after its hello was answered")
    }

    /// The daemon as a whole.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn daemon(&mut self) -> Result<Daemon, ClientError> {
        match self.ask(Verb::Status(Status { job: None }))? {
            Answer::Daemon(daemon) => Ok(*daemon),
            other => Err(ClientError::unexpected(&other)),
        }
    }

    /// Where a job is.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn status(&mut self, job: &JobId) -> Result<JobSummary, ClientError> {
        self.job_answer(Verb::Status(Status { job: Some(job.clone()) }))
    }

    /// Jobs, newest first.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn list_jobs(&mut self, list: List) -> Result<Jobs, ClientError> {
        match self.ask(Verb::List(list))? {
            Answer::Jobs(jobs) => Ok(jobs),
            other => Err(ClientError::unexpected(&other)),
        }
    }

    /// Stops a job.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn cancel(&mut self, job: &JobId) -> Result<JobSummary, ClientError> {
        self.job_answer(Verb::Cancel(OfJob { job: job.clone() }))
    }

    /// Removes a job that has ended, for good: input, results and events. The answer is what it was.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn forget(&mut self, job: &JobId) -> Result<JobSummary, ClientError> {
        self.job_answer(Verb::Forget(OfJob { job: job.clone() }))
    }

    /// Selects the series of a job that needs a selection.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn select_series(&mut self, job: &JobId, series: &str) -> Result<JobSummary, ClientError> {
        self.job_answer(Verb::Choose(Choose { job: job.clone(), series: series.into() }))
    }

    /// Says what a reader thinks of the answer of a completed job; a summary with all reviews of it.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn review(&mut self, judgement: Judgement) -> Result<JobSummary, ClientError> {
        self.job_answer(Verb::Review(judgement))
    }

    /// What the box is and can run.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn device(&mut self) -> Result<DeviceReport, ClientError> {
        match self.ask(Verb::Device(Nothing {}))? {
            Answer::Device(report) => Ok(*report),
            other => Err(ClientError::unexpected(&other)),
        }
    }

    /// A file of a job, checked against its digest.
    ///
    /// # Errors
    /// As [`Client::ask`], and [`ClientError::ChecksumMismatch`].
    pub fn download(&mut self, job: &JobId, file: &FileInfo) -> Result<Vec<u8>, ClientError> {
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < file.bytes {
            let wanted = Artifact { job: job.clone(), path: file.path.clone(), offset: bytes.len() as u64 };
            let (answer, piece) = self.introduced(Verb::Artifact(wanted))?;
            let (Answer::Artifact(_), Some(piece)) = (&answer, piece) else {
                return Err(ClientError::unexpected(&answer));
            };
            if piece.is_empty() {
                return Err(ClientError::ChecksumMismatch { path: file.path.clone() });
            }
            bytes.extend(piece);
        }
        match file.sha256.parse() == Ok(Sha256::of(&bytes)) {
            true => Ok(bytes),
            false => Err(ClientError::ChecksumMismatch { path: file.path.clone() }),
        }
    }

    /// Sends a request and waits for its answer; a refusal is an error. A daemon that forgot this client, since it was silent for
    /// long, is greeted again.
    ///
    /// # Errors
    /// The refusal of the daemon, [`ClientError::Timeout`] where it does not answer, an answer that was not expected, or what the
    /// socket says.
    pub fn ask(&mut self, verb: Verb) -> Result<Answer, ClientError> {
        Ok(self.introduced(verb)?.0)
    }

    /// As `exchange`, once more after a greeting where the daemon asks for one, and later where it is busy.
    fn introduced(&mut self, verb: Verb) -> Result<(Answer, Option<Vec<u8>>), ClientError> {
        let deadline = Instant::now() + self.endpoint.timeout;
        let mut greeted = false;
        loop {
            match self.exchange(verb.clone(), None) {
                Err(error) if error.wants_hello() && !greeted => {
                    self.greet()?;
                    greeted = true;
                }
                Err(error) => {
                    let Some(pause) = error.pause().filter(|pause| Instant::now() + *pause < deadline) else {
                        return Err(error);
                    };
                    std::thread::sleep(pause);
                }
                done => return done,
            }
        }
    }

    fn job_answer(&mut self, verb: Verb) -> Result<JobSummary, ClientError> {
        match self.ask(verb)? {
            Answer::Job(summary) => Ok(*summary),
            other => Err(ClientError::unexpected(&other)),
        }
    }

    /// One request and its answer. Where that may take minutes the daemon is asked meanwhile whether it is still at work.
    fn exchange(&mut self, verb: Verb, raw: Option<&[u8]>) -> Result<(Answer, Option<Vec<u8>>), ClientError> {
        let inquiry = inquiry(&verb);
        let id = self.send(verb, raw)?;
        let mut deadline = Instant::now() + self.endpoint.timeout;
        let mut inquired = None;
        loop {
            let (message, raw) = match (self.receive(deadline), &inquiry) {
                (Err(ClientError::Timeout { .. }), Some(inquiry)) if inquired.is_none() => {
                    inquired = Some(self.send(inquiry.clone(), None)?);
                    deadline = Instant::now() + self.endpoint.timeout;
                    continue;
                }
                (received, _) => received?,
            };
            match message {
                FromDaemon::Reply(reply) if reply.id == id => return refuse(reply.answer).map(|a| (a, raw)),
                FromDaemon::Reply(reply) if Some(reply.id) == inquired => match reply.answer {
                    Answer::Fault(fault) if fault.problem.code != Code::Busy => {
                        return Err(ClientError::Rejected(fault));
                    }
                    // The job is further on: the answer to its commit would say no more.
                    Answer::Job(summary) if !takes_input(summary.state) => return Ok((Answer::Job(summary), None)),
                    _ => {
                        inquired = None;
                        deadline = Instant::now() + self.endpoint.timeout;
                    }
                },
                // The answer to a request that was given up.
                FromDaemon::Reply(_) => {}
                FromDaemon::Event(event) => self.early.push_back((event, raw)),
            }
        }
    }

    fn send(&mut self, verb: Verb, raw: Option<&[u8]>) -> Result<u64, ClientError> {
        let id = self.next_id;
        let header = codec::header(&Request { id, verb });
        if let Some(most) = self.welcome.as_ref().map(|welcome| welcome.limits.header_bytes) {
            // Beyond, ZeroMQ closes the connection before the daemon can say why.
            if header.len() as u64 > most {
                return Err(ClientError::Rejected(header_too_large(header.len(), most)));
            }
        }
        self.next_id += 1;
        let frames = [Some(header.as_slice()), raw];
        self.socket.send_multipart(frames.into_iter().flatten(), 0).map_err(ClientError::socket)?;
        self.spoke = Instant::now();
        Ok(id)
    }

    fn receive(&mut self, deadline: Instant) -> Result<(FromDaemon, Option<Vec<u8>>), ClientError> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.socket.poll(zmq::POLLIN, left.as_millis() as i64).map_err(ClientError::socket)? == 0 {
                return Err(ClientError::Timeout { endpoint: self.endpoint.address.clone() });
            }
            let frames = self.socket.recv_multipart(0).map_err(ClientError::socket)?;
            let views: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
            match codec::from_daemon(&views) {
                Ok((message, raw)) => return Ok((message, raw.map(<[u8]>::to_vec))),
                Err(fault) if fault.problem.code == Code::VersionUnsupported => {
                    return Err(ClientError::VersionMismatch { theirs: codec::version(&views) });
                }
                // What a later minor version says and this client does not know is passed over.
                Err(_) => {}
            }
        }
    }

    fn greet(&mut self) -> Result<(), ClientError> {
        match self.exchange(Verb::Hello(Hello { client: self.name.clone() }), None).map(|(answer, _)| answer) {
            Ok(Answer::Welcome(welcome)) => {
                self.welcome = Some(*welcome);
                Ok(())
            }
            Ok(other) => Err(ClientError::unexpected(&other)),
            Err(ClientError::Timeout { endpoint }) => Err(ClientError::ConnectError { endpoint }),
            Err(other) => Err(other),
        }
    }

    /// A new socket, for one that may have lost messages cannot be mended.
    fn reconnect(&mut self) -> Result<(), ClientError> {
        self.socket = open(&zmq::Context::new(), &self.endpoint, |_| Ok(())).map_err(ClientError::socket)?;
        self.early.clear();
        self.greet()
    }
}

fn open(
    context: &zmq::Context,
    endpoint: &Endpoint,
    set: impl FnOnce(&zmq::Socket) -> zmq::Result<()>,
) -> zmq::Result<zmq::Socket> {
    let socket = context.socket(zmq::DEALER)?;
    socket.set_linger(1000)?;
    socket.set_rcvhwm(HIGH_WATER)?;
    set(&socket)?;
    if let Some(key) = &endpoint.key {
        key.apply(&socket)?;
    }
    socket.connect(&endpoint.address)?;
    Ok(socket)
}

/// What is asked while the answer to a request is late that the daemon gives only after it listed, copied or forced to the disk.
fn inquiry(verb: &Verb) -> Option<Verb> {
    match verb {
        Verb::Commit(of) => Some(Verb::Status(Status { job: Some(of.job.clone()) })),
        Verb::Submit(Submit { input: Input::Folder { .. }, .. }) => Some(Verb::Ping(Nothing {})),
        _ => None,
    }
}

/// True for a state that a job keeps until it is committed.
fn takes_input(state: JobState) -> bool {
    matches!(state, JobState::Receiving | JobState::Failed | JobState::Cancelled)
}

fn header_too_large(bytes: usize, most: u64) -> Fault {
    Fault::new(
        Code::TooLarge,
        format!("the list of what is to be sent has {bytes} bytes, and the daemon takes {most}"),
        "send fewer files at once, or raise `daemon.limits.header_bytes`",
    )
}

fn refuse(answer: Answer) -> Result<Answer, ClientError> {
    match answer {
        Answer::Fault(fault) => Err(ClientError::Rejected(fault)),
        other => Ok(other),
    }
}
