//! ZeroMQ's authentication protocol (ZAP, RFC 27): at every CURVE handshake libzmq asks here whether the key may connect.
//!
//! Without this thread CURVE would accept every key.

use std::sync::Arc;
use std::time::Instant;

use super::key_store::KeyStore;
use crate::audit::{AuditEntry, AuditEvent};
use crate::metrics::Metrics;
use crate::rate_limiter::RateLimiter;

/// Where libzmq asks.
const ADDRESS: &str = "inproc://zeromq.zap.01";
/// Frames of a request before the credentials.
const REQUEST_FRAMES: usize = 6;
/// Refusals that are audited one by one, at once and then a second. Others are only counted, or strangers could fill the disk.
const AUDITED: (u32, u32) = (60, 1);

/// Answers libzmq as long as the process runs; to be called before any guarded socket is bound. Refusals go to `audit`. Should the thread end,
/// the daemon stops, since nobody would be refused any more.
///
/// # Errors
///
/// The address is taken, or no thread could be started.
pub(crate) fn spawn_zap(
    context: &zmq::Context,
    keys: Arc<KeyStore>,
    metrics: Arc<Metrics>,
    audit: impl Fn(AuditEntry) + Send + 'static,
    on_end: impl Send + 'static,
) -> Result<(), zmq::Error> {
    let socket = context.socket(zmq::REP)?;
    socket.bind(ADDRESS)?;
    let run = move || {
        let _on_end = on_end;
        let limiter = RateLimiter::new(AUDITED.0, AUDITED.1, Instant::now());
        let mut refusals = RefusalLog { limiter, suppressed: 0, audit };
        loop {
            let request = match socket.recv_multipart(0) {
                Ok(request) => request,
                Err(zmq::Error::EINTR) => continue,
                Err(error) => return tracing::error!(%error, "keys of other hosts can be checked no more"),
            };
            let answer = authenticate(&request, &keys, |address, why| {
                metrics.refused();
                refusals.record(address, why);
            });
            let frames: Vec<&[u8]> = answer.iter().map(Vec::as_slice).collect();
            if let Err(error) = socket.send_multipart(frames, 0) {
                return tracing::error!(%error, "keys of other hosts can be checked no more");
            }
        }
    };
    std::thread::Builder::new().name("zap".into()).spawn(run).map_err(|_| zmq::Error::EAGAIN)?;
    Ok(())
}

/// The answer to one request: version, request id, status, text, user id, metadata.
fn authenticate(request: &[Vec<u8>], keys: &KeyStore, refused: impl FnOnce(String, &str)) -> Vec<Vec<u8>> {
    let frame = |i: usize| request.get(i).cloned().unwrap_or_default();
    let reply = |code: &str, why: &str, user: &str| {
        vec![b"1.0".to_vec(), frame(1), code.into(), why.into(), user.into(), Vec::new()]
    };
    let public = match (request.len() > REQUEST_FRAMES, frame(5) == b"CURVE") {
        (true, true) => zmq::z85_encode(&frame(REQUEST_FRAMES)).map_err(|_| "a key of the wrong length"),
        _ => Err("no key at all"),
    };
    match public.and_then(|public| keys.role_of(&public).map(|_| public)) {
        // The key, not its name: a name may be given to another key during the connection.
        Ok(public) => reply("200", "OK", &public),
        Err(why) => {
            refused(String::from_utf8_lossy(&frame(3)).into_owned(), why);
            reply("400", why, "")
        }
    }
}

/// Audits refused connections at a bounded rate.
struct RefusalLog<F> {
    limiter: RateLimiter,
    /// Refusals since the last one that was audited.
    suppressed: u64,
    audit: F,
}

impl<F: Fn(AuditEntry)> RefusalLog<F> {
    fn record(&mut self, address: String, why: &str) {
        if !self.limiter.try_acquire(Instant::now()) {
            self.suppressed += 1;
            return;
        }
        let about = match std::mem::take(&mut self.suppressed) {
            0 => why.to_owned(),
            n => format!("{why}; {n} more were refused since the line before"),
        };
        tracing::warn!(address, reason = about, "a client was refused");
        (self.audit)(AuditEntry { event: AuditEvent::Refused, who: address, about });
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn strangers_do_not_fill_the_audit_file() {
        let audited = Cell::new(0);
        let limiter = RateLimiter::new(3, 0, Instant::now());
        let mut refusals = RefusalLog { limiter, suppressed: 0, audit: |_| audited.set(audited.get() + 1) };
        for _ in 0..1000 {
            refusals.record("192.0.2.1".into(), "a key that is not in the list");
        }
        assert_eq!((audited.get(), refusals.suppressed), (3, 997));
    }
}
