//! Runs one input. A panic that the reader catches itself (a decoder that breaks down becomes a fault of the frame) is no finding; one that
//! comes through is.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps what a panic says, instead of ending the process at once as the library would.
pub fn prepare() {
    panic::set_hook(Box::new(|info| {
        let trace = std::backtrace::Backtrace::force_capture;
        let loud = std::env::var_os("FUZZ_BACKTRACE").map(|_| format!("\n{}", trace())).unwrap_or_default();
        LAST.with_borrow_mut(|last| *last = format!("{info}{loud}"));
    }));
}

/// Runs one input; ends the process where it panics, so that the input is kept.
pub fn run(input: impl FnOnce()) {
    if panic::catch_unwind(AssertUnwindSafe(input)).is_err() {
        LAST.with_borrow(|last| eprintln!("{last}"));
        std::process::abort();
    }
}
