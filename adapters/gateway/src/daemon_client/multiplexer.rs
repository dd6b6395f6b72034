//! Many calls on one connection: sent as they come, answered in any order, each with its own time limit.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cordline_sdk::client::link::{Frames, Lines};
use cordline_sdk::client::{Arrived, ClientError};
use cordline_sdk::job::JobId;
use cordline_sdk::problem::Code;
use cordline_sdk::wire::codec::{self, FromDaemon};
use cordline_sdk::wire::reply::Answer;
use cordline_sdk::wire::request::{Hello, Request, Verb};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Duration, Instant, sleep, sleep_until};

use super::socket::{CLIENT_NAME, Socket};

/// Calls that wait to be sent; further callers wait.
const QUEUE_LENGTH: usize = 64;
/// Pause before a call is repeated, where a busy daemon does not say how long.
const BUSY_PAUSE: Duration = Duration::from_millis(250);

/// An answer with its raw frame, or why there is none.
pub(super) type CallResult = Result<(Answer, Option<Vec<u8>>), ClientError>;

/// A request, and how long its answer may take.
#[derive(Clone)]
pub(super) struct Call {
    verb: Verb,
    time_limit: Duration,
    events: Option<mpsc::UnboundedSender<Arrived>>,
}

impl Call {
    pub(super) fn new(verb: Verb, time_limit: Duration) -> Self {
        Self { verb, time_limit, events: None }
    }

    /// The same; `events` gets the events of the job that follow the answer.
    pub(super) fn with_events(self, events: mpsc::UnboundedSender<Arrived>) -> Self {
        Self { events: Some(events), ..self }
    }
}

/// A handle of the connection, which is closed once no handle is left and no call waits for an answer.
#[derive(Debug, Clone)]
pub(super) struct Multiplexer {
    calls: mpsc::Sender<PendingCall>,
    lost: Arc<AtomicBool>,
}

impl Multiplexer {
    pub(super) fn open(lines: &Lines) -> Result<Self, ClientError> {
        let socket = Socket::open(lines)?;
        let (calls, incoming) = mpsc::channel(QUEUE_LENGTH);
        let lost = Arc::new(AtomicBool::new(false));
        let task = MultiplexerTask {
            socket,
            endpoint: lines.endpoint().address.clone(),
            next_id: 1,
            hello_id: 0,
            last_received: None,
            pending: BTreeMap::new(),
            event_receivers: HashMap::new(),
            lost: lost.clone(),
        };
        tokio::spawn(task.run(incoming));
        Ok(Self { calls, lost })
    }

    /// True where the daemon does not answer, or the connection broke: the next call needs another one.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed) || self.calls.is_closed()
    }

    /// Makes a call, and repeats it while the daemon is busy, within its time limit.
    pub(super) async fn call(&self, call: Call) -> CallResult {
        let deadline = Instant::now() + call.time_limit;
        loop {
            match self.call_once(call.clone(), deadline).await {
                Err(ClientError::Rejected(fault)) if fault.problem.code == Code::Busy => {
                    let pause = fault.retry_after_ms.map_or(BUSY_PAUSE, Duration::from_millis);
                    if Instant::now() + pause >= deadline {
                        return Err(ClientError::Rejected(fault));
                    }
                    sleep(pause).await;
                }
                result => return result,
            }
        }
    }

    async fn call_once(&self, call: Call, deadline: Instant) -> CallResult {
        let (result, received) = oneshot::channel();
        let pending = PendingCall { call, sent: Instant::now(), deadline, result, is_repeated: false };
        self.calls.send(pending).await.map_err(|_| ClientError::Closed)?;
        received.await.map_err(|_| ClientError::Closed)?
    }
}

/// A call without an answer yet.
struct PendingCall {
    call: Call,
    sent: Instant,
    deadline: Instant,
    result: oneshot::Sender<CallResult>,
    /// True once it was sent again, after a `hello`.
    is_repeated: bool,
}

/// The task that owns the connection.
struct MultiplexerTask {
    socket: Socket,
    endpoint: String,
    next_id: u64,
    /// Id of the last `hello`.
    hello_id: u64,
    /// When a message came last.
    last_received: Option<Instant>,
    pending: BTreeMap<u64, PendingCall>,
    event_receivers: HashMap<JobId, mpsc::UnboundedSender<Arrived>>,
    lost: Arc<AtomicBool>,
}

impl MultiplexerTask {
    async fn run(mut self, mut incoming: mpsc::Receiver<PendingCall>) {
        let mut is_open = true;
        let outcome = async {
            // Calls follow at once: the daemon reads in order.
            self.send_hello()?;
            while is_open || !self.pending.is_empty() {
                let first = self.pending.values().map(|pending| pending.deadline).min();
                let first = first.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
                tokio::select! {
                    call = incoming.recv(), if is_open => match call {
                        Some(call) => self.send_call(call)?,
                        None => is_open = false,
                    },
                    frames = self.socket.receive() => self.handle(&frames?)?,
                    () = sleep_until(first) => self.expire_calls(),
                }
            }
            Ok::<_, ClientError>(())
        };
        if let Err(error) = outcome.await {
            tracing::debug!(%error, "a connection to the daemon broke");
        }
        self.lost.store(true, Ordering::Relaxed);
    }

    fn send_hello(&mut self) -> Result<(), ClientError> {
        self.hello_id = self.send(Verb::Hello(Hello { client: CLIENT_NAME.into() }))?;
        Ok(())
    }

    fn send_call(&mut self, pending: PendingCall) -> Result<(), ClientError> {
        // The caller has gone.
        if pending.result.is_closed() {
            return Ok(());
        }
        if let (Verb::Events(events), Some(receiver)) = (&pending.call.verb, &pending.call.events) {
            // A stream that is not followed ends without an event that would show that its receiver has gone.
            self.event_receivers.retain(|_, receiver| !receiver.is_closed());
            self.event_receivers.insert(events.job.clone(), receiver.clone());
        }
        let id = self.send(pending.call.verb.clone())?;
        self.pending.insert(id, pending);
        Ok(())
    }

    fn send(&mut self, verb: Verb) -> Result<u64, ClientError> {
        let id = self.next_id;
        self.next_id += 1;
        match self.socket.send(&[codec::header(&Request { id, verb })])? {
            true => Ok(id),
            // The queue of the socket is full: the daemon does not read.
            false => Err(ClientError::Timeout { endpoint: self.endpoint.clone() }),
        }
    }

    fn handle(&mut self, frames: &Frames) -> Result<(), ClientError> {
        self.last_received = Some(Instant::now());
        let views: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        // Messages of a later version that this one does not know are ignored.
        let Ok((message, raw)) = codec::from_daemon(&views) else { return Ok(()) };
        let raw = raw.map(<[u8]>::to_vec);
        match message {
            FromDaemon::Event(event) => {
                let job = event.job.clone();
                if self.event_receivers.get(&job).is_some_and(|receiver| receiver.send((event, raw)).is_err()) {
                    self.event_receivers.remove(&job);
                }
            }
            FromDaemon::Reply(reply) => {
                let Some(pending) = self.pending.remove(&reply.id) else { return Ok(()) };
                match reply.answer {
                    Answer::Fault(fault) if fault.problem.code == Code::HelloRequired && !pending.is_repeated => {
                        // One `hello` is enough for all calls that were sent before it.
                        if self.hello_id < reply.id {
                            self.send_hello()?;
                        }
                        self.send_call(PendingCall { is_repeated: true, ..pending })?;
                    }
                    Answer::Fault(fault) => drop(pending.result.send(Err(ClientError::Rejected(fault)))),
                    answer => drop(pending.result.send(Ok((answer, raw)))),
                }
            }
        }
        Ok(())
    }

    /// Ends the calls whose time is over. Where nothing at all was received since one was sent, the connection is lost.
    fn expire_calls(&mut self) {
        let now = Instant::now();
        let over: Vec<u64> = self.pending.iter().filter(|(_, p)| p.deadline <= now).map(|(id, _)| *id).collect();
        for pending in over.into_iter().filter_map(|id| self.pending.remove(&id)) {
            if self.last_received.is_none_or(|at| at < pending.sent) {
                self.lost.store(true, Ordering::Relaxed);
            }
            let endpoint = self.endpoint.clone();
            let error = match self.last_received {
                Some(_) => ClientError::Timeout { endpoint },
                None => ClientError::ConnectError { endpoint },
            };
            drop(pending.result.send(Err(error)));
        }
    }
}

#[cfg(test)]
mod tests {
    use cordline_sdk::client::Endpoint;
    use cordline_sdk::wire::request::Events;

    use super::*;

    #[tokio::test]
    async fn receivers_that_have_gone_are_forgotten_without_another_event() {
        let lines = Lines::new(Endpoint { address: "ipc:///nowhere".into(), ..Endpoint::default() });
        let mut task = MultiplexerTask {
            socket: Socket::open(&lines).unwrap(),
            endpoint: String::new(),
            next_id: 1,
            hello_id: 0,
            last_received: None,
            pending: BTreeMap::new(),
            event_receivers: HashMap::new(),
            lost: Arc::default(),
        };
        let mut kept = Vec::new();
        for job in ["a", "b", "c", "d"].map(|name| JobId::new(name).unwrap()) {
            let (sender, events) = mpsc::unbounded_channel();
            let verb = Verb::Events(Events { job: job.clone(), since: 0, follow: false });
            let (result, answer) = oneshot::channel();
            let call = Call::new(verb, Duration::from_secs(9)).with_events(sender);
            let deadline = Instant::now() + call.time_limit;
            let pending = PendingCall { call, sent: Instant::now(), deadline, result, is_repeated: false };
            task.send_call(pending).unwrap();
            // As where the list of files was read to its end: the answer came, and the receiver is dropped. One is still read.
            task.pending.clear();
            drop(answer);
            if job.as_str() == "b" {
                kept.push(events);
            }
        }
        let mut jobs: Vec<&str> = task.event_receivers.keys().map(JobId::as_str).collect();
        jobs.sort_unstable();
        assert_eq!(jobs, ["b", "d"]);
    }
}
