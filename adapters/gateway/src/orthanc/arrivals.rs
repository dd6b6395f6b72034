//! The queue of studies that were not brought to their end yet.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cordline_atomic_file::{AtomicFile, Durability};
use cordline_sdk::job::Priority;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::is_name;
use super::porter::Porter;

/// Pauses after a study that could not be brought to its end: doubled each time, up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// Studies that are worked on at the same time: one is computed while the next is fetched.
const AT_ONCE: usize = 2;

/// Studies that were not brought to their end yet. The list is on disk: whoever was answered is not forgotten.
#[derive(Debug)]
pub struct Arrivals {
    list: PathBuf,
    studies: Mutex<Studies>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Studies {
    /// All of them, each once, in the order in which they came.
    open: Vec<(String, Priority)>,
    /// Those that somebody works on.
    running: HashSet<String>,
    /// Of these, those that were told of again meanwhile.
    again: HashSet<String>,
    /// Those that wait until they are tried once more.
    resting: HashSet<String>,
    /// How often each could not be brought to its end.
    failed: HashMap<String, u32>,
}

impl Arrivals {
    /// The list as it was left in `folder`.
    pub fn open(folder: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let list = folder.join("studies");
        let text = match std::fs::read_to_string(&list) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            read => read?,
        };
        let named = text.lines().filter(|line| is_name(line));
        let open = named.map(|study| (study.to_owned(), Priority::Routine)).collect();
        Ok(Self { list, studies: Mutex::new(Studies { open, ..Studies::default() }), news: Notify::new() })
    }

    /// A study is there, or has changed; kept when this returns. A person's wish goes first, and is tried at once.
    ///
    /// Returns how many studies were not brought to their end yet, this one included.
    pub fn tell(&self, study: &str, priority: Priority) -> std::io::Result<usize> {
        let mut studies = self.studies();
        studies.tell(study, priority);
        studies.keep(&self.list)?;
        let waiting = studies.open.len();
        drop(studies);
        self.news.notify_waiters();
        Ok(waiting)
    }

    /// Works for as long as the gateway runs.
    pub async fn work(self: Arc<Self>, porter: Porter) {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| tokio::spawn(self.clone().work_alone(porter.clone()))).collect();
        for worker in workers {
            // A worker ends only with the gateway.
            let _ = worker.await;
        }
    }

    async fn work_alone(self: Arc<Self>, porter: Porter) {
        loop {
            let told = self.news.notified();
            let Some((study, priority)) = self.studies().next() else {
                told.await;
                continue;
            };
            match porter.bring(&study, priority).await {
                Ok(()) => {
                    let mut studies = self.studies();
                    studies.end(&study);
                    if let Err(error) = studies.keep(&self.list) {
                        // Looked at again after the next start, and found done.
                        tracing::warn!(%error, "the list of studies cannot be kept");
                    }
                }
                Err(error) => {
                    porter.say_that_it_waits(&study, &error).await;
                    let pause = self.studies().fail(&study);
                    tracing::warn!(%study, %error, again_in_s = pause.as_secs(), "a study could not be brought to its end");
                    let arrivals = self.clone();
                    tokio::spawn(async move {
                        sleep(pause).await;
                        arrivals.studies().resting.remove(&study);
                        arrivals.news.notify_waiters();
                    });
                }
            }
        }
    }

    fn studies(&self) -> MutexGuard<'_, Studies> {
        // Names only: they are right whatever became of another thread.
        self.studies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Studies {
    fn tell(&mut self, study: &str, priority: Priority) {
        match self.open.iter_mut().find(|(known, _)| known == study) {
            Some((_, known)) => *known = (*known).max(priority),
            None => self.open.push((study.to_owned(), priority)),
        }
        if self.running.contains(study) {
            self.again.insert(study.to_owned());
        }
        self.resting.remove(study);
    }

    /// The next study that nobody works on, the most urgent first.
    fn next(&mut self) -> Option<(String, Priority)> {
        let free = |study: &String| !self.running.contains(study) && !self.resting.contains(study);
        let waiting = self.open.iter().enumerate().filter(|(_, (study, _))| free(study));
        let first = waiting.max_by_key(|(at, (_, priority))| (*priority, Reverse(*at)));
        let (study, priority) = first.map(|(_, found)| found.clone())?;
        self.running.insert(study.clone());
        Some((study, priority))
    }

    fn end(&mut self, study: &str) {
        self.running.remove(study);
        self.failed.remove(study);
        if !self.again.remove(study) {
            self.open.retain(|(known, _)| known != study);
        }
    }

    /// Lets it rest; for how long.
    fn fail(&mut self, study: &str) -> Duration {
        self.running.remove(study);
        self.again.remove(study);
        self.resting.insert(study.to_owned());
        let times = self.failed.entry(study.to_owned()).or_default();
        let pause = FIRST_PAUSE.saturating_mul(1 << (*times).min(20)).min(LAST_PAUSE);
        *times += 1;
        pause
    }

    fn keep(&self, list: &Path) -> std::io::Result<()> {
        let text: String = self.open.iter().map(|(study, _)| format!("{study}\n")).collect();
        AtomicFile { mode: 0o600, durability: Durability::PowerCut }.replace(list, text.as_bytes())
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
        let mut studies = Studies::default();
        for (study, priority) in [
            ("a", Priority::Background),
            ("b", Priority::Background),
            ("a", Priority::Background),
            ("c", Priority::Urgent),
        ] {
            studies.tell(study, priority);
        }
        assert_eq!(studies.open.len(), 3);
        assert_eq!(studies.next().unwrap().0, "c");
        assert_eq!(studies.next().unwrap().0, "a");
        // Told again while it is worked on: after that, once more.
        studies.tell("a", Priority::Background);
        assert_eq!(studies.next().unwrap().0, "b");
        assert_eq!(studies.next(), None);
        studies.end("a");
        assert_eq!(studies.next().unwrap().0, "a");
        studies.end("a");
        studies.end("b");
        studies.end("c");
        assert!(studies.open.is_empty());
    }

    #[test]
    fn what_failed_rests_longer_each_time_and_a_person_does_not_wait() {
        let mut studies = Studies::default();
        studies.tell("a", Priority::Routine);
        for seconds in [1, 2, 4] {
            studies.next().unwrap();
            assert_eq!(studies.fail("a"), Duration::from_secs(seconds));
            assert_eq!(studies.next(), None);
            studies.tell("a", Priority::Urgent);
        }
        studies.failed.insert("a".into(), 40);
        studies.next().unwrap();
        assert_eq!(studies.fail("a"), LAST_PAUSE);
    }

    #[test]
    fn the_list_outlives_the_gateway() {
        let folder = tempfile::tempdir().unwrap();
        let arrivals = Arrivals::open(folder.path()).unwrap();
        let [a, b] = ['a', 'b'].map(name);
        arrivals.tell(&a, Priority::Routine).unwrap();
        arrivals.tell(&b, Priority::Routine).unwrap();
        let again = Arrivals::open(folder.path()).unwrap();
        assert_eq!(again.studies().open.len(), 2);
        assert_eq!(again.studies().next().unwrap().0, a);
    }
}
