//! The end of a thread that ends the daemon.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Held by a thread whose end, by a panic too, stops the daemon: half a daemon would be worse than none.
pub(super) struct StopOnDrop(pub(super) Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
