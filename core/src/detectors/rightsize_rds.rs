//! Databases whose load a smaller size of their family carries.

use crate::catalog::instance_types::InstanceType;
use crate::detector::facts::{Facts, Product};
use crate::detector::finding::Finding;
use crate::detector::measured::MEASURED_HOURS_MIN;
use crate::detector::resources::Resource;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::saved;
use crate::detector::usage::{Instance, Usage};
use crate::detector::{Advice, Detector, Need};
use crate::ingest::metrics::Metrics;
use crate::ingest::metrics::series::{Series, Statistic};
use crate::schema::recommendations::{Effort, Grade, Kind, PriceSource};

pub(super) static DETECTOR: Detector = Detector {
    id: "rightsize-rds",
    kind: Kind::Rightsize,
    grade: Grade::Metrics,
    summary: "RDS and Aurora instances whose load a smaller size carries",
    guide: include_str!("rightsize_rds.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&PERCENTILE, &CPU_HEADROOM, &MEMORY_HEADROOM],
    advice: Advice {
        action: "modify",
        title: "database is too large for what it does",
        effort: Effort::Medium,
        risk: 3,
        assumptions: &[
            "What was measured is what will be needed, connections and throughput to storage included.",
            "Memory that was free all the time is not missed, by the engine's cache either.",
        ],
        command: "aws rds modify-db-instance --db-instance-identifier {name} --db-instance-class {target} --region {region}",
    },
    detect,
};

static PERCENTILE: Threshold =
    Threshold::percentile("the percentile of the measurements that a size must carry, in steps of 0.5");
static CPU_HEADROOM: Threshold = Threshold::CPU_HEADROOM;
static MEMORY_HEADROOM: Threshold = Threshold::MEMORY_HEADROOM;
static BILLED: Usage = Usage::of(&["AmazonRDS"], &["InstanceUsage:db.*", "Multi-AZUsage:db.*"]);
const BYTES_OF_MIB: f64 = 1_048_576.0;

/// What a database needs: processors, and memory in MiB.
struct Required {
    vcpus: f64,
    memory_mib: f64,
    cpu_percent: f64,
}

/// What was required of a machine of a type; `None` where processors or memory were not measured long enough.
fn required(series: &[Series], kind: &InstanceType, settings: &Settings) -> Option<Required> {
    let percentile = settings.get(&PERCENTILE);
    let free = |threshold| 1.0 - settings.get(threshold) / 100.0;
    let (cpu_free, memory_free) = (free(&CPU_HEADROOM), free(&MEMORY_HEADROOM));
    let of =
        |name, statistic| Metrics::exactly(series, name, statistic).filter(|one| one.hours() >= MEASURED_HOURS_MIN);
    let cpu_percent = of("CPUUtilization", Statistic::Maximum)?.percentile(percentile);
    // What is free at the low end is what is used at the high one.
    let least_free = of("FreeableMemory", Statistic::Minimum)?.percentile(100.0 - percentile) / BYTES_OF_MIB;
    let used = (f64::from(kind.memory_mib) - least_free).max(0.0);
    Some(Required {
        vcpus: cpu_percent / 100.0 * f64::from(kind.vcpus) / cpu_free,
        memory_mib: used / memory_free,
        cpu_percent,
    })
}

/// The smallest type of the same family that does, if it is smaller.
fn smaller<'t>(types: &'t [InstanceType], kind: &InstanceType, required: &Required) -> Option<&'t InstanceType> {
    let does = |other: &&InstanceType| {
        other.family() == kind.family()
            && !other.is_metal()
            && other.memory_mib < kind.memory_mib
            && f64::from(other.vcpus) >= required.vcpus
            && f64::from(other.memory_mib) >= required.memory_mib
    };
    types.iter().filter(does).min_by_key(|other| other.memory_mib)
}

/// What a smaller type costs as a part of the present one: by the bill's own rates, else as its memory is, for RDS prices of a
/// family double with the size.
fn ratio(
    facts: &Facts<'_>,
    product: &Product<'_>,
    instance: &Instance<'_>,
    (old, new): (&InstanceType, &InstanceType),
) -> ((i128, i128), PriceSource) {
    let price = |name: &str| {
        facts.price(product.service, product.region, &format!("{}{name}", instance.before), product.operation)
    };
    match (price(&new.name), price(&old.name)) {
        (Some(new), Some(old)) => ((new, old), PriceSource::Bill),
        _ => ((i128::from(new.memory_mib), i128::from(old.memory_mib)), PriceSource::Assumption),
    }
}

fn finding(facts: &Facts<'_>, resource: &Resource<'_>, settings: &Settings) -> Option<Finding> {
    let meter = facts.meter(&BILLED);
    let product = &facts.products[resource.main_product(&meter)? as usize];
    let instance = Instance::parse(product.usage_type)?;
    let name = format!("{}.{}", instance.family, instance.size);
    let types = facts.catalog.ec2_types();
    let kind = types.iter().find(|kind| kind.name == name)?;
    let required = required(facts.metrics?.of(resource.id()), kind, settings)?;
    let target = smaller(types, kind, &required)?;
    let (part, source) = ratio(facts, product, &instance, (kind, target));
    let finding = Finding::of(resource, saved(resource.spend(&meter), part))
        .change(format!("db.{name}"), format!("db.{}", target.name))
        .becomes(product, format!("{}{}", instance.before, target.name), part)
        .because("cpu_percent_at_percentile", format!("{:.1}", required.cpu_percent))
        .because("vcpus_required", format!("{:.2}", required.vcpus))
        .because("memory_mib_required", format!("{:.0}", required.memory_mib))
        .priced_by(source);
    Some(finding)
}

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let meter = facts.meter(&BILLED);
    let alive = facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter));
    alive.filter_map(|resource| finding(facts, &resource, settings)).collect()
}
