//! A daemon of whom each test says what it answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cordline_sdk::client::Endpoint;
use cordline_sdk::job::{JobId, JobKind, JobState, JobSummary, Priority};
use cordline_sdk::problem::Code;
use cordline_sdk::wire::codec;
use cordline_sdk::wire::event::{Event, EventKind};
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::reply::{Answer, EventsBegin, Reply, Role, Welcome};
use cordline_sdk::wire::request::{Nothing, Verb};

/// What a daemon sends.
pub(crate) enum Said {
    /// To the request.
    Answer(Answer),
    /// By itself.
    Event(u64, EventKind),
}

/// A daemon that runs until it is asked what it heard.
pub(crate) struct Daemon {
    pub(crate) endpoint: Endpoint,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<(Instant, Verb)>>,
}

impl Daemon {
    /// `answer` is asked for each request but `hello` and `ping`; with `None` where nothing came for ten milliseconds.
    pub(crate) fn new(limits: Limits, mut answer: impl FnMut(Option<&Verb>) -> Vec<Said> + Send + 'static) -> Self {
        let socket = zmq::Context::new().socket(zmq::ROUTER).unwrap();
        socket.bind("tcp://127.0.0.1:*").unwrap();
        let address = socket.get_last_endpoint().unwrap().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let work = move || {
            let mut heard = Vec::new();
            let mut client = None;
            while !stopped.load(Ordering::Relaxed) {
                let mut id = 0;
                let said = if socket.poll(zmq::POLLIN, 10).unwrap() == 0 {
                    answer(None)
                } else {
                    let frames = socket.recv_multipart(0).unwrap();
                    client = Some(frames[0].clone());
                    let views: Vec<&[u8]> = frames[1..].iter().map(Vec::as_slice).collect();
                    let (request, _) = codec::request(&views, &Limits::default()).unwrap();
                    id = request.id;
                    heard.push((Instant::now(), request.verb.clone()));
                    match &request.verb {
                        Verb::Hello(_) => vec![Said::Answer(welcome(&limits))],
                        Verb::Ping(_) => vec![Said::Answer(Answer::Pong(Nothing {}))],
                        verb => answer(Some(verb)),
                    }
                };
                for one in said {
                    let header = match one {
                        Said::Answer(answer) => codec::header(&Reply { id, answer }),
                        Said::Event(number, kind) => codec::header(&Event { job: job(), number, at_ms: 0, kind }),
                    };
                    socket.send_multipart([client.clone().unwrap(), header], 0).unwrap();
                }
            }
            heard
        };
        let endpoint = Endpoint { address, ..Endpoint::default() };
        Self { endpoint, stop, thread: thread::spawn(work) }
    }

    /// The same, with answers that are late after a tenth of a second.
    pub(crate) fn hasty(answer: impl FnMut(Option<&Verb>) -> Vec<Said> + Send + 'static) -> Self {
        let mut daemon = Self::new(Limits::default(), answer);
        daemon.endpoint.timeout = Duration::from_millis(100);
        daemon
    }

    /// When it heard what; it ends.
    pub(crate) fn heard(self) -> Vec<(Instant, Verb)> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }

    /// The verbs that it heard; it ends.
    pub(crate) fn verbs(self) -> Vec<&'static str> {
        self.heard().iter().map(|(_, verb)| verb.name().as_str()).collect()
    }
}

fn welcome(limits: &Limits) -> Answer {
    Answer::Welcome(Box::new(Welcome {
        daemon: "test".into(),
        notice: cordline_sdk::RESEARCH_USE.into(),
        protocol: [1, 2],
        role: Role::Submitter,
        limits: limits.clone(),
        bundle: None,
        ready: true,
    }))
}

pub(crate) fn job() -> JobId {
    JobId::new("a").unwrap()
}

pub(crate) fn begun(last: u64, state: JobState) -> Said {
    Said::Answer(Answer::Events(EventsBegin { job: job(), last, state }))
}

pub(crate) fn fault(code: Code) -> Said {
    Said::Answer(Answer::Fault(Fault::new(code, "m", "a")))
}

pub(crate) fn summary(state: JobState) -> Said {
    Said::Answer(Answer::Job(Box::new(JobSummary {
        job: job(),
        kind: JobKind::Folder,
        state,
        priority: Priority::Routine,
        submitted_ms: 1,
        last_event: 1,
        position: None,
        seconds_left: None,
        finding: None,
        problem: None,
        study_uid: None,
        reader: None,
        corrects: None,
        reviews: vec![],
    })))
}
