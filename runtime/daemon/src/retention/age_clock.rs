//! Time that the daemon itself counted. A wall clock can be wrong by years for a minute, and what was removed as old in that minute is lost; so
//! nothing is older than the time for which the daemon saw the machine run.

use std::fs;

use rustix::time::{ClockId, clock_gettime};

use crate::clock::{HOUR_MS, now_ms};
use crate::journal::CountedUptime;

/// The wall clock may drift from the monotonic one by this much between two readings; more is a jump.
const MAX_DRIFT_MS: u64 = 120_000;
/// How long the wall clock must go on steadily after a jump before anything is removed, in counted ms.
const SETTLING_MS: u64 = HOUR_MS;

/// One reading of all clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClockReadings {
    /// The wall clock, in ms since 1970.
    pub wall_ms: u64,
    /// How long the machine is up, time asleep included, in ms. This clock cannot be set.
    pub up_ms: u64,
    /// Id of this boot; empty where the system does not tell boots apart.
    pub boot: String,
}

impl ClockReadings {
    pub(crate) fn now() -> Self {
        let up = clock_gettime(ClockId::Boottime);
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        // Neither is negative while the machine runs.
        let up_ms = up.tv_sec as u64 * 1000 + up.tv_nsec as u64 / 1_000_000;
        Self { wall_ms: now_ms(), up_ms, boot: boot.trim().to_owned() }
    }
}

/// A moment from which ages are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// In ms since 1970.
    pub wall_ms: u64,
    /// Uptime of the daemon that was counted so far, in ms.
    pub counted_ms: u64,
}

impl Moment {
    /// The time since an earlier moment, in ms: the smaller of what both clocks say.
    pub(super) fn since(self, wall_ms: u64, counted_ms: u64) -> u64 {
        self.wall_ms.saturating_sub(wall_ms).min(self.counted_ms.saturating_sub(counted_ms))
    }
}

/// Counts the uptime, and watches the wall clock for jumps.
#[derive(Debug)]
pub(crate) struct AgeClock {
    uptime: CountedUptime,
    last: ClockReadings,
    /// Counted time of the last jump, and its size in ms.
    jumped: Option<(u64, i64)>,
}

impl AgeClock {
    /// Goes on from the stored uptime. The time since then counts where the machine has been running all the while.
    pub(crate) fn resume(mut stored: CountedUptime, now: ClockReadings) -> Self {
        if !now.boot.is_empty() && now.boot == stored.boot {
            stored.counted_ms += now.up_ms.saturating_sub(stored.up_ms);
        }
        Self { uptime: CountedUptime { boot: now.boot.clone(), up_ms: now.up_ms, ..stored }, last: now, jumped: None }
    }

    /// Counts the time since the last reading.
    pub(super) fn advance(&mut self, now: ClockReadings) -> Moment {
        let ran = now.up_ms.saturating_sub(self.last.up_ms);
        self.uptime.counted_ms += ran;
        self.uptime.up_ms = now.up_ms;
        // Clocks count ms since 1970: their differences fit.
        let jump = now.wall_ms as i64 - self.last.wall_ms as i64 - ran as i64;
        if jump.unsigned_abs() > MAX_DRIFT_MS {
            self.jumped = Some((self.uptime.counted_ms, jump));
        } else if self.jumped.is_some_and(|(at, _)| self.uptime.counted_ms - at >= SETTLING_MS) {
            self.jumped = None;
        }
        let moment = Moment { wall_ms: now.wall_ms, counted_ms: self.uptime.counted_ms };
        self.last = now;
        moment
    }

    /// To be stored in the journal.
    pub(super) fn uptime(&self) -> &CountedUptime {
        &self.uptime
    }

    /// Size of a jump of the wall clock within the last hour, in ms.
    pub(super) fn jump_ms(&self) -> Option<i64> {
        self.jumped.map(|(_, jump)| jump)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(wall_ms: u64, up_ms: u64, boot: &str) -> ClockReadings {
        ClockReadings { wall_ms, up_ms, boot: boot.into() }
    }

    #[test]
    fn only_time_for_which_the_machine_vouches_is_counted() {
        let counted = CountedUptime { counted_ms: 100, boot: "a".into(), up_ms: 5000 };
        let clock = AgeClock::resume(counted.clone(), at(9_000_000_000, 5600, "a"));
        assert_eq!(clock.uptime().counted_ms, 700, "the machine ran on");
        let clock = AgeClock::resume(counted.clone(), at(9_000_000_000, 90_000, "b"));
        assert_eq!(clock.uptime().counted_ms, 100, "it was off");
        let unknown = CountedUptime { boot: String::new(), ..counted };
        assert_eq!(AgeClock::resume(unknown, at(1, 9000, "")).uptime().counted_ms, 100);
        let now = ClockReadings::now();
        assert!(now.up_ms > 0 && now.wall_ms > 1_700_000_000_000);
    }

    #[test]
    fn a_jump_is_seen_both_ways_and_forgotten_after_an_hour_of_steadiness() {
        const MINUTE: u64 = 60_000;
        for jump in [40 * 86_400_000i64, -86_400_000] {
            let start = 2_000_000_000_000u64;
            let mut clock = AgeClock::resume(CountedUptime::default(), at(start, 0, "a"));
            assert_eq!(clock.advance(at(start + MINUTE, MINUTE, "a")).counted_ms, MINUTE);
            assert_eq!(clock.jump_ms(), None);
            let wall = |minute: u64| (start + minute * MINUTE).saturating_add_signed(jump);
            let moment = clock.advance(at(wall(2), 2 * MINUTE, "a"));
            assert_eq!((clock.jump_ms(), moment.counted_ms), (Some(jump), 2 * MINUTE));
            assert!(moment.since(start, 0) <= 2 * MINUTE, "nothing is older than what was counted");
            for minute in 3..62 {
                clock.advance(at(wall(minute), minute * MINUTE, "a"));
            }
            assert!(clock.jump_ms().is_some());
            clock.advance(at(wall(62), 62 * MINUTE, "a"));
            assert_eq!(clock.jump_ms(), None);
        }
    }
}
