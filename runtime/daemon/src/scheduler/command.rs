//! What the scheduler is asked to do, by clients and by other threads; and the job that it hands to the worker.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cordline_sdk::job::JobId;
use cordline_sdk::wire::request::{Chunk, Judgement, Submit};

use super::removal_plan::RemovalPlan;
use super::transfer::{FolderListed, InputStored};
use crate::byte_count::CountedBytes;
use crate::journal::{JobRecord, PendingEvent};
use crate::origin::RequestOrigin;

/// One step of the scheduler.
// A command is moved once, from queue to work.
#[allow(clippy::large_enum_variant)]
pub(crate) enum SchedulerCommand {
    /// A new job, or one that is known; the bytes of a long manifest are counted until it is taken.
    Submit(RequestOrigin, Submit, Option<CountedBytes>),
    /// A piece of an upload.
    Chunk(RequestOrigin, Chunk, zmq::Message),
    /// The upload is whole.
    Commit(RequestOrigin, JobId),
    Cancel(RequestOrigin, JobId),
    /// Remove a job that has ended.
    Forget(RequestOrigin, JobId),
    /// A person chose the series.
    Choose(RequestOrigin, JobId, String),
    /// A reader's verdict on an answer.
    Review(RequestOrigin, Judgement),
    /// Events of a job that a worker runs.
    Progress(JobId, Vec<PendingEvent>),
    /// The worker of this number waits for a job.
    WorkerIdle(usize),
    /// A worker returns its job unfinished, because of the shutdown.
    Requeue(JobId),
    /// A submitted folder was listed.
    FolderListed(Box<FolderListed>),
    /// The input of a committed job is in the spool, or could not be brought there.
    InputStored(Box<InputStored>),
    /// What the retention scanner found.
    Remove(Box<RemovalPlan>),
    /// The last command.
    Stop,
}

/// A job for the worker.
pub(crate) struct Assignment {
    pub record: JobRecord,
    /// Set once the job is cancelled.
    pub cancel: Arc<AtomicBool>,
}
