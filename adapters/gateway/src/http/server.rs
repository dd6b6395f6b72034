//! Connections: accepted, secured by TLS, served, and closed. Every wait for the other side has a time limit.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::Service;

use crate::limits::connections::{ConnectionGuard, Connections};
use crate::limits::write_timeout::WriteTimeout;

/// How long the header of a request may take, from the end of the one before; also how long the handshake of TLS may.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest header, and largest piece that is read or written at once.
const HEADER_BYTES: usize = 32 << 10;
/// Streams that an HTTP/2 connection may have open, and may reset before they are answered.
const MAX_STREAMS: u32 = 64;
const MAX_RESETS: usize = 32;
/// Flow-control windows of a stream and of a connection of HTTP/2.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 256 << 10;
/// Ping interval of HTTP/2, and how long an answer may take.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// How long requests may go on after shutdown began.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
/// Pause after an error of `accept`, and the shortest time between two log lines about it.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// Serves until `stop` is done, and requests in flight for [`SHUTDOWN_GRACE`] longer.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    app: Router,
    connections: Arc<Connections>,
    stop: impl Future<Output = ()>,
) {
    let http = Arc::new(http());
    let (stopping, stopped) = watch::channel(false);
    let (running, mut all_ended) = mpsc::channel::<Infallible>(1);
    let mut logged: Option<Instant> = None;
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Mostly too many open files: waiting connections are accepted once others were closed.
                if logged.is_none_or(|at| at.elapsed() > LOG_INTERVAL) {
                    tracing::error!(%error, connections = connections.count(), "no connection can be accepted; it is tried again");
                    logged = Some(Instant::now());
                }
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(guard) = connections.admit(from.ip()) else { continue };
        let guard = Arc::new(guard);
        let task = ConnectionTask {
            guard: guard.clone(),
            tls: tls.clone(),
            app: app.clone(),
            http: http.clone(),
            stopped: stopped.clone(),
        };
        let running = running.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = guard.connection.closed() => {}
                () = task.run(stream) => {}
            }
            drop(running);
        });
    }
    drop((listener, running));
    stopping.send_replace(true);
    // Connections that are still open then are dropped with the runtime.
    let _ = timeout(SHUTDOWN_GRACE, all_ended.recv()).await;
}

/// The limits of HTTP on every connection.
fn http() -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(HEADER_BYTES);
    http.http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEADER_BYTES as u32)
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_RESETS)
        .max_local_error_reset_streams(MAX_RESETS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(STREAM_WINDOW as usize)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_INTERVAL);
    http
}

/// Serves one connection.
struct ConnectionTask {
    guard: Arc<ConnectionGuard>,
    tls: Option<TlsAcceptor>,
    app: Router,
    http: Arc<Builder<TokioExecutor>>,
    stopped: watch::Receiver<bool>,
}

impl ConnectionTask {
    async fn run(self, stream: TcpStream) {
        // Only sends small answers sooner: a failure may be ignored.
        let _ = stream.set_nodelay(true);
        let stream = WriteTimeout::new(stream);
        match self.tls.clone() {
            None => self.serve(stream).await,
            Some(tls) => match timeout(HEADER_TIMEOUT, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.serve(stream).await,
                Ok(Err(error)) => tracing::debug!(%error, "TLS"),
                Err(_) => tracing::debug!("TLS took too long"),
            },
        }
    }

    async fn serve(mut self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let (app, guard) = (self.app, self.guard);
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(guard.clone());
            app.clone().call(request)
        });
        let served = self.http.serve_connection_with_upgrades(TokioIo::new(stream), service);
        tokio::pin!(served);
        let stopped = async {
            // The sender outlives all connections.
            let _ = self.stopped.wait_for(|stop| *stop).await;
        };
        let ended = tokio::select! {
            ended = &mut served => ended,
            () = stopped => {
                served.as_mut().graceful_shutdown();
                served.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection");
        }
    }
}
