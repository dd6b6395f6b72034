//! Words on standard output and standard error. Here `println!`, `print!` and `eprintln!` are our own: the standard ones panic where
//! the pipe was closed, as after `cordline keys new NAME | head -1`.
//!
//! A reader that has seen enough closes the pipe. That is no fault: what is said afterwards is dropped, and the exit code stays that
//! of the command. Any other failure (a full disk behind a redirection) is reported at the end, and the program fails with it.

use std::borrow::Cow;
use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use cordline_core::printable::is_harmless;

use crate::exit::Exit;

/// The reader of standard output has closed it.
static CLOSED: AtomicBool = AtomicBool::new(false);
/// The first failure that was not that.
static FAILED: Mutex<Option<io::Error>> = Mutex::new(None);

macro_rules! print {
    ($($words:tt)*) => { $crate::output::say(format_args!($($words)*)) };
}

macro_rules! println {
    ($($words:tt)*) => { $crate::output::say(format_args!("{}\n", format_args!($($words)*))) };
}

macro_rules! eprintln {
    ($($words:tt)*) => { $crate::output::warn(format_args!("{}\n", format_args!($($words)*))) };
}

/// Says something on standard output.
pub(super) fn say(words: Arguments<'_>) {
    if CLOSED.load(Ordering::Relaxed) {
        return;
    }
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(harmless(&words.to_string()).as_bytes()).and_then(|()| out.flush()) {
        note(error);
    }
}

/// Says something on standard error. Where that fails there is nowhere left to say so.
pub(super) fn warn(words: Arguments<'_>) {
    let _ = io::stderr().lock().write_all(harmless(&words.to_string()).as_bytes());
}

/// The words without what would steer the terminal: much of what is said stood in files and on other hosts.
fn harmless(words: &str) -> Cow<'_, str> {
    let passes = |c: char| is_harmless(c) || matches!(c, '\n' | '\t');
    match words.chars().all(passes) {
        true => Cow::Borrowed(words),
        false => Cow::Owned(words.chars().map(|c| if passes(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()),
    }
}

/// JSON in which nothing steers a terminal: such characters are written as numbers, and read as what they were.
pub(super) fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match is_harmless(c) || c == '\n' {
            true => safe.push(c),
            // All of them are in the first plane, and stand in strings alone.
            false => safe += &format!("\\u{:04x}", u32::from(c)),
        }
    }
    safe
}

/// True once the reader of standard output has closed it: there is no use in printing more.
pub(super) fn is_over() -> bool {
    CLOSED.load(Ordering::Relaxed)
}

/// True where something that was said is lost, and its reader did not close the pipe.
pub(super) fn has_failed() -> bool {
    FAILED.lock().is_ok_and(|failed| failed.is_some())
}

/// The exit code of a command, unless something of what it said was lost.
pub(super) fn ended(exit: Exit) -> Exit {
    // A lock is poisoned only by a panic, which is the louder fault.
    match FAILED.lock().ok().and_then(|mut failed| failed.take()) {
        None => exit,
        Some(error) => {
            eprintln!("cordline: what was to be printed could not be written: {error}");
            eprintln!("  what to do: make room, or choose another place for it, and run the same again");
            Exit::Failed
        }
    }
}

fn note(error: io::Error) {
    CLOSED.store(true, Ordering::Relaxed);
    if error.kind() != ErrorKind::BrokenPipe
        && let Ok(mut failed) = FAILED.lock()
    {
        failed.get_or_insert(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_said_steers_a_terminal() {
        assert_eq!(harmless("a\tb\n"), "a\tb\n");
        assert_eq!(harmless("\u{1b}[31mred\u{9b}2J\u{202e}\r"), "\u{fffd}[31mred\u{fffd}2J\u{fffd}\u{fffd}");
    }

    #[test]
    fn json_keeps_what_it_says() {
        let said = serde_json::json!({"description": "T2\u{1b}[2J\u{9b}\u{202e}\u{2028}\u{7f}", "n": [1, "ä"]});
        let text = json(&serde_json::to_string_pretty(&said).unwrap());
        assert!(text.chars().all(|c| is_harmless(c) || c == '\n'), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), said);
    }
}
