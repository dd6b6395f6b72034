//! Quotas of a token: requests and bytes in a second, answers under way, sockets and streams. What one token uses up, no other loses.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cordline_sdk::problem::Code;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::auth::tokens::Principal;
use crate::error::ApiError;

/// Seconds of requests that may come in a burst, as when a viewer opens a study.
const BURST_S: u32 = 5;
/// Bytes of a message that count as one more request.
const BYTES_PER_REQUEST: usize = 64 << 10;
/// Requests that opening a socket or a stream counts as: the daemon remembers each for half a minute.
pub(crate) const STREAM_COST: u32 = 20;
/// Answers under way for one token, and for all: a megabyte each at most.
const RESPONSES: usize = 32;
const ALL_RESPONSES: usize = 128;
/// Sockets and streams of all tokens: a ZeroMQ context allows about a thousand.
const ALL_STREAMS: usize = 512;
/// Most sockets and streams that one token may be allowed, so that it never takes the places of all.
pub(crate) const MAX_STREAMS_EACH: usize = ALL_STREAMS / 2;
/// How long a request waits for an earlier answer of its token to be read.
const RESPONSE_WAIT: Duration = Duration::from_secs(10);
/// Requests without a valid token of one address in a second.
const ANONYMOUS_PER_SECOND: u32 = 100;

/// The quotas of all tokens.
#[derive(Debug)]
pub(crate) struct Quotas {
    rate: DefaultKeyedRateLimiter<String>,
    anonymous: DefaultKeyedRateLimiter<IpAddr>,
    burst: u32,
    streams_each: usize,
    /// By name of the token; as many as the file of tokens has ever had.
    principals: Mutex<HashMap<String, Semaphores>>,
    responses: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

/// Free answers and streams of one token.
type Semaphores = (Arc<Semaphore>, Arc<Semaphore>);

/// A place in a quota, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Quotas {
    /// `per_second`: requests of a token in a second. `streams`: sockets and streams of a token at the same time.
    pub(crate) fn new(per_second: u32, streams: usize) -> Self {
        let quota = |each: u32| {
            let each = NonZeroU32::new(each).unwrap_or(NonZeroU32::MIN);
            Quota::per_second(each).allow_burst(each.saturating_mul(NonZeroU32::new(BURST_S).expect("more than none")))
        };
        Self {
            rate: RateLimiter::keyed(quota(per_second)),
            anonymous: RateLimiter::keyed(quota(ANONYMOUS_PER_SECOND)),
            burst: quota(per_second).burst_size().get(),
            streams_each: streams,
            principals: Mutex::default(),
            responses: Arc::new(Semaphore::new(ALL_RESPONSES)),
            streams: Arc::new(Semaphore::new(ALL_STREAMS)),
        }
    }

    /// Counts a request or message as `cost` requests. The error is how long it has to wait.
    pub(crate) fn check_rate(&self, principal: &Principal, cost: u32) -> Result<(), Duration> {
        let cost = NonZeroU32::new(cost.min(self.burst)).unwrap_or(NonZeroU32::MIN);
        let passed = self.rate.check_key_n(&principal.name, cost).expect("no more than the burst");
        passed.map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }

    /// How many requests a message of so many bytes counts as.
    pub(crate) fn cost_of(bytes: usize) -> u32 {
        1 + u32::try_from(bytes / BYTES_PER_REQUEST).unwrap_or(u32::MAX - 1)
    }

    /// Counts a request without a valid token.
    pub(crate) fn check_anonymous(&self, address: IpAddr) -> Result<(), ApiError> {
        self.anonymous.check_key(&address).map_err(|_| ApiError::too_fast(Duration::from_secs(1)))
    }

    /// A place for one answer. A token that has too many under way waits for [`RESPONSE_WAIT`], and then is refused.
    pub(crate) async fn acquire_response(&self, principal: &Principal) -> Result<Permit, ApiError> {
        let (own, _) = self.semaphores(principal);
        let all = self.responses.clone();
        let permit = async {
            // Its own first: a token that has too many takes no place of others while it waits.
            Some(Permit { _own: own.acquire_owned().await.ok()?, _all: all.acquire_owned().await.ok()? })
        };
        timeout(RESPONSE_WAIT, permit).await.ok().flatten().ok_or_else(|| {
            ApiError::busy(Code::TooManyAnswers, "too many answers are on their way that nobody reads", RESPONSE_WAIT)
        })
    }

    /// A place for a socket or stream, for as long as it is open.
    pub(crate) fn acquire_stream(&self, principal: &Principal) -> Result<Permit, ApiError> {
        let (_, own) = self.semaphores(principal);
        let full = |message| ApiError::busy(Code::TooManySockets, message, RESPONSE_WAIT);
        let own = own.try_acquire_owned().map_err(|_| full("too many sockets and streams of this token are open"))?;
        let all = self.streams.clone().try_acquire_owned();
        let all = all.map_err(|_| full("too many sockets and streams of all tokens together are open"))?;
        Ok(Permit { _own: own, _all: all })
    }

    fn semaphores(&self, principal: &Principal) -> Semaphores {
        // A map of semaphores: a panic of another thread leaves none half changed.
        let mut principals = self.principals.lock().unwrap_or_else(PoisonError::into_inner);
        let known = principals.entry(principal.name.clone());
        known
            .or_insert_with(|| (Arc::new(Semaphore::new(RESPONSES)), Arc::new(Semaphore::new(self.streams_each))))
            .clone()
    }

    /// Forgets addresses that have not sent anything for long.
    pub(crate) fn forget_idle_addresses(&self) {
        self.anonymous.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use cordline_sdk::wire::reply::Role;

    use super::*;

    fn principal(name: &str) -> Principal {
        Principal { name: name.into(), role: Role::Viewer, sha256: String::new() }
    }

    #[tokio::test]
    async fn one_token_takes_nothing_of_anothers_share() {
        let quotas = Quotas::new(10, 2);
        let (many, other) = (principal("many"), principal("other"));
        let streams = [quotas.acquire_stream(&many).unwrap(), quotas.acquire_stream(&many).unwrap()];
        assert_eq!(quotas.acquire_stream(&many).unwrap_err().status(), 429);
        drop(quotas.acquire_stream(&other).unwrap());
        drop(streams);
        assert!(quotas.acquire_stream(&many).is_ok());
        let _all = quotas.streams.clone().try_acquire_many_owned(ALL_STREAMS as u32).unwrap();
        let full = quotas.acquire_stream(&other).unwrap_err();
        let full = serde_json::to_value(full).unwrap();
        assert!(full["message"].as_str().unwrap().contains("of all tokens"), "it has none open itself: {full}");

        let mut responses = Vec::new();
        for _ in 0..RESPONSES {
            responses.push(quotas.acquire_response(&many).await.unwrap());
        }
        tokio::time::pause();
        assert_eq!(quotas.acquire_response(&many).await.unwrap_err().status(), 429);
        assert!(quotas.acquire_response(&other).await.is_ok());
        responses.pop();
        assert!(quotas.acquire_response(&many).await.is_ok());
    }

    #[test]
    fn bytes_count_as_requests_do_and_who_is_too_fast_is_told_how_long_to_wait() {
        let quotas = Quotas::new(10, 1);
        assert_eq!(Quotas::cost_of(0), 1);
        assert_eq!(Quotas::cost_of(1 << 20), 17);
        let passed = (0..100).filter(|_| quotas.check_rate(&principal("a"), 1).is_ok()).count();
        assert!((50..60).contains(&passed), "{passed}");
        let wait = quotas.check_rate(&principal("a"), Quotas::cost_of(1 << 20)).unwrap_err();
        assert!(wait > Duration::from_millis(500) && wait < Duration::from_secs(3), "{wait:?}");
        assert!(quotas.check_rate(&principal("b"), u32::MAX).is_ok());
        assert!(quotas.check_rate(&principal("b"), 1).is_err());
    }
}
