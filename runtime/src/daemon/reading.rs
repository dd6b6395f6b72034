//! What the journal tells those who follow jobs, read once for all who have come equally far: twenty browsers that watch one study
//! do not have it read twenty times.

use std::collections::HashMap;
use std::sync::Arc;

use cordline_sdk::job::JobId;
use cordline_sdk::wire::codec;

use super::client::{Client, Message, Parcel};
use super::enquiries::{Enquiries, Reached};

/// One look at the journal, for one round through the clients.
pub(super) struct Reading<'a> {
    enquiries: &'a Enquiries,
    reached: HashMap<JobId, Option<Reached>>,
    /// Only the events read last: who lags behind reads alone, and nothing piles up.
    last: Option<Events>,
}

/// Events of a job after a number.
struct Events {
    job: JobId,
    since: u64,
    most: usize,
    /// Each with its number.
    parcels: Vec<(u64, Parcel)>,
}

impl<'a> Reading<'a> {
    /// Nothing is read yet.
    pub(super) fn new(enquiries: &'a Enquiries) -> Self {
        Self { enquiries, reached: HashMap::new(), last: None }
    }

    /// Moves events from the journal to the client's queue, as far as there is room; true where more wait there.
    pub(super) fn pump(&mut self, client: &mut Client) -> bool {
        let jobs: Vec<_> = client.following.keys().cloned().collect();
        let mut more = false;
        for job in jobs {
            let Some(mut at) = client.following.remove(&job) else { continue };
            // A job that is no longer kept has nothing more to tell.
            let Some(Reached { last, state }) = self.reached(&job) else { continue };
            let end = at.until.unwrap_or(last).min(last);
            if at.sent < end {
                let (before, room) = (at.sent, client.room());
                for (number, parcel) in self.events(&job, at.sent, room) {
                    if *number > end {
                        break;
                    }
                    at.sent = *number;
                    client.push(parcel.clone());
                }
                // Where there was room and nothing came the journal cannot be read: the next round tries again.
                more |= at.sent < end && (room == 0 || at.sent > before);
            }
            // Up to its last event, or that of a job that has ended: whoever takes the job up again is followed anew.
            let over = at.sent >= end && (at.until.is_some() || state.has_ended());
            if !over {
                client.following.insert(job, at);
            }
        }
        more
    }

    fn reached(&mut self, job: &JobId) -> Option<Reached> {
        *self.reached.entry(job.clone()).or_insert_with(|| self.enquiries.reached(job))
    }

    fn events(&mut self, job: &JobId, since: u64, most: usize) -> &[(u64, Parcel)] {
        let enquiries = self.enquiries;
        let read = || {
            let kept = enquiries.events(job, since, most as u32).into_iter();
            let parcels = kept.map(|kept| {
                let message = Message { header: codec::header(&kept.event), raw: kept.raw };
                (kept.event.number, Arc::new(message))
            });
            Events { job: job.clone(), since, most, parcels: parcels.collect() }
        };
        let same = self.last.take().filter(|e| e.job == *job && e.since == since && e.most == most);
        &self.last.insert(same.unwrap_or_else(read)).parcels
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use cordline_sdk::job::{JobKind, Priority};
    use cordline_sdk::wire::event::{Happening, Warning};
    use cordline_sdk::wire::limits::Limits;
    use cordline_sdk::wire::request::Input;

    use super::*;
    use crate::daemon::client::{Following, Sent};
    use crate::journal::{Journal, NewJob};
    use crate::spool::Spool;

    #[test]
    fn those_at_the_same_event_share_one_reading_and_who_is_elsewhere_gets_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path()).unwrap();
        let mut journal = Journal::open(&spool.journal()).unwrap();
        let job = JobId::new("a").unwrap();
        let (kind, priority, input) =
            (JobKind::Folder, Priority::Routine, Input::Folder { path: "/x".into(), again: 0 });
        journal
            .begin(&NewJob {
                job: job.clone(),
                kind,
                priority,
                submitted_ms: 1,
                input,
                series: None,
                predecessors: vec![],
            })
            .unwrap();
        let said = |n: u8| (Happening::Warning(Warning { message: n.to_string() }), Some(vec![n]));
        journal.append(&job, 2, (1..=3).map(said).collect()).unwrap();
        let reader = Journal::reader(journal.path()).unwrap();
        let enquiries = Enquiries::new(reader, Arc::new(spool), Limits::default(), Arc::default(), 0, 365);

        let mut reading = Reading::new(&enquiries);
        let mut clients = [0, 0, 2].map(|sent| {
            let mut client = Client::new(Instant::now());
            client.following.insert(job.clone(), Following { sent, until: None });
            client
        });
        for client in &mut clients {
            assert!(!reading.pump(client));
            assert_eq!(client.following[&job].sent, 3);
        }
        let [first, second, ahead] = clients.map(|mut client| {
            let mut taken = Vec::new();
            let taking = client.flush(|message| {
                taken.push((std::ptr::from_ref(message), message.raw.clone()));
                Sent::Yes
            });
            assert_eq!(taking, Ok(taken.len()));
            taken
        });
        assert_eq!(first.iter().map(|(_, raw)| raw.clone()).collect::<Vec<_>>(), [1, 2, 3].map(|n| Some(vec![n])));
        assert_eq!(first, second);
        assert_eq!(ahead.iter().map(|(_, raw)| raw.clone()).collect::<Vec<_>>(), [Some(vec![3])]);
    }
}
