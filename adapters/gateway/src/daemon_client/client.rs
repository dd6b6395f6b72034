//! One function for each request to the daemon. Many requests share one connection, and each has its own time limit.

use std::sync::{Mutex, PoisonError};

use cordline_sdk::client::link::Lines;
use cordline_sdk::client::{AsyncClient, ClientError, Endpoint};
use cordline_sdk::job::{JobId, JobSummary};
use cordline_sdk::problem::Code;
use cordline_sdk::wire::reply::{self, Answer, DeviceReport, Jobs};
use cordline_sdk::wire::request::{Choose, Judgement, List, Nothing, OfJob, Status, Verb};
use tokio::sync::{Mutex as AsyncMutex, Semaphore};
use tokio::time::{Duration, Instant, sleep};

use super::event_stream::EventStream;
use super::file_list_cache::FileListCache;
use super::multiplexer::{Call, CallResult, Multiplexer};
use super::socket::{CLIENT_NAME, PING_INTERVAL, Socket};
use crate::keyed_lock::KeyedLocks;

/// Long answers that are requested at the same time, each of a megabyte at most.
const LONG_CALLS: usize = 8;
/// How long an answer about health is reused, and how long the daemon may take for it.
const HEALTH_CACHED: Duration = Duration::from_secs(1);
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// A client of the daemon, shared by all requests.
#[derive(Debug)]
pub(crate) struct DaemonClient {
    pub(super) lines: Lines,
    short: Mutex<Option<Multiplexer>>,
    /// Long answers have a connection of their own, so that a `cancel` does not wait behind files that are fetched.
    long: Mutex<Option<Multiplexer>>,
    long_calls: Semaphore,
    /// Health has a connection of its own: it can be asked without a token.
    health: Mutex<Option<Multiplexer>>,
    last_health: AsyncMutex<Option<(Instant, bool)>>,
    pub(super) file_lists: FileListCache,
    /// One event stream of a job is read at a time.
    pub(super) event_locks: KeyedLocks,
}

impl DaemonClient {
    /// A client that has not connected yet.
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        Self {
            lines: Lines::new(endpoint),
            short: Mutex::default(),
            long: Mutex::default(),
            long_calls: Semaphore::new(LONG_CALLS),
            health: Mutex::default(),
            last_health: AsyncMutex::default(),
            file_lists: FileListCache::default(),
            event_locks: KeyedLocks::default(),
        }
    }

    /// A connection of its own, on which messages pass as they are.
    pub(crate) fn open_socket(&self) -> Result<Socket, ClientError> {
        Socket::open(&self.lines)
    }

    /// A client with a connection of its own, for uploads.
    pub(crate) async fn upload_client(&self) -> Result<AsyncClient, ClientError> {
        AsyncClient::connect(self.lines.endpoint().clone(), CLIENT_NAME).await
    }

    /// Every event of a job after number `since`, until the job has ended.
    pub(crate) fn follow(&self, job: JobId, since: u64) -> EventStream {
        EventStream::new(self.lines.clone(), job, since)
    }

    /// The status of the daemon itself.
    pub(crate) async fn daemon_status(&self) -> Result<reply::Daemon, ClientError> {
        match self.call(Verb::Status(Status { job: None })).await? {
            Answer::Daemon(daemon) => Ok(*daemon),
            other => Err(ClientError::unexpected(&other)),
        }
    }

    /// The status of a job.
    pub(crate) async fn status(&self, job: &JobId) -> Result<JobSummary, ClientError> {
        self.job_call(Verb::Status(Status { job: Some(job.clone()) })).await
    }

    /// The status of a job; `None` where the daemon does not have it any more.
    pub(crate) async fn status_if_kept(&self, job: &str) -> Result<Option<JobSummary>, ClientError> {
        let Some(job) = JobId::new(job) else { return Ok(None) };
        match self.status(&job).await {
            Err(ClientError::Rejected(fault)) if fault.problem.code == Code::NoSuchJob => Ok(None),
            asked => asked.map(Some),
        }
    }

    /// Jobs, newest first.
    pub(crate) async fn list(&self, list: List) -> Result<Jobs, ClientError> {
        match self.call_long(Call::new(Verb::List(list), self.lines.endpoint().timeout)).await?.0 {
            Answer::Jobs(jobs) => Ok(jobs),
            other => Err(ClientError::unexpected(&other)),
        }
    }

    pub(crate) async fn cancel(&self, job: &JobId) -> Result<JobSummary, ClientError> {
        self.job_call(Verb::Cancel(OfJob { job: job.clone() })).await
    }

    /// Chooses the series of a job that asks for it.
    pub(crate) async fn select_series(&self, job: &JobId, series: &str) -> Result<JobSummary, ClientError> {
        self.job_call(Verb::Choose(Choose { job: job.clone(), series: series.into() })).await
    }

    /// Stores a reader's verdict on a completed job.
    pub(crate) async fn review(&self, review: Judgement) -> Result<JobSummary, ClientError> {
        self.job_call(Verb::Review(review)).await
    }

    /// The daemon's machine, and what it can run.
    pub(crate) async fn device(&self) -> Result<DeviceReport, ClientError> {
        match self.call(Verb::Device(Nothing {})).await? {
            Answer::Device(report) => Ok(*report),
            other => Err(ClientError::unexpected(&other)),
        }
    }

    /// Whether the daemon answers, as of a second ago at most: however many ask, it is asked once.
    pub(crate) async fn is_reachable(&self) -> bool {
        let mut last = self.last_health.lock().await;
        if let Some((at, reachable)) = *last
            && at.elapsed() < HEALTH_CACHED
        {
            return reachable;
        }
        let pinged = async {
            connection(&self.health, &self.lines)?.call(Call::new(Verb::Ping(Nothing {}), HEALTH_TIMEOUT)).await
        };
        let reachable = pinged.await.is_ok();
        *last = Some((Instant::now(), reachable));
        reachable
    }

    /// Keeps the shared connection alive, for as long as the gateway runs.
    pub(crate) async fn keep_alive(&self) {
        loop {
            sleep(PING_INTERVAL).await;
            let is_used = self.short.lock().unwrap_or_else(PoisonError::into_inner).is_some();
            if is_used && let Err(error) = self.call(Verb::Ping(Nothing {})).await {
                tracing::warn!(%error, "the daemon does not answer");
            }
        }
    }

    async fn call(&self, verb: Verb) -> Result<Answer, ClientError> {
        let call = Call::new(verb, self.lines.endpoint().timeout);
        let (answer, _) = connection(&self.short, &self.lines)?.call(call).await?;
        Ok(answer)
    }

    async fn job_call(&self, verb: Verb) -> Result<JobSummary, ClientError> {
        match self.call(verb).await? {
            Answer::Job(summary) => Ok(*summary),
            other => Err(ClientError::unexpected(&other)),
        }
    }

    /// A call with a long answer: [`LONG_CALLS`] at a time, in the order in which they came.
    pub(super) async fn call_long(&self, call: Call) -> CallResult {
        let _permit = self.long_calls.acquire().await.map_err(|_| ClientError::Closed)?;
        connection(&self.long, &self.lines)?.call(call).await
    }
}

/// The connection that is open, or a new one where it was lost.
fn connection(kept: &Mutex<Option<Multiplexer>>, lines: &Lines) -> Result<Multiplexer, ClientError> {
    // Replaced as a whole: a panic of another thread leaves it usable.
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    match &*kept {
        Some(multiplexer) if !multiplexer.is_lost() => Ok(multiplexer.clone()),
        _ => {
            let multiplexer = Multiplexer::open(lines)?;
            *kept = Some(multiplexer.clone());
            Ok(multiplexer)
        }
    }
}
