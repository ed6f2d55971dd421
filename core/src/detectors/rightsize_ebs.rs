//! Volumes that are paid more IOPS or throughput than they use.

use crate::detector::facts::{Facts, Meter};
use crate::detector::finding::{Finding, usd};
use crate::detector::resources::{Resource, Spend};
use crate::detector::settings::{Settings, Threshold};
use crate::detector::sizing::measured;
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::ingest::metrics::series::{Series, Statistic};
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "rightsize-ebs",
    kind: Kind::Rightsize,
    grade: Grade::Metrics,
    summary: "EBS volumes with more provisioned IOPS or throughput than they use",
    guide: include_str!("rightsize_ebs.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&PERCENTILE, &HEADROOM, &SAVINGS_MIN],
    advice: Advice {
        action: "modify",
        title: "volume has more performance than it uses",
        effort: Effort::VeryLow,
        risk: 2,
        assumptions: &[
            "What was measured is what will be needed; within five minutes there may be short peaks above the mean.",
        ],
        command: "aws ec2 modify-volume --volume-id {name} --cli-input-json {target} --region {region}",
    },
    detect,
};

static PERCENTILE: Threshold =
    Threshold::percentile("the percentile of the measurements that must be carried, in steps of 0.5");
static HEADROOM: Threshold = Threshold {
    name: "HEADROOM",
    unit: "percent",
    meaning: "performance that stays free at that percentile",
    default: 30.0,
    range: (0.0, 90.0),
};
static SAVINGS_MIN: Threshold = Threshold::savings_min(1.0);

/// IOPS and throughput that are in gp3's price.
const GP3_IOPS: f64 = 3_000.0;
const GP3_MIBPS: f64 = 125.0;
/// The fewest IOPS that io1 and io2 are sold with.
const IO_IOPS: f64 = 100.0;
/// gp3's throughput is billed by the GiB a second.
const MIB_OF_GIB: f64 = 1_024.0;
const BYTES_OF_MIB: f64 = 1_048_576.0;

/// A kind of performance that is billed by what is provisioned.
struct Provisioned {
    billed: Usage,
    /// How much of it is not billed.
    free: f64,
    /// How much of it there is at least.
    least: f64,
    /// What a billed unit is in the unit of the others.
    unit: f64,
    metrics: [&'static str; 2],
    /// What a second's measurement is divided by.
    scale: f64,
    /// Its name in a request.
    option: &'static str,
    evidence: [&'static str; 2],
}

const OPERATIONS: [&str; 2] = ["VolumeReadOps", "VolumeWriteOps"];
const BYTES: [&str; 2] = ["VolumeReadBytes", "VolumeWriteBytes"];
static KINDS: [Provisioned; 3] = [
    Provisioned {
        billed: Usage::of(&["AmazonEC2"], &["EBS:VolumeP-IOPS.gp3"]),
        free: GP3_IOPS,
        least: GP3_IOPS,
        unit: 1.0,
        metrics: OPERATIONS,
        scale: 1.0,
        option: "Iops",
        evidence: ["iops_provisioned", "iops_required"],
    },
    Provisioned {
        billed: Usage::of(&["AmazonEC2"], &["EBS:VolumeP-Throughput.gp3"]),
        free: GP3_MIBPS,
        least: GP3_MIBPS,
        unit: MIB_OF_GIB,
        metrics: BYTES,
        scale: BYTES_OF_MIB,
        option: "Throughput",
        evidence: ["mibps_provisioned", "mibps_required"],
    },
    Provisioned {
        billed: Usage::of(&["AmazonEC2"], &["EBS:VolumeP-IOPS.piops", "EBS:VolumeP-IOPS.io2"]),
        free: 0.0,
        least: IO_IOPS,
        unit: 1.0,
        metrics: OPERATIONS,
        scale: 1.0,
        option: "Iops",
        evidence: ["iops_provisioned", "iops_required"],
    },
];

/// What is provisioned, what is required of it, and what less of it saves.
struct Excess {
    provisioned: f64,
    required: f64,
    saves: Spend,
}

impl Provisioned {
    /// What is used a second at a percentile, reads and writes added, which is never less than their sum was at that
    /// percentile of both; `None` where it was not measured.
    fn used(&self, series: &[Series], percentile: f64) -> Option<f64> {
        let rate = |name: &str| {
            let sum = measured(series, name, Statistic::Sum)?;
            Some(sum.percentile(percentile) / f64::from(sum.period_secs) / self.scale)
        };
        Some(rate(self.metrics[0])? + rate(self.metrics[1])?)
    }

    fn excess(&self, meter: &Meter, resource: &Resource<'_>, used: f64, headroom: f64) -> Option<Excess> {
        let billed = resource.size(meter) * self.unit;
        let provisioned = self.free + billed;
        // What is whole but for an error of rounding stays whole.
        let required = (used / (1.0 - headroom / 100.0) - 1e-6).ceil().max(self.least);
        let part = (provisioned - required) / billed;
        // Parts of a thousandth: quantities are rounded by the hour.
        let saved = (billed > 0.0 && part > 0.0).then(|| (part.min(1.0) * 1e6).round() as i128)?;
        Some(Excess { provisioned, required, saves: resource.spend(meter).part(saved, 1_000_000) })
    }
}

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let Some(metrics) = facts.metrics else { return Vec::new() };
    let (percentile, headroom) = (settings.get(&PERCENTILE), settings.get(&HEADROOM));
    let least = settings.get(&SAVINGS_MIN);
    let meters: Vec<Meter> = KINDS.iter().map(|kind| facts.meter(&kind.billed)).collect();
    let any = meters.iter().skip(1).fold(meters[0].clone(), |all, one| all.or(one));
    let mut found = Vec::new();
    for resource in facts.resources_with(&any).filter(|resource| resource.is_alive(&any)) {
        let series = metrics.of(resource.id());
        let each = KINDS.iter().zip(&meters).filter_map(|(kind, meter)| {
            let used = kind.used(series, percentile)?;
            Some((kind, kind.excess(meter, &resource, used, headroom)?))
        });
        let excesses: Vec<(&Provisioned, Excess)> = each.collect();
        let saves = excesses.iter().fold(Spend::default(), |sum, (_, one)| sum.plus(one.saves));
        let Some(product) = resource.main_product(&any) else { continue };
        if excesses.is_empty() || usd(facts.monthly(saves.free + saves.committed)) < least {
            continue;
        }
        let options = excesses.iter().map(|(kind, one)| format!("\"{}\":{:.0}", kind.option, one.required));
        let target = format!("{{{}}}", options.collect::<Vec<_>>().join(","));
        let finding = Finding::of(&resource, saves).change(facts.products[product as usize].usage_type, target);
        found.push(excesses.iter().fold(finding, |finding, (kind, one)| {
            finding
                .because(kind.evidence[0], format!("{:.0}", one.provisioned))
                .because(kind.evidence[1], format!("{:.0}", one.required))
        }));
    }
    found
}
