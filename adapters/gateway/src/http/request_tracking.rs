//! One request and its answer: in flight until the answer was read to its end, and only for as long as its token is valid.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderMap, HeaderValue, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use cordline_sdk::problem::Code;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

use crate::auth::credentials;
use crate::auth::token_store::TokenStore;
use crate::auth::tokens::Principal;
use crate::error::ApiError;
use crate::limits::connections::ConnectionGuard;
use crate::limits::quotas::Permit;
use crate::state::AppState;

/// Requests that may be in flight on a connection before one of them brought a valid token.
const ANONYMOUS_IN_FLIGHT: usize = 8;
/// The slowest that an answer may be read: so long, and a second more for each of so many bytes.
const READ_TIME: Duration = Duration::from_secs(30);
const READ_BYTES_PER_S: u64 = 8 << 10;

/// A request in flight.
#[derive(Debug)]
pub(crate) struct TrackedRequest {
    /// Its connection and its number there; none where a router is called without a connection.
    connection: Option<(Arc<ConnectionGuard>, u64)>,
    owner: Mutex<RequestOwner>,
}

/// Whose request it is, and the place that its answer takes among those of this token.
#[derive(Debug, Default)]
struct RequestOwner {
    principal: Option<Principal>,
    permit: Option<Permit>,
}

impl TrackedRequest {
    fn begin(guard: Option<&Arc<ConnectionGuard>>) -> Self {
        let connection = guard.map(|guard| (guard.clone(), guard.connection.begin_request()));
        Self { connection, owner: Mutex::default() }
    }

    pub(crate) fn connection(&self) -> Option<&Arc<ConnectionGuard>> {
        self.connection.as_ref().map(|(guard, _)| guard)
    }

    /// Waits until its connection has to be closed.
    pub(crate) async fn connection_closed(&self) {
        match self.connection() {
            Some(guard) => guard.connection.closed().await,
            None => std::future::pending().await,
        }
    }

    /// Notes whose request it is. `permit`: the place of its answer, held until that was read; none for a stream or a socket, which hold
    /// theirs themselves.
    pub(crate) fn set_owner(&self, principal: &Principal, permit: Option<Permit>) {
        if let Some((guard, number)) = &self.connection {
            guard.connection.set_principal(*number, principal.clone());
        }
        *self.owner.lock().unwrap_or_else(PoisonError::into_inner) =
            RequestOwner { principal: Some(principal.clone()), permit };
    }

    /// Whose token has to stay valid while the answer is read. A stream or a socket checks its own, and ends with a reason.
    fn checked_principal(&self) -> Option<Principal> {
        let owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        owner.principal.clone().filter(|_| owner.permit.is_some())
    }
}

impl Drop for TrackedRequest {
    fn drop(&mut self) {
        if let Some((guard, number)) = &self.connection {
            guard.connection.end_request(*number);
        }
    }
}

/// Middleware around every route: tracks a request, and its answer until that was read.
pub(crate) async fn track(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let guard = request.extensions_mut().remove::<Arc<ConnectionGuard>>();
    let refused = guard.as_ref().and_then(|guard| check_anonymous(&state, guard, request.headers()).err());
    let is_http_1 = request.version() < Version::HTTP_2;
    let tracked = Arc::new(TrackedRequest::begin(guard.as_ref()));
    request.extensions_mut().insert(tracked.clone());
    let mut answer = match refused {
        Some(refused) => refused.into_response(),
        None => next.run(request).await,
    };
    state.metrics.count_answer(answer.status());
    // A client that is over a limit has no claim on a connection.
    if is_http_1 && matches!(answer.status().as_u16(), 408 | 413 | 429) {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let tokens = state.tokens.clone();
    let principal = tracked.checked_principal();
    answer.map(|body| {
        Body::new(TrackedBody {
            body,
            principal,
            tokens,
            _request: tracked,
            handed_over: None,
            read: Duration::ZERO,
            sent: 0,
        })
    })
}

/// Counts a request on a connection without a valid token so far. Pages and pictures need none, but browsers send it.
fn check_anonymous(state: &AppState, guard: &ConnectionGuard, headers: &HeaderMap) -> Result<(), ApiError> {
    let connection = &guard.connection;
    if !connection.is_anonymous() {
        return Ok(());
    }
    if let Some(principal) = credentials::token(headers).and_then(|token| state.tokens.authenticate(token)) {
        // Where this token has too many connections the new one stays anonymous, and may be closed for others.
        state.connections.identify(connection, &principal);
        return Ok(());
    }
    state.quotas.check_anonymous(connection.address)?;
    if connection.in_flight() >= ANONYMOUS_IN_FLIGHT {
        let message = "too many requests without a token on one connection";
        return Err(ApiError::busy(Code::TooManyRequests, message, READ_TIME));
    }
    Ok(())
}

/// The body of an answer. It fails once the token is no longer valid, or where it is read too slowly.
struct TrackedBody {
    body: Body,
    principal: Option<Principal>,
    tokens: Arc<TokenStore>,
    _request: Arc<TrackedRequest>,
    /// When the last piece was handed over.
    handed_over: Option<Instant>,
    /// How long its pieces took to be read.
    read: Duration,
    sent: u64,
}

impl TrackedBody {
    fn check(&mut self) -> Result<(), &'static str> {
        if let Some(handed_over) = self.handed_over.take() {
            self.read += handed_over.elapsed();
        }
        if self.read > READ_TIME + Duration::from_secs(self.sent / READ_BYTES_PER_S) {
            return Err("the answer is read too slowly");
        }
        match &self.principal {
            Some(principal) if !self.tokens.is_valid(principal) => Err("the token was taken back, or has expired"),
            _ => Ok(()),
        }
    }
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if let Err(reason) = this.check() {
            return Poll::Ready(Some(Err(axum::Error::new(reason))));
        }
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            this.handed_over = Some(Instant::now());
            this.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
