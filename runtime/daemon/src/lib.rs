//! `cordline serve`: jobs that survive the process, offered over ZeroMQ.
//!
//! ```text
//! clients <-> server --commands--> scheduler --assignment--> worker
//!               ^                   |  ^                        |
//!               +----replies--------+  +-------progress---------+
//! ```
//!
//! - [`server`]: owns the sockets; one connection, its send queue and its subscriptions
//! - [`auth`]: which clients are accepted from other hosts, and what each may do
//! - [`queries`]: the read side, answered at once
//! - [`scheduler`]: decides what becomes of jobs, and is the one writer of the journal; [`submission`] is what clients want analysed
//! - [`worker`]: computes, with warm models
//! - [`engines`]: has what TensorRT compiles built while the worker goes on
//! - [`retention`]: what is removed by itself
//! - [`origin`], [`replies`]: where a request comes from, and how its answer gets back; [`error`](mod@error): refusals that several parts give
//! - [`fair_queue`], [`rate_limiter`], [`byte_count`]: no client delays another, and what waits is bounded; [`descriptors`]: no more connections than there is room for
//! - [`health`], [`notices`], [`metrics`]: the state of the models, warnings to the operator, figures for Prometheus
//! - [`journal`], [`spool`]: jobs on disk; their input and results on disk
//! - [`keys`], [`audit`]: which clients of other hosts are accepted; who did what, when
//! - [`private_folder`], [`lock`]: files for one user and one process
//! - [`config_check`]: whether the daemon can work with a configuration
//! - [`clock`]: the wall clock; [`stop_on_drop`]: a thread without which the daemon is none

pub mod audit;
mod auth;
mod byte_count;
mod clock;
mod config_check;
mod descriptors;
mod engines;
mod error;
mod fair_queue;
mod health;
pub mod journal;
pub mod keys;
mod lock;
mod metrics;
mod notices;
mod origin;
pub mod private_folder;
mod queries;
mod rate_limiter;
mod replies;
mod retention;
mod scheduler;
mod server;
pub mod spool;
mod stop_on_drop;
mod submission;
mod worker;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock, mpsc};

use cordline_analysis::config::Config;
use cordline_analysis::engine_builder::EngineBuilder;
use cordline_analysis::models::WarmModels;
use cordline_analysis::reader::{ReaderProcess, sandbox};
use cordline_device::engine::EngineStore;
use cordline_device::priority;
use cordline_sdk::problem::{Code, Problem};

use crate::audit::AuditLog;
use crate::journal::Journal;
use crate::keys::KeyFolder;
use crate::private_folder::{close_to_writers, make_private};
use crate::spool::Spool;
use auth::KeyStore;
pub use config_check::check;
use engines::EngineThread;
use health::Health;
use metrics::{Metrics, MetricsSources};
use notices::{Notices, Topic};
use queries::{Queries, QuerySources};
use replies::reply_channel;
use retention::{AgeClock, ClockReadings, RetentionScanner};
use scheduler::{CommandQueue, Scheduler, SchedulerCommand, SchedulerConfig, SchedulerParts};
use server::manifests::ManifestQueue;
use server::socket_file::SocketFile;
use server::{Links, RemoteAccess, Server};
use stop_on_drop::StopOnDrop;
use worker::{Worker, WorkerModels};

/// Open files below which the operator is warned.
const FEW_DESCRIPTORS: u64 = 1024;

/// Serves until `stop` is set. Jobs that have not ended are recovered by the next start.
///
/// # Errors
///
/// The daemon cannot start, or one of its threads died.
pub fn run(config: &Config, stop: &Arc<AtomicBool>) -> Result<(), Problem> {
    let daemon = &config.daemon;
    let limit = descriptors::raise();
    if limit < FEW_DESCRIPTORS {
        tracing::warn!(limit, "few files may be open at once (ulimit -n): few clients can come");
    }
    // First of all: the owner of the socket file is the daemon.
    let socket = SocketFile::take(&daemon.socket)?;
    close(&daemon.spool).map_err(|e| unusable(&format!("the spool {}", daemon.spool.display()), &e))?;
    // A reader that a file takes over runs as the same user: it must not look into the memory of the daemon.
    sandbox::keep_private().map_err(|e| unusable("the memory of the daemon", &e))?;
    let spool = Arc::new(Spool::open(&daemon.spool)?);
    let mut journal = Journal::open(&spool.journal())?;
    let (started_ms, notices) = (clock::now_ms(), Notices::default());
    if journal.missing() > 0 {
        notices.set(Topic::Journal, Some(format!(
            "the journal lost {} entries that were on the disk: it is new, an older copy, or its -wal file is gone. Folders of jobs that it \
             does not know are set aside, see `cordline spool lost`; if there is a later copy, stop the daemon and put it back with its -wal file",
            journal.missing()
        )));
    }
    let age_clock = AgeClock::resume(journal.uptime()?, ClockReadings::now());
    let recovered = journal.recover(started_ms)?;
    tracing::info!(
        queued = recovered.queued.len(),
        quarantined = recovered.quarantined.len(),
        damaged = recovered.damaged.len(),
        "jobs of the last start were taken up"
    );
    let audit_log = AuditLog::open(&spool.audit()).map_err(|e| unusable("the audit file", &e))?;
    let missing = ReaderProcess::probe(&daemon.reader)?.missing();
    if !missing.is_empty() {
        tracing::warn!("the process that reads files stands behind fewer walls than it could: {}", missing.join("; "));
    }
    // The threads of the networks have a lower priority than those that answer clients.
    let models = priority::at_lower_priority(|| WorkerModels::open_all(config))?;

    let health = Arc::new(RwLock::new(Health::default()));
    let metrics = Arc::new(Metrics::new());
    let reader = || Journal::reader(&spool.journal());
    if let Some(address) = daemon.metrics.as_ref().filter(|address| !address.is_empty()) {
        let (metrics, spool, health) = (metrics.clone(), spool.clone(), health.clone());
        let sources = MetricsSources { metrics, journal: reader()?, spool, health };
        metrics::serve(address, sources, stop.clone())
            .map_err(|e| unusable(&format!("the port {address} (daemon.metrics)"), &e))?;
    }
    let remote = remote_access(config)?;
    let queries = Queries::new(QuerySources {
        journal: reader()?,
        spool: spool.clone(),
        limits: daemon.limits.clone(),
        health: health.clone(),
        reserve_bytes: daemon.reserve_bytes,
        reader_days: daemon.keep.reader_days.max(daemon.keep.days),
        notices: notices.clone(),
        keys: remote.as_ref().map(|remote| remote.keys.clone()),
    });
    let commands = CommandQueue::default();
    let (assignments, jobs): (Vec<_>, Vec<_>) = models.iter().map(|_| mpsc::channel()).unzip();
    let (reply_sender, replies) = reply_channel().map_err(|e| unusable("the bell between threads", &e))?;
    let manifests = ManifestQueue::default();
    let parse_manifests = {
        let (manifests, limits, commands) = (manifests.clone(), daemon.limits.clone(), commands.clone());
        let (replies, stop) = (reply_sender.clone(), stop.clone());
        move || manifests.run(&limits, &commands, &replies, &stop)
    };
    let scheduler_config = SchedulerConfig {
        limits: daemon.limits.clone(),
        reserve_bytes: daemon.reserve_bytes,
        queue: daemon.queue,
        bundle: models[0].models.bundle().folder().to_owned(),
        roots: daemon.roots.clone(),
        files: config.limits.clone(),
    };
    let retention = RetentionScanner {
        journal: reader()?,
        spool: spool.clone(),
        keep: daemon.keep.clone(),
        reserve_bytes: daemon.reserve_bytes,
        notices: notices.clone(),
        scheduler: commands.clone(),
        stop: stop.clone(),
    };
    let engines = engine_thread(config, &models[0].models, &metrics, &notices, stop);
    let mut workers = Vec::new();
    for (number, (of_worker, jobs)) in models.into_iter().zip(jobs).enumerate() {
        let WorkerModels { config, device, models } = of_worker;
        let worker = Worker {
            number,
            config,
            device,
            spool: spool.clone(),
            journal: reader()?,
            health: health.clone(),
            metrics: metrics.clone(),
            scheduler: commands.clone(),
            stop: stop.clone(),
            engine_changes: engines.changes.clone(),
            started_ms,
        };
        worker.publish_health(&models);
        workers.push((worker, models, jobs));
    }
    let scheduler = Scheduler::new(SchedulerParts {
        journal,
        audit_log,
        spool: spool.clone(),
        metrics: metrics.clone(),
        notices: notices.clone(),
        config: scheduler_config,
        replies: reply_sender,
        workers: assignments,
    });

    let links = Links { scheduler: commands.clone(), manifests, replies, metrics, stop: stop.clone() };
    descriptors::reserve(limit);
    let server = Server::bind(&socket.endpoint(), remote, queries, links).map_err(|e| {
        unusable(&format!("the socket {}, or the endpoint for other hosts,", daemon.socket.display()), &e)
    })?;
    socket.close_to_others().map_err(|e| unusable(&format!("the socket {}", daemon.socket.display()), &e))?;
    let queue = commands.clone();
    let scheduler = spawn("scheduler", stop, move || scheduler.run(&queue))?;
    spawn("manifests", stop, parse_manifests)?;
    let workers: Vec<_> = workers
        .into_iter()
        .map(|(worker, models, jobs)| spawn("worker", stop, move || worker.run(models, &jobs)))
        .collect::<Result<_, _>>()?;
    // It may end, and be waited for by nobody: its child is ended by the system with the service.
    if engines.has_work() {
        std::thread::Builder::new()
            .name("engines".into())
            .spawn(move || engines.run())
            .map_err(|e| unusable("the thread engines", &e))?;
    }
    // Its end is not waited for: it may be blocked by a disk that does not answer.
    drop(spawn("retention", stop, move || retention.run(age_clock))?);
    tracing::info!(socket = %daemon.socket.display(), open_files = limit, "ready");
    // Without systemd there is no receiver, which is no error.
    let _ = sd_notify::notify(false, &[sd_notify::NotifyState::Ready]);
    let served = server.run(stop);
    let _ = sd_notify::notify(false, &[sd_notify::NotifyState::Stopping]);
    stop.store(true, Ordering::Relaxed);
    // Each worker requeues its job; only then does the scheduler stop.
    let computed = workers.into_iter().map(std::thread::JoinHandle::join).fold(Ok(()), Result::and);
    commands.push_internal(SchedulerCommand::Stop);
    let written = scheduler.join();
    served.map_err(|e| unusable("the socket", &e))?;
    match (computed, written) {
        (Ok(()), Ok(())) => Ok(()),
        _ => Err(Problem {
            code: Code::Daemon,
            message: "a thread of the daemon died; its last words are in the log".into(),
            action: "start it again: every job that was accepted is still there. Please report the words".into(),
        }),
    }
}

/// The engines that the bundle wants on this host.
fn engine_thread(
    config: &Config,
    models: &WarmModels,
    metrics: &Arc<Metrics>,
    notices: &Notices,
    stop: &Arc<AtomicBool>,
) -> EngineThread {
    let store = EngineStore::new(&config.device.engines);
    EngineThread {
        builder: EngineBuilder::new(config),
        wanted: cordline_inference::engines::wanted(models.networks(), &store),
        store,
        most_bytes: config.device.engine_bytes,
        metrics: metrics.clone(),
        notices: notices.clone(),
        changes: Arc::default(),
        stop: stop.clone(),
    }
}

/// Keeps all other users out of the spool, whatever rights its files were made with.
fn close(folder: &Path) -> std::io::Result<()> {
    if !folder.join(spool::JOURNAL).exists() {
        // A new one, in a folder that may have other uses.
        return if folder.exists() { close_to_writers(folder) } else { Ok(()) };
    }
    make_private(folder)?;
    for entry in std::fs::read_dir(folder)? {
        make_private(&entry?.path())?;
    }
    Ok(())
}

/// The endpoint for other hosts, where the configuration names one. It is never open without keys.
fn remote_access(config: &Config) -> Result<Option<RemoteAccess>, Problem> {
    let Some(endpoint) = config.daemon.tcp.clone() else { return Ok(None) };
    if zmq::has("curve") != Some(true) {
        return Err(Problem {
            code: Code::NoCurve,
            message: "the system's libzmq has no CURVE, so clients from other hosts cannot be told apart".into(),
            action: "install a libzmq with libsodium (Debian: libzmq5), or leave daemon.tcp out".into(),
        });
    }
    let keys = KeyFolder::new(&config.daemon.keys);
    for path in [&config.daemon.keys, &keys.list()] {
        make_private(path).map_err(|e| unusable(&format!("the keys {}", path.display()), &e))?;
    }
    let pair = keys.server()?;
    Ok(Some(RemoteAccess { endpoint, pair, keys: Arc::new(KeyStore::new(keys)) }))
}

/// Starts a thread whose end, by a panic too, stops the daemon.
fn spawn(
    name: &str,
    stop: &Arc<AtomicBool>,
    work: impl FnOnce() + Send + 'static,
) -> Result<std::thread::JoinHandle<()>, Problem> {
    let on_end = StopOnDrop(stop.clone());
    let run = move || {
        let _on_end = on_end;
        work();
    };
    std::thread::Builder::new().name(name.into()).spawn(run).map_err(|e| unusable("a thread", &e))
}

fn unusable(what: &str, error: &dyn std::error::Error) -> Problem {
    Problem {
        code: Code::Daemon,
        message: format!("{what} cannot be used: {error}"),
        action: "look at rights and paths in the configuration, then start again".into(),
    }
}
