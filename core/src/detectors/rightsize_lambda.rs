//! Functions with more memory than they need.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::resources::Resource;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::saved;
use crate::detector::sizing::{at_percentile, measured, with_headroom};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::ingest::metrics::series::{Series, Statistic};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "rightsize-lambda",
    kind: Kind::Rightsize,
    grade: Grade::Metrics,
    summary: "Lambda functions with more memory than they need",
    guide: include_str!("rightsize_lambda.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&PERCENTILE, &CPU_HEADROOM, &MEMORY_HEADROOM, &INVOCATIONS_MIN, &MEMORY_MAX],
    advice: Advice {
        action: "modify",
        title: "function has more memory than it needs",
        effort: Effort::VeryLow,
        risk: 2,
        assumptions: &[
            "With less of a processor than it has, and as much as it uses, a function takes as long as before.",
            "What was measured is what will be needed.",
        ],
        command: "aws lambda update-function-configuration --function-name {id} --memory-size {amount} --region {region}",
    },
    detect,
};

static PERCENTILE: Threshold =
    Threshold::percentile("the percentile of the memory in use that must be carried, in steps of 0.5");
static CPU_HEADROOM: Threshold =
    Threshold { meaning: "processors that stay free while it runs, on the average", ..Threshold::CPU_HEADROOM };
static MEMORY_HEADROOM: Threshold = Threshold::MEMORY_HEADROOM;
static INVOCATIONS_MIN: Threshold = Threshold::INVOCATIONS_MIN;
static MEMORY_MAX: Threshold = Threshold {
    name: "MEMORY_MAX",
    unit: "MB",
    meaning: "memory above which a function is left alone",
    default: 1_792.0,
    range: (128.0, 10_240.0),
};
/// All that is billed by memory and time.
static BILLED: Usage = Usage::of(
    &["AWSLambda"],
    &["Lambda-GB-Second*", "Lambda-Provisioned-GB-Second*", "Lambda-Provisioned-Concurrency*"],
);
/// The memory with which a function has a whole processor; with less it has as much less (AWS Lambda developer guide).
const MEMORY_OF_VCPU: f64 = 1_769.0;
const MEMORY_LEAST: f64 = 128.0;
const MEMORY_MOST: f64 = 10_240.0;
/// Memory is advised in such steps; it is sold in steps of 1.
const STEP: f64 = 64.0;

/// What a function has, and what it needs, in MB.
struct Memory {
    present: f64,
    used_percent: f64,
    vcpus: f64,
    required: f64,
}

impl Memory {
    /// By the metrics of Lambda Insights; `None` where one was not measured long enough, or the memory was changed.
    fn of(series: &[Series], settings: &Settings) -> Option<Memory> {
        let total = measured(series, "total_memory", Statistic::Maximum)?;
        // In MB, or in bytes where a unit was given.
        let scale = if total.max() > MEMORY_MOST { 1e-6 } else { 1.0 };
        let (present, least) = (total.max() * scale, total.percentile(0.0) * scale);
        let used_percent = at_percentile(series, "memory_utilization", Statistic::Maximum, settings.get(&PERCENTILE))?;
        let busy = measured(series, "cpu_total_time", Statistic::Sum)?.sum;
        let took = measured(series, "duration", Statistic::Sum)?.sum;
        if least < present || took <= 0.0 {
            return None;
        }
        let vcpus = busy / took;
        let for_processors = with_headroom(vcpus, settings.get(&CPU_HEADROOM)) * MEMORY_OF_VCPU;
        let in_use = with_headroom(used_percent / 100.0 * present, settings.get(&MEMORY_HEADROOM));
        let required = for_processors.max(in_use).max(MEMORY_LEAST);
        Some(Memory { present, used_percent, vcpus, required: (required / STEP).ceil() * STEP })
    }
}

fn finding(facts: &Facts<'_>, resource: &Resource<'_>, settings: &Settings) -> Option<Finding> {
    let meter = facts.meter(&BILLED);
    let series = facts.metrics?.of(resource.id());
    let memory = Memory::of(series, settings)?;
    let invocations = measured(series, "Invocations", Statistic::Sum)?.sum;
    let is_meant = invocations >= settings.get(&INVOCATIONS_MIN) && memory.present <= settings.get(&MEMORY_MAX);
    if !is_meant || memory.required >= memory.present {
        return None;
    }
    let part = (memory.required as i128, memory.present as i128);
    let finding = Finding::of(resource, saved(resource.spend(&meter), part))
        .change(format!("{} MB", memory.present), format!("{} MB", memory.required))
        .because("memory_percent_at_percentile", format!("{:.1}", memory.used_percent))
        .because("vcpus_used", format!("{:.3}", memory.vcpus))
        .because("invocations", format!("{invocations:.0}"));
    let billed = resource.products(&meter).into_iter().map(|product| &facts.products[product as usize]);
    Some(billed.fold(finding, |finding, product| finding.becomes(product, product.usage_type, part)))
}

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let meter = facts.meter(&BILLED);
    let alive = facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter));
    alive.filter_map(|resource| finding(facts, &resource, settings)).collect()
}
