//! What a detector is: a value with its thresholds, its needs and its guide, and a pure function over [`Facts`].

pub mod billed;
pub mod commitments;
pub mod ecs;
pub mod facts;
pub mod finding;
pub mod measured;
pub mod resources;
pub mod settings;
pub mod shapes;
pub mod sizing;
pub mod usage;
pub mod watched;

use facts::Facts;
use finding::Finding;
use settings::{Settings, Threshold};

use crate::error::Result;
use crate::schema::recommendations::{Effort, Grade, Kind, Recommendation};

/// What a detector cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Resource ids.
    ResourceIds,
    /// Usage types and operations.
    UsageTypes,
    /// Rows by hour, not by day.
    Hours,
    /// A billing period with at least [`facts::LOOK_BACK_HOURS_MIN`] hours of usage.
    LookBack,
    /// Two billing periods or more.
    TwoPeriods,
    /// Resource tags.
    Tags,
    /// Reservations or Savings Plans.
    Commitments,
    /// Measurements of CloudWatch.
    Metrics,
}

/// Why detectors that need measurements did not run, where none were given.
pub const NO_METRICS: &str = "no measurements were given: pass CloudWatch's with --metrics FILE";

impl Need {
    /// Every need.
    pub const ALL: &[Need] = &[
        Need::ResourceIds,
        Need::UsageTypes,
        Need::Hours,
        Need::LookBack,
        Need::TwoPeriods,
        Need::Tags,
        Need::Commitments,
        Need::Metrics,
    ];

    /// What detectors that rest on measurements of single resources need.
    pub const OF_METRICS: &[Need] = &[Need::Metrics, Need::ResourceIds, Need::UsageTypes, Need::LookBack];

    /// What detectors of single resources need.
    pub const OF_RESOURCES: &[Need] = &[Need::ResourceIds, Need::UsageTypes, Need::LookBack];
    /// What detectors that count hours of single resources need.
    pub const OF_HOURS: &[Need] = &[Need::ResourceIds, Need::UsageTypes, Need::Hours, Need::LookBack];

    /// The word for documentation.
    pub const fn name(self) -> &'static str {
        match self {
            Need::ResourceIds => "resource ids",
            Need::UsageTypes => "usage types",
            Need::Hours => "hourly granularity",
            Need::LookBack => "14 days of usage",
            Need::TwoPeriods => "two billing periods",
            Need::Tags => "tags",
            Need::Commitments => "commitments",
            Need::Metrics => "metrics",
        }
    }

    /// Why facts do not meet it; `None` when they do.
    pub fn lacking(self, facts: &Facts<'_>) -> Option<String> {
        match self {
            Need::ResourceIds => facts.lacks_resource_ids(),
            Need::UsageTypes => facts.lacks_usage_types(),
            Need::Hours => facts.lacks_hours(),
            Need::LookBack => facts.lacks_look_back(),
            Need::TwoPeriods => facts.lacks_two_periods(),
            Need::Tags => facts.lacks_tags(),
            Need::Commitments => facts.lacks_commitments(),
            Need::Metrics => facts.lacks_metrics(),
        }
    }
}

/// What a detector advises, the same for every row.
#[derive(Debug, Clone, Copy)]
pub struct Advice {
    /// One word: `delete`, `upgrade`, …
    pub action: &'static str,
    /// What is said of a resource: `NAT gateway carries no bytes`.
    pub title: &'static str,
    /// How much work it is.
    pub effort: Effort,
    /// 0 (nothing can break) to 4 (test first).
    pub risk: u8,
    /// What is taken for granted, and when not to act.
    pub assumptions: &'static [&'static str],
    /// The AWS CLI line that would do it. `{id}` is the resource id, `{name}` what follows its last `/` or `:`,
    /// `{region}` the region, `{target}` the row's target.
    pub command: &'static str,
}

/// One kind of saving. Everything that is said about it stands here or in its guide.
#[derive(Debug)]
pub struct Detector {
    /// `idle-nat-gateway`: the file's name with hyphens.
    pub id: &'static str,
    /// What kind of saving.
    pub kind: Kind,
    /// What its rows rest on.
    pub grade: Grade,
    /// What it finds, in half a sentence.
    pub summary: &'static str,
    /// Markdown with fixed headings and an example that runs as a test.
    pub guide: &'static str,
    /// What it cannot do without.
    pub needs: &'static [Need],
    /// What can be set.
    pub thresholds: &'static [&'static Threshold],
    /// What its rows advise.
    pub advice: Advice,
    /// Finds. It opens no file and asks no clock.
    pub detect: fn(&Facts<'_>, &Settings) -> Vec<Finding>,
}

/// A detector that did not run, and why.
pub type SkippedDetector = (&'static str, String);

/// Runs detectors in the order of their kinds. Rows of one detector come in order of savings, account and resource;
/// those that save less than nothing are left out, and those that save nothing too, unless what they show is sunk.
///
/// # Errors
/// [`crate::Error::UnknownName`] and [`crate::Error::Threshold`] for settings that no detector has.
pub fn run(
    detectors: &[&'static Detector],
    facts: &Facts<'_>,
    settings: &Settings,
) -> Result<(Vec<Recommendation>, Vec<SkippedDetector>)> {
    let (mut rows, mut skipped) = (Vec::new(), Vec::new());
    let mut ordered: Vec<&'static Detector> = detectors.to_vec();
    ordered.sort_by_key(|detector| (detector.kind, detector.id));
    for detector in ordered {
        if let Some(reason) = detector.needs.iter().find_map(|need| need.lacking(facts)) {
            skipped.push((detector.id, reason));
            continue;
        }
        let found = (detector.detect)(facts, &settings.of(detector));
        let mut found: Vec<Recommendation> =
            found.into_iter().filter(Finding::is_worth_a_row).map(|finding| finding.row(detector, facts)).collect();
        found.sort_by(|a, b| {
            let key =
                |row: &Recommendation| (row.sub_account_id.clone(), row.region_id.clone(), row.resource_id.clone());
            b.savings_monthly.cmp(&a.savings_monthly).then_with(|| key(a).cmp(&key(b)))
        });
        rows.extend(found);
    }
    Ok((rows, skipped))
}
