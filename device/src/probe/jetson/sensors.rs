//! The sensors of a board. A unit that is switched off may refuse to be read.

use std::path::Path;

use crate::probe::file;

/// Where the load lies, in thousandths: it moved with the releases, and is gone in JetPack 7, where NVIDIA's library tells it.
const LOADS: [&str; 3] = ["gpu.0", "17000000.gpu", "bus@0/17000000.gpu"];
/// Of the GPU as JetPack 6 and 5 name it, else of the hottest place of the chip.
const ZONES: [&str; 3] = ["gpu-thermal", "GPU-therm", "tj-thermal"];
/// Rails that a chip measures.
const RAILS: std::ops::RangeInclusive<u32> = 1..=3;

/// From 0 to 1.
pub(super) fn utilisation(root: &Path) -> Option<f64> {
    let platform = root.join("sys/devices/platform");
    LOADS.iter().find_map(|gpu| file::number(&platform.join(gpu).join("load"), 0..=1000)).map(|load| load as f64 / 1e3)
}

pub(super) fn temperature_c(root: &Path) -> Option<f64> {
    let zones = file::entries(&root.join("sys/class/thermal"));
    let of = |wanted: &&str| {
        let named = zones.iter().filter(|zone| file::name(&zone.join("type")).as_deref() == Some(wanted));
        named.filter_map(|zone| file::number(&zone.join("temp"), -50_000..=150_000)).next()
    };
    ZONES.iter().find_map(of).map(|thousandths| thousandths as f64 / 1e3)
}

/// Of the rail that feeds the GPU, else of the whole board.
pub(super) fn power_w(root: &Path) -> Option<f64> {
    let chips = file::entries(&root.join("sys/class/hwmon"));
    let chips = chips.iter().filter(|chip| file::name(&chip.join("name")).is_some_and(|name| name == "ina3221"));
    let rails: Vec<(String, f64)> = chips.flat_map(|chip| RAILS.filter_map(|rail| measured(chip, rail))).collect();
    let of = |word: &str| rails.iter().find(|(name, _)| name.contains(word)).map(|(_, watts)| *watts);
    of("GPU").or_else(|| of("VDD_IN"))
}

/// Name and power of a rail: millivolts by milliamperes.
fn measured(chip: &Path, rail: u32) -> Option<(String, f64)> {
    let value = |kind| file::number(&chip.join(format!("{kind}{rail}_input")), 0..=100_000);
    let name = file::name(&chip.join(format!("in{rail}_label")))?;
    Some((name, (value("in")? * value("curr")?) as f64 / 1e6))
}

/// Of all rails, since the board was switched on.
pub(super) fn over_currents(root: &Path) -> Option<u64> {
    let files = file::entries(&root.join("sys/class/hwmon")).into_iter().flat_map(|chip| file::entries(&chip));
    let counts = files.filter(|path| is_count(path)).filter_map(|path| file::number(&path, 0..=i64::MAX));
    counts.map(i64::unsigned_abs).reduce(u64::saturating_add)
}

/// `oc1_event_cnt`.
fn is_count(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let number = name.strip_prefix("oc").and_then(|rest| rest.strip_suffix("_event_cnt"));
    number.is_some_and(|number| number.parse::<u8>().is_ok())
}
