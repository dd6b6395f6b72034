//! Bytes that are counted for as long as they are kept, wherever they go meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bytes that are kept now; copies share it.
#[derive(Debug, Clone, Default)]
pub(super) struct ByteCount(Arc<AtomicUsize>);

/// So many bytes are kept until this is dropped.
#[derive(Debug)]
pub(super) struct CountedBytes {
    bytes: usize,
    all: ByteCount,
}

impl ByteCount {
    /// Counts `bytes` more; `None` where that would be more than `max`.
    pub(super) fn take(&self, bytes: usize, max: usize) -> Option<CountedBytes> {
        let add = |kept: usize| kept.checked_add(bytes).filter(|sum| *sum <= max);
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        taken.ok().map(|_| CountedBytes { bytes, all: self.clone() })
    }
}

impl Drop for CountedBytes {
    fn drop(&mut self) {
        self.all.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_until_what_holds_them_is_gone() {
        let kept = ByteCount::default();
        let first = kept.take(60, 100);
        assert!(first.is_some() && kept.take(41, 100).is_none());
        let second = kept.clone().take(40, 100);
        drop(first);
        assert!(kept.take(60, 100).is_some() && kept.take(61, 100).is_none());
        drop(second);
        assert!(kept.take(100, 100).is_some());
    }
}
