//! New jobs and the pieces of their input.

use cordline_inference::bundle::MANIFEST_FILE;
use cordline_sdk::job::{JobId, JobState};
use cordline_sdk::sha256::Sha256;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::reply::{Answer, Upload};
use cordline_sdk::wire::request::{Chunk, Submit};

use super::Scheduler;
use super::space_ledger::INPUT_MULTIPLE;
use super::states::takes_input;
use crate::clock::now_ms;
use crate::error::{internal, journal_fault, no_such_job, wrong_state};
use crate::journal::NewJob;
use crate::spool::ItemReceiver;
use crate::submission;

impl Scheduler {
    /// A new job, or one that is known. `folder`: the fingerprint of the files and their bytes, where the input is a folder.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub(super) fn begin_upload(
        &mut self,
        submit: Submit,
        folder: Option<(String, u64)>,
        who: &str,
    ) -> Result<Answer, Fault> {
        submission::check(&submit, &self.config.limits)?;
        self.check_correction(&submit.input)?;
        let fingerprint = folder.as_ref().map(|(fingerprint, _)| fingerprint.as_str());
        let job = submission::name(&submit, fingerprint, &self.bundle_sha256(), self.spool.key());
        let items = submission::items(&submit.input);
        let known = self.state(&job)?;
        if let Some(state) = known.filter(|state| !takes_input(*state)) {
            return Ok(self.upload_answer(&job, state, Vec::new()));
        }
        let received = match known {
            Some(_) => self.spool.received(&job, &items),
            // Not looked for one by one: a large study has tens of thousands.
            None => vec![0; items.len()],
        };
        let bytes = folder.as_ref().map_or_else(|| items.iter().map(|i| i.bytes).sum(), |(_, bytes)| *bytes);
        let wanted = bytes.saturating_mul(INPUT_MULTIPLE).saturating_sub(received.iter().sum());
        if self.ledger.reserved_for(&job).is_none() {
            self.admit(wanted)?;
        }
        self.uploads.begin(&job, who, items.len())?;
        if known.is_none() {
            let new = NewJob {
                job: job.clone(),
                priority: submit.priority,
                submitted_ms: now_ms(),
                input: submit.input,
                series: submit.series,
                predecessors: submit.predecessors,
            };
            self.journal.begin(&new).map_err(|e| journal_fault(&e))?;
        }
        self.ledger.reserve(&job, wanted);
        let receiver = match folder {
            Some((fingerprint, _)) => ItemReceiver::of_folder(fingerprint),
            None => ItemReceiver::new(items),
        };
        self.uploads.open(&job, receiver);
        Ok(self.upload_answer(&job, JobState::Receiving, received))
    }

    /// Adds a piece to an item.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub(super) fn chunk(&mut self, chunk: &Chunk, bytes: &[u8], who: &str) -> Result<Answer, Fault> {
        // The table holds an upload open only while its job takes input: no look at the journal for each piece.
        if !self.uploads.is_open(&chunk.job) {
            let state = self.state(&chunk.job)?.ok_or_else(|| no_such_job(&chunk.job))?;
            if !takes_input(state) {
                return Err(wrong_state(&self.record(&chunk.job)?, "takes no more of its input"));
            }
        }
        self.check_free_space(bytes.len())?;
        let spool = self.spool.clone();
        let receiver = self.receiver(&chunk.job, who)?;
        let added = spool.add(&chunk.job, receiver, chunk.item as usize, chunk.offset, bytes);
        self.account_for_chunk(chunk, bytes.len(), &added);
        let offset = Some(added.map_err(|e| e.fault())?);
        let (job, credit) = (chunk.job.clone(), self.config.limits.chunks_in_flight);
        Ok(Answer::Upload(Upload { job, state: JobState::Receiving, received: vec![], offset, credit }))
    }

    /// Digest of the manifest as it is now: with another bundle on the disk the same input is another job.
    pub(super) fn bundle_sha256(&self) -> String {
        Sha256::of(std::fs::read(self.config.bundle.join(MANIFEST_FILE)).unwrap_or_default()).to_string()
    }

    fn upload_answer(&self, job: &JobId, state: JobState, received: Vec<u64>) -> Answer {
        let credit = self.config.limits.chunks_in_flight;
        Answer::Upload(Upload { job: job.clone(), state, received, offset: None, credit })
    }

    /// What takes in the items of the job; opened from the journal where it was closed.
    fn receiver(&mut self, job: &JobId, who: &str) -> Result<&mut ItemReceiver, Fault> {
        if !self.uploads.is_open(job) {
            let record = self.record(job)?;
            let input = record.input.as_ref().ok_or_else(|| internal("the journal lost what this job works on"))?;
            let items = submission::items(input);
            self.uploads.begin(job, who, items.len())?;
            self.uploads.open(job, ItemReceiver::new(items));
        }
        self.uploads.receiver(job).ok_or_else(|| internal("an upload that was just opened is closed"))
    }
}
