//! Whose turn it is on the processors of the box.

use rustix::process::setpriority_process;

/// What computing threads take upon themselves, on the scale of `nice`: enough that whoever asks something is answered first, too
/// little to slow the networks where nobody asks.
const COMPUTING: i32 = 5;

/// Has the calling thread, and every thread that it starts from now on, let the others of the box go first.
pub fn step_back() {
    // Linux keeps this for each thread. A box that refuses computes as before.
    let _ = setpriority_process(None, COMPUTING);
}

/// Runs `work` on a thread of its own that steps back, as do those that it starts: ONNX Runtime's, where it opens a session.
pub fn stepped_back<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let work = || {
        step_back();
        work()
    };
    std::thread::scope(|scope| scope.spawn(work).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[test]
    fn a_thread_and_its_own_step_back_and_no_other() {
        let before = getpriority_process(None).unwrap();
        let mine = || getpriority_process(None).unwrap();
        let seen =
            stepped_back(|| [mine(), std::thread::spawn(move || getpriority_process(None).unwrap()).join().unwrap()]);
        assert_eq!(seen, [COMPUTING.max(before); 2]);
        assert_eq!(mine(), before);
    }
}
