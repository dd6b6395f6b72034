//! The events of a job, on a connection of its own: a slow reader holds up no other.

use cordline_sdk::client::link::Lines;
use cordline_sdk::client::{Arrived, ClientError};
use cordline_sdk::job::JobId;
use cordline_sdk::wire::codec::{self, FromDaemon};
use cordline_sdk::wire::event::EventKind;
use cordline_sdk::wire::reply::Answer;
use cordline_sdk::wire::request::{Events, Hello, Nothing, Request, Verb};
use tokio::time::{Duration, sleep, timeout};

use super::socket::{CLIENT_NAME, PING_INTERVAL, Socket};

/// How often in a row a lost connection is opened again.
const MAX_ATTEMPTS: u32 = 5;

/// The events of a job as they come. A lost connection is opened again, and no event is returned twice.
#[derive(Debug)]
pub(crate) struct EventStream {
    lines: Lines,
    job: JobId,
    /// Number of the last event that was returned.
    last: u64,
    connection: Option<Connected>,
    attempts: u32,
    is_over: bool,
}

#[derive(Debug)]
struct Connected {
    socket: Socket,
    next_id: u64,
    /// Number of the last event that there was when the daemon answered; `None` before its answer.
    begin: Option<u64>,
    /// True while a ping has no answer yet.
    pinged: bool,
}

impl Connected {
    fn send(&mut self, verb: Verb) -> Result<(), ClientError> {
        let id = self.next_id;
        self.next_id += 1;
        // A full socket is noticed as a missing answer.
        self.socket.send(&[codec::header(&Request { id, verb })]).map(drop)
    }
}

impl EventStream {
    pub(super) fn new(lines: Lines, job: JobId, since: u64) -> Self {
        Self { lines, job, last: since, connection: None, attempts: 0, is_over: false }
    }

    /// The next event with its raw frame; `None` once the job has ended.
    pub(crate) async fn next(&mut self) -> Option<Result<Arrived, ClientError>> {
        while !self.is_over {
            match self.receive().await {
                Ok(Some(arrived)) => {
                    self.attempts = 0;
                    return Some(Ok(arrived));
                }
                Ok(None) => self.is_over = true,
                Err(error) => {
                    self.connection = None;
                    self.attempts += 1;
                    if !error.is_passing() || self.attempts > MAX_ATTEMPTS {
                        self.is_over = true;
                        return Some(Err(error));
                    }
                    sleep(Duration::from_secs(1 << self.attempts.min(4))).await;
                }
            }
        }
        None
    }

    async fn receive(&mut self) -> Result<Option<Arrived>, ClientError> {
        let endpoint = self.lines.endpoint().clone();
        let silence = || ClientError::Timeout { endpoint: endpoint.address.clone() };
        if self.connection.is_none() {
            let mut connection =
                Connected { socket: Socket::open(&self.lines)?, next_id: 1, begin: None, pinged: false };
            connection.send(Verb::Hello(Hello { client: CLIENT_NAME.into() }))?;
            connection.send(Verb::Events(Events { job: self.job.clone(), since: self.last, follow: true }))?;
            self.connection = Some(connection);
        }
        let connection = self.connection.as_mut().expect("opened above, where there was none");
        loop {
            let is_answer_due = connection.begin.is_none() || connection.pinged;
            let time_limit = if is_answer_due { endpoint.timeout } else { PING_INTERVAL };
            let Ok(frames) = timeout(time_limit, connection.socket.receive()).await else {
                if is_answer_due {
                    return Err(silence());
                }
                connection.pinged = true;
                connection.send(Verb::Ping(Nothing {}))?;
                continue;
            };
            connection.pinged = false;
            let frames = frames?;
            let views: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
            let Ok((message, raw)) = codec::from_daemon(&views) else { continue };
            match message {
                FromDaemon::Reply(reply) => match reply.answer {
                    Answer::Fault(fault) => return Err(ClientError::Rejected(fault)),
                    Answer::Events(begin) if begin.last <= self.last && begin.state.has_ended() => return Ok(None),
                    Answer::Events(begin) => connection.begin = Some(begin.last),
                    _ => {}
                },
                FromDaemon::Event(event) if event.job == self.job && event.number > self.last => {
                    self.last = event.number;
                    let has_ended = matches!(&event.kind, EventKind::State(change) if change.state.has_ended());
                    self.is_over = has_ended && connection.begin.is_some_and(|last| event.number >= last);
                    return Ok(Some((event, raw.map(<[u8]>::to_vec))));
                }
                FromDaemon::Event(_) => {}
            }
        }
    }
}
