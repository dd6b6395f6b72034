//! A provider that was wanted and could not be used.

use crate::precision::Precision;
use crate::provider::ExecutionProvider;
use crate::refusal::Refusal;

/// A provider that was wanted and could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// The provider that was wanted.
    pub wanted: ExecutionProvider,
    /// In which precision, where it came that far.
    pub precision: Option<Precision>,
    /// Why it could not be used.
    pub reason: Refusal,
}

impl Fallback {
    /// Whom it is about: `OpenVINO bf16`.
    pub fn subject(&self) -> String {
        match self.precision {
            Some(precision) => format!("{} {precision}", self.wanted),
            None => self.wanted.to_string(),
        }
    }

    /// True where nothing is amiss on a host whose operator chose no provider: it lacks the device, or a part that is optional.
    pub fn is_expected(&self) -> bool {
        match &self.reason {
            Refusal::NoDevice(_) | Refusal::NotInstalled => true,
            Refusal::NotTolerated(_) => self.precision != Some(Precision::Fp32),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fallback(wanted: ExecutionProvider, precision: Option<Precision>, reason: Refusal) -> Fallback {
        Fallback { wanted, precision, reason }
    }

    #[test]
    fn a_device_that_is_not_there_is_no_fault_and_a_missing_library_beside_one_is() {
        let missing = || Refusal::FileMissing("/lib/a.so".into());
        let expected = |wanted, reason| fallback(wanted, None, reason).is_expected();
        assert!(expected(ExecutionProvider::Cuda, Refusal::NoDevice("no NVIDIA GPU was found".into())));
        assert!(expected(ExecutionProvider::OpenVino, Refusal::NotInstalled));
        assert!(!expected(ExecutionProvider::OpenVino, missing()), "it was configured");
        assert!(!expected(ExecutionProvider::Cuda, missing()));
        assert!(!expected(ExecutionProvider::Cuda, Refusal::NoSuchDevice("GPU-9".into())), "it was chosen");
        assert!(!expected(ExecutionProvider::OpenVino, Refusal::Golden("strayed".into())));
    }

    #[test]
    fn a_fall_back_names_the_precision_where_it_came_so_far() {
        let reason = Refusal::Golden("strayed".into());
        let subject = |precision| fallback(ExecutionProvider::OpenVino, precision, reason.clone()).subject();
        assert_eq!([subject(None), subject(Some(Precision::Bf16))], ["OpenVINO", "OpenVINO bf16"]);
    }
}
