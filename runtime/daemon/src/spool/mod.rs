//! Input and results of jobs on disk, one folder a job.
//!
//! ```text
//! SPOOL/lock                        held by the one daemon that works here
//! SPOOL/journal.sqlite              see crate::journal; beside it SQLite's -wal and -shm
//! SPOOL/journal.mark                how much the journal should hold, see crate::journal
//! SPOOL/audit.jsonl                 see crate::audit
//! SPOOL/key                         makes the names of jobs unguessable from their input
//! SPOOL/jobs/JOB/input/000000       an item of the manifest; 000000.part while it is on the way
//! SPOOL/jobs/JOB/results/           what the analysis wrote
//! SPOOL/lost/MS-JOB/                a folder that the journal did not know, set aside at that moment; kept until a person decides
//! SPOOL/going/NUMBER/               what was discarded and is being deleted
//! ```
//!
//! - [`layout`]: the folder, its lock and its key, and where things lie in it
//! - [`upload`]: items of an upload, piece by piece
//! - [`sync`]: input forced to the disk, however many files it is
//! - [`orphans`]: folders that the journal does not know
//! - [`trash`]: what was discarded, deleted in the background
//! - [`error`](mod@error): what can go wrong

mod error;
mod layout;
pub mod orphans;
mod sync;
mod trash;
mod upload;

pub use error::SpoolError;
pub(crate) use error::is_full;
pub(crate) use layout::JOURNAL;
pub use layout::{INPUT, Spool};
pub use sync::sync_input;
pub use upload::{Item, ItemReceiver};
