use cordline_device::probe::{GpuMemory, Jetson};
use prometheus_client::encoding::text::encode;

use super::*;

fn hot() -> Gpu {
    Gpu {
        memory: Some(GpuMemory { total_bytes: 1000, free_bytes: 400 }),
        utilisation: Some(0.25),
        temperature_c: Some(83.5),
        power_w: Some(70.0),
        throttled: Some(vec!["too hot"]),
        ..Gpu::default()
    }
}

fn page(watch: &GpuWatch, now: Instant, look: impl FnOnce() -> Vec<Gpu>) -> String {
    let mut registry = Registry::with_prefix("cordline");
    watch.register_of(&mut registry, now, look);
    let mut page = String::new();
    encode(&mut page, &registry).unwrap();
    page
}

#[test]
fn every_gpu_tells_what_it_knows() {
    let page = page(&GpuWatch::default(), Instant::now(), || vec![hot(), Gpu::default()]);
    for line in [
        "cordline_gpu_memory_used_bytes{gpu=\"0\"} 600.0",
        "cordline_gpu_utilisation_ratio{gpu=\"0\"} 0.25",
        "cordline_gpu_temperature_celsius{gpu=\"0\"} 83.5",
        "cordline_gpu_power_watts{gpu=\"0\"} 70.0",
        "cordline_gpu_throttled_total{gpu=\"0\"} 0",
        "cordline_gpu_throttled_total{gpu=\"1\"} 0",
    ] {
        assert!(page.lines().any(|found| found == line), "{line} in {page}");
    }
    assert!(!page.contains("_celsius{gpu=\"1\"}"), "what is unknown is not 0");
}

#[test]
fn the_dashboard_draws_what_a_gpu_tells() {
    let page = page(&GpuWatch::default(), Instant::now(), || vec![hot()]);
    let drawn = include_str!("../../../../../packaging/grafana/cordline.json");
    let word = |rest: &'static str| rest.split(|c: char| !c.is_ascii_lowercase() && c != '_').next().unwrap_or(rest);
    let names: Vec<&str> = drawn.split("cordline_gpu_").skip(1).map(word).collect();
    assert!(names.len() >= 5, "{names:?}");
    assert!(names.iter().all(|name| page.contains(&format!("\ncordline_gpu_{name}{{"))), "{names:?} in {page}");
}

#[test]
fn nobody_looks_twice_within_a_second() {
    let (watch, now) = (GpuWatch::default(), Instant::now());
    page(&watch, now, || vec![hot()]);
    let again = page(&watch, now + INTERVAL / 2, || panic!("looked again"));
    assert!(again.contains("cordline_gpu_power_watts"));
    let later = page(&watch, now + INTERVAL, Vec::new);
    assert!(!later.contains("cordline_gpu_power_watts"));
}

#[test]
fn a_look_of_the_worker_counts_a_gpu_that_is_slowed_down() {
    let (watch, now) = (GpuWatch::default(), Instant::now());
    let board = |times| {
        let jetson = Some(Jetson { over_currents: Some(times), ..Jetson::default() });
        Gpu { throttled: None, jetson, ..hot() }
    };
    watch.count_throttled_of(now, || vec![hot(), board(7)]);
    watch.count_throttled_of(now + INTERVAL / 2, || panic!("looked again"));
    watch.count_throttled_of(now + INTERVAL, || vec![hot(), board(9)]);
    watch.count_throttled_of(now + INTERVAL * 2, || vec![Gpu::default(), board(9)]);
    let page = page(&watch, now, || vec![hot(), board(9)]);
    assert!(page.contains("cordline_gpu_throttled_total{gpu=\"0\"} 2"), "{page}");
    assert!(page.contains("cordline_gpu_throttled_total{gpu=\"1\"} 1"), "{page}");
}
