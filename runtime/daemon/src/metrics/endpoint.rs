//! `/metrics`, `/live` (200 while the process serves) and `/ready` (200 once the models reproduced their golden output), by HTTP.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use tiny_http::{Header, Response, Server};

use super::counters::Metrics;
use super::page::page;
use crate::health::Health;
use crate::journal::Journal;
use crate::spool::Spool;
use crate::stop_on_drop::StopOnDrop;

const SHUTDOWN_POLL: Duration = Duration::from_millis(500);

/// From what the answers are made.
pub(crate) struct MetricsSources {
    pub metrics: Arc<Metrics>,
    /// Read only.
    pub journal: Journal,
    pub spool: Arc<Spool>,
    pub health: Arc<RwLock<Health>>,
}

/// Answers on `address` until `stop` is set.
///
/// # Errors
///
/// The address cannot be bound, or no thread could be started.
pub(crate) fn serve(address: &str, sources: MetricsSources, stop: Arc<AtomicBool>) -> std::io::Result<()> {
    let server = Server::http(address).map_err(std::io::Error::other)?;
    let on_end = StopOnDrop(stop.clone());
    let run = move || {
        let _on_end = on_end;
        while !stop.load(Ordering::Relaxed) {
            if let Ok(Some(request)) = server.recv_timeout(SHUTDOWN_POLL) {
                let (status, body) = answer(request.url(), &sources);
                let text = Header::from_bytes("Content-Type", "text/plain; version=1.0.0; charset=utf-8");
                let response = Response::from_string(body).with_status_code(status);
                // The client may have disconnected by now.
                let _ = match text {
                    Ok(text) => request.respond(response.with_header(text)),
                    Err(()) => request.respond(response),
                };
            }
        }
    };
    std::thread::Builder::new().name("metrics".into()).spawn(run).map(drop)
}

fn answer(url: &str, sources: &MetricsSources) -> (u16, String) {
    let health = sources.health.read().map(|health| health.clone()).unwrap_or_default();
    match url {
        "/metrics" => (200, page(&sources.metrics, &sources.journal, &sources.spool, &health)),
        "/live" => (200, "alive\n".into()),
        "/ready" if health.ready => (200, "ready\n".into()),
        "/ready" => (503, "the models are not ready\n".into()),
        _ => (404, "there are /metrics, /live and /ready\n".into()),
    }
}
