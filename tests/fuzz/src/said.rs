//! What holds of everything that Cordline says of hostile input.

use cordline_sdk::problem::Problem;
use cordline_sdk::wire::fault::Fault;

/// Words for people: there are some, and none of them steers a terminal or begins another line.
pub fn sentence(words: &str) {
    assert!(!words.trim().is_empty(), "nothing is said");
    harmless(words);
}

/// Words that may be absent.
pub fn harmless(words: &str) {
    let steers = |c: char| {
        c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    assert!(!words.chars().any(steers), "control characters in {words:?}");
}

/// A code for programs, a message and an action for people.
pub fn problem(problem: &Problem) {
    let code = problem.code.as_str();
    assert!(
        !code.is_empty() && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit()),
        "code {code:?}"
    );
    sentence(&problem.message);
    sentence(&problem.action);
}

/// The same for a refusal on the wire.
pub fn fault(fault: &Fault) {
    sentence(&fault.problem.message);
    sentence(&fault.problem.action);
}
