//! Databases whose load a smaller size of their family carries.

use crate::catalog::instance_types::InstanceType;
use crate::detector::facts::{Facts, Product};
use crate::detector::finding::Finding;
use crate::detector::resources::Resource;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::saved;
use crate::detector::sizing::{Processors, Required, at_percentile, billed_prices, with_headroom};
use crate::detector::usage::{Instance, Usage};
use crate::detector::{Advice, Detector, Need};
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

/// What was required of a machine of a type, and its processors in percent; `None` where processors or memory were not
/// measured long enough.
fn required(series: &[Series], kind: &InstanceType, settings: &Settings) -> Option<(Required, f64)> {
    let percentile = settings.get(&PERCENTILE);
    let processors = Processors::of(series, f64::from(kind.vcpus), percentile)?;
    // What is free at the low end is what is used at the high one.
    let least_free = at_percentile(series, "FreeableMemory", Statistic::Minimum, 100.0 - percentile)? / BYTES_OF_MIB;
    let used = (f64::from(kind.memory_mib) - least_free).max(0.0);
    let required = Required {
        vcpus: with_headroom(processors.vcpus, settings.get(&CPU_HEADROOM)),
        vcpus_mean: processors.vcpus_mean,
        memory_mib: with_headroom(used, settings.get(&MEMORY_HEADROOM)),
    };
    Some((required, processors.percent))
}

/// What a smaller type costs as a part of the present one: by the bill's own rates, else as its memory is, for RDS prices of a
/// family double with the size.
fn ratio(
    facts: &Facts<'_>,
    product: &Product<'_>,
    instance: &Instance<'_>,
    (old, new): (&InstanceType, &InstanceType),
) -> ((i128, i128), PriceSource) {
    match billed_prices(facts, product, instance, (&new.name, &old.name)) {
        Some(billed) => (billed, PriceSource::Bill),
        None => ((i128::from(new.memory_mib), i128::from(old.memory_mib)), PriceSource::Assumption),
    }
}

fn finding(facts: &Facts<'_>, resource: &Resource<'_>, settings: &Settings) -> Option<Finding> {
    let meter = facts.meter(&BILLED);
    let product = &facts.products[resource.main_product(&meter)? as usize];
    let instance = Instance::parse(product.usage_type)?;
    let name = format!("{}.{}", instance.family, instance.size);
    let types = facts.catalog.ec2_types();
    let kind = types.iter().find(|kind| kind.name == name)?;
    let (required, cpu_percent) = required(facts.metrics?.of(resource.id()), kind, settings)?;
    let target = required.smaller(types.iter(), kind)?;
    let (part, source) = ratio(facts, product, &instance, (kind, target));
    let finding = Finding::of(resource, saved(resource.spend(&meter), part))
        .change(format!("db.{name}"), format!("db.{}", target.name))
        .becomes(product, format!("{}{}", instance.before, target.name), part)
        .because("cpu_percent_at_percentile", format!("{:.1}", cpu_percent))
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
