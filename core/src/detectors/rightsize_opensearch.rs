//! Search domains whose load smaller nodes of their family carry.

use crate::catalog::instance_types::InstanceType;
use crate::detector::facts::Facts;
use crate::detector::finding::Finding;
use crate::detector::resources::Resource;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::saved;
use crate::detector::sizing::{Processors, Required, at_percentile, measured, node_ratio, with_headroom};
use crate::detector::usage::{Instance, Usage};
use crate::detector::{Advice, Detector, Need};
use crate::ingest::metrics::series::Statistic;
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "rightsize-opensearch",
    kind: Kind::Rightsize,
    grade: Grade::Metrics,
    summary: "OpenSearch domains whose load smaller data nodes carry",
    guide: include_str!("rightsize_opensearch.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&PERCENTILE, &CPU_HEADROOM, &MEMORY_HEADROOM],
    advice: Advice {
        action: "modify",
        title: "domain's data nodes are too large for what they do",
        effort: Effort::Medium,
        risk: 3,
        assumptions: &[
            "The nodes on which most is spent are the data nodes; the others stay as they are.",
            "What was measured is what will be needed; storage stays within what the smaller type may have.",
        ],
        command: "aws opensearch update-domain-config --domain-name {name} --cluster-config InstanceType={target} --region {region}",
    },
    detect,
};

static PERCENTILE: Threshold =
    Threshold::percentile("the percentile of the measurements that a size must carry, in steps of 0.5");
static CPU_HEADROOM: Threshold = Threshold::CPU_HEADROOM;
static MEMORY_HEADROOM: Threshold = Threshold::MEMORY_HEADROOM;

/// What names of nodes end with.
const WORD: &str = ".search";

/// A node's name as usage types have it.
fn in_bill(name: &str) -> &str {
    name.trim_end_matches(WORD)
}

/// Whether a node keeps its data on disks of its own, which become less with its size.
fn has_own_disks(facts: &Facts<'_>, node: &InstanceType) -> bool {
    let alike = facts.catalog.instance_type(in_bill(&node.name));
    alike.is_some_and(|kind| kind.local_storage_gb.is_some_and(|gb| gb > 0))
}

fn finding(facts: &Facts<'_>, resource: &Resource<'_>, settings: &Settings) -> Option<Finding> {
    let meter = facts.meter(&Usage::OPENSEARCH_INSTANCES);
    let main = resource.main_product(&meter)?;
    let product = &facts.products[main as usize];
    let instance = Instance::parse(product.usage_type)?;
    let kind = facts.catalog.instance_type(&format!("{}{WORD}", instance.name()))?;
    let series = facts.metrics?.of(resource.id());
    let data = facts.only(main);
    // Master nodes of the same type as the data nodes cannot be told from them.
    let has_masters = measured(series, "MasterCPUUtilization", Statistic::Maximum).is_some();
    if has_own_disks(facts, &kind) || (has_masters && resource.spend(&data) == resource.spend(&meter)) {
        return None;
    }
    let processors = Processors::of(series, f64::from(kind.vcpus), settings.get(&PERCENTILE))?;
    let heap_percent = at_percentile(series, "JVMMemoryPressure", Statistic::Maximum, settings.get(&PERCENTILE))?;
    let memory_mib = heap_percent / 100.0 * f64::from(kind.memory_mib);
    let required = Required {
        vcpus: with_headroom(processors.vcpus, settings.get(&CPU_HEADROOM)),
        vcpus_mean: processors.vcpus_mean,
        memory_mib: with_headroom(memory_mib, settings.get(&MEMORY_HEADROOM)),
    };
    let target = required.smaller(facts.catalog.search_instances(), &kind)?;
    let (part, source) = node_ratio(facts, product, &instance, (target, &kind), in_bill);
    let finding = Finding::of(resource, saved(resource.spend(&data), part))
        .change(kind.name.clone(), target.name.clone())
        .becomes(product, format!("{}{}", instance.before, in_bill(&target.name)), part)
        .because("nodes", format!("{:.0}", resource.spend(&data).amount() / f64::from(resource.hours(&data).count())))
        .because("cpu_percent_at_percentile", format!("{:.1}", processors.percent))
        .because("heap_percent_at_percentile", format!("{heap_percent:.1}"))
        .because("vcpus_required", format!("{:.2}", required.vcpus))
        .because("memory_mib_required", format!("{:.0}", required.memory_mib))
        .priced_by(source);
    Some(finding)
}

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let meter = facts.meter(&Usage::OPENSEARCH_INSTANCES);
    let alive = facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter));
    alive.filter_map(|resource| finding(facts, &resource, settings)).collect()
}
