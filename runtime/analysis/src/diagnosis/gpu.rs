//! What is worth knowing of the GPUs: what slows them down, and whether their memory is enough.

use cordline_device::probe::{Gpu, GpuMemory};
use serde::Serialize;

/// Memory that the networks take of a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MemoryNeed {
    /// What they took when each had run on its golden input.
    pub needs_bytes: u64,
    /// What was free before.
    pub free_bytes: u64,
    /// True where a tenth more than they took was free.
    pub admitted: bool,
}

impl MemoryNeed {
    /// Of the memory before and after; nothing where nothing was taken.
    pub(super) fn between(before: GpuMemory, after: GpuMemory) -> Option<Self> {
        let (free_bytes, needs_bytes) = (before.free_bytes, before.free_bytes.saturating_sub(after.free_bytes));
        let admitted = u128::from(free_bytes) * 10 >= u128::from(needs_bytes) * 11;
        (needs_bytes > 0).then_some(Self { needs_bytes, free_bytes, admitted })
    }
}

/// What slows a GPU down, and what somebody may do about it. Nothing is ever changed here.
pub fn notes(gpu: &Gpu) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(reasons) = gpu.throttled.as_ref().filter(|_| gpu.is_throttled()) {
        notes.push(format!("{} is throttled now: {}", gpu.model, reasons.join(", ")));
    }
    let Some(board) = &gpu.jetson else { return notes };
    if let Some(mode) = &board.power_mode
        && let Some(better) = &mode.better
    {
        notes.push(format!("the board is in power mode {}; in {better} it computes faster (`nvpmodel`)", mode.name));
    }
    if let Some(times) = board.over_currents.filter(|times| *times > 0) {
        notes.push(format!(
            "the board was throttled since it was switched on, as it drew too much current (events: {times}): look at its power supply"
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_networks_took_must_be_there_with_a_tenth_to_spare() {
        let memory = |free_bytes| GpuMemory { total_bytes: 1000, free_bytes };
        let need = |before, after| MemoryNeed::between(memory(before), memory(after));
        let found = |need: MemoryNeed| (need.needs_bytes, need.free_bytes, need.admitted);
        assert_eq!(need(900, 800).map(found), Some((100, 900, true)));
        assert_eq!(need(110, 10).map(found), Some((100, 110, true)));
        assert_eq!(need(109, 9).map(found), Some((100, 109, false)));
        assert_eq!([need(500, 500), need(500, 600)], [None, None], "somebody else's work ended");
    }

    #[test]
    fn a_gpu_that_runs_as_it_can_is_not_worth_a_note() {
        let gpu = Gpu { model: "NVIDIA L4".into(), throttled: Some(vec![]), ..Gpu::default() };
        assert!(notes(&gpu).is_empty());
        let hot = Gpu { throttled: Some(vec!["power cap", "too hot"]), ..gpu };
        assert_eq!(notes(&hot), ["NVIDIA L4 is throttled now: power cap, too hot"]);
    }
}
