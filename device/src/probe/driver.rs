//! What the kernel's driver tells of discrete GPUs without NVIDIA's library.

use std::path::Path;

use super::file;
use super::gpu::Gpu;

/// The GPUs below a root folder, in the order of the bus; none without the driver.
pub(super) fn gpus(root: &Path) -> Vec<Gpu> {
    let folder = root.join("proc/driver/nvidia");
    let Some(version) = file::name(&folder.join("version")) else { return Vec::new() };
    let driver = Some(number(&version).unwrap_or(version));
    let cards = file::entries(&folder.join("gpus"));
    cards.iter().filter_map(|card| gpu(&file::text(&card.join("information"))?, driver.clone())).collect()
}

fn gpu(information: &str, driver: Option<String>) -> Option<Gpu> {
    let value = |key| information.lines().find_map(|line| line.strip_prefix(key)).and_then(file::shown);
    // While the driver wakes the card, its UUID is question marks.
    let uuid = value("GPU UUID:").filter(|uuid| !uuid.contains('?'));
    Some(Gpu { model: value("Model:")?, uuid, driver, ..Gpu::default() })
}

/// `570.133.20` of `NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.133.20  Sun Mar …`.
fn number(line: &str) -> Option<String> {
    let is_number = |word: &&str| {
        let parts: Vec<&str> = word.split('.').collect();
        parts.len() > 1 && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    };
    line.split_whitespace().find(is_number).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_the_line_of_either_module() {
        let closed = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.133.20  Sun Mar 16 12:01:02 UTC 2025";
        let open = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build";
        assert_eq!([closed, open].map(|line| number(line).unwrap()), ["570.133.20", "580.95.05"]);
        assert_eq!(number("NVRM version: none. of. these 5. .5"), None);
    }
}
