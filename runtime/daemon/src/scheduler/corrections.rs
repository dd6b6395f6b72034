//! Checks a corrected mask before it is accepted.

use cordline_sdk::job::JobState;
use cordline_sdk::problem::Code;
use cordline_sdk::wire::fault::Fault;
use cordline_sdk::wire::request::Input;

use super::Scheduler;
use crate::error::{journal_fault, wrong_state};

impl Scheduler {
    /// A corrected mask must belong to a job with an answer, and lie on its grid.
    ///
    /// # Errors
    ///
    /// It does not.
    pub(super) fn check_correction(&self, input: &Input) -> Result<(), Fault> {
        let Input::Mask { job, mask, .. } = input else { return Ok(()) };
        let corrected = self.record(job)?;
        if corrected.state != JobState::Completed {
            return Err(wrong_state(&corrected, "has no mask to be corrected"));
        }
        let shape = self.journal.grid(job).map_err(|e| journal_fault(&e))?;
        if shape.as_ref().is_some_and(|shape| shape[..] == mask.shape[..]) {
            return Ok(());
        }
        Err(Fault::new(
            Code::ManifestInvalid,
            format!(
                "the mask has the shape {:?}, the volume of the job {job} {:?}",
                mask.shape,
                shape.unwrap_or_default()
            ),
            "correct the mask on the grid that the job's event `grid` names",
        ))
    }
}
