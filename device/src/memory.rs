//! What this process has used, as the kernel accounts for it.

use std::fs;

use rustix::time::{ClockId, clock_gettime};

/// Peak resident memory of this process in bytes; absent where the kernel does not tell.
pub fn peak_resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    kilobytes(&status, "VmHWM:")
}

/// Resident memory of this process now in bytes; absent where the kernel does not tell.
pub fn resident_bytes() -> Option<u64> {
    kilobytes(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Processor time of this process so far, all threads together, in milliseconds.
pub fn processor_ms() -> f64 {
    milliseconds(ClockId::ProcessCPUTime)
}

/// Processor time of the calling thread so far, in milliseconds.
pub fn thread_processor_ms() -> f64 {
    milliseconds(ClockId::ThreadCPUTime)
}

fn milliseconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// Memory of the host in bytes: (total, available).
pub fn of_host() -> Option<(u64, u64)> {
    of_meminfo(&fs::read_to_string("/proc/meminfo").ok()?)
}

/// The same, of the text of `/proc/meminfo`.
pub(crate) fn of_meminfo(text: &str) -> Option<(u64, u64)> {
    Some((kilobytes(text, "MemTotal:")?, kilobytes(text, "MemAvailable:")?))
}

fn kilobytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells() {
        assert!(peak_resident_bytes().unwrap() > 1 << 20);
        let (total, available) = of_host().unwrap();
        assert!(total >= available && available > 0);
    }

    #[test]
    fn processor_time_grows_with_work_and_not_with_sleep() {
        let before = processor_ms();
        std::thread::sleep(std::time::Duration::from_millis(60));
        let slept = processor_ms();
        let sum = (0..4_000_000u64).map(std::hint::black_box).sum::<u64>();
        assert!(sum > 0 && processor_ms() > slept);
        assert!(slept - before < 50.0, "{} ms", slept - before);
    }

    #[test]
    fn a_line_is_read_in_kilobytes() {
        assert_eq!(kilobytes("VmPeak:\t 10 kB\nVmHWM:\t  2 kB\n", "VmHWM:"), Some(2048));
        assert_eq!(kilobytes("VmHWM: many\n", "VmHWM:"), None);
    }
}
