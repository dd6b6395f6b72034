//! Why something came to nothing: one kind of problem for the wire, for `result.json` and for HTTP.
//!
//! - `table`: every code, one row each: word, HTTP status, whether trying again helps, who can do something about it
//! - `row`: what a row says, and the macro that makes [`Code`] of the rows
//! - `code`: what a code can say of itself, and how it is read and written
//!
//! A fallible function returns an error type of its own that holds the facts; [`Diagnose`] gives it a code and an advice, and `?` makes
//! a [`Problem`] of it. Absent from here: the envelope of a refusal on the wire, [`crate::wire::fault::Fault`].

mod code;
mod row;
mod table;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use row::Actor;
pub use table::Code;

/// Why there is no answer, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// Stable identifier for programs, for example `unequal_gaps`.
    pub code: Code,
    /// What is wrong, in a sentence with the facts.
    pub message: String,
    /// What to do about it.
    pub action: String,
}

/// An error that people and programs are told of: its `Display` is the message, and this trait adds the rest.
///
/// ```
/// use std::borrow::Cow;
///
/// use cordline_sdk::problem::{Code, Diagnose, Problem};
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("the disk has {free} bytes left")]
/// struct Full {
///     free: u64,
/// }
///
/// impl Diagnose for Full {
///     fn code(&self) -> Code {
///         Code::DiskFull
///     }
///
///     fn action(&self) -> Cow<'_, str> {
///         "free some space".into()
///     }
/// }
///
/// fn write() -> Result<(), Problem> {
///     Err(Full { free: 7 })?
/// }
/// assert_eq!(write().unwrap_err(), Problem::new(Code::DiskFull, "the disk has 7 bytes left", "free some space"));
/// ```
pub trait Diagnose: Error {
    /// Its stable identifier.
    fn code(&self) -> Code;

    /// What to do about it.
    fn action(&self) -> Cow<'_, str>;

    /// The problem that a person is told, of an error that is still needed.
    fn problem(&self) -> Problem {
        Problem::new(self.code(), self.to_string(), self.action())
    }
}

impl Problem {
    /// A problem with its facts and an advice.
    pub fn new(code: Code, message: impl Into<String>, action: impl Into<String>) -> Self {
        Self { code, message: message.into(), action: action.into() }
    }
}

impl<E: Diagnose> From<E> for Problem {
    fn from(error: E) -> Self {
        error.problem()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.action)
    }
}
