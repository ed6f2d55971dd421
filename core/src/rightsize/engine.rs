//! The choice of a size: which types a machine's load fits on, at what price and risk, and how far that holds.

use super::load::{Dimension, Load};
use super::preferences::{MEASURED_HOURS_MIN, Preferences};
use crate::catalog::instance_types::InstanceType;
use crate::schema::recommendations::{Effort, PriceSource};

/// A type that is sold where the machine is, with what it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The type.
    pub kind: InstanceType,
    /// On-demand price of an hour, units of 1e-12.
    pub hourly: i128,
    /// Where the price comes from.
    pub source: PriceSource,
    /// The month or day that it is of.
    pub as_of: Option<String>,
    /// What it can do, by [`Dimension`]; 0 where that is not known.
    capacities: [f64; Dimension::ALL.len()],
    family: String,
    is_arm: bool,
    /// Whether it is made for something special.
    is_special: bool,
}

impl Candidate {
    /// A type at a price.
    pub fn new(kind: InstanceType, hourly: i128, source: PriceSource, as_of: Option<String>) -> Candidate {
        let capacities = Dimension::ALL.map(|dimension| dimension.capacity(&kind).unwrap_or(0.0));
        let family = kind.family().to_owned();
        let letters = family.split(|character: char| !character.is_ascii_alphabetic()).next().unwrap_or_default();
        let is_special = SPECIAL.contains(&letters) || SPECIAL.contains(&family.as_str());
        let is_arm = is_arm(&kind);
        Candidate { kind, hourly, source, as_of, capacities, family, is_arm, is_special }
    }

    /// Whether it may take the place of another, whatever that does, or is of its family, whose sizes are told.
    pub(super) fn may_replace(&self, current: &Candidate) -> bool {
        self.family == current.family || is_alike(current, self)
    }

    fn capacity(&self, dimension: Dimension) -> f64 {
        self.capacities[dimension as usize]
    }

    /// Whether it does what is required of each resource. Where it does not say what it can do, nothing may be required.
    fn does(&self, required: &[(Dimension, f64)]) -> bool {
        required.iter().all(|&(dimension, amount)| suffices(self.capacity(dimension), amount))
    }
}

/// Quotients of measurements are not exact to the last bit.
fn suffices(capacity: f64, amount: f64) -> bool {
    amount <= capacity * (1.0 + 1e-9)
}

/// What was found of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It does not do what is asked of it.
    UnderProvisioned,
    /// A cheaper type does.
    OverProvisioned,
    /// It is as it should be.
    Optimized,
}

impl Verdict {
    /// The word in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::UnderProvisioned => "under-provisioned",
            Verdict::OverProvisioned => "over-provisioned",
            Verdict::Optimized => "optimized",
        }
    }
}

/// A type that would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The type, with its price.
    pub candidate: Candidate,
    /// What would be used of each resource that was measured, in percent of what there would be.
    pub projected: Vec<(Dimension, f64)>,
    /// 0 to 4: how near its limits it would come.
    pub risk: u8,
    /// How the platform differs: `Architecture`, `Hypervisor`, …
    pub differences: Vec<&'static str>,
    /// How much work the change is.
    pub effort: Effort,
}

/// How far an answer holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensitivity {
    /// The smaller type that it is about.
    pub instance_type: String,
    /// Up to which percentile of CPU and memory that type does, in steps of half a percent.
    pub percentile: f64,
    /// Percent of its processors that would be free at the percentile that counts.
    pub cpu_headroom: Option<f64>,
}

/// What is said of a machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// What was found.
    pub verdict: Verdict,
    /// Resources of which there is too little or too much.
    pub reasons: Vec<Dimension>,
    /// Up to three types, the cheapest first.
    pub choices: Vec<Choice>,
    /// Which of them is advised: the cheapest without another architecture.
    pub preferred: Option<usize>,
    /// Whether memory was measured.
    pub is_memory_known: bool,
    /// How far it holds; none where there is no smaller type.
    pub sensitivity: Option<Sensitivity>,
}

/// Why nothing is said of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSaid {
    /// No CPU utilization was measured, which does not mean that it is idle.
    NotMeasured,
    /// It was measured for too short a time.
    TooShort,
}

impl NotSaid {
    /// In words.
    pub fn text(&self) -> String {
        match self {
            NotSaid::NotMeasured => "no CPU utilization was measured, which does not mean that it is idle".to_owned(),
            NotSaid::TooShort => format!("less than {MEASURED_HOURS_MIN} hours were measured"),
        }
    }
}

/// Families that are made for something special, and sold by something else than their processors.
const SPECIAL: &[&str] = &["dl", "f1", "f2", "g", "hpc", "inf", "mac", "p", "trn", "u", "vt"];
/// MiB a vCPU from which a family counts as made for memory.
const MEMORY_RICH_MIB: u32 = 7_500;
/// Where memory was not measured, no more of it goes than this part.
const BLIND_MEMORY_PART: f64 = 0.5;

/// Says what is to be done with a machine of a type, among the types that are sold there, sorted by price and name.
///
/// # Errors
/// [`NotSaid`] where too little was measured.
pub fn assess(
    current: &Candidate,
    load: &Load<'_>,
    sold: &[Candidate],
    preferences: &Preferences,
) -> Result<Assessment, NotSaid> {
    check_measured(load)?;
    let required = load.all_required(preferences);
    let lacking = lacking(current, &required);
    let is_short = !lacking.is_empty();
    let fits = |candidate: &Candidate| fits(current, candidate, &required, load, is_short);
    let choices = choose(current, sold, &fits, load, preferences);
    let verdict = match (is_short, choices.is_empty()) {
        (true, _) => Verdict::UnderProvisioned,
        (false, false) => Verdict::OverProvisioned,
        (false, true) => Verdict::Optimized,
    };
    let preferred = choices.iter().position(|choice| !choice.differences.contains(&ARCHITECTURE));
    let smaller = match (verdict, preferred.or(choices.first().map(|_| 0))) {
        (Verdict::OverProvisioned, Some(at)) => Some(&choices[at].candidate.kind),
        _ => next_smaller(current, sold).map(|candidate| &candidate.kind),
    };
    let sensitivity = smaller.map(|kind| Sensitivity {
        percentile: load.fits_to_percentile(kind, preferences),
        cpu_headroom: load.cpu_headroom_on(kind, preferences.percentile),
        instance_type: kind.name.clone(),
    });
    let reasons = match verdict {
        Verdict::UnderProvisioned => lacking,
        Verdict::OverProvisioned => abundant(current, &choices[preferred.unwrap_or(0)], load),
        Verdict::Optimized => Vec::new(),
    };
    let is_memory_known = load.memory.is_some();
    Ok(Assessment { verdict, reasons, preferred, is_memory_known, sensitivity, choices })
}

/// The type that would be advised for a machine that is too large, with its risk; what [`assess`] says, and nothing more.
pub(super) fn advised<'s>(
    current: &Candidate,
    load: &Load<'_>,
    sold: &'s [Candidate],
    preferences: &Preferences,
) -> Option<(&'s Candidate, u8)> {
    check_measured(load).ok()?;
    let required = load.all_required(preferences);
    if !lacking(current, &required).is_empty() {
        return None;
    }
    let is_meant = |candidate: &Candidate| candidate.is_arm == current.is_arm;
    let does = |candidate: &Candidate| fits(current, candidate, &required, load, false);
    let found = cheapest(sold, &does, &is_meant, &current.kind, load)?;
    Some((found, risk(&found.kind, &current.kind, load)))
}

fn check_measured(load: &Load<'_>) -> Result<(), NotSaid> {
    let cpu = load.cpu.ok_or(NotSaid::NotMeasured)?;
    if cpu.hours() < MEASURED_HOURS_MIN { Err(NotSaid::TooShort) } else { Ok(()) }
}

/// The resources of which a type has less than is required. A burstable type that spends credits does its work; what it
/// costs more is on the bill.
fn lacking(current: &Candidate, required: &[(Dimension, f64)]) -> Vec<Dimension> {
    let lacks = |(dimension, amount): &&(Dimension, f64)| {
        *dimension != Dimension::CpuCredits && !suffices(current.capacity(*dimension), *amount)
    };
    required.iter().filter(lacks).map(|(dimension, _)| *dimension).collect()
}

/// Whether a type may take the place of another and does what is required; of one that is not short it must cost less and
/// have less of something.
fn fits(
    current: &Candidate,
    candidate: &Candidate,
    required: &[(Dimension, f64)],
    load: &Load<'_>,
    is_short: bool,
) -> bool {
    (is_short || (candidate.hourly < current.hourly && is_smaller(&current.kind, &candidate.kind, load)))
        && candidate.does(required)
        && candidate.kind.name != current.kind.name
        && is_alike(current, candidate)
        && keeps_memory(&current.kind, &candidate.kind, load)
}

/// The cheapest type that is meant and does; of equals the one at the least risk.
fn cheapest<'s>(
    sold: &'s [Candidate],
    does: &dyn Fn(&Candidate) -> bool,
    is_meant: &dyn Fn(&Candidate) -> bool,
    current: &InstanceType,
    load: &Load<'_>,
) -> Option<&'s Candidate> {
    let first = sold.iter().position(|candidate| is_meant(candidate) && does(candidate))?;
    let equals = sold[first..].iter().take_while(|candidate| candidate.hourly == sold[first].hourly);
    let equals = equals.filter(|candidate| is_meant(candidate) && does(candidate));
    equals.min_by_key(|candidate| (risk(&candidate.kind, current, load), &candidate.kind.name))
}

/// Whether one type may take the place of another at all: no bare metal, no special hardware, not fewer GPUs or less disk,
/// and no previous generation but its own family.
fn is_alike(current: &Candidate, other: &Candidate) -> bool {
    let same_family = current.family == other.family;
    let at_least = |own: Option<u32>, other: Option<u32>| own.unwrap_or(0) <= other.unwrap_or(0);
    let (own, kind) = (&current.kind, &other.kind);
    (same_family || (!current.is_special && !other.is_special && kind.is_current != Some(false)))
        && at_least(own.gpus, kind.gpus)
        && at_least(own.local_storage_gb, kind.local_storage_gb)
        && !kind.is_metal()
}

/// Whether a type has less of something that was measured. One that is only cheaper is for those to find who look for
/// newer families, and less memory that nobody measured is no finding.
fn is_smaller(current: &InstanceType, other: &InstanceType, load: &Load<'_>) -> bool {
    other.vcpus < current.vcpus || (load.memory.is_some() && other.memory_mib < current.memory_mib)
}

/// Where memory was not measured, a machine of a family made for memory keeps it, and any other keeps half of it.
fn keeps_memory(current: &InstanceType, other: &InstanceType, load: &Load<'_>) -> bool {
    if load.memory.is_some() {
        return true;
    }
    let is_rich = current.memory_mib >= MEMORY_RICH_MIB * current.vcpus;
    let part = if is_rich { 1.0 } else { BLIND_MEMORY_PART };
    f64::from(other.memory_mib) >= f64::from(current.memory_mib) * part
}

/// Of the types that do: the cheapest of the same family, the cheapest of the same architecture and the cheapest of all,
/// the cheapest first.
fn choose(
    current: &Candidate,
    sold: &[Candidate],
    fits: &dyn Fn(&Candidate) -> bool,
    load: &Load<'_>,
    preferences: &Preferences,
) -> Vec<Choice> {
    let cheapest = |is_meant: &dyn Fn(&Candidate) -> bool| self::cheapest(sold, fits, is_meant, &current.kind, load);
    let family = cheapest(&|candidate| candidate.family == current.family);
    let alike = cheapest(&|candidate| candidate.is_arm == current.is_arm);
    let mut chosen: Vec<&Candidate> = [family, alike, cheapest(&|_| true)].into_iter().flatten().collect();
    chosen.sort_by_key(|candidate| (candidate.hourly, &candidate.kind.name));
    chosen.dedup_by_key(|candidate| &candidate.kind.name);
    let choice = |candidate: &Candidate| {
        let projected = load.dimensions().filter_map(|dimension| {
            let used = load.used(dimension, preferences.percentile)?;
            Some((dimension, 100.0 * used / dimension.capacity(&candidate.kind)?))
        });
        let differences = differences(&current.kind, &candidate.kind);
        Choice {
            projected: projected.collect(),
            risk: risk(&candidate.kind, &current.kind, load),
            effort: effort(&differences),
            differences,
            candidate: candidate.clone(),
        }
    };
    chosen.into_iter().map(choice).collect()
}

const ARCHITECTURE: &str = "Architecture";

fn is_arm(kind: &InstanceType) -> bool {
    kind.architecture.as_deref().is_some_and(|name| name.starts_with("arm64"))
}

/// Compute Optimizer's words for what differs.
fn differences(current: &InstanceType, other: &InstanceType) -> Vec<&'static str> {
    let both = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
    let burst = |kind: &InstanceType| kind.is_burstable == Some(true);
    let has_disks = |kind: &InstanceType| kind.local_storage_gb.is_some_and(|gb| gb > 0);
    let known = [
        (is_arm(current) != is_arm(other), ARCHITECTURE),
        (both(&current.hypervisor, &other.hypervisor), "Hypervisor"),
        (both(&current.network, &other.network), "NetworkInterface"),
        (has_disks(current) != has_disks(other), "InstanceStoreAvailability"),
        (burst(current) != burst(other), "BurstCredits"),
    ];
    known.into_iter().filter(|(differs, _)| *differs).map(|(_, name)| name).collect()
}

fn effort(differences: &[&str]) -> Effort {
    match differences {
        all if all.contains(&ARCHITECTURE) => Effort::High,
        all if all.contains(&"Hypervisor") => Effort::Medium,
        all if all.contains(&"InstanceStoreAvailability") || all.contains(&"BurstCredits") => Effort::Low,
        _ => Effort::VeryLow,
    }
}

/// How near its limits a type would come at the highest that was ever measured, the resource that comes nearest counting:
/// 0 up to 60 % of what there is, 1 up to 80 %, 2 up to 100 %, 3 beyond that for up to half a percent of the time, 4 for
/// longer. Memory that was not measured and would become less counts 3, a network that only bursts 1. Our own scale; AWS
/// does not publish its.
fn risk(kind: &InstanceType, current: &InstanceType, load: &Load<'_>) -> u8 {
    const NEARLY_ALWAYS: f64 = 99.5;
    let measured = load.dimensions().filter(|&dimension| dimension != Dimension::CpuCredits).filter_map(|dimension| {
        let capacity = dimension.capacity(kind)?;
        let (most, nearly) = (load.used(dimension, 100.0)?, load.used(dimension, NEARLY_ALWAYS)?);
        Some(match most / capacity {
            share if share <= 0.6 => 0,
            share if share <= 0.8 => 1,
            share if share <= 1.0 => 2,
            _ if nearly <= capacity => 3,
            _ => 4,
        })
    });
    let blind = load.memory.is_none() && kind.memory_mib < current.memory_mib;
    let bursting = kind.is_network_bursting() && !current.is_network_bursting();
    measured.chain([if blind { 3 } else { 0 }, u8::from(bursting)]).max().unwrap_or(0)
}

/// Resources of which a choice has less than the present type.
fn abundant(current: &Candidate, choice: &Choice, load: &Load<'_>) -> Vec<Dimension> {
    let less = |dimension: &Dimension| {
        let (own, other) = (dimension.capacity(&current.kind), dimension.capacity(&choice.candidate.kind));
        matches!((own, other), (Some(own), Some(other)) if other < own)
    };
    load.dimensions().filter(|&dimension| dimension != Dimension::CpuCredits).filter(less).collect()
}

/// The largest type of the family that has fewer processors, or else less memory.
fn next_smaller<'c>(current: &Candidate, sold: &'c [Candidate]) -> Option<&'c Candidate> {
    let size = |kind: &InstanceType| (kind.vcpus, kind.memory_mib);
    let smaller = sold
        .iter()
        .filter(|one| one.family == current.family && !one.kind.is_metal() && size(&one.kind) < size(&current.kind));
    smaller.max_by_key(|one| size(&one.kind))
}
