//! Warnings to the operator that hold for a while; `status` shows them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What a notice is about. A later one on the same topic replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// Entries of the journal were lost.
    Journal,
    /// Events wait, since the journal cannot be written.
    Events,
    /// Entries of the audit file wait.
    Audit,
    /// The wall clock jumped.
    Clock,
    /// Engines are being built.
    Engines,
}

/// All notices that hold now; copies share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Notices(Arc<Mutex<BTreeMap<Topic, String>>>);

impl Notices {
    /// Sets or, with `None`, clears the notice on a topic. A new one is logged.
    pub(super) fn set(&self, topic: Topic, notice: Option<String>) {
        // A thread that panicked while holding the lock left a whole map.
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if notice.is_some() && all.get(&topic) != notice.as_ref() {
            tracing::warn!("{}", notice.as_deref().unwrap_or_default());
        }
        match notice {
            Some(notice) => all.insert(topic, notice),
            None => all.remove(&topic),
        };
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
