//! A token bucket: so many at once, then so many a second.

use std::time::Instant;

/// Fills with time, is emptied by what is done.
#[derive(Debug, Clone, Copy)]
pub(super) struct RateLimiter {
    tokens: f64,
    burst: f64,
    per_second: f64,
    updated: Instant,
}

impl RateLimiter {
    pub(super) fn new(burst: u32, per_second: u32, now: Instant) -> Self {
        Self { tokens: burst.into(), burst: burst.into(), per_second: per_second.into(), updated: now }
    }

    /// Takes a token; false where none is left.
    pub(super) fn try_acquire(&mut self, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.updated).as_secs_f64();
        self.tokens = self.burst.min(self.tokens + elapsed * self.per_second);
        self.updated = now;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_done_at_once_is_bounded_and_comes_back_with_time() {
        let began = Instant::now();
        let mut limiter = RateLimiter::new(3, 2, began);
        assert_eq!([0; 4].map(|_| limiter.try_acquire(began)), [true, true, true, false]);
        let later = began + Duration::from_secs(1);
        assert_eq!([0; 3].map(|_| limiter.try_acquire(later)), [true, true, false]);
        let much_later = began + Duration::from_secs(1000);
        assert_eq!([0; 4].map(|_| limiter.try_acquire(much_later)), [true, true, true, false]);
    }
}
