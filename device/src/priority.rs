//! Priority of computing threads on the processors of the host.

use rustix::process::setpriority_process;

/// Nice value of computing threads: enough that queries are answered first, too little to slow the networks on an idle host.
const COMPUTING: i32 = 5;

/// Lowers the priority of the calling thread, and of every thread that it starts from now on.
pub fn lower_priority() {
    // Linux keeps this for each thread. A host that refuses it computes at the usual priority.
    let _ = setpriority_process(None, COMPUTING);
}

/// Runs `work` on a thread of its own at lower priority; threads that it starts inherit that, as ONNX Runtime's do where it opens a session.
pub fn at_lower_priority<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let work = || {
        lower_priority();
        work()
    };
    std::thread::scope(|scope| scope.spawn(work).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[test]
    fn a_thread_and_those_it_starts_have_lower_priority_and_no_other() {
        let before = getpriority_process(None).unwrap();
        let mine = || getpriority_process(None).unwrap();
        let seen = at_lower_priority(|| {
            [mine(), std::thread::spawn(move || getpriority_process(None).unwrap()).join().unwrap()]
        });
        assert_eq!(seen, [COMPUTING.max(before); 2]);
        assert_eq!(mine(), before);
    }
}
