//! Messages between a browser and the daemon, in both directions, until one side is gone or the token is no longer valid.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use cordline_sdk::client::ClientError;
use cordline_sdk::client::link::Frames;
use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::error::CapacityError;

use super::message;
use crate::auth::tokens::Principal;
use crate::daemon_client::Socket;
use crate::http::extract::StreamViewer;
use crate::limits::quotas::Quotas;
use crate::state::AppState;

/// Messages of a browser that may be without an answer at the same time, chunks of an upload included.
const MAX_UNANSWERED: usize = 32;
/// After this time an answer is no longer expected: the daemon may have been restarted.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a browser may take for the closing handshake.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(400);

/// Relays messages. Jobs go on when it ends; a browser that comes back asks for the events since the last one.
pub(super) async fn run(browser: WebSocket, daemon: Socket, viewer: StreamViewer, state: AppState) {
    state.metrics.sockets.fetch_add(1, Ordering::Relaxed);
    let tokens = state.tokens.clone();
    let request = viewer.request.clone();
    let connection_closed = async {
        match &request {
            Some(request) => request.connection_closed().await,
            None => std::future::pending().await,
        }
    };
    let (mut to_browser, mut from_browser) = browser.split();
    let principal = viewer.principal.clone();
    let mut relay = Relay { principal: &principal, state: &state, daemon, delayed: None, unanswered: VecDeque::new() };
    let close = tokio::select! {
        () = tokens.revoked(&principal) => {
            state.metrics.dismissed.fetch_add(1, Ordering::Relaxed);
            tracing::info!(who = principal.name, "a viewer was sent away: the token was taken back, or has expired");
            Some((close_code::POLICY, "the token was taken back, or has expired"))
        }
        () = connection_closed => None,
        close = relay.run(&mut to_browser, &mut from_browser) => close,
    };
    if let Some((code, reason)) = close {
        let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        let closed = async {
            to_browser.send(close).await.ok()?;
            // What the browser has sent already is read, or the system drops the close frame with the connection.
            while let Some(Ok(_)) = from_browser.next().await {}
            Some(())
        };
        // A browser that does not read is closed without a reason.
        let _ = timeout(CLOSE_TIMEOUT, closed).await;
    }
    state.metrics.sockets.fetch_sub(1, Ordering::Relaxed);
}

type ToBrowser = futures_util::stream::SplitSink<WebSocket, Message>;
type FromBrowser = futures_util::stream::SplitStream<WebSocket>;

/// Code and reason of a close frame.
type Close = (u16, &'static str);

struct Relay<'a> {
    principal: &'a Principal,
    state: &'a AppState,
    daemon: Socket,
    /// A message that is sent once the rate of its token allows it.
    delayed: Option<Delayed>,
    /// When the messages were sent that have no answer yet.
    unanswered: VecDeque<Instant>,
}

/// A message that waits; one without frames only delays the next one.
struct Delayed {
    frames: Frames,
    cost: u32,
    until: Instant,
}

impl Relay<'_> {
    /// Why the socket is closed; `None` where the browser closed it.
    async fn run(&mut self, to_browser: &mut ToBrowser, from_browser: &mut FromBrowser) -> Option<Close> {
        const AWAY: Option<Close> = Some((close_code::AWAY, "the daemon does not answer"));
        loop {
            while self.unanswered.front().is_some_and(|sent| sent.elapsed() > ANSWER_TIMEOUT) {
                self.unanswered.pop_front();
            }
            let may_receive = self.delayed.is_none() && self.unanswered.len() < MAX_UNANSWERED;
            let wake_at = match (&self.delayed, self.unanswered.front()) {
                (Some(delayed), _) => delayed.until,
                (None, Some(sent)) => *sent + ANSWER_TIMEOUT,
                (None, None) => Instant::now() + ANSWER_TIMEOUT,
            };
            let message = tokio::select! {
                frames = self.daemon.receive() => {
                    let Ok(frames) = frames else { return AWAY };
                    let Some(translated) = message::from_daemon(&frames, self.principal.role) else { continue };
                    if translated.is_reply {
                        self.unanswered.pop_front();
                    }
                    translated.message
                }
                message = from_browser.next(), if may_receive => match message {
                    Some(Ok(Message::Binary(message))) => match self.forward(&message) {
                        Ok(Ok(())) => continue,
                        Ok(Err(refused)) => {
                            self.state.metrics.refused.fetch_add(1, Ordering::Relaxed);
                            refused
                        }
                        Err(_) => return AWAY,
                    },
                    // Pings are answered by the socket itself, and text is not part of the protocol. Each counts as a message.
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Text(_))) => {
                        self.delay_next(1);
                        continue;
                    }
                    Some(Err(error)) if is_too_long(&error) => {
                        self.state.metrics.refused.fetch_add(1, Ordering::Relaxed);
                        return Some((close_code::SIZE, "the message is larger than this token may send"));
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                },
                () = sleep_until(wake_at) => {
                    if let Some(delayed) = self.delayed.take()
                        && self.send(delayed.frames, delayed.cost).is_err()
                    {
                        return AWAY;
                    }
                    continue;
                }
            };
            if to_browser.send(Message::Binary(message.into())).await.is_err() {
                return None;
            }
        }
    }

    /// A browser's message: sent, or delayed until its token may send more, or refused with a reply.
    fn forward(&mut self, message: &[u8]) -> Result<Result<(), Vec<u8>>, ClientError> {
        let cost = Quotas::cost_of(message.len());
        match message::to_daemon(message, self.principal) {
            Ok(frames) => self.send(frames, cost).map(Ok),
            Err(refused) => {
                // A message that is refused counts as much.
                self.delay_next(cost);
                Ok(Err(refused))
            }
        }
    }

    fn send(&mut self, frames: Frames, cost: u32) -> Result<(), ClientError> {
        if let Some(until) = self.count(cost) {
            self.delayed = Some(Delayed { frames, cost, until });
        } else if !frames.is_empty() {
            if !self.daemon.send(&frames)? {
                return Err(ClientError::Closed);
            }
            self.unanswered.push_back(Instant::now());
        }
        Ok(())
    }

    /// Counts a message that is not sent; where the rate is exceeded, the next one has to wait.
    fn delay_next(&mut self, cost: u32) {
        self.delayed = self.count(cost).map(|until| Delayed { frames: Vec::new(), cost, until });
    }

    /// Counts a message; until when it has to wait, where the rate is exceeded.
    fn count(&self, cost: u32) -> Option<Instant> {
        let wait = self.state.quotas.check_rate(self.principal, cost).err()?;
        self.state.metrics.paced.fetch_add(1, Ordering::Relaxed);
        Some(Instant::now() + wait)
    }
}

/// True for a message beyond the limit of the socket.
fn is_too_long(error: &axum::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<tungstenite::Error>());
    matches!(cause, Some(tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. })))
}
