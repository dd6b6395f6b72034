//! A client of the daemon: one DEALER socket, used from one thread.
//!
//! ```no_run
//! use cordline_sdk::client::{Client, Endpoint};
//! use cordline_sdk::job::Priority;
//!
//! let mut client = Client::connect(&Endpoint::default(), "example 1.0")?;
//! let job = client.submit_study(&["study".into()], Priority::Routine, None, &mut |_, _| {})?;
//! client.follow(&job, 0, &mut |event, _mask| {
//!     println!("{:?}", event.kind);
//!     std::ops::ControlFlow::Continue(())
//! })?;
//! # Ok::<(), cordline_sdk::client::ClientError>(())
//! ```
//!
//! - [`asynchronous`]: the same for async programs (feature `async`)
//! - [`error`](mod@error): what can go wrong
//! - `link`: messages as they are, for gateways (feature `async`, on Unix)
//! - [`key`]: with which a client of another host comes in
//! - [`upload`]: files to items, pieces and credit
//! - [`part10`]: the one thing that a manifest wants to know of a DICOM file

#[cfg(feature = "async")]
pub mod asynchronous;
pub mod error;
pub mod key;
#[cfg(all(feature = "async", unix))]
pub mod link;
pub mod part10;
mod upload;

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::job::{JobId, JobSummary};
use crate::problem::Code;
use crate::sha256::Sha256;
use crate::wire::codec::{self, FromDaemon};
use crate::wire::event::{Event, EventKind, FileInfo};
use crate::wire::reply::{Answer, Daemon, DeviceReport, Jobs, Reply, Welcome};
use crate::wire::request::{Artifact, Choose, Events, Hello, Judgement, List, Nothing, OfJob, Request, Status, Verb};

#[cfg(feature = "async")]
pub use asynchronous::AsyncClient;
pub use error::{ClientError, SocketError};
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

/// How often a follower says that it is still there, and how often it tries to come back.
const PING_EVERY: Duration = Duration::from_secs(8);
const TRIES: u32 = 5;

/// An event with its raw frame.
pub type Arrived = (Event, Option<Vec<u8>>);

/// Who is told of events; `Break` when no more are wanted.
pub type Listener<'a> = dyn FnMut(&Event, Option<&[u8]>) -> ControlFlow<()> + 'a;

/// A connection to the daemon.
pub struct Client {
    endpoint: Endpoint,
    name: String,
    socket: zmq::Socket,
    next_id: u64,
    welcome: Option<Welcome>,
    early: VecDeque<Arrived>,
}

impl Client {
    /// Connects and says hello. `name`: name and version of the program, for the daemon's log.
    pub fn connect(endpoint: &Endpoint, name: &str) -> Result<Self, ClientError> {
        let socket = open(&zmq::Context::new(), endpoint, |_| Ok(())).map_err(ClientError::socket)?;
        let mut client = Self {
            endpoint: endpoint.clone(),
            name: name.into(),
            socket,
            next_id: 1,
            welcome: None,
            early: VecDeque::new(),
        };
        client.greet()?;
        Ok(client)
    }

    /// What the daemon said when it was greeted: version, role, limits, models.
    pub fn welcome(&self) -> &Welcome {
        self.welcome.as_ref().expect("a client exists only after its hello was answered")
    }

    /// The daemon as a whole.
    pub fn daemon(&mut self) -> Result<Daemon, ClientError> {
        match self.ask(Verb::Status(Status { job: None }))? {
            Answer::Daemon(daemon) => Ok(*daemon),
            other => Err(ClientError::unexpected(&other)),
        }
    }

    /// Where a job is.
    pub fn status(&mut self, job: &JobId) -> Result<JobSummary, ClientError> {
        self.job_answer(Verb::Status(Status { job: Some(job.clone()) }))
    }

    /// Jobs, newest first.
    pub fn list_jobs(&mut self, list: List) -> Result<Jobs, ClientError> {
        match self.ask(Verb::List(list))? {
            Answer::Jobs(jobs) => Ok(jobs),
            other => Err(ClientError::unexpected(&other)),
        }
    }

    /// Stops a job.
    pub fn cancel(&mut self, job: &JobId) -> Result<JobSummary, ClientError> {
        self.job_answer(Verb::Cancel(OfJob { job: job.clone() }))
    }

    /// Selects the series of a job that needs a selection.
    pub fn select_series(&mut self, job: &JobId, series: &str) -> Result<JobSummary, ClientError> {
        self.job_answer(Verb::Choose(Choose { job: job.clone(), series: series.into() }))
    }

    /// Says what a reader thinks of the answer of a completed job; a summary with all reviews of it.
    pub fn review(&mut self, judgement: Judgement) -> Result<JobSummary, ClientError> {
        self.job_answer(Verb::Review(judgement))
    }

    /// What the box is and can run.
    pub fn device(&mut self) -> Result<DeviceReport, ClientError> {
        match self.ask(Verb::Device(Nothing {}))? {
            Answer::Device(report) => Ok(*report),
            other => Err(ClientError::unexpected(&other)),
        }
    }

    /// Hands every event after number `since` to `each`, with its raw frame, until the job has ended or `each` wants no more; returns
    /// the last number.
    ///
    /// A lost connection is mended on the way, and nothing is told twice.
    pub fn follow(&mut self, job: &JobId, since: u64, each: &mut Listener<'_>) -> Result<u64, ClientError> {
        let mut last = since;
        let mut tries = 0;
        loop {
            match self.follow_once(job, &mut last, each) {
                Err(error) if error.is_passing() && tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(Duration::from_secs(1 << tries.min(4)));
                    // Where nobody listens yet the next round tries again.
                    let _ = self.reconnect();
                }
                ended => return ended.map(|()| last),
            }
        }
    }

    fn follow_once(&mut self, job: &JobId, last: &mut u64, each: &mut Listener<'_>) -> Result<(), ClientError> {
        let begun = self.ask(Verb::Events(Events { job: job.clone(), since: *last, follow: true }))?;
        let Answer::Events(begun) = begun else { return Err(ClientError::unexpected(&begun)) };
        // The answer was to the last request that was sent.
        let asked = self.next_id - 1;
        if begun.last <= *last && begun.state.has_ended() {
            return Ok(());
        }
        loop {
            let (event, raw) = self.next_event(asked)?;
            if event.job != *job || event.number <= *last {
                continue;
            }
            *last = event.number;
            if each(&event, raw.as_deref()).is_break() {
                return Ok(());
            }
            if matches!(&event.kind, EventKind::State(change) if change.state.has_ended()) && event.number >= begun.last
            {
                return Ok(());
            }
        }
    }

    /// A file of a job, checked against its digest.
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

    /// The files that a job has made.
    pub fn files(&mut self, job: &JobId) -> Result<Vec<FileInfo>, ClientError> {
        let answer = self.ask(Verb::Events(Events { job: job.clone(), since: 0, follow: false }))?;
        let Answer::Events(begun) = answer else { return Err(ClientError::unexpected(&answer)) };
        let asked = self.next_id - 1;
        let mut files = Vec::new();
        let mut number = 0;
        while number < begun.last {
            let (event, _) = self.next_event(asked)?;
            if event.job != *job {
                continue;
            }
            number = event.number;
            if let EventKind::Files(listed) = event.kind {
                files = listed.files;
            }
        }
        Ok(files)
    }

    /// Sends a request and waits for its answer; a refusal is an error. A daemon that forgot this client, since it was silent for
    /// long, is greeted again.
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

    fn exchange(&mut self, verb: Verb, raw: Option<&[u8]>) -> Result<(Answer, Option<Vec<u8>>), ClientError> {
        let id = self.send(verb, raw)?;
        let deadline = Instant::now() + self.endpoint.timeout;
        loop {
            match self.receive(deadline)? {
                (FromDaemon::Reply(reply), raw) if reply.id == id => return refuse(reply.answer).map(|a| (a, raw)),
                // The answer to a request that was given up.
                (FromDaemon::Reply(_), _) => {}
                (FromDaemon::Event(event), raw) => self.early.push_back((event, raw)),
            }
        }
    }

    fn send(&mut self, verb: Verb, raw: Option<&[u8]>) -> Result<u64, ClientError> {
        let id = self.next_id;
        self.next_id += 1;
        let header = codec::header(&Request { id, verb });
        let frames = [Some(header.as_slice()), raw];
        self.socket.send_multipart(frames.into_iter().flatten(), 0).map_err(ClientError::socket)?;
        Ok(id)
    }

    /// The next event, pinging while none comes. `asked`: number of the request `events`; a fault under it ends the stream.
    fn next_event(&mut self, asked: u64) -> Result<(Event, Option<Vec<u8>>), ClientError> {
        if let Some(early) = self.early.pop_front() {
            return Ok(early);
        }
        loop {
            match self.receive(Instant::now() + PING_EVERY) {
                Ok((FromDaemon::Event(event), raw)) => return Ok((event, raw)),
                Ok((FromDaemon::Reply(Reply { id, answer: Answer::Fault(fault) }), _)) if id == asked => {
                    return Err(ClientError::Rejected(fault));
                }
                Ok((FromDaemon::Reply(_), _)) => {}
                Err(ClientError::Timeout { .. }) => {
                    // Not `ask`: with the client the daemon forgot what it follows.
                    self.exchange(Verb::Ping(Nothing {}), None)?;
                    if let Some(early) = self.early.pop_front() {
                        return Ok(early);
                    }
                }
                Err(other) => return Err(other),
            }
        }
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

fn refuse(answer: Answer) -> Result<Answer, ClientError> {
    match answer {
        Answer::Fault(fault) => Err(ClientError::Rejected(fault)),
        other => Ok(other),
    }
}
