//! What-if: what the fleet would save, and at what risk, if more or less were asked of smaller machines.

use super::engine::{Candidate, advised};
use super::load::Load;
use super::preferences::{Preferences, Preset};

/// Percentiles of the grid; 100 is the highest that was measured.
const PERCENTILES: [f64; 4] = [90.0, 95.0, 99.5, 100.0];
/// Headrooms of the grid, percent of processors.
const HEADROOMS: [f64; 3] = [0.0, 20.0, 30.0];
/// From here on a risk counts as high.
const RISK_HIGH: u8 = 3;

/// What would come of one choice of conditions. Money in units of 1e-12 a month.
#[derive(Debug, Clone, PartialEq)]
pub struct CurvePoint {
    /// The conditions.
    pub preferences: Preferences,
    /// AWS's name for them.
    pub preset: Option<Preset>,
    /// Whether these were asked for.
    pub is_chosen: bool,
    /// Machines that would change.
    pub machines: u64,
    /// What they would save.
    pub savings_monthly: i128,
    /// Of them, machines at a risk of 3 or 4.
    pub at_high_risk: u64,
    /// The sum of their risks, for a mean.
    pub risks: u64,
}

impl CurvePoint {
    /// The mean risk of the machines that would change.
    pub fn risk_mean(&self) -> Option<f64> {
        (self.machines > 0).then(|| self.risks as f64 / self.machines as f64)
    }
}

/// Savings against risk.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curve {
    /// The boldest conditions first.
    pub points: Vec<CurvePoint>,
}

impl Curve {
    /// The grid of conditions, with AWS's presets and those that were asked for; nothing is counted yet.
    pub(super) fn grid(chosen: &Preferences) -> Curve {
        let mut all = vec![*chosen];
        let presets =
            Preset::ALL.map(|preset| Preferences { look_back_days: chosen.look_back_days, ..preset.preferences() });
        all.extend(presets);
        for percentile in PERCENTILES {
            let with = |cpu_headroom| Preferences { percentile, cpu_headroom, ..*chosen };
            all.extend(HEADROOMS.map(with));
        }
        let key =
            |one: &Preferences| [one.percentile, one.cpu_headroom, one.memory_headroom].map(|part| (part * 1e3) as i64);
        all.sort_by_key(key);
        all.dedup_by_key(|one| key(one));
        let point = |preferences: Preferences| CurvePoint {
            preset: Preset::ALL.into_iter().find(|preset| key(&preset.preferences()) == key(&preferences)),
            is_chosen: key(&preferences) == key(chosen),
            preferences,
            machines: 0,
            savings_monthly: 0,
            at_high_risk: 0,
            risks: 0,
        };
        Curve { points: all.into_iter().map(point).collect() }
    }

    /// Counts a machine under every condition. `saves` is what a type saves a month on it.
    pub(super) fn add(
        &mut self,
        current: &Candidate,
        load: &Load<'_>,
        sold: &[Candidate],
        saves: &dyn Fn(&Candidate) -> i128,
    ) {
        for point in &mut self.points {
            let Some((candidate, risk)) = advised(current, load, sold, &point.preferences) else { continue };
            point.machines += 1;
            point.savings_monthly += saves(candidate);
            point.risks += u64::from(risk);
            point.at_high_risk += u64::from(risk >= RISK_HIGH);
        }
    }
}
