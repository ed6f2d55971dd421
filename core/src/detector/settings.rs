//! Thresholds as values, and what a user sets them to.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::Detector;
use crate::error::{Error, Result};

/// A number that decides what a detector finds. Its default is written nowhere else.
#[derive(Debug)]
pub struct Threshold {
    /// `HOURS_MIN`, as in `--set idle-nat-gateway.HOURS_MIN=168`.
    pub name: &'static str,
    /// Its unit: `hours`, `GB`, `USD`.
    pub unit: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What it is unless set.
    pub default: f64,
    /// The least and the greatest value that can be set.
    pub range: (f64, f64),
}

impl Threshold {
    /// Hours in which something must have been billed in the look-back.
    pub const fn hours_min(default: f64) -> Threshold {
        let meaning = "hours billed in the look-back; what has fewer is too new to judge";
        Threshold { name: "HOURS_MIN", unit: "hours", meaning, default, range: (1.0, 10_000.0) }
    }

    /// Days on which something must have been billed in the look-back.
    pub const fn days_min(default: f64) -> Threshold {
        let meaning = "days billed in the look-back; what has fewer is too new to judge";
        Threshold { name: "DAYS_MIN", unit: "days", meaning, default, range: (1.0, 1_000.0) }
    }

    /// Use in the look-back up to which something counts as unused.
    pub const fn activity_max(unit: &'static str) -> Threshold {
        let meaning = "use in the look-back up to which it counts as unused";
        Threshold { name: "ACTIVITY_MAX", unit, meaning, default: 0.0, range: (0.0, 1e12) }
    }

    /// Cost from which something is shown.
    pub const fn cost_min(default: f64) -> Threshold {
        let meaning = "monthly cost from which a row is made";
        Threshold { name: "COST_MIN", unit: "USD", meaning, default, range: (0.0, 1e12) }
    }

    /// How much more than the month before something must be.
    pub const fn growth_min(default: f64) -> Threshold {
        let meaning = "cost of the month over that of the month before";
        Threshold { name: "GROWTH_MIN", unit: "times", meaning, default, range: (0.0, 1e6) }
    }

    /// The part of a commitment that must have gone unused.
    pub const fn unused_share_min(default: f64) -> Threshold {
        let meaning = "part of what was committed that nothing used";
        Threshold { name: "UNUSED_SHARE_MIN", unit: "of 1", meaning, default, range: (0.0, 1.0) }
    }

    /// The part of the look-back that something must have run.
    pub const fn share_min(default: f64) -> Threshold {
        let meaning = "part of the look-back's hours that it must have run";
        Threshold { name: "SHARE_MIN", unit: "of 1", meaning, default, range: (0.0, 10.0) }
    }

    /// Hours a week that something would run.
    pub const fn hours_weekly(default: f64) -> Threshold {
        let meaning = "hours a week that it would run";
        Threshold { name: "HOURS_WEEKLY", unit: "hours", meaning, default, range: (0.0, 168.0) }
    }

    /// Days between the first and the last hour in which something was seen.
    pub const fn age_days_min(default: f64) -> Threshold {
        let meaning = "days for which the bill shows it";
        Threshold { name: "AGE_DAYS_MIN", unit: "days", meaning, default, range: (0.0, 10_000.0) }
    }

    /// The percentile of what was measured that a size must carry; the meaning says of what.
    pub const fn percentile(meaning: &'static str) -> Threshold {
        Threshold { name: "PERCENTILE", unit: "percent", meaning, default: 99.5, range: (50.0, 100.0) }
    }

    /// Processors that stay free.
    pub const CPU_HEADROOM: Threshold = Threshold {
        name: "CPU_HEADROOM",
        unit: "percent",
        meaning: "processors that stay free at that percentile",
        default: 20.0,
        range: (0.0, 90.0),
    };

    /// Memory that stays free.
    pub const MEMORY_HEADROOM: Threshold = Threshold {
        name: "MEMORY_HEADROOM",
        unit: "percent",
        meaning: "memory that stays free at that percentile",
        default: 20.0,
        range: (0.0, 90.0),
    };

    /// Calls of a function without which nothing is said of it.
    pub const INVOCATIONS_MIN: Threshold = Threshold {
        name: "INVOCATIONS_MIN",
        unit: "invocations",
        meaning: "invocations in the look-back without which nothing is said",
        default: 50.0,
        range: (0.0, 1e15),
    };

    /// Savings below which no row is made.
    pub const fn savings_min(default: f64) -> Threshold {
        let meaning = "monthly savings below which no row is made";
        Threshold { name: "SAVINGS_MIN", unit: "USD", meaning, default, range: (0.0, 1e12) }
    }
}

/// What is set, by detector and threshold; and, of a view of one detector, which thresholds were read.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    values: BTreeMap<(&'static str, &'static str), f64>,
    of: Option<&'static str>,
    read: RefCell<BTreeSet<&'static str>>,
}

impl Settings {
    /// Sets `ID.NAME=VALUE` of one of these detectors.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a detector or threshold that does not exist, [`Error::Threshold`] for a value that is
    /// no number or out of range.
    pub fn set(&mut self, detectors: &[&'static Detector], text: &str) -> Result<()> {
        let fault = |detail: String| Error::Threshold { setting: text.to_owned(), detail };
        let (name, value) = text.split_once('=').ok_or_else(|| fault("there is no `=`".to_owned()))?;
        let (id, name) = name.split_once('.').ok_or_else(|| fault("there is no `.`".to_owned()))?;
        let detector = find(detectors, id.trim())?;
        let all = || detector.thresholds.iter().map(|one| one.name).collect::<Vec<_>>().join(", ");
        let wanted = name.trim();
        let threshold =
            detector.thresholds.iter().find(|one| one.name.eq_ignore_ascii_case(wanted)).ok_or_else(|| {
                Error::UnknownName {
                    what: "threshold",
                    name: wanted.to_owned(),
                    hint: format!("{} has {}", detector.id, all()),
                }
            })?;
        let value: f64 = value.trim().parse().map_err(|_| fault(format!("`{}` is no number", value.trim())))?;
        let (least, greatest) = threshold.range;
        if !(least..=greatest).contains(&value) {
            return Err(fault(format!(
                "{} {} must lie between {least} and {greatest}",
                threshold.name, threshold.unit
            )));
        }
        self.values.insert((detector.id, threshold.name), value);
        Ok(())
    }

    /// The view of one detector.
    pub fn of(&self, detector: &Detector) -> Settings {
        Settings { values: self.values.clone(), of: Some(detector.id), read: RefCell::default() }
    }

    /// A threshold's value: what was set, else its default.
    pub fn get(&self, threshold: &Threshold) -> f64 {
        self.read.borrow_mut().insert(threshold.name);
        self.of.and_then(|id| self.values.get(&(id, threshold.name)).copied()).unwrap_or(threshold.default)
    }

    /// The thresholds that were read.
    pub fn read(&self) -> BTreeSet<&'static str> {
        self.read.borrow().clone()
    }
}

/// A detector by its id.
///
/// # Errors
/// [`Error::UnknownName`] with ids that resemble it, or the command that lists all.
pub fn find(detectors: &[&'static Detector], id: &str) -> Result<&'static Detector> {
    detectors.iter().copied().find(|detector| detector.id == id).ok_or_else(|| {
        let words: Vec<&str> = id.split(['-', '_']).filter(|word| word.len() > 2).collect();
        let alike = |known: &str| words.iter().filter(|word| known.contains(**word)).count();
        let most = detectors.iter().map(|detector| alike(detector.id)).max().filter(|&most| most > 0);
        let near: Vec<&str> = detectors.iter().map(|one| one.id).filter(|id| Some(alike(id)) == most).collect();
        let hint = match near.is_empty() || near.len() > 8 {
            true => "`farthing detectors` lists them all".to_owned(),
            false => format!("did you mean {}?", near.join(", ")),
        };
        Error::UnknownName { what: "detector", name: id.to_owned(), hint }
    })
}
