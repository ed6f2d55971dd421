//! Functions that often end in an error.

use std::collections::HashMap;

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::sizing::measured;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::ingest::metrics::series::{Series, Statistic};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "failing-lambda",
    kind: Kind::Idle,
    grade: Grade::Metrics,
    summary: "Lambda functions of whose invocations many end in an error",
    guide: include_str!("failing_lambda.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&ERROR_PERCENT_MIN, &INVOCATIONS_MIN],
    advice: Advice {
        action: "fix",
        title: "function often ends in an error",
        effort: Effort::Medium,
        risk: 1,
        assumptions: &["An invocation that fails costs as much as one that does not, retries included."],
        command: "aws logs filter-log-events --log-group-name /aws/lambda/{name} --filter-pattern ERROR --region {region}",
    },
    detect,
};

static ERROR_PERCENT_MIN: Threshold = Threshold {
    name: "ERROR_PERCENT_MIN",
    unit: "percent",
    meaning: "errors on a day of the last seven, in percent of its invocations, above which they are many",
    default: 10.0,
    range: (0.0, 100.0),
};
static INVOCATIONS_MIN: Threshold = Threshold::INVOCATIONS_MIN;
static BILLED: Usage = Usage::of(&["AWSLambda"], &["Lambda-GB-Second*", "Request*"]);
/// AWS's advisor looks at so many days.
const DAYS: i32 = 7;
/// Parts that shares are counted in.
const PARTS: f64 = 1e9;

/// Errors and invocations: the greatest share of a day of the last seven, in percent, and the sums of all days.
fn share(series: &[Series]) -> Option<(f64, f64, f64)> {
    let of = |name: &str| measured(series, name, Statistic::Sum);
    let (invocations, errors) = (of("Invocations")?, of("Errors")?);
    let first = invocations.days.last()?.day - DAYS + 1;
    let called: HashMap<i32, f64> = invocations.days.iter().map(|day| (day.day, day.sum)).collect();
    let percent = |(day, errors): (i32, f64)| {
        let called = called.get(&day).copied().unwrap_or(0.0);
        if called > 0.0 { 100.0 * (errors / called).min(1.0) } else { 0.0 }
    };
    let late = errors.days.iter().filter(|day| day.day >= first).map(|day| (day.day, day.sum));
    Some((late.map(percent).fold(0.0, f64::max), errors.sum, invocations.sum))
}

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let Some(metrics) = facts.metrics else { return Vec::new() };
    let (percent_min, invocations_min) = (settings.get(&ERROR_PERCENT_MIN), settings.get(&INVOCATIONS_MIN));
    let meter = facts.meter(&BILLED);
    let failing = |resource: &crate::detector::resources::Resource<'_>| {
        let (percent, errors, invocations) = share(metrics.of(resource.id()))?;
        (percent > percent_min && invocations >= invocations_min).then_some((percent, errors, invocations))
    };
    let alive = facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter));
    let found = alive.filter_map(|resource| {
        let (percent, errors, invocations) = failing(&resource)?;
        let part = (PARTS * (errors / invocations).min(1.0)).round() as i128;
        let product = resource.main_product(&meter)?;
        let finding = Finding::of(&resource, resource.spend(&meter).part(part, PARTS as i128))
            .change(facts.products[product as usize].usage_type, "fewer errors")
            .because("error_percent_daily_max", format!("{percent:.1}"))
            .because("errors", format!("{errors:.0}"))
            .because("invocations", format!("{invocations:.0}"));
        Some(finding)
    });
    found.collect()
}
