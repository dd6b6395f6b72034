//! Counters for Prometheus: connections, and what was refused. They hold no name, no address and no identifier of a patient.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;

#[derive(Debug, Default)]
pub(crate) struct GatewayMetrics {
    /// Answers by HTTP status.
    answers: Mutex<BTreeMap<u16, u64>>,
    /// Open WebSockets.
    pub(crate) sockets: AtomicI64,
    /// WebSocket messages that were delayed, since their sender is over its rate.
    pub(crate) paced: AtomicU64,
    /// WebSocket messages that were refused.
    pub(crate) refused: AtomicU64,
    /// WebSockets and event streams that ended since their token is no longer valid.
    pub(crate) dismissed: AtomicU64,
}

impl GatewayMetrics {
    pub(crate) fn count_answer(&self, status: StatusCode) {
        // Numbers only: a panic of another thread leaves none half changed.
        *self.answers.lock().unwrap_or_else(PoisonError::into_inner).entry(status.as_u16()).or_default() += 1;
    }

    /// The page in the text format of Prometheus.
    pub(crate) fn page(&self, connections: usize, evicted: u64) -> String {
        let mut page = String::new();
        let mut add = |name: &str, kind: &str, help: &str, values: &[(String, i128)]| {
            // Text takes whatever is written.
            let _ = writeln!(page, "# HELP cordline_gateway_{name} {help}\n# TYPE cordline_gateway_{name} {kind}");
            for (labels, value) in values {
                let _ = writeln!(page, "cordline_gateway_{name}{labels} {value}");
            }
        };
        let one = |value: i128| [(String::new(), value)];
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let answers: Vec<_> =
            answers.into_iter().map(|(status, count)| (format!("{{status=\"{status}\"}}"), count.into())).collect();
        add(
            "answers_total",
            "counter",
            "Answers, by HTTP status; 408, 413, 429 and 503 are refusals of too much.",
            &answers,
        );
        add("connections", "gauge", "Connections that are open.", &one(connections as i128));
        add("connections_evicted_total", "counter", "Connections that had to go for others.", &one(evicted.into()));
        let read = |counter: &AtomicU64| i128::from(counter.load(Ordering::Relaxed));
        add("sockets", "gauge", "WebSockets that are open.", &one(self.sockets.load(Ordering::Relaxed).into()));
        add("messages_paced_total", "counter", "WebSocket messages that had to wait.", &one(read(&self.paced)));
        add("messages_refused_total", "counter", "WebSocket messages that were refused.", &one(read(&self.refused)));
        add(
            "dismissed_total",
            "counter",
            "Sockets and streams that ended with their token.",
            &one(read(&self.dismissed)),
        );
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_counted_by_its_status() {
        let metrics = GatewayMetrics::default();
        metrics.count_answer(StatusCode::OK);
        metrics.count_answer(StatusCode::TOO_MANY_REQUESTS);
        metrics.count_answer(StatusCode::TOO_MANY_REQUESTS);
        let page = metrics.page(3, 1);
        assert!(page.contains("cordline_gateway_answers_total{status=\"429\"} 2\n"), "{page}");
        assert!(page.contains("\ncordline_gateway_connections 3\n"), "{page}");
        assert!(page.lines().all(|line| line.starts_with('#') || line.split(' ').count() == 2), "{page}");
    }
}
