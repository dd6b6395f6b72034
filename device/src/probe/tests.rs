//! Made-up hosts, below a folder that stands for `/`.

use std::fs;
use std::path::Path;

use cordline_testkit::hosts::{self, Files};
use tempfile::TempDir;

use super::*;

fn root(files: Files) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    hosts::write(root.path(), files);
    root
}

fn only(files: Files) -> Gpu {
    let mut gpus = hardware_below(root(files).path()).gpus;
    assert_eq!(gpus.len(), 1);
    gpus.remove(0)
}

fn told(compute: (u32, u32)) -> Card {
    let compute = Some(ComputeCapability { major: compute.0, minor: compute.1 });
    let whole = Gpu { model: "NVIDIA told".into(), utilisation: Some(0.5), compute, ..Gpu::default() };
    Card { whole, slices: Some(vec![]) }
}

/// All of a host's GPUs.
fn gpus_of(root: &Path, told: Vec<Card>) -> Vec<Gpu> {
    examine(root, told, &Wishes::default()).gpus
}

#[test]
fn this_host_has_a_processor_and_memory() {
    let hardware = hardware();
    assert!(hardware.cores >= 1 && hardware.memory_bytes > 0 && !hardware.processor.is_empty());
    assert_eq!(hardware.gpus.len(), gpus().len());
}

#[test]
fn a_card_without_the_library_is_known_by_its_driver() {
    let gpu = only(hosts::RTX);
    assert_eq!((gpu.model.as_str(), gpu.driver.as_deref()), ("NVIDIA RTX 4000 Ada", Some("580.95.05")));
    assert_eq!(gpu.uuid.as_deref(), Some("GPU-8f6d2c1a-0000-1111-2222-333344445555"));
    assert_eq!((gpu.compute, gpu.memory, gpu.throttled), (None, None, None), "the kernel does not tell");
}

#[test]
fn what_the_library_leaves_out_the_driver_tells() {
    let root = root(hosts::RTX);
    let uuid = Some("GPU-8f6d2c1a-0000-1111-2222-333344445555".into());
    let mut ada = told((8, 9));
    ada.whole.uuid = uuid;
    let gpus = gpus_of(root.path(), vec![ada, told((9, 0))]);
    assert_eq!(gpus.len(), 2, "all that the library knows");
    assert_eq!((gpus[0].model.as_str(), gpus[0].utilisation), ("NVIDIA told", Some(0.5)));
    assert_eq!([&gpus[0].driver, &gpus[1].driver], [&Some("580.95.05".to_owned()), &None]);
}

#[test]
fn an_orin_tells_all_by_its_files() {
    let gpu = only(hosts::ORIN);
    assert_eq!(gpu.model, "NVIDIA Jetson Orin Nano Developer Kit");
    assert_eq!(gpu.compute, Some(ComputeCapability { major: 8, minor: 7 }));
    assert_eq!(gpu.memory, Some(GpuMemory { total_bytes: 7_802_192 << 10, free_bytes: 5_452_596 << 10 }));
    assert_eq!([gpu.temperature_c, gpu.power_w, gpu.utilisation], [Some(48.5), Some(1.0), Some(0.372)]);
    let jetson = gpu.jetson.unwrap();
    let release = jetson.release.unwrap();
    assert_eq!((release.l4t.as_str(), release.jetpack), ("36.4.3", Some(6)));
    let mode = jetson.power_mode.unwrap();
    assert_eq!((mode.name.as_str(), mode.better.as_deref()), ("15W", Some("MAXN_SUPER")));
    assert_eq!(jetson.over_currents, Some(3));
}

#[test]
fn a_thor_has_no_load_file_and_the_library_fills_in() {
    let gpu = only(hosts::THOR);
    assert_eq!((gpu.compute.unwrap().to_string().as_str(), gpu.utilisation), ("11.0", None));
    assert_eq!([gpu.temperature_c, gpu.power_w], [Some(51.25), Some(10.0)]);
    assert_eq!(gpu.jetson.unwrap().release.unwrap().jetpack, Some(7));
    let root = root(hosts::THOR);
    let both = gpus_of(root.path(), vec![told((11, 0)), told((8, 9))]);
    assert_eq!(
        both.iter().map(|gpu| gpu.model.as_str()).collect::<Vec<_>>(),
        ["NVIDIA Jetson AGX Thor", "NVIDIA told"]
    );
    assert_eq!(both[0].utilisation, Some(0.5));
    assert!(both[0].jetson.is_some() && both[1].jetson.is_none(), "a card beside the board is a GPU of its own");
}

#[test]
fn a_jetson_in_a_container_is_known_by_its_device_tree() {
    let gpu = only(hosts::CONTAINER);
    assert_eq!((gpu.model.as_str(), gpu.compute.unwrap().minor), ("NVIDIA Jetson AGX Orin", 7));
    assert_eq!(gpu.jetson, Some(Jetson::default()));
}

#[test]
fn a_jetson_without_device_tree_is_known_by_its_release_file() {
    let gpu = only(&[("etc/nv_tegra_release", "# R36 (release), REVISION: 4.3, GCID: 1\n")]);
    assert_eq!((gpu.model.as_str(), gpu.compute), ("NVIDIA Jetson", None));
}

#[test]
fn no_other_board_and_no_empty_tree_has_a_gpu() {
    assert_eq!(hardware_below(root(&[]).path()).gpus, []);
    let other: Files = &[("proc/device-tree/compatible", "raspberrypi,4-model-b\0brcm,bcm2711\0")];
    assert_eq!(hardware_below(root(other).path()).gpus, []);
}

#[test]
fn garbage_in_files_is_nothing_known() {
    let gpu = only(hosts::GARBAGE);
    assert_eq!(gpu.model, "NVIDIA [31mJetson", "no terminal obeys it");
    assert_eq!((gpu.compute, gpu.memory, gpu.jetson), (None, None, Some(Jetson::default())));
    assert_eq!([gpu.temperature_c, gpu.power_w, gpu.utilisation], [None; 3]);
}

#[test]
fn a_process_that_chose_its_gpu_has_no_other() {
    let root = root(hosts::RTX);
    let found = |devices: &str| {
        let wishes = Wishes { devices: Some(devices.into()), order: None };
        let hardware = examine(root.path(), vec![], &wishes);
        (hardware.gpus.len(), hardware.hidden_gpus.len(), hardware.gpu_warning.is_some())
    };
    assert_eq!([found("0"), found("GPU-8f6d")], [(1, 0, false); 2]);
    assert_eq!([found("-1"), found("GPU-7")], [(0, 1, false), (0, 1, true)]);
}

#[test]
fn no_file_is_waited_for_or_read_without_an_end() {
    let root = root(hosts::ORIN);
    let replace = |path: &str, with: &dyn Fn(&Path)| {
        let path = root.path().join(path);
        fs::remove_file(&path).unwrap();
        with(&path);
    };
    replace("sys/devices/platform/bus@0/17000000.gpu/load", &|path| {
        rustix::fs::mkfifoat(rustix::fs::CWD, path, 0o600.into()).unwrap();
    });
    replace("etc/nvpmodel.conf", &|path| fs::File::create(path).unwrap().set_len(1 << 33).unwrap());
    replace("proc/device-tree/model", &|path| fs::write(path, [0xff; 5000]).unwrap());
    replace("sys/class/thermal/thermal_zone1/temp", &|path| fs::create_dir(path).unwrap());
    let gpu = hardware_below(root.path()).gpus.remove(0);
    assert_eq!((gpu.utilisation, gpu.jetson.unwrap().power_mode), (None, None));
    assert_eq!((gpu.model.chars().count(), gpu.temperature_c), (200, Some(50.0)), "the chip's, without the GPU's");
}
