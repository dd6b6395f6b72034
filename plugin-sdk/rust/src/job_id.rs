//! A job's name.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A job's name: letters and digits, at most 64. The same input, bundle and options have the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

impl JobId {
    /// Takes a name that may become part of a path; `None` for any other.
    pub fn new(name: impl Into<String>) -> Option<Self> {
        let name = name.into();
        let plain = (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
        plain.then_some(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for JobId {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::new(name).ok_or("a job's name has 1 to 64 letters and digits")
    }
}

impl From<JobId> for String {
    fn from(job: JobId) -> Self {
        job.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_safe_as_part_of_a_path() {
        assert!(JobId::new("9f2c").is_some());
        for bad in ["", "../etc", "a/b", "a.b", "ä", &"a".repeat(65)] {
            assert!(JobId::new(bad).is_none(), "{bad}");
            assert!(serde_json::from_value::<JobId>(bad.into()).is_err(), "{bad}");
        }
    }
}
