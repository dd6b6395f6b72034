//! Refusals that several parts of the daemon give.

use cordline_sdk::job::JobId;
use cordline_sdk::problem::{Code, Problem};
use cordline_sdk::wire::fault::Fault;

use crate::journal::{JobRecord, JournalError};

pub(super) fn no_such_job(job: &JobId) -> Fault {
    Fault::new(Code::NoSuchJob, format!("there is no job {job}"), "ask `list` for the jobs that are kept")
}

/// A journal error as a client is told. The log gets the details.
pub(super) fn journal_fault(error: &JournalError) -> Fault {
    tracing::error!(%error, "journal");
    if error.is_disk_full() {
        return Fault::new(Code::DiskReserve, "the disk of the spool is full", "ask the operator for space");
    }
    internal("the journal cannot be read or written")
}

/// A failure of the daemon itself, of which its log has more.
pub(super) fn internal(what: &str) -> Fault {
    Fault::new(Code::Internal, what, "ask the operator to look at the daemon's log")
}

/// The job is in a state in which this cannot be done.
pub(super) fn wrong_state(record: &JobRecord, what: &str) -> Fault {
    let message = format!("the job {} is {} and {what}", record.job, record.state);
    Fault::new(Code::WrongState, message, "ask `status` for where the job is")
}

/// Why a cancelled job has no answer.
pub(super) fn cancelled() -> Problem {
    Problem {
        code: Code::Cancelled,
        message: "somebody cancelled this job".into(),
        action: "submit the same again if it is wanted after all".into(),
    }
}

pub(super) fn shutting_down() -> Fault {
    Fault::new(Code::ShuttingDown, "the daemon is shutting down", "try again in a minute")
}

/// A long header with two verbs, of which the first was `submit`.
pub(super) fn verb_named_twice() -> Fault {
    Fault::new(Code::Malformed, "the header names its verb twice", "see PROTOCOL.md for the fields and their types")
}
