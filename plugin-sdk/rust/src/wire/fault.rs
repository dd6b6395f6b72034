//! Why a request was refused.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::{Code, Diagnose, Problem};
use crate::steering::steers;

/// A refusal: what is wrong, and whether trying again helps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// What went wrong; on the wire its fields stand beside the others.
    #[serde(flatten)]
    pub problem: Problem,
    /// True where the very same request may succeed later.
    pub retry: bool,
    /// With `busy`: milliseconds after which trying again is worth while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl Fault {
    /// A refusal with facts and advice.
    pub fn new(code: Code, message: impl Into<String>, action: impl Into<String>) -> Self {
        Problem::new(code, message, action).into()
    }

    /// Not now: the same again after `after_ms` milliseconds.
    pub fn busy(message: impl Into<String>, after_ms: u64) -> Self {
        let action = format!("ask the same again after {after_ms} ms");
        Self { retry_after_ms: Some(after_ms), ..Self::new(Code::Busy, message, action) }
    }
}

impl From<Problem> for Fault {
    fn from(Problem { code, message, action }: Problem) -> Self {
        let retry = code.is_passing();
        Self { problem: Problem { code, message: plain(message), action: plain(action) }, retry, retry_after_ms: None }
    }
}

impl<E: Diagnose> From<E> for Fault {
    fn from(error: E) -> Self {
        error.problem().into()
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        fault.problem
    }
}

/// A client's own words stand in some messages, which are shown and logged: nothing in them steers a terminal or begins another line.
fn plain(words: String) -> String {
    if words.chars().any(steers) { words.replace(steers, " ") } else { words }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_words_come_back_without_what_steers_a_terminal() {
        let fault = Fault::new(Code::UnknownVerb, "the verb `\u{1b}[2J\r\n\u{202e}x` is unknown", "a\u{9b}b");
        let Problem { message, action, .. } = fault.problem;
        assert_eq!((&*message, &*action), ("the verb ` [2J   x` is unknown", "a b"));
    }

    #[test]
    fn a_code_of_a_later_daemon_is_read_and_its_retry_holds() {
        let said = r#"{"code": "not_yet_invented", "message": "m", "action": "a", "retry": true}"#;
        let fault: Fault = serde_json::from_str(said).unwrap();
        assert!(matches!(&fault.problem.code, Code::Other(word) if &**word == "not_yet_invented"));
        assert!(fault.retry);
    }

    #[test]
    fn the_fields_of_the_problem_stand_beside_the_others() {
        let fault = Fault::busy("too much", 20);
        let json = serde_json::to_string(&fault).unwrap();
        let written = r#"{"code":"busy","message":"too much","action":"ask the same again after 20 ms","retry":true,"retry_after_ms":20}"#;
        assert_eq!(json, written);
        assert_eq!(serde_json::from_str::<Fault>(written).unwrap(), fault);
    }
}
