//! The GPUs of this host in words.

use cordline_analysis::diagnosis::gpu::MemoryNeed;
use cordline_device::probe::{Gpu, Jetson};

/// Each GPU as one line of the host, in CUDA's order, and those that this process does not see; one that says so where there is none.
pub(super) fn lines(gpus: &[Gpu], hidden: &[Gpu]) -> Vec<String> {
    let none = match (gpus, hidden) {
        ([], []) => Some("  GPU            no NVIDIA GPU found".into()),
        ([], _) => Some("  GPU            none that this process may use".into()),
        _ => None,
    };
    let own = gpus.iter().map(|gpu| format!("  GPU            {}", in_words(gpu)));
    let others = hidden.iter().map(|gpu| format!("  hidden GPU     {}", name(gpu)));
    none.into_iter().chain(own).chain(others).collect()
}

/// By which it can be chosen.
fn name(gpu: &Gpu) -> String {
    match &gpu.uuid {
        Some(uuid) => format!("{}, CUDA_VISIBLE_DEVICES={uuid}", gpu.model),
        None => gpu.model.clone(),
    }
}

/// Whether the memory of the GPU is enough for the networks.
pub(super) fn memory_line(need: MemoryNeed) -> String {
    let verdict = if need.admitted { "admitted" } else { "too little" };
    format!("Memory         needs {:.1} GiB, {:.1} GiB free: {verdict}", gib(need.needs_bytes), gib(need.free_bytes))
}

pub(super) fn gib(bytes: u64) -> f64 {
    bytes as f64 / (1u64 << 30) as f64
}

/// What is known of it, from what stays to what changes.
fn in_words(gpu: &Gpu) -> String {
    let throttled = gpu.throttled.as_ref().map(|reasons| match reasons[..] {
        [] => "not throttled".to_owned(),
        _ => format!("throttled ({})", reasons.join(", ")),
    });
    let board = gpu.jetson.as_ref();
    let parts = [
        Some(gpu.model.clone()),
        gpu.compute.map(|compute| format!("SM {compute}")),
        gpu.memory.map(|memory| format!("{:.1} GiB ({:.1} free)", gib(memory.total_bytes), gib(memory.free_bytes))),
        gpu.driver.as_ref().map(|driver| format!("driver {driver}")),
        board.and_then(release),
        board.and_then(|board| Some(format!("mode {}", board.power_mode.as_ref()?.name))),
        gpu.temperature_c.map(|degrees| format!("{degrees:.0} C")),
        throttled,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `JetPack 6 (L4T 36.4.3)`.
fn release(board: &Jetson) -> Option<String> {
    let release = board.release.as_ref()?;
    let system = format!("L4T {}", release.l4t);
    Some(match release.jetpack {
        Some(jetpack) => format!("JetPack {jetpack} ({system})"),
        None => system,
    })
}

#[cfg(test)]
mod tests {
    use cordline_analysis::diagnosis::gpu::notes;
    use cordline_device::probe::{ComputeCapability, GpuMemory, hardware_below};
    use cordline_testkit::hosts::{self, Files};

    use super::*;

    /// What is said of the GPUs of a made-up host, notes below.
    fn said(files: Files) -> String {
        let root = tempfile::tempdir().unwrap();
        hosts::write(root.path(), files);
        let gpus = hardware_below(root.path()).gpus;
        let notes = gpus.iter().flat_map(notes).map(|note| format!("  note   {note}"));
        lines(&gpus, &[]).into_iter().chain(notes).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_made_up_host_is_told_in_these_words() {
        let cases = [
            (hosts::RTX, "  GPU            NVIDIA RTX 4000 Ada, driver 580.95.05"),
            (
                hosts::ORIN,
                "  GPU            NVIDIA Jetson Orin Nano Developer Kit, SM 8.7, 7.4 GiB (5.2 free), JetPack 6 (L4T 36.4.3), mode 15W, 48 C
  note   the board is in power mode 15W; in MAXN_SUPER it computes faster (`nvpmodel`)
  note   the board was throttled since it was switched on, as it drew too much current (events: 3): look at its power supply",
            ),
            (
                hosts::THOR,
                "  GPU            NVIDIA Jetson AGX Thor, SM 11.0, 122.9 GiB (114.4 free), JetPack 7 (L4T 38.2.0), 51 C",
            ),
            (hosts::CONTAINER, "  GPU            NVIDIA Jetson AGX Orin, SM 8.7, 61.4 GiB (57.4 free)"),
            (hosts::GARBAGE, "  GPU            NVIDIA [31mJetson"),
            (&[], "  GPU            no NVIDIA GPU found"),
        ];
        for (files, words) in cases {
            assert_eq!(said(files), words);
        }
    }

    #[test]
    fn a_card_is_told_with_what_its_library_knows() {
        let gib = |gib: f64| (gib * f64::from(1 << 30)) as u64;
        let card = Gpu {
            model: "NVIDIA RTX 4000 Ada".into(),
            compute: Some(ComputeCapability { major: 8, minor: 9 }),
            memory: Some(GpuMemory { total_bytes: gib(20.0), free_bytes: gib(18.7) }),
            driver: Some("580.95".into()),
            temperature_c: Some(41.0),
            throttled: Some(vec![]),
            ..Gpu::default()
        };
        let hot = Gpu { throttled: Some(vec!["power cap", "too hot"]), ..card.clone() };
        let words = "  GPU            NVIDIA RTX 4000 Ada, SM 8.9, 20.0 GiB (18.7 free), driver 580.95, 41 C, ";
        let wanted = [format!("{words}not throttled"), format!("{words}throttled (power cap, too hot)")];
        assert_eq!(lines(&[card, hot], &[]), wanted);
    }

    #[test]
    fn what_this_process_does_not_see_is_told_by_the_name_that_chooses_it() {
        let slice = Gpu { model: "NVIDIA H200 MIG 1g.18gb".into(), uuid: Some("MIG-4".into()), ..Gpu::default() };
        let wanted = [
            "  GPU            none that this process may use",
            "  hidden GPU     NVIDIA H200 MIG 1g.18gb, CUDA_VISIBLE_DEVICES=MIG-4",
        ];
        assert_eq!(lines(&[], &[slice]), wanted);
    }

    #[test]
    fn memory_is_admitted_or_too_little() {
        let need = |admitted| MemoryNeed { needs_bytes: 1_181_116_006, free_bytes: 20_078_972_109, admitted };
        assert_eq!(memory_line(need(true)), "Memory         needs 1.1 GiB, 18.7 GiB free: admitted");
        assert!(memory_line(need(false)).ends_with("18.7 GiB free: too little"));
    }
}
