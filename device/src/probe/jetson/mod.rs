//! Jetson boards, by files of the kernel and of NVIDIA's system, each of which may be absent.
//!
//! - [`power_mode`]: how much the board may draw
//! - [`sensors`]: load, temperature, power, over-current

mod power_mode;
mod sensors;

use std::path::Path;

use super::board::{Jetson, Release};
use super::file;
use super::gpu::{ComputeCapability, Gpu, GpuMemory};
use crate::memory;

/// The GPU of the board below a root folder; nothing where it is no Jetson.
pub(super) fn gpu(root: &Path) -> Option<Gpu> {
    let compatible = file::text(&root.join("proc/device-tree/compatible")).unwrap_or_default();
    let chip = compatible.split('\0').find_map(|board| board.strip_prefix("nvidia,tegra"));
    let release_file = root.join("etc/nv_tegra_release");
    // A container has no release file unless it was mounted by hand; the device tree is always there.
    if chip.is_none() && !release_file.exists() {
        return None;
    }
    let shared = file::text(&root.join("proc/meminfo")).and_then(|text| memory::of_meminfo(&text));
    Some(Gpu {
        model: file::name(&root.join("proc/device-tree/model")).unwrap_or_else(|| "NVIDIA Jetson".into()),
        compute: chip.and_then(compute),
        memory: shared.map(|(total_bytes, free_bytes)| GpuMemory { total_bytes, free_bytes }),
        temperature_c: sensors::temperature_c(root),
        power_w: sensors::power_w(root),
        utilisation: sensors::utilisation(root),
        jetson: Some(Jetson {
            release: file::name(&release_file).and_then(|line| release(&line)),
            power_mode: power_mode::of(root),
            over_currents: sensors::over_currents(root),
        }),
        ..Gpu::default()
    })
}

/// Of the chip's number.
fn compute(chip: &str) -> Option<ComputeCapability> {
    let (major, minor) = match chip {
        "210" => (5, 3),
        "186" => (6, 2),
        "194" => (7, 2),
        "234" => (8, 7),
        "264" => (11, 0),
        _ => return None,
    };
    Some(ComputeCapability { major, minor })
}

/// Of a line like `# R36 (release), REVISION: 4.3, GCID: 38968081, …`.
fn release(line: &str) -> Option<Release> {
    let major: u32 = line.strip_prefix("# R")?.split_whitespace().next()?.parse().ok()?;
    let (revision, _) = line.split_once("REVISION:")?.1.split_once(',')?;
    let revision = revision.trim();
    if revision.is_empty() || !revision.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let jetpack = match major {
        32 => Some(4),
        34 | 35 => Some(5),
        36 => Some(6),
        38 | 39 => Some(7),
        _ => None,
    };
    Some(Release { l4t: format!("{major}.{revision}"), jetpack })
}
