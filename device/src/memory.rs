//! What this process has used, as the kernel accounts for it.

use std::fs;

/// Peak resident memory of this process in bytes; absent where the kernel does not tell.
pub fn peak_resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    kilobytes(&status, "VmHWM:")
}

/// Memory of the box in bytes: (total, available).
pub fn of_the_box() -> Option<(u64, u64)> {
    let info = fs::read_to_string("/proc/meminfo").ok()?;
    Some((kilobytes(&info, "MemTotal:")?, kilobytes(&info, "MemAvailable:")?))
}

fn kilobytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix(key))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_tells() {
        assert!(peak_resident_bytes().unwrap() > 1 << 20);
        let (total, available) = of_the_box().unwrap();
        assert!(total >= available && available > 0);
    }

    #[test]
    fn a_line_is_read_in_kilobytes() {
        assert_eq!(kilobytes("VmPeak:\t 10 kB\nVmHWM:\t  2 kB\n", "VmHWM:"), Some(2048));
        assert_eq!(kilobytes("VmHWM: many\n", "VmHWM:"), None);
    }
}
