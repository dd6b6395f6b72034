//! The queue of studies that are to be processed. It is on disk before a study is acknowledged, so that a gateway that is killed goes on.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cordline_files::{AtomicFile, Durability};
use cordline_sdk::job::Priority;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::error::{OrthancError, ProcessingError};
use super::id::is_orthanc_id;
use super::processor::StudyProcessor;
use crate::file_permissions;

/// Pauses after a failure: doubled each time, up to the last.
const MIN_RETRY_PAUSE: Duration = Duration::from_secs(1);
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(15 * 60);
/// Studies that are processed at the same time: one is computed while the next is fetched.
const WORKERS: usize = 2;

/// Studies whose processing has not ended.
#[derive(Debug)]
pub(crate) struct StudyQueue {
    file: PathBuf,
    state: Mutex<QueueState>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct QueueState {
    /// All of them, each once, in the order in which they came.
    studies: Vec<(String, Priority)>,
    /// Those that a worker has taken.
    running: HashSet<String>,
    /// Of these, those that were enqueued again meanwhile.
    enqueued_again: HashSet<String>,
    /// Those that wait for their next attempt.
    backing_off: HashSet<String>,
    /// How many attempts of each have failed.
    failures: HashMap<String, u32>,
}

impl StudyQueue {
    /// The queue as it was left in `folder`.
    pub(crate) fn open(folder: &Path) -> std::io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        file_permissions::warn_if_shared(folder, "others see which studies came");
        let file = folder.join("studies");
        file_permissions::warn_if_shared(&file, "others see which studies came");
        let text = match std::fs::read_to_string(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            read => read?,
        };
        let ids = text.lines().filter(|line| is_orthanc_id(line));
        let studies = ids.map(|study| (study.to_owned(), Priority::Routine)).collect();
        let state = Mutex::new(QueueState { studies, ..QueueState::default() });
        Ok(Self { file, state, changed: Notify::new() })
    }

    /// Adds a study that has arrived or has changed; it is on disk when this returns. A study that waits for its next attempt is tried at
    /// once. Returns how many studies are in the queue, this one included.
    pub(crate) fn enqueue(&self, study: &str, priority: Priority) -> std::io::Result<usize> {
        let mut state = self.state();
        state.enqueue(study, priority);
        state.save(&self.file)?;
        let waiting = state.studies.len();
        drop(state);
        self.changed.notify_waiters();
        Ok(waiting)
    }

    /// Processes studies for as long as the gateway runs.
    pub(crate) async fn run(self: Arc<Self>, processor: StudyProcessor) {
        let workers: Vec<_> = (0..WORKERS).map(|_| tokio::spawn(self.clone().run_worker(processor.clone()))).collect();
        for worker in workers {
            // A worker ends only with the gateway.
            let _ = worker.await;
        }
    }

    async fn run_worker(self: Arc<Self>, processor: StudyProcessor) {
        loop {
            let changed = self.changed.notified();
            let Some((study, priority)) = self.state().take_next() else {
                changed.await;
                continue;
            };
            match processor.process(&study, priority).await {
                Ok(()) => {
                    let mut state = self.state();
                    state.finish(&study);
                    if let Err(error) = state.save(&self.file) {
                        // It is processed again after the next start, and found done.
                        tracing::warn!(%error, "the list of studies cannot be kept");
                    }
                }
                Err(error) => self.retry_later(&processor, study, error).await,
            }
        }
    }

    /// Writes on the study why it waits, and lets it wait for its next attempt.
    async fn retry_later(self: &Arc<Self>, processor: &StudyProcessor, study: String, error: ProcessingError) {
        // An archive that did not answer just now may not answer this either: then the worker does not wait for it.
        let is_silent = matches!(error, ProcessingError::Orthanc(OrthancError::Silent));
        if !is_silent {
            processor.write_waiting(&study, &error).await;
        }
        let pause = self.state().fail(&study);
        tracing::warn!(%study, %error, again_in_s = pause.as_secs(), "a study could not be brought to its end");
        let (queue, processor) = (self.clone(), processor.clone());
        tokio::spawn(async move {
            let started = Instant::now();
            if is_silent {
                processor.write_waiting(&study, &error).await;
            }
            sleep(pause.saturating_sub(started.elapsed())).await;
            queue.state().backing_off.remove(&study);
            queue.changed.notify_waiters();
        });
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        // Lists of identifiers: a panic of another thread leaves them usable.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    fn enqueue(&mut self, study: &str, priority: Priority) {
        match self.studies.iter_mut().find(|(known, _)| known == study) {
            Some((_, known)) => *known = (*known).max(priority),
            None => self.studies.push((study.to_owned(), priority)),
        }
        if self.running.contains(study) {
            self.enqueued_again.insert(study.to_owned());
        }
        self.backing_off.remove(study);
    }

    /// The next study that can be processed, the most urgent first.
    fn take_next(&mut self) -> Option<(String, Priority)> {
        let is_ready = |study: &String| !self.running.contains(study) && !self.backing_off.contains(study);
        let ready = self.studies.iter().enumerate().filter(|(_, (study, _))| is_ready(study));
        let first = ready.max_by_key(|(at, (_, priority))| (*priority, Reverse(*at)));
        let (study, priority) = first.map(|(_, found)| found.clone())?;
        self.running.insert(study.clone());
        Some((study, priority))
    }

    fn finish(&mut self, study: &str) {
        self.running.remove(study);
        self.failures.remove(study);
        if !self.enqueued_again.remove(study) {
            self.studies.retain(|(known, _)| known != study);
        }
    }

    /// Notes a failure; returns the pause until the next attempt.
    fn fail(&mut self, study: &str) -> Duration {
        self.running.remove(study);
        self.enqueued_again.remove(study);
        self.backing_off.insert(study.to_owned());
        let failures = self.failures.entry(study.to_owned()).or_default();
        let pause = MIN_RETRY_PAUSE.saturating_mul(1 << (*failures).min(20)).min(MAX_RETRY_PAUSE);
        *failures += 1;
        pause
    }

    fn save(&self, file: &Path) -> std::io::Result<()> {
        let text: String = self.studies.iter().map(|(study, _)| format!("{study}\n")).collect();
        AtomicFile { mode: 0o600, durability: Durability::PowerCut }.replace(file, text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(letter: char) -> String {
        vec![letter.to_string().repeat(8); 5].join("-")
    }

    #[test]
    fn each_study_waits_once_and_the_urgent_one_goes_first() {
        let mut queue = QueueState::default();
        for (study, priority) in [
            ("a", Priority::Background),
            ("b", Priority::Background),
            ("a", Priority::Background),
            ("c", Priority::Urgent),
        ] {
            queue.enqueue(study, priority);
        }
        assert_eq!(queue.studies.len(), 3);
        assert_eq!(queue.take_next().unwrap().0, "c");
        assert_eq!(queue.take_next().unwrap().0, "a");
        // Enqueued again while it is processed: after that, once more.
        queue.enqueue("a", Priority::Background);
        assert_eq!(queue.take_next().unwrap().0, "b");
        assert_eq!(queue.take_next(), None);
        queue.finish("a");
        assert_eq!(queue.take_next().unwrap().0, "a");
        queue.finish("a");
        queue.finish("b");
        queue.finish("c");
        assert!(queue.studies.is_empty());
    }

    #[test]
    fn what_failed_waits_longer_each_time_and_a_person_does_not_wait() {
        let mut queue = QueueState::default();
        queue.enqueue("a", Priority::Routine);
        for seconds in [1, 2, 4] {
            queue.take_next().unwrap();
            assert_eq!(queue.fail("a"), Duration::from_secs(seconds));
            assert_eq!(queue.take_next(), None);
            queue.enqueue("a", Priority::Urgent);
        }
        queue.failures.insert("a".into(), 40);
        queue.take_next().unwrap();
        assert_eq!(queue.fail("a"), MAX_RETRY_PAUSE);
    }

    #[test]
    fn the_queue_outlives_the_gateway() {
        let folder = tempfile::tempdir().unwrap();
        let queue = StudyQueue::open(folder.path()).unwrap();
        let [a, b] = ['a', 'b'].map(name);
        queue.enqueue(&a, Priority::Routine).unwrap();
        queue.enqueue(&b, Priority::Routine).unwrap();
        let again = StudyQueue::open(folder.path()).unwrap();
        assert_eq!(again.state().studies.len(), 2);
        assert_eq!(again.state().take_next().unwrap().0, a);
    }
}
