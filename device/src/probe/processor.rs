//! The processor, as the kernel lists it.

use serde::Serialize;

/// Vector and matrix units of an x86-64 processor; all false elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct VectorUnits {
    pub avx512: bool,
    pub avx512_bf16: bool,
    pub amx_bf16: bool,
}

/// How the processor names itself in the text of `/proc/cpuinfo`.
pub(super) fn name(cpuinfo: &str) -> String {
    ["model name", "Model", "Hardware"]
        .iter()
        .find_map(|key| {
            cpuinfo.lines().find_map(|l| l.strip_prefix(key)?.split_once(':').map(|(_, v)| v.trim().to_owned()))
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

/// What the kernel lists of the first processor in the text of `/proc/cpuinfo`.
pub(super) fn vectors(cpuinfo: &str) -> VectorUnits {
    let flags = cpuinfo.lines().find_map(|line| line.strip_prefix("flags")).unwrap_or_default();
    let has = |flag: &str| flags.split_ascii_whitespace().any(|one| one == flag);
    VectorUnits { avx512: has("avx512f"), avx512_bf16: has("avx512_bf16"), amx_bf16: has("amx_bf16") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_has_the_units_that_the_kernel_lists() {
        let units =
            vectors("processor\t: 0\nflags\t\t: fpu avx2 avx512f amx_bf16\nbugs\t\t:\nflags\t\t: avx512_bf16\n");
        assert_eq!(units, VectorUnits { avx512: true, avx512_bf16: false, amx_bf16: true });
        assert_eq!(vectors("Features\t: fp asimd bf16\n"), VectorUnits::default());
    }
}
