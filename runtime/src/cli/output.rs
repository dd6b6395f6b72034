//! Words on standard output and standard error. Here `println!`, `print!` and `eprintln!` are our own: the standard ones panic where
//! nobody reads any more, as after `cordline keys new NAME | head -1`.
//!
//! A reader that has seen enough closes the pipe. That is no fault: what is said afterwards is dropped, and the exit code stays that
//! of the command. Any other failure (a full disk behind a redirection) is told at the end, and the program fails with it.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::exit::Exit;

/// Nobody reads standard output any more.
static CLOSED: AtomicBool = AtomicBool::new(false);
/// The first failure that was not that.
static FAILED: Mutex<Option<io::Error>> = Mutex::new(None);

macro_rules! print {
    ($($words:tt)*) => { $crate::cli::output::say(format_args!($($words)*)) };
}

macro_rules! println {
    ($($words:tt)*) => { $crate::cli::output::say(format_args!("{}\n", format_args!($($words)*))) };
}

macro_rules! eprintln {
    ($($words:tt)*) => { $crate::cli::output::warn(format_args!("{}\n", format_args!($($words)*))) };
}

/// Says something on standard output.
pub(super) fn say(words: Arguments<'_>) {
    if CLOSED.load(Ordering::Relaxed) {
        return;
    }
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_fmt(words).and_then(|()| out.flush()) {
        note(error);
    }
}

/// Says something on standard error. Where that fails there is nowhere left to say so.
pub(super) fn warn(words: Arguments<'_>) {
    let _ = io::stderr().lock().write_fmt(words);
}

/// True once nobody reads standard output any more: whoever would go on printing may stop.
pub(super) fn is_over() -> bool {
    CLOSED.load(Ordering::Relaxed)
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
