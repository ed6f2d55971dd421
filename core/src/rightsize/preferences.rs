//! How much is asked of a smaller machine: the settings that AWS's Compute Optimizer publishes, and its presets.

use crate::ingest::metrics::LOOK_BACK_DAYS;

/// Hours of measurements without which nothing is said of a machine.
pub const MEASURED_HOURS_MIN: f64 = 30.0;

/// What a machine must be able to do: `required = P(use) ÷ (1 − headroom)` of each resource.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preferences {
    /// The percentile of the measurements that counts: 90, 95 or 99.5 at AWS.
    pub percentile: f64,
    /// Percent of the processors that stay free at that percentile: 0, 20 or 30 at AWS.
    pub cpu_headroom: f64,
    /// Percent of the memory that stays free: 10, 20 or 30 at AWS.
    pub memory_headroom: f64,
    /// Days of measurements that count: 14, 32 or 93 at AWS.
    pub look_back_days: u32,
}

impl Default for Preferences {
    fn default() -> Preferences {
        Preset::Default.preferences()
    }
}

impl Preferences {
    /// In words: `P99.5, headroom 20% CPU and 20% memory, 14 days`.
    pub fn text(&self) -> String {
        format!(
            "P{}, headroom {}% CPU and {}% memory, {} days",
            self.percentile, self.cpu_headroom, self.memory_headroom, self.look_back_days
        )
    }
}

/// Compute Optimizer's presets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// P90, no headroom of CPU and 10 % of memory.
    MaxSavings,
    /// P95, 30 % of both.
    Balanced,
    /// P99.5, 20 % of both.
    Default,
    /// P99.5, 30 % of both.
    MaxPerformance,
}

impl Preset {
    /// Every preset, the boldest first.
    pub const ALL: [Preset; 4] = [Preset::MaxSavings, Preset::Balanced, Preset::Default, Preset::MaxPerformance];

    /// `max-savings`, …
    pub const fn name(self) -> &'static str {
        match self {
            Preset::MaxSavings => "max-savings",
            Preset::Balanced => "balanced",
            Preset::Default => "default",
            Preset::MaxPerformance => "max-performance",
        }
    }

    /// Its settings.
    pub const fn preferences(self) -> Preferences {
        let (percentile, cpu_headroom, memory_headroom) = match self {
            Preset::MaxSavings => (90.0, 0.0, 10.0),
            Preset::Balanced => (95.0, 30.0, 30.0),
            Preset::Default => (99.5, 20.0, 20.0),
            Preset::MaxPerformance => (99.5, 30.0, 30.0),
        };
        Preferences { percentile, cpu_headroom, memory_headroom, look_back_days: LOOK_BACK_DAYS }
    }
}
