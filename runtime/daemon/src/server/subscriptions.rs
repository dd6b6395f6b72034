//! Events from the journal to their subscribers, read once for all who have got equally far: twenty browsers that watch one study do not
//! have it read twenty times.

use std::collections::HashMap;
use std::sync::Arc;

use cordline_sdk::job::JobId;

use super::connection::{Connection, OutgoingMessage, SharedMessage};
use crate::journal::StoredEvent;
use crate::queries::{JobProgress, Queries};

/// One pass over all connections.
pub(super) struct EventFanout<'a> {
    queries: &'a Queries,
    progress: HashMap<JobId, Option<Result<JobProgress, ()>>>,
    /// Only the page that was read last: a client that lags behind has its own read, and memory stays bounded.
    page: Option<EventPage>,
}

/// Events of a job after a number.
struct EventPage {
    job: JobId,
    since: u64,
    limit: usize,
    /// Each with its number.
    messages: Vec<(u64, SharedMessage)>,
}

impl<'a> EventFanout<'a> {
    /// Nothing is read yet.
    pub(super) fn new(queries: &'a Queries) -> Self {
        Self { queries, progress: HashMap::new(), page: None }
    }

    /// Moves events from the journal to the connection's queue, as far as there is room; true where more are left.
    pub(super) fn fill(&mut self, connection: &mut Connection) -> bool {
        let jobs: Vec<_> = connection.subscriptions.keys().cloned().collect();
        let mut more = false;
        connection.needs_events = false;
        for job in jobs {
            let Some(mut at) = connection.subscriptions.remove(&job) else { continue };
            let JobProgress { last, state } = match self.progress(&job) {
                Some(Ok(progress)) => progress,
                // The journal cannot be read: the next pass tries again.
                Some(Err(())) => {
                    connection.subscriptions.insert(job, at);
                    continue;
                }
                // The job was removed.
                None => continue,
            };
            let end = at.until.unwrap_or(last).min(last);
            if at.last_sent < end {
                let (before, room) = (at.last_sent, connection.free_slots());
                for (number, message) in self.events(&job, at.last_sent, room) {
                    if *number > end {
                        break;
                    }
                    at.last_sent = *number;
                    connection.push(message.clone());
                }
                // Where there was room and nothing came the journal cannot be read: the next pass tries again.
                more |= at.last_sent < end && (room == 0 || at.last_sent > before);
                connection.needs_events |= at.last_sent < end;
            }
            // With the last event that was wanted, or of a job that has ended. A job that is submitted again is subscribed to again.
            let over = at.last_sent >= end && (at.until.is_some() || state.has_ended());
            if !over {
                connection.subscriptions.insert(job, at);
            }
        }
        more
    }

    fn progress(&mut self, job: &JobId) -> Option<Result<JobProgress, ()>> {
        let look = || self.queries.job_progress(job).map_err(drop).transpose();
        *self.progress.entry(job.clone()).or_insert_with(look)
    }

    fn events(&mut self, job: &JobId, since: u64, limit: usize) -> &[(u64, SharedMessage)] {
        let queries = self.queries;
        let read = || {
            let stored = queries.events(job, since, limit as u32).into_iter();
            let messages =
                stored.map(|StoredEvent { number, header, raw }| (number, Arc::new(OutgoingMessage { header, raw })));
            EventPage { job: job.clone(), since, limit, messages: messages.collect() }
        };
        let same = self.page.take().filter(|page| page.job == *job && page.since == since && page.limit == limit);
        &self.page.insert(same.unwrap_or_else(read)).messages
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use cordline_sdk::wire::event::{EventKind, Warning};
    use cordline_sdk::wire::request::Input;

    use super::super::connection::{SendOutcome, Subscription};
    use super::*;
    use crate::journal::{Journal, NewJob, PendingEvent};
    use crate::origin::test_peer;
    use crate::queries::QuerySources;
    use crate::spool::Spool;

    #[test]
    fn those_at_the_same_event_share_one_reading_and_who_is_elsewhere_gets_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let mut journal = Journal::open(&spool.journal()).unwrap();
        let job = JobId::new("a").unwrap();
        journal.begin(&NewJob::new(job.clone(), 1, Input::Folder { path: "/x".into(), again: 0 })).unwrap();
        let event =
            |n: u8| PendingEvent { kind: EventKind::Warning(Warning { message: n.to_string() }), raw: Some(vec![n]) };
        journal.append(&job, 2, &[1, 2, 3].map(event)).unwrap();
        let queries = Queries::new(QuerySources::of_spool(spool));

        let mut fanout = EventFanout::new(&queries);
        let mut connections = [0, 0, 2].map(|last_sent| {
            let mut connection = Connection::new(test_peer(), Instant::now());
            connection.subscriptions.insert(job.clone(), Subscription { request: 1, last_sent, until: None });
            connection
        });
        for connection in &mut connections {
            assert!(!fanout.fill(connection));
            assert_eq!(connection.subscriptions[&job].last_sent, 3);
        }
        let [first, second, ahead] = connections.map(|mut connection| {
            let mut taken = Vec::new();
            let taking = connection.flush(|message| {
                taken.push((std::ptr::from_ref(message), message.raw.clone()));
                SendOutcome::Sent
            });
            assert_eq!(taking, Ok(taken.len()));
            taken
        });
        assert_eq!(first.iter().map(|(_, raw)| raw.clone()).collect::<Vec<_>>(), [1, 2, 3].map(|n| Some(vec![n])));
        assert_eq!(first, second);
        assert_eq!(ahead.iter().map(|(_, raw)| raw.clone()).collect::<Vec<_>>(), [Some(vec![3])]);
    }
}
