//! How much a board may draw, as `nvpmodel` set it. It is looked at and never changed: a faster mode may want another power supply.

use std::path::Path;

use crate::probe::board::PowerMode;
use crate::probe::file;

/// Of the board below a root folder; nothing where its number has no name.
pub(super) fn of(root: &Path) -> Option<PowerMode> {
    let status = file::text(&root.join("var/lib/nvpmodel/status"))?;
    let id: u32 = status.lines().find_map(|line| line.trim().strip_prefix("pmode:"))?.trim().parse().ok()?;
    let modes = modes(&file::text(&root.join("etc/nvpmodel.conf"))?);
    let now = modes.iter().find(|mode| mode.id == id)?;
    // The fastest is not the one of the highest number, and of two alike the first is named.
    let best = modes.iter().filter(|mode| mode.gpu_hz.is_some()).rev().max_by_key(|mode| mode.speed());
    let better = best.filter(|best| now.gpu_hz.is_some() && best.speed() > now.speed());
    Some(PowerMode { name: now.name.clone(), better: better.map(|mode| mode.name.clone()) })
}

/// A mode of the board's table.
struct Mode {
    id: u32,
    name: String,
    /// The highest clock of the GPU; `u64::MAX` where there is no limit.
    gpu_hz: Option<u64>,
    /// Processors that are switched on.
    cores: usize,
}

impl Mode {
    fn speed(&self) -> (Option<u64>, usize) {
        (self.gpu_hz, self.cores)
    }
}

/// The modes of the text of `nvpmodel.conf`: headings like `< POWER_MODEL ID=2 NAME=15W >`, and below each its settings.
fn modes(table: &str) -> Vec<Mode> {
    let mut modes: Vec<Mode> = Vec::new();
    let mut is_within = false;
    for line in table.lines().map(str::trim) {
        if line.starts_with('<') {
            let mode = heading(line);
            is_within = mode.is_some();
            modes.extend(mode);
        } else if is_within && let Some(mode) = modes.last_mut() {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                [unit, "MAX_FREQ", limit] if unit.starts_with("GPU") => mode.gpu_hz = hertz(limit),
                ["CPU_ONLINE", _, "1"] => mode.cores += 1,
                _ => {}
            }
        }
    }
    modes
}

fn heading(line: &str) -> Option<Mode> {
    let words = line.strip_prefix('<')?.trim_end_matches('>').trim().strip_prefix("POWER_MODEL")?;
    let value = |key: &str| words.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    Some(Mode { id: value("ID")?.parse().ok()?, name: file::shown(value("NAME")?)?, gpu_hz: None, cores: 0 })
}

fn hertz(limit: &str) -> Option<u64> {
    if limit == "-1" { Some(u64::MAX) } else { limit.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(table: &str, status: &str) -> Option<PowerMode> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in [("var/lib/nvpmodel/status", status), ("etc/nvpmodel.conf", table)] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        of(root.path())
    }

    const TABLE: &str = "< PARAM TYPE=CLOCK NAME=GPU >\nMAX_FREQ /sys/gpu/max_freq\n\
        < POWER_MODEL ID=0 NAME=MAXN >\nCPU_ONLINE CORE_0 1\nGPU MAX_FREQ -1\n\
        < POWER_MODEL NAME=30W ID=2 >\nCPU_ONLINE CORE_0 1\nGPU MAX_FREQ 612000000\n\
        < PM_CONFIG DEFAULT=2 >\nGPU MAX_FREQ 1\n< POWER_MODEL ID=3 NAME=BARE >\n";

    #[test]
    fn the_fastest_mode_is_not_the_one_of_the_highest_number() {
        let found = |status| mode(TABLE, status).map(|mode| (mode.name, mode.better));
        assert_eq!(found("pmode:0002\n"), Some(("30W".into(), Some("MAXN".into()))));
        assert_eq!(found("pmode:0000\n"), Some(("MAXN".into(), None)));
        assert_eq!(found("pmode:0003"), Some(("BARE".into(), None)), "nothing is said of its clock");
        assert_eq!([found("pmode:0007"), found("pmode:"), found("fmode:0002")], [None, None, None]);
    }
}
