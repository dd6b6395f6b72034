use super::*;

const GIB: u64 = 1 << 30;

fn card() -> Reading {
    Reading {
        name: Some("NVIDIA RTX 4000 Ada\u{7}".into()),
        uuid: Some("GPU-8f6d".into()),
        compute: Some((8, 9)),
        memory: Some((20 * GIB, 18 * GIB)),
        temperature_c: Some(41),
        power_mw: Some(38_400),
        busy_percent: Some(25),
        throttle: Some(ThrottleReasons::GPU_IDLE | ThrottleReasons::APPLICATIONS_CLOCKS_SETTING),
    }
}

#[test]
fn what_the_library_tells_is_told_in_our_units() {
    let gpu = card().into_gpu(Some("580.95"));
    assert_eq!((gpu.model.as_str(), gpu.uuid.as_deref()), ("NVIDIA RTX 4000 Ada", Some("GPU-8f6d")));
    assert_eq!((gpu.compute.unwrap().to_string().as_str(), gpu.driver.as_deref()), ("8.9", Some("580.95")));
    assert_eq!(gpu.memory.map(|memory| (memory.total_bytes, memory.used_bytes())), Some((20 * GIB, 2 * GIB)));
    assert_eq!([gpu.temperature_c, gpu.power_w, gpu.utilisation], [Some(41.0), Some(38.4), Some(0.25)]);
    assert_eq!((gpu.is_throttled(), gpu.throttled), (false, Some(vec![])), "it is idle");
}

#[test]
fn what_slows_it_down_is_told_in_words() {
    let reasons = ThrottleReasons::GPU_IDLE | ThrottleReasons::SW_POWER_CAP | ThrottleReasons::HW_THERMAL_SLOWDOWN;
    let gpu = Reading { throttle: Some(reasons), ..card() }.into_gpu(None);
    assert!(gpu.is_throttled());
    assert_eq!(gpu.throttled.unwrap(), ["power cap", "far too hot"]);
}

#[test]
fn what_the_library_does_not_tell_stays_unknown() {
    let gpu = Reading { memory: Some((0, 0)), busy_percent: Some(4_000_000), ..Reading::default() }.into_gpu(None);
    assert_eq!(gpu, Gpu { model: "NVIDIA GPU".into(), ..Gpu::default() });
    assert_eq!(Reading { compute: Some((-1, 0)), ..card() }.into_gpu(None).compute, None);
}

#[test]
fn a_slice_has_its_own_memory_and_the_sensors_of_its_card() {
    let slice = Reading {
        name: Some("NVIDIA RTX 4000 Ada MIG 1g.5gb".into()),
        uuid: Some("MIG-1".into()),
        memory: Some((5 * GIB, 4 * GIB)),
        ..Reading::default()
    };
    let gpu = slice.within(&card()).into_gpu(None);
    assert_eq!((gpu.uuid.as_deref(), gpu.memory.unwrap().total_bytes), (Some("MIG-1"), 5 * GIB));
    assert_eq!((gpu.compute.unwrap().to_string().as_str(), gpu.temperature_c), ("8.9", Some(41.0)));
    assert_eq!(gpu.utilisation, None, "the card's is that of all slices");
}

#[test]
fn without_the_library_no_gpu_is_known_by_it() {
    // On a host that has one, it lists what it lists; asking twice opens nothing twice.
    assert_eq!(cards().len(), cards().len());
}
