//! NVIDIA's library for looking after GPUs, which comes with the driver and is opened when it is first asked.

use std::sync::OnceLock;

use nvml_wrapper::bitmasks::device::ThrottleReasons;
use nvml_wrapper::enum_wrappers::device::TemperatureSensor;
use nvml_wrapper::{Device, Nvml};

use super::file;
use super::gpu::{ComputeCapability, Gpu, GpuMemory};
use super::visible::Card;

/// More are in no host, and no GPU has more slices.
const MOST_GPUS: u32 = 64;
const MOST_SLICES: u32 = 16;

/// Opening it may wake a GPU for a second, so it stays open; where it cannot be opened no GPU is known by it.
static LIBRARY: OnceLock<Option<Nvml>> = OnceLock::new();

/// What the library knows now, in the order of the bus.
pub(super) fn cards() -> Vec<Card> {
    let library = LIBRARY.get_or_init(|| {
        Nvml::init().inspect_err(|error| tracing::debug!(%error, "NVIDIA's library for GPUs is not used")).ok()
    });
    let Some(library) = library else { return Vec::new() };
    let driver = library.sys_driver_version().ok();
    let count = library.device_count().unwrap_or_default().min(MOST_GPUS);
    let cards = (0..count).filter_map(|index| library.device_by_index(index).ok());
    cards.map(|device| card(&device, driver.as_deref())).collect()
}

fn card(card: &Device<'_>, driver: Option<&str>) -> Card {
    let whole = Reading::of(card);
    let is_divided = card.mig_mode().is_ok_and(|mode| mode.current == 1);
    let places = if is_divided { card.mig_device_count().unwrap_or_default().min(MOST_SLICES) } else { 0 };
    let slices = (0..places).filter_map(|place| card.mig_device_by_index(place).ok());
    let slices = slices.map(|slice| Reading::of(&slice).within(&whole).into_gpu(driver)).collect();
    Card { whole: whole.into_gpu(driver), slices: Some(slices) }
}

/// What the library tells of one GPU, as it tells it.
#[derive(Debug, Clone, Default)]
struct Reading {
    name: Option<String>,
    uuid: Option<String>,
    compute: Option<(i32, i32)>,
    /// Total and free, in bytes.
    memory: Option<(u64, u64)>,
    temperature_c: Option<u32>,
    power_mw: Option<u32>,
    busy_percent: Option<u32>,
    throttle: Option<ThrottleReasons>,
}

impl Reading {
    fn of(device: &Device<'_>) -> Self {
        Self {
            name: device.name().ok(),
            uuid: device.uuid().ok(),
            compute: device.cuda_compute_capability().ok().map(|found| (found.major, found.minor)),
            memory: device.memory_info().ok().map(|found| (found.total, found.free)),
            temperature_c: device.temperature(TemperatureSensor::Gpu).ok(),
            power_mw: device.power_usage().ok(),
            busy_percent: device.utilization_rates().ok().map(|found| found.gpu),
            throttle: device.current_throttle_reasons().ok(),
        }
    }

    /// A slice has no sensors of its own.
    fn within(self, card: &Self) -> Self {
        Self {
            compute: self.compute.or(card.compute),
            temperature_c: self.temperature_c.or(card.temperature_c),
            power_mw: self.power_mw.or(card.power_mw),
            throttle: self.throttle.or(card.throttle),
            ..self
        }
    }

    fn into_gpu(self, driver: Option<&str>) -> Gpu {
        let compute = |(major, minor): (i32, i32)| {
            Some(ComputeCapability { major: major.try_into().ok()?, minor: minor.try_into().ok()? })
        };
        let memory = |(total_bytes, free_bytes): (u64, u64)| GpuMemory { total_bytes, free_bytes };
        let shown = |text: String| file::shown(&text);
        Gpu {
            model: self.name.and_then(shown).unwrap_or_else(|| "NVIDIA GPU".into()),
            uuid: self.uuid.and_then(shown),
            compute: self.compute.and_then(compute),
            // A Jetson has none of its own, and says 0.
            memory: self.memory.map(memory).filter(|memory| memory.total_bytes > 0),
            driver: driver.and_then(file::shown),
            temperature_c: self.temperature_c.map(f64::from),
            power_w: self.power_mw.map(|mw| f64::from(mw) / 1e3),
            utilisation: self.busy_percent.filter(|percent| *percent <= 100).map(|percent| f64::from(percent) / 1e2),
            throttled: self.throttle.map(in_words),
            jetson: None,
        }
    }
}

/// Idleness, and clocks that somebody set, slow nothing down that would be faster by itself.
fn in_words(reasons: ThrottleReasons) -> Vec<&'static str> {
    let words = [
        (ThrottleReasons::SW_POWER_CAP, "power cap"),
        (ThrottleReasons::SW_THERMAL_SLOWDOWN, "too hot"),
        (ThrottleReasons::HW_THERMAL_SLOWDOWN, "far too hot"),
        (ThrottleReasons::HW_POWER_BRAKE_SLOWDOWN, "power supply"),
        (ThrottleReasons::HW_SLOWDOWN, "hardware slowdown"),
        (ThrottleReasons::SYNC_BOOST, "slower GPU beside it"),
    ];
    words.into_iter().filter(|(reason, _)| reasons.contains(*reason)).map(|(_, word)| word).collect()
}

#[cfg(test)]
mod tests;
