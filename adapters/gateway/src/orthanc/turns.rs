//! Notes on a study are read, changed and written again: by one at a time, so that nobody's addition is lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// One turn for each study that somebody writes on.
#[derive(Debug, Default)]
pub struct Turns(Mutex<HashMap<String, Arc<Turn<()>>>>);

impl Turns {
    /// Waits until nobody else writes on the study; the turn ends when the guard is dropped.
    pub async fn take(&self, study: &str) -> OwnedMutexGuard<()> {
        let turn = {
            // A map of locks is right whatever became of another thread.
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            turns.entry(study.to_owned()).or_default().clone()
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_study_waits_for_itself_and_for_no_other() {
        let turns = Turns::default();
        let first = turns.take("a").await;
        let other = turns.take("b").await;
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), turns.take("a")).await.is_err());
        drop((first, other));
        drop(turns.take("a").await);
        drop(turns.take("c").await);
        assert_eq!(turns.0.lock().unwrap().len(), 1, "turns that nobody holds are forgotten");
    }
}
