//! What a Jetson board tells beside its GPU.

use serde::Serialize;

/// A board of NVIDIA's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Jetson {
    /// Release of NVIDIA's system, absent in most containers.
    pub release: Option<Release>,
    pub power_mode: Option<PowerMode>,
    /// How often the board slowed down since it was switched on because it drew too much current.
    pub over_currents: Option<u64>,
}

/// Release of NVIDIA's system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Of the system (L4T): `36.4.3`.
    pub l4t: String,
    /// Major number of what it is sold as (JetPack), where it is one that is known here.
    pub jetpack: Option<u32>,
}

/// How much the board may draw, as `nvpmodel` set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PowerMode {
    /// As the board names it, such as `15W` or `MAXN`.
    pub name: String,
    /// The mode in which it would compute fastest, where that is another one.
    pub better: Option<String>,
}
