//! Instances that are too large for what CloudWatch measured of them.

use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::{Advice, Detector, Need};
use crate::rightsize::engine::Verdict;
use crate::rightsize::fleet::{Machine, size_ec2};
use crate::rightsize::preferences::Preferences;
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "rightsize-ec2",
    kind: Kind::Rightsize,
    grade: Grade::Metrics,
    summary: "EC2 instances whose load a cheaper type carries",
    guide: include_str!("rightsize_ec2.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&PERCENTILE, &CPU_HEADROOM, &MEMORY_HEADROOM],
    advice: Advice {
        action: "modify",
        title: "instance is too large for what it does",
        effort: Effort::Medium,
        risk: 2,
        assumptions: &[
            "What was measured is what will be needed.",
            "A vCPU of one family does as much as one of another.",
        ],
        command: "aws ec2 modify-instance-attribute --instance-id {name} --instance-type {target} --region {region}",
    },
    detect,
};

static PERCENTILE: Threshold =
    Threshold::percentile("the percentile of the measurements that a type must carry, in steps of 0.5");
static CPU_HEADROOM: Threshold = Threshold::CPU_HEADROOM;
static MEMORY_HEADROOM: Threshold = Threshold::MEMORY_HEADROOM;

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let Some(metrics) = facts.metrics else { return Vec::new() };
    let preferences = Preferences {
        percentile: settings.get(&PERCENTILE),
        cpu_headroom: settings.get(&CPU_HEADROOM),
        memory_headroom: settings.get(&MEMORY_HEADROOM),
        look_back_days: metrics.look_back_days,
    };
    let machines = size_ec2(facts, metrics, facts.catalog, &preferences).machines;
    let too_large = machines.iter().filter(|machine| machine.assessment.verdict == Verdict::OverProvisioned);
    too_large.filter_map(|machine| finding(facts, machine)).collect()
}

fn finding(facts: &Facts<'_>, machine: &Machine) -> Option<Finding> {
    let at = machine.assessment.preferred?;
    let choice = &machine.assessment.choices[at];
    let product = &facts.products[machine.product as usize];
    let metered = product.usage_type;
    let meter = metered.split_once(':').map_or(metered, |(meter, _)| meter);
    let usage_type = format!("{meter}:{}", choice.candidate.kind.name);
    let Machine { sub_account_id, region_id, resource_id, .. } = machine;
    let [_, counted, most] = machine.cpu_percent;
    let mut finding = Finding::named(sub_account_id, region_id, resource_id, machine.saves_in_look_back[at])
        .change(&machine.instance_type, &choice.candidate.kind.name)
        .because("cpu_percent_at_percentile", format!("{counted:.1}"))
        .because("cpu_percent_max", format!("{most:.1}"))
        .because("samples", machine.samples.0)
        .because("memory_measured", machine.assessment.is_memory_known)
        .because("performance_risk", choice.risk)
        .becomes(product, usage_type, (choice.candidate.hourly, machine.current.hourly))
        .priced_by(choice.candidate.source);
    if let Some(sensitivity) = &machine.assessment.sensitivity {
        finding = finding.because("holds_to_percentile", sensitivity.percentile);
    }
    match choice.differences.is_empty() {
        true => Some(finding),
        false => Some(finding.because("platform_differences", choice.differences.join(" "))),
    }
}
