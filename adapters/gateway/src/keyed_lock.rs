//! A lock for each key, for work that reads, changes and writes back: without it one change could overwrite another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// One lock for each key that is in use: a study, a job.
#[derive(Debug, Default)]
pub(crate) struct KeyedLocks(Mutex<HashMap<String, Arc<AsyncMutex<()>>>>);

impl KeyedLocks {
    /// Waits until no other task holds the lock of `key`, and holds it until the guard is dropped.
    pub(crate) async fn lock(&self, key: &str) -> OwnedMutexGuard<()> {
        let lock = {
            // A map of locks: a panic of another thread leaves none half changed.
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            locks.entry(key.to_owned()).or_default().clone()
        };
        lock.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_key_waits_for_itself_and_for_no_other() {
        let locks = KeyedLocks::default();
        let first = locks.lock("a").await;
        let other = locks.lock("b").await;
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), locks.lock("a")).await.is_err());
        drop((first, other));
        drop(locks.lock("a").await);
        drop(locks.lock("c").await);
        assert_eq!(locks.0.lock().unwrap().len(), 1, "locks that nobody holds are forgotten");
    }
}
