//! What a key, or a connection through the socket file, uses of the daemon.

use std::time::Instant;

use crate::rate_limiter::RateLimiter;

/// Lines of the audit file that a client may cause, at once and then a second.
const AUDIT_LINES: (u32, u32) = (2000, 200);

/// Counted over all connections of one lane.
pub(super) struct ClientShare {
    pub connections: usize,
    /// Commands whose answers are due.
    pub commands: usize,
    pub audit_lines: RateLimiter,
}

impl ClientShare {
    pub(super) fn new(now: Instant) -> Self {
        Self { connections: 0, commands: 0, audit_lines: RateLimiter::new(AUDIT_LINES.0, AUDIT_LINES.1, now) }
    }

    pub(super) fn is_unused(&self) -> bool {
        self.connections == 0 && self.commands == 0
    }
}
