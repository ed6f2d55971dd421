//! Rightsizing as Cost Explorer does it, so that answers can be laid beside AWS's: from a table of instances over 14 days.
//!
//! An instance whose highest CPU utilization is at most 1 %, as measured and not as printed, or is not known, is to be
//! terminated. Else the three next smaller sizes of its family are looked at, and offered where the projected utilization,
//! highest CPU × present vCPUs ÷ vCPUs of the size, is at most 80 %. A saving is on-demand hours × difference of the
//! on-demand rates × 730 ÷ 336: hours that commitments cover save nothing. The rules are AWS's guide to rightsizing
//! recommendations, its arithmetic is read off its own answers.

use std::path::Path;

use crate::catalog::commitments::{family_and_size, instance_factor};
use crate::catalog::platforms::Platform;
use crate::catalog::quotes::{Catalog, Quote};
use crate::error::{Error, Result};
use crate::ingest::table_file::read_rows;
use crate::reconcile::certificate::Skipped;
use crate::schema::money::{QUANTITY_SCALE, from_text, ratio, scale_by};

/// The columns of the table of instances.
pub const INSTANCE_COLUMNS: [&str; 8] = [
    "resource_id",
    "instance_type",
    "region_id",
    "operating_system",
    "running_hours",
    "reserved_hours",
    "on_demand_hours",
    "cpu_percent_max",
];
/// Hours of the 14 days that the table is about.
pub const LOOK_BACK_HOURS: i128 = 336;
/// Hours of a month in AWS's arithmetic.
const HOURS_MONTHLY: i128 = 730;
/// A whole unit of a quantity: percentages and hours are kept at this scale.
const ONE: i128 = 10_i128.pow(QUANTITY_SCALE);
/// An instance that never does more is idle.
const IDLE_PERCENT_MAX: i128 = 1;
/// No offered size is projected to do more.
const PROJECTED_PERCENT_MAX: i128 = 80;
/// Sizes that are looked at.
const OPTIONS_MAX: usize = 3;

/// An instance over 14 days. Hours and percentages in units of 1e-15.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The instance.
    pub resource_id: String,
    /// `m5.large`.
    pub instance_type: String,
    /// `eu-west-1`.
    pub region_id: String,
    /// What it runs.
    pub platform: Platform,
    /// Hours that no commitment covered.
    pub on_demand_hours: i128,
    /// Its highest CPU utilization in percent, where there is a figure.
    pub cpu_percent_max: Option<i128>,
}

/// What is to be done with an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It does nothing.
    Terminate,
    /// A smaller size does.
    Modify,
}

impl Action {
    /// The word in rows.
    pub const fn name(self) -> &'static str {
        match self {
            Action::Terminate => "terminate",
            Action::Modify => "modify",
        }
    }
}

/// A smaller size that does.
#[derive(Debug, Clone, PartialEq)]
pub struct SizeOption {
    /// `m5.large`.
    pub instance_type: String,
    /// Highest CPU utilization that it would have had, in percent.
    pub cpu_percent_projected: f64,
    /// Units of 1e-12 a month.
    pub savings_monthly: i128,
}

/// What Cost Explorer's rules say of an instance. Money in units of 1e-12.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// The instance as the table has it.
    pub observed: Observed,
    /// What is to be done.
    pub action: Action,
    /// Sizes, the nearest first; none where it is to be terminated.
    pub options: Vec<SizeOption>,
    /// What is saved a month: all of it, or the most that an option saves. `None` where its rate is not known.
    pub savings_monthly: Option<i128>,
    /// What it costs an hour on demand, and where that comes from.
    pub rate: Option<Quote>,
}

/// The answer for a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Advices {
    /// Instances to act on, the greatest saving first.
    pub rows: Vec<Advice>,
    /// Instances in the table.
    pub instances: usize,
    /// Where the rates come from.
    pub origin: String,
    /// What was left as it is or not computed, and why.
    pub skipped: Vec<Skipped>,
}

impl Advices {
    /// What all rows save a month, each with the option that saves most.
    pub fn savings_monthly(&self) -> i128 {
        self.rows.iter().filter_map(|row| row.savings_monthly).sum()
    }

    /// Rows that are taken for idle because there is no CPU figure.
    pub fn without_figure(&self) -> usize {
        self.rows.iter().filter(|row| row.observed.cpu_percent_max.is_none()).count()
    }
}

/// Reads the table, a csv or parquet file with the columns [`INSTANCE_COLUMNS`]; a CPU figure that is missing is empty.
///
/// # Errors
/// [`Error::Table`] that names the line and what is wrong with it; [`Error::NotFound`], [`Error::Io`].
pub fn read_table(path: &Path) -> Result<Vec<Observed>> {
    let mut all: Vec<Observed> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    read_rows(path, &INSTANCE_COLUMNS, |row| {
        let observed = observed(row)?;
        if !seen.insert(observed.resource_id.clone()) {
            return Err(format!("{} is there twice", observed.resource_id));
        }
        all.push(observed);
        Ok(())
    })?;
    if all.is_empty() {
        let detail = format!("it has no rows; expected {}", INSTANCE_COLUMNS.join(","));
        return Err(Error::Table { path: path.to_path_buf(), detail });
    }
    Ok(all)
}

fn observed(row: &[&str]) -> std::result::Result<Observed, String> {
    let [resource, instance_type, region, platform, running, reserved, on_demand, cpu] = row else {
        return Err("it is too short".to_owned());
    };
    for (name, value) in INSTANCE_COLUMNS.iter().zip([resource, instance_type, region, platform]) {
        if value.trim().is_empty() {
            return Err(format!("{name} is empty"));
        }
    }
    let hours = |at: usize, text: &str| {
        let hours = amount(INSTANCE_COLUMNS[at], text)?;
        if hours > LOOK_BACK_HOURS * ONE {
            return Err(format!(
                "{} `{text}` is more than the {LOOK_BACK_HOURS} hours of 14 days",
                INSTANCE_COLUMNS[at]
            ));
        }
        Ok(hours)
    };
    let (running, _, on_demand_hours) = (hours(4, running)?, hours(5, reserved)?, hours(6, on_demand)?);
    if on_demand_hours > running {
        return Err(format!("on_demand_hours `{on_demand}` is more than running_hours"));
    }
    let is_missing = ["", "-", "n/a", "na", "nan", "null", "none"].contains(&cpu.trim().to_ascii_lowercase().as_str());
    Ok(Observed {
        resource_id: resource.trim().to_owned(),
        instance_type: instance_type.trim().to_owned(),
        region_id: region.trim().to_owned(),
        platform: Platform::parse(platform),
        on_demand_hours,
        cpu_percent_max: if is_missing { None } else { Some(amount(INSTANCE_COLUMNS[7], cpu)?) },
    })
}

fn amount(name: &str, text: &str) -> std::result::Result<i128, String> {
    match from_text(text, QUANTITY_SCALE) {
        Some(amount) if amount.units < 0 => Err(format!("{name} `{text}` is negative")),
        Some(amount) if amount.units <= 1_000_000 * ONE => Ok(amount.units),
        _ => Err(format!("{name} `{text}` is no number")),
    }
}

/// Applies Cost Explorer's rules to every instance.
pub fn advise(instances: Vec<Observed>, catalog: &Catalog) -> Advices {
    let mut answer =
        Advices { rows: Vec::new(), instances: instances.len(), origin: catalog.origin(), skipped: Vec::new() };
    for observed in instances {
        let what = observed.resource_id.clone();
        match advice(observed, catalog) {
            Ok(advice) => {
                if advice.rate.is_none() {
                    let reason = format!("{}; what it costs is not known", no_rate(&advice.observed, catalog));
                    answer.skipped.push(Skipped { what, reason });
                }
                answer.rows.push(advice);
            }
            Err(reason) => answer.skipped.push(Skipped { what, reason }),
        }
    }
    answer.rows.sort_by(|a, b| {
        b.savings_monthly.cmp(&a.savings_monthly).then_with(|| a.observed.resource_id.cmp(&b.observed.resource_id))
    });
    answer
}

fn no_rate(observed: &Observed, catalog: &Catalog) -> String {
    let Observed { instance_type, region_id, platform, .. } = observed;
    format!("{} has no on-demand rate of {instance_type} with {platform} in {region_id}", catalog.origin())
}

/// What is to be done with an instance, or why nothing.
fn advice(observed: Observed, catalog: &Catalog) -> std::result::Result<Advice, String> {
    let rate = catalog.ec2_on_demand(&observed.instance_type, &observed.region_id, &observed.platform);
    let Some(cpu) = observed.cpu_percent_max.filter(|&cpu| cpu > IDLE_PERCENT_MAX * ONE) else {
        let savings = rate.as_ref().map(|rate| monthly(observed.on_demand_hours, rate.hourly));
        return Ok(Advice { action: Action::Terminate, options: Vec::new(), savings_monthly: savings, rate, observed });
    };
    let Some(rate) = rate else { return Err(no_rate(&observed, catalog)) };
    let name = &observed.instance_type;
    let vcpus = catalog.ec2_vcpus(name).ok_or_else(|| format!("nothing is known of the instance type {name}"))?;
    let smaller = smaller_sizes(&observed, catalog);
    if smaller.is_empty() {
        return Err(format!(
            "no smaller size than {name} with {} is sold in {}",
            observed.platform, observed.region_id
        ));
    }
    let mut options = Vec::new();
    for (instance_type, option_vcpus, hourly) in &smaller {
        let used = cpu * i128::from(vcpus);
        if used <= PROJECTED_PERCENT_MAX * ONE * i128::from(*option_vcpus) && *hourly < rate.hourly {
            options.push(SizeOption {
                instance_type: instance_type.clone(),
                cpu_percent_projected: ratio(used, ONE * i128::from(*option_vcpus)).unwrap_or_default(),
                savings_monthly: monthly(observed.on_demand_hours, rate.hourly - hourly),
            });
        }
    }
    let Some(savings) = options.iter().map(|option| option.savings_monthly).max() else {
        let (next, option_vcpus, _) = &smaller[0];
        let projected = ratio(cpu * i128::from(vcpus), ONE * i128::from(*option_vcpus)).unwrap_or_default();
        return Err(match projected > PROJECTED_PERCENT_MAX as f64 {
            true => format!(
                "{next}, the next smaller size, would reach {projected:.2}% CPU, more than {PROJECTED_PERCENT_MAX}%"
            ),
            false => format!("{next}, the next smaller size, costs no less"),
        });
    };
    Ok(Advice { action: Action::Modify, options, savings_monthly: Some(savings), rate: Some(rate), observed })
}

/// The next smaller sizes of the family that are sold there, the nearest first: name, vCPUs and rate.
fn smaller_sizes(observed: &Observed, catalog: &Catalog) -> Vec<(String, u32, i128)> {
    let Some((family, _)) = family_and_size(&observed.instance_type) else { return Vec::new() };
    let own = instance_factor(&observed.instance_type);
    let mut sizes: Vec<(u32, String, u32, i128)> = Vec::new();
    for name in catalog.ec2_sizes(family) {
        let Some(factor) = instance_factor(&name).filter(|&factor| own.is_some_and(|own| factor < own)) else {
            continue;
        };
        let rate = catalog.ec2_on_demand(&name, &observed.region_id, &observed.platform);
        if let (Some(vcpus), Some(rate)) = (catalog.ec2_vcpus(&name), rate) {
            sizes.push((factor, name, vcpus, rate.hourly));
        }
    }
    sizes.sort_by_key(|size| std::cmp::Reverse(size.0));
    sizes.truncate(OPTIONS_MAX);
    sizes.into_iter().map(|(_, name, vcpus, hourly)| (name, vcpus, hourly)).collect()
}

/// Hours of 14 days at a rate, for a month.
fn monthly(hours: i128, hourly: i128) -> i128 {
    scale_by(hourly, hours * HOURS_MONTHLY, ONE * LOOK_BACK_HOURS).unwrap_or(i128::MAX)
}
