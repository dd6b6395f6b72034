//! A corrected mask, before it is taken.

use cordline_sdk::job::JobState;
use cordline_sdk::wire::fault::{Fault, FaultCode};
use cordline_sdk::wire::request::Input;

use super::{Clerk, fault, wrong_state};

impl Clerk {
    /// A corrected mask must belong to a job that ended with an answer, and lie on its grid.
    pub(super) fn check_mask(&self, input: &Input) -> Result<(), Fault> {
        let Input::Mask { job, mask, .. } = input else { return Ok(()) };
        let base = self.known(job)?;
        if base.state != JobState::Completed {
            return Err(wrong_state(&base, "has no mask to be corrected"));
        }
        let shape = self.journal.grid(job).map_err(|e| fault(&e))?;
        if shape.as_ref().is_some_and(|shape| shape[..] == mask.shape[..]) {
            return Ok(());
        }
        Err(Fault::new(
            FaultCode::Manifest,
            format!(
                "the mask has the shape {:?}, the volume of the job {job} {:?}",
                mask.shape,
                shape.unwrap_or_default()
            ),
            "correct the mask on the grid that the job's event `grid` names",
        ))
    }
}
