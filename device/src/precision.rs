//! How exactly a network is computed, and how exactly it is wanted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

/// Arithmetic of a network, from the most exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Single precision throughout: what bundles are measured in.
    Fp32,
    /// Single precision whose products have 10 bits of fraction (NVIDIA since Ampere).
    Tf32,
    /// Half precision: 10 bits of fraction; the graph itself says where.
    Fp16,
    /// Products of 7 bits of fraction, with the range of single precision (AMX, AVX512-BF16).
    Bf16,
}

impl Precision {
    /// From the most exact.
    pub const ALL: [Self; 4] = [Self::Fp32, Self::Tf32, Self::Fp16, Self::Bf16];

    /// The word for it in results, settings and manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Tf32 => "tf32",
            Self::Fp16 => "fp16",
            Self::Bf16 => "bf16",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How exactly networks are to be computed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PrecisionPolicy {
    /// Single precision, whatever it costs.
    #[default]
    Exact,
    /// The fastest that the bundle was judged with.
    Fast,
    /// This one and no other.
    Only(Precision),
}

impl PrecisionPolicy {
    /// Of what a provider can do, fastest first, what is to be tried, in order.
    pub(crate) fn choose(self, able: &[Precision]) -> Vec<Precision> {
        match self {
            Self::Fast => able.to_vec(),
            Self::Exact => able.iter().copied().filter(|one| *one == Precision::Fp32).collect(),
            Self::Only(wanted) => able.iter().copied().filter(|one| *one == wanted).collect(),
        }
    }
}

impl fmt::Display for PrecisionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::Fast => f.write_str("fast"),
            Self::Only(precision) => precision.fmt(f),
        }
    }
}

impl FromStr for PrecisionPolicy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "exact" => Ok(Self::Exact),
            "fast" => Ok(Self::Fast),
            name => Precision::ALL
                .into_iter()
                .find(|one| one.as_str() == name)
                .map(Self::Only)
                .ok_or_else(|| format!("{name} is not a precision; use exact, fast, fp32, tf32, fp16 or bf16")),
        }
    }
}

impl<'de> Deserialize<'de> for PrecisionPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_as_it_is_written() {
        let all = Precision::ALL.map(PrecisionPolicy::Only);
        for policy in [PrecisionPolicy::Exact, PrecisionPolicy::Fast].into_iter().chain(all) {
            assert_eq!(policy.to_string().parse(), Ok(policy));
        }
        assert!("half".parse::<PrecisionPolicy>().is_err());
    }

    #[test]
    fn what_a_provider_cannot_do_is_not_chosen() {
        let able = [Precision::Bf16, Precision::Fp32];
        assert_eq!(PrecisionPolicy::Fast.choose(&able), able);
        assert_eq!(PrecisionPolicy::Exact.choose(&able), [Precision::Fp32]);
        assert_eq!(PrecisionPolicy::Only(Precision::Fp16).choose(&able), []);
    }
}
