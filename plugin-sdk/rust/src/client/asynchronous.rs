//! The same client for async programs, whatever executor drives them: a thread owns the socket, callers await its answers.
//!
//! ```no_run
//! # async fn example() -> Result<(), cordline_sdk::client::ClientError> {
//! use cordline_sdk::client::{AsyncClient, Endpoint};
//! use cordline_sdk::job::Priority;
//!
//! let client = AsyncClient::connect(Endpoint::default(), "example 1.0").await?;
//! let job = client.submit_study(vec!["study".into()], Priority::Routine, None).await?;
//! let mut events = client.follow(job, 0);
//! while let Some(event) = events.next().await {
//!     println!("{:?}", event?.0.kind);
//! }
//! # Ok(())
//! # }
//! ```

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use tokio::sync::{mpsc as bounded, oneshot};

use super::{Arrived, Client, ClientError, Endpoint, VolumeUpload};
use crate::job::{JobId, JobSummary, Priority};
use crate::wire::event::FileInfo;
use crate::wire::reply::{Daemon, DeviceReport, Jobs, Welcome};
use crate::wire::request::{Judgement, List};

/// Events that wait for a follower; beyond, the daemon's own journal holds them.
const EVENTS_AHEAD: usize = 64;

type Work = Box<dyn FnOnce(&mut Client) + Send>;

/// A connection to the daemon. Requests are answered in the order in which they were made; dropping a future that waits does
/// not take its request back.
#[derive(Debug, Clone)]
pub struct AsyncClient {
    endpoint: Endpoint,
    name: String,
    welcome: Welcome,
    work: mpsc::Sender<Work>,
}

impl AsyncClient {
    /// Connects and says hello. `name`: name and version of the program, for the daemon's log.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn connect(endpoint: Endpoint, name: &str) -> Result<Self, ClientError> {
        let (work, orders) = mpsc::channel::<Work>();
        let (greeted, greeting) = oneshot::channel();
        let (to, caller) = (endpoint.clone(), name.to_owned());
        thread::spawn(move || {
            let mut client = match Client::connect(&to, &caller) {
                Ok(client) => client,
                Err(error) => return drop(greeted.send(Err(error))),
            };
            if greeted.send(Ok(client.welcome().clone())).is_ok() {
                // Until the last handle is dropped.
                orders.iter().for_each(|work| work(&mut client));
            }
        });
        let welcome = greeting.await.map_err(|_| ClientError::Closed)??;
        Ok(Self { endpoint, name: name.into(), welcome, work })
    }

    /// What the daemon said when it was greeted: version, role, limits, models.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Whatever the blocking client can do, away from the executor's threads.
    ///
    /// # Errors
    /// What `work` says, and [`ClientError::Closed`] where the connection's thread has ended.
    pub async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Client) -> Result<T, ClientError> + Send + 'static,
    ) -> Result<T, ClientError> {
        let (done, result) = oneshot::channel();
        let work: Work = Box::new(move |client| drop(done.send(work(client))));
        self.work.send(work).map_err(|_| ClientError::Closed)?;
        result.await.map_err(|_| ClientError::Closed)?
    }

    /// Sends DICOM files, and those in folders; returns the job.
    ///
    /// # Errors
    /// As [`Client::submit_study`], and [`ClientError::Closed`].
    pub async fn submit_study(
        &self,
        inputs: Vec<PathBuf>,
        priority: Priority,
        series: Option<String>,
    ) -> Result<JobId, ClientError> {
        self.submit_study_again(inputs, priority, series, 0).await
    }

    /// The same, analysed anew: `again` says how often it was analysed before.
    ///
    /// # Errors
    /// As [`Client::submit_study`], and [`ClientError::Closed`].
    pub async fn submit_study_again(
        &self,
        inputs: Vec<PathBuf>,
        priority: Priority,
        series: Option<String>,
        again: u32,
    ) -> Result<JobId, ClientError> {
        self.with(move |client| client.submit_study_again(&inputs, priority, series.as_deref(), again)).await
    }

    /// Has a folder of the daemon's own host analysed.
    ///
    /// # Errors
    /// As [`Client::submit_folder`], and [`ClientError::Closed`].
    pub async fn submit_folder(
        &self,
        path: String,
        priority: Priority,
        series: Option<String>,
    ) -> Result<JobId, ClientError> {
        self.with(move |client| client.submit_folder(&path, priority, series.as_deref())).await
    }

    /// Sends a T2-weighted volume, with the contrast-enhanced T1-weighted one where there is one; returns the job.
    ///
    /// # Errors
    /// As [`Client::submit_volume`], and [`ClientError::Closed`].
    pub async fn submit_volume(
        &self,
        t2w: VolumeUpload,
        t1c: Option<VolumeUpload>,
        priority: Priority,
    ) -> Result<JobId, ClientError> {
        self.with(move |client| client.submit_volume(&t2w, t1c.as_ref(), priority)).await
    }

    /// Sends a corrected mask of an earlier job, packed by `pack_bits`; returns the new job.
    ///
    /// # Errors
    /// As [`Client::submit_mask`], and [`ClientError::Closed`].
    pub async fn submit_mask(
        &self,
        job: JobId,
        shape: [u64; 3],
        bits: Vec<u8>,
        priority: Priority,
        reader: Option<String>,
    ) -> Result<JobId, ClientError> {
        self.with(move |client| client.submit_mask(&job, shape, &bits, priority, reader.as_deref())).await
    }

    /// The daemon as a whole.
    ///
    /// # Errors
    /// As [`Client::daemon`], and [`ClientError::Closed`].
    pub async fn daemon(&self) -> Result<Daemon, ClientError> {
        self.with(Client::daemon).await
    }

    /// Where a job is.
    ///
    /// # Errors
    /// As [`Client::status`], and [`ClientError::Closed`].
    pub async fn status(&self, job: JobId) -> Result<JobSummary, ClientError> {
        self.with(move |client| client.status(&job)).await
    }

    /// Jobs, newest first.
    ///
    /// # Errors
    /// As [`Client::list_jobs`], and [`ClientError::Closed`].
    pub async fn list_jobs(&self, list: List) -> Result<Jobs, ClientError> {
        self.with(move |client| client.list_jobs(list)).await
    }

    /// Stops a job.
    ///
    /// # Errors
    /// As [`Client::cancel`], and [`ClientError::Closed`].
    pub async fn cancel(&self, job: JobId) -> Result<JobSummary, ClientError> {
        self.with(move |client| client.cancel(&job)).await
    }

    /// Selects the series of a job that needs a selection.
    ///
    /// # Errors
    /// As [`Client::select_series`], and [`ClientError::Closed`].
    pub async fn select_series(&self, job: JobId, series: String) -> Result<JobSummary, ClientError> {
        self.with(move |client| client.select_series(&job, &series)).await
    }

    /// Says what a reader thinks of the answer of a completed job.
    ///
    /// # Errors
    /// As [`Client::review`], and [`ClientError::Closed`].
    pub async fn review(&self, judgement: Judgement) -> Result<JobSummary, ClientError> {
        self.with(move |client| client.review(judgement)).await
    }

    /// What the box is and can run.
    ///
    /// # Errors
    /// As [`Client::device`], and [`ClientError::Closed`].
    pub async fn device(&self) -> Result<DeviceReport, ClientError> {
        self.with(Client::device).await
    }

    /// The files that a job has made.
    ///
    /// # Errors
    /// As [`Client::files`], and [`ClientError::Closed`].
    pub async fn files(&self, job: JobId) -> Result<Vec<FileInfo>, ClientError> {
        self.with(move |client| client.files(&job)).await
    }

    /// A file of a job, checked against its digest.
    ///
    /// # Errors
    /// As [`Client::download`], and [`ClientError::Closed`].
    pub async fn download(&self, job: JobId, file: FileInfo) -> Result<Vec<u8>, ClientError> {
        self.with(move |client| client.download(&job, &file)).await
    }

    /// Every event after number `since`, until the job has ended; on a connection of its own, so that questions go on meanwhile.
    pub fn follow(&self, job: JobId, since: u64) -> Followed {
        let (tell, events) = bounded::channel(EVENTS_AHEAD);
        let (endpoint, name) = (self.endpoint.clone(), self.name.clone());
        thread::spawn(move || {
            let followed = Client::connect(&endpoint, &name).and_then(|mut client| {
                // A follower that was dropped while nothing happens is seen with the next ping.
                client.follow_while(&|| !tell.is_closed(), &job, since, &mut |event, raw| {
                    // A follower that was dropped wants no more.
                    match tell.blocking_send(Ok((event.clone(), raw.map(<[u8]>::to_vec)))) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(_) => ControlFlow::Break(()),
                    }
                })
            });
            if let Err(error) = followed {
                let _ = tell.blocking_send(Err(error));
            }
        });
        Followed { events }
    }
}

/// The events of a job as they come.
#[derive(Debug)]
pub struct Followed {
    events: bounded::Receiver<Result<Arrived, ClientError>>,
}

impl Followed {
    /// The next event with its raw frame; `None` once the job has ended.
    ///
    /// # Errors
    /// As [`Client::follow`]; nothing comes after an error.
    pub async fn next(&mut self) -> Option<Result<Arrived, ClientError>> {
        self.events.recv().await
    }
}
