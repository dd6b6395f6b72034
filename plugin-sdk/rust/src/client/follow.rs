//! The events of a job: followed to its end, over lost connections, and read once for the files that it made.

use std::ops::ControlFlow;
use std::thread;
use std::time::{Duration, Instant};

use super::{Arrived, Client, ClientError, TRIES};
use crate::job::JobId;
use crate::wire::codec::FromDaemon;
use crate::wire::event::{Event, EventKind, FileInfo};
use crate::wire::reply::{Answer, EventsBegin, Reply};
use crate::wire::request::{Events, Nothing, Verb};

/// Who is told of events; `Break` when no more are wanted.
pub type Listener<'a> = dyn FnMut(&Event, Option<&[u8]>) -> ControlFlow<()> + 'a;

/// How far a follower is.
struct Progress<'a> {
    /// Number of the last event that was told.
    last: u64,
    /// How often it tried to come back since the daemon last told something.
    tries: u32,
    /// False once nobody listens any more, which a listener that hears nothing cannot say.
    is_wanted: &'a dyn Fn() -> bool,
}

impl Client {
    /// Hands every event after number `since` to `each`, with its raw frame, until the job has ended or `each` wants no more; returns
    /// the last number.
    ///
    /// A lost connection is mended on the way, and nothing is told twice.
    ///
    /// # Errors
    /// A refusal that no new try mends, or what became of the connection after five tries to come back without a word of the daemon.
    pub fn follow(&mut self, job: &JobId, since: u64, each: &mut Listener<'_>) -> Result<u64, ClientError> {
        self.follow_while(&|| true, job, since, each)
    }

    /// The same, until `is_wanted` is false, which is looked at with each ping.
    pub(super) fn follow_while(
        &mut self,
        is_wanted: &dyn Fn() -> bool,
        job: &JobId,
        since: u64,
        each: &mut Listener<'_>,
    ) -> Result<u64, ClientError> {
        let mut progress = Progress { last: since, tries: 0, is_wanted };
        loop {
            match self.follow_once(job, &mut progress, each) {
                Err(error) if error.is_passing() && progress.tries < TRIES && is_wanted() => {
                    progress.tries += 1;
                    thread::sleep(Duration::from_secs(1 << progress.tries.min(4)));
                    // Where nobody listens yet the next round tries again.
                    let _ = self.reconnect();
                }
                ended => return ended.map(|()| progress.last),
            }
        }
    }

    fn follow_once(
        &mut self,
        job: &JobId,
        progress: &mut Progress<'_>,
        each: &mut Listener<'_>,
    ) -> Result<(), ClientError> {
        let (begun, asked) = self.subscribe(job, progress.last, true)?;
        if begun.last <= progress.last && begun.state.has_ended() {
            return Ok(());
        }
        while let Some((event, raw)) = self.next_event(asked, progress)? {
            if event.job != *job || event.number <= progress.last {
                continue;
            }
            (progress.last, progress.tries) = (event.number, 0);
            if each(&event, raw.as_deref()).is_break() {
                break;
            }
            if matches!(&event.kind, EventKind::State(change) if change.state.has_ended()) && event.number >= begun.last
            {
                break;
            }
        }
        Ok(())
    }

    /// The files that a job has made.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub fn files(&mut self, job: &JobId) -> Result<Vec<FileInfo>, ClientError> {
        let (begun, asked) = self.subscribe(job, 0, false)?;
        let mut progress = Progress { last: 0, tries: 0, is_wanted: &|| true };
        let mut files = Vec::new();
        while progress.last < begun.last {
            let Some((event, _)) = self.next_event(asked, &mut progress)? else { break };
            if event.job != *job {
                continue;
            }
            progress.last = event.number;
            if let EventKind::Files(listed) = event.kind {
                files = listed.files;
            }
        }
        Ok(files)
    }

    /// Has the events of a job come; also the number of the request, under which the daemon may end them.
    fn subscribe(&mut self, job: &JobId, since: u64, follow: bool) -> Result<(EventsBegin, u64), ClientError> {
        let answer = self.ask(Verb::Events(Events { job: job.clone(), since, follow }))?;
        let Answer::Events(begun) = answer else { return Err(ClientError::unexpected(&answer)) };
        // What came before the answer belongs to what was followed earlier, and its numbers say nothing of this time.
        self.early.clear();
        // The answer was to the last request that was sent.
        Ok((begun, self.next_id - 1))
    }

    /// The next event; `None` once nobody wants it. `asked`: number of the request `events`; a fault under it ends the stream.
    fn next_event(&mut self, asked: u64, progress: &mut Progress<'_>) -> Result<Option<Arrived>, ClientError> {
        loop {
            // Also while events come one after the other: the daemon counts what it hears, not what it says.
            let ping_at = self.spoke + self.ping_interval();
            if Instant::now() >= ping_at {
                if !(progress.is_wanted)() {
                    return Ok(None);
                }
                // Not `ask`: with the client the daemon forgot what it follows.
                self.exchange(Verb::Ping(Nothing {}), None)?;
                progress.tries = 0;
            } else if let Some(early) = self.early.pop_front() {
                return Ok(Some(early));
            } else {
                match self.receive(ping_at) {
                    Ok((FromDaemon::Event(event), raw)) => return Ok(Some((event, raw))),
                    Ok((FromDaemon::Reply(Reply { id, answer: Answer::Fault(fault) }), _)) if id == asked => {
                        return Err(ClientError::Rejected(fault));
                    }
                    Ok((FromDaemon::Reply(_), _)) | Err(ClientError::Timeout { .. }) => {}
                    Err(other) => return Err(other),
                }
            }
        }
    }

    /// A third of the silence after which the daemon forgets a client.
    fn ping_interval(&self) -> Duration {
        Duration::from_secs(self.welcome().limits.silence_s.max(1).into()) / 3
    }
}
