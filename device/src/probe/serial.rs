//! A number that stays with the host.

use std::fs;

use sha2::{Digest, Sha256};

/// A serial number of this host: the board's own on a Jetson, else one derived from the machine id, which itself must stay secret, or from
/// the host's name where it has none.
pub fn serial() -> String {
    let jetson =
        fs::read_to_string("/proc/device-tree/serial-number").map(|s| s.trim_end_matches('\0').trim().to_owned());
    if let Some(serial) = jetson.ok().filter(|s| !s.is_empty()) {
        return serial;
    }
    // Images of systems come with an empty file, which every copy of them has.
    let id = fs::read_to_string("/etc/machine-id").ok().filter(|id| is_machine_id(id));
    let machine = id.or_else(|| fs::read_to_string("/proc/sys/kernel/hostname").ok()).unwrap_or_default();
    base16ct::lower::encode_string(&Sha256::digest(format!("cordline {}", machine.trim()))[..8])
}

fn is_machine_id(text: &str) -> bool {
    !matches!(text.trim(), "" | "uninitialized")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_keeps_its_number() {
        assert_eq!(serial(), serial());
        assert!(!serial().is_empty());
    }

    #[test]
    fn an_image_of_a_system_has_no_machine_id() {
        assert!(["", "\n", "uninitialized\n"].iter().all(|text| !is_machine_id(text)));
        assert!(is_machine_id("0123456789abcdef0123456789abcdef\n"));
    }
}
