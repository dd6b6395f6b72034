//! `cordline serve`: jobs that survive the process, and a wire on which viewers lean.
//!
//! ```text
//! clients <-> server --orders--> clerk --assignment--> worker
//!               ^                  |  ^                   |
//!               +----letters-------+  +------news---------+
//! ```
//!
//! - [`server`]: the one thread that owns the sockets; [`client`] is a connection, [`enquiries`] what is looked up at once, [`reading`]
//!   what those who follow a job are told
//! - [`gate`]: who may come in from other hosts
//! - [`clerk`]: the one who writes journal and spool; [`input`] and [`folder`] are what clients want analysed
//! - [`worker`]: the one who computes, with warm models; [`task`] is what it analyses, [`ahead`] reads the next one's
//!   files meanwhile, [`happening`] turns its steps into events
//! - [`tidy`]: what goes away by itself
//! - [`check`](mod@check): can the daemon work with this configuration
//! - [`metrics`]: figures for Prometheus, liveness and readiness
//! - [`mail`]: letters to the server, and the bell that wakes it

mod ahead;
mod check;
mod clerk;
mod client;
mod clock;
mod enquiries;
mod folder;
mod gate;
mod happening;
mod input;
mod mail;
mod metrics;
mod reading;
mod server;
mod task;
mod tidy;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock, mpsc};

use cordline_device::priority;
use cordline_sdk::result::Problem;

use crate::analyze::models::WarmModels;
use crate::audit::Audit;
use crate::config::Config;
use crate::journal::Journal;
use crate::keys::KeyFolder;
use crate::reader::Reader;
use crate::spool::Spool;
pub use check::check;
use clerk::{Clerk, Order, Rules};
use enquiries::{Condition, Enquiries};
use gate::Guests;
use mail::letter_box;
use metrics::{Metrics, Sources};
use server::{Outside, Server};
use worker::Worker;

/// Serves until `stop` is set. Jobs that have not ended are taken up again by the next start.
pub fn run(config: &Config, stop: &Arc<AtomicBool>) -> Result<(), Problem> {
    let daemon = &config.daemon;
    let spool = Arc::new(Spool::open(&daemon.spool).map_err(|e| e.problem())?);
    let mut journal = Journal::open(&spool.journal()).map_err(|e| e.problem())?;
    let taken_up = journal.take_up(clock::now_ms()).map_err(|e| e.problem())?;
    tracing::info!(
        queued = taken_up.queued.len(),
        quarantined = taken_up.quarantined.len(),
        damaged = taken_up.damaged.len(),
        "jobs of the last start were taken up"
    );
    let audit = Audit::open(&spool.audit()).map_err(|e| system("the audit file", &e))?;
    Reader::probe(&daemon.reader)?;
    // The threads of the networks step back before those that answer clients.
    let models = priority::stepped_back(|| WarmModels::open(config)).map_err(|e| e.problem())?;

    let condition = Arc::new(RwLock::new(Condition::default()));
    let metrics = Arc::new(Metrics::new());
    if let Some(address) = daemon.metrics.as_ref().filter(|address| !address.is_empty()) {
        let journal = Journal::reader(&spool.journal()).map_err(|e| e.problem())?;
        let sources = Sources { metrics: metrics.clone(), journal, spool: spool.clone(), condition: condition.clone() };
        metrics::serve(address, sources, stop.clone())
            .map_err(|e| system(&format!("the port {address} (daemon.metrics)"), &e))?;
    }
    let reader = Journal::reader(&spool.journal()).map_err(|e| e.problem())?;
    let limits = daemon.limits.clone();
    let (reserve, reader_days) = (daemon.reserve_bytes, daemon.keep.reader_days.max(daemon.keep.days));
    let enquiries = Enquiries::new(reader, spool.clone(), limits.clone(), condition.clone(), reserve, reader_days);
    let (orders, inbox) = mpsc::channel();
    let (assignments, jobs) = mpsc::channel();
    let (outgoing, incoming) = letter_box().map_err(|e| system("the bell between threads", &e))?;
    let rules = Rules {
        limits,
        reserve_bytes: daemon.reserve_bytes,
        queue: daemon.queue,
        bundle: models.bundle().folder().to_owned(),
        roots: daemon.roots.clone(),
        files: config.limits.clone(),
        keep: daemon.keep.clone(),
    };
    let clerk = Clerk::new(journal, audit, spool.clone(), metrics.clone(), rules, outgoing, assignments);
    let journal = Journal::reader(&spool.journal()).map_err(|e| e.problem())?;
    let worker = Worker {
        config: config.clone(),
        spool,
        journal,
        condition,
        metrics: metrics.clone(),
        clerk: orders.clone(),
        stop: stop.clone(),
    };

    let endpoint = server::ipc_endpoint(&daemon.socket).map_err(|e| system("the folder of the socket", &e))?;
    let outside = outside(config, &metrics)?;
    let server =
        Server::bind(&endpoint, outside, enquiries, orders.clone(), incoming, metrics.clone()).map_err(|e| {
            system(&format!("the socket {}, or the endpoint for other hosts,", daemon.socket.display()), &e)
        })?;
    let clerk = spawn("clerk", stop, move || clerk.work(&inbox))?;
    let worker = spawn("worker", stop, move || worker.work(models, &jobs))?;
    tracing::info!(socket = %daemon.socket.display(), "ready");
    // Outside of systemd nobody listens, and that is no fault.
    let _ = sd_notify::notify(false, &[sd_notify::NotifyState::Ready]);
    let served = server.work(stop);
    let _ = sd_notify::notify(false, &[sd_notify::NotifyState::Stopping]);
    stop.store(true, Ordering::Relaxed);
    // The worker gives its job back, and only then does the clerk go home.
    let computed = worker.join();
    let _ = orders.send(Order::Stop);
    let written = clerk.join();
    served.map_err(|e| system("the socket", &e))?;
    match (computed, written) {
        (Ok(()), Ok(())) => Ok(()),
        _ => Err(Problem {
            code: "daemon".into(),
            message: "a thread of the daemon died; its last words are in the log".into(),
            action: "start it again: every job that was accepted is still there. Please report the words".into(),
        }),
    }
}

/// The door for other hosts, where the configuration names one. It is never open without keys.
fn outside(config: &Config, metrics: &Arc<Metrics>) -> Result<Option<Outside>, Problem> {
    let Some(endpoint) = config.daemon.tcp.clone() else { return Ok(None) };
    if zmq::has("curve") != Some(true) {
        return Err(Problem {
            code: "no_curve".into(),
            message: "the system's libzmq has no CURVE, so clients from other hosts cannot be told apart".into(),
            action: "install a libzmq with libsodium (Debian: libzmq5), or leave daemon.tcp out".into(),
        });
    }
    let keys = KeyFolder::new(&config.daemon.keys);
    let pair = keys.server().map_err(|e| e.problem())?;
    Ok(Some(Outside { endpoint, pair, guests: Arc::new(Guests::new(keys, metrics.clone())) }))
}

/// A thread whose end is the end of the daemon.
fn spawn(
    name: &str,
    stop: &Arc<AtomicBool>,
    work: impl FnOnce() + Send + 'static,
) -> Result<std::thread::JoinHandle<()>, Problem> {
    struct Last(Arc<AtomicBool>);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let last = Last(stop.clone());
    let work = move || {
        let _last = last;
        work();
    };
    std::thread::Builder::new().name(name.into()).spawn(work).map_err(|e| system("a thread", &e))
}

fn system(what: &str, error: &dyn std::error::Error) -> Problem {
    Problem {
        code: "daemon".into(),
        message: format!("{what} cannot be used: {error}"),
        action: "look at rights and paths in the configuration, then start again".into(),
    }
}
