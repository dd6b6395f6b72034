//! The answer to a study in a word or two.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a completed analysis found.
///
/// `name` is `no_lesion`, `indeterminate` or the class that the first question decided on (in the spinal bundle
/// `tumour` or `demyelinating`). `subtype` is the class that the following question decided on, or `undecided`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// `no_lesion`, `indeterminate`, or a class id of the bundle's first question.
    pub name: String,
    /// A class id of the branch's question, `undecided`, or absent where the bundle asks nothing further.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtype: Option<String>,
    /// The same in words for people, for example "Tumour: ependymoma".
    pub label: String,
}

impl Finding {
    /// The id of "no lesion was segmented": a result like any other.
    pub const NO_LESION: &'static str = "no_lesion";
    /// The id of "lesions are there, but the first question lies inside its undecided band".
    pub const INDETERMINATE: &'static str = "indeterminate";
    /// The subtype id of "the branch's question lies inside its undecided band".
    pub const UNDECIDED: &'static str = "undecided";

    /// No lesion was segmented.
    pub fn no_lesion() -> Self {
        Self { name: Self::NO_LESION.into(), subtype: None, label: "No lesion found".into() }
    }

    /// Lesions were segmented, and the first question is too close to call.
    pub fn indeterminate() -> Self {
        Self { name: Self::INDETERMINATE.into(), subtype: None, label: "Lesion found, kind undecided".into() }
    }

    /// True where nothing was segmented.
    pub fn is_no_lesion(&self) -> bool {
        self.name == Self::NO_LESION
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}
