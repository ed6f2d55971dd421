//! Caches whose load smaller nodes of their family carry.

use std::collections::BTreeMap;

use crate::catalog::instance_types::InstanceType;
use crate::detector::facts::{Facts, Product};
use crate::detector::finding::{Finding, group_name, short_name};
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
    id: "rightsize-elasticache",
    kind: Kind::Rightsize,
    grade: Grade::Metrics,
    summary: "ElastiCache nodes whose load smaller ones carry",
    guide: include_str!("rightsize_elasticache.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&PERCENTILE, &CPU_HEADROOM, &MEMORY_HEADROOM],
    advice: Advice {
        action: "modify",
        title: "cache is too large for what it does",
        effort: Effort::Medium,
        risk: 3,
        assumptions: &[
            "What was measured is what will be needed, connections and throughput to the network included.",
            "Every node of a group was billed and measured: those of one name are changed together.",
        ],
        command: "aws elasticache modify-replication-group --replication-group-id {group} --cache-node-type {target} --apply-immediately --region {region}",
    },
    detect,
};

static PERCENTILE: Threshold =
    Threshold::percentile("the percentile of the measurements that a size must carry, in steps of 0.5");
static CPU_HEADROOM: Threshold = Threshold::CPU_HEADROOM;
static MEMORY_HEADROOM: Threshold = Threshold::MEMORY_HEADROOM;

/// What a node, or the neediest of a group, needs.
#[derive(Clone, Copy)]
struct Required {
    vcpus: f64,
    memory_mib: f64,
    /// Of the engine's one thread, in percent: no size makes it faster.
    engine_percent: f64,
}

impl Required {
    fn and(self, other: Required) -> Required {
        Required {
            vcpus: self.vcpus.max(other.vcpus),
            memory_mib: self.memory_mib.max(other.memory_mib),
            engine_percent: self.engine_percent.max(other.engine_percent),
        }
    }
}

/// A node that is billed to the end.
struct Node<'f> {
    resource: Resource<'f>,
    product: Product<'f>,
    instance: Instance<'f>,
    kind: InstanceType,
}

/// What was required of a node of a type; `None` where something was not measured long enough.
fn required(series: &[Series], kind: &InstanceType, settings: &Settings) -> Option<Required> {
    let percentile = settings.get(&PERCENTILE);
    let free = |threshold| 1.0 - settings.get(threshold) / 100.0;
    let of = |name| {
        let found = Metrics::exactly(series, name, Statistic::Maximum);
        found.filter(|one| one.hours() >= MEASURED_HOURS_MIN).map(|one| one.percentile(percentile))
    };
    Some(Required {
        vcpus: of("CPUUtilization")? / 100.0 * f64::from(kind.vcpus) / free(&CPU_HEADROOM),
        memory_mib: of("DatabaseMemoryUsagePercentage")? / 100.0 * f64::from(kind.memory_mib) / free(&MEMORY_HEADROOM),
        engine_percent: of("EngineCPUUtilization")?,
    })
}

/// The smallest type of the same family that does, if it is smaller.
fn smaller(facts: &Facts<'_>, kind: &InstanceType, required: &Required, settings: &Settings) -> Option<InstanceType> {
    if required.engine_percent > 100.0 - settings.get(&CPU_HEADROOM) {
        return None;
    }
    let does = |other: &&InstanceType| {
        other.memory_mib < kind.memory_mib
            && f64::from(other.vcpus) >= required.vcpus
            && f64::from(other.memory_mib) >= required.memory_mib
    };
    facts.catalog.cache_nodes(kind.family()).filter(does).min_by_key(|other| other.memory_mib).cloned()
}

/// What a smaller type costs as a part of the present one: by the bill's own rates, else by list prices, else as its memory is.
fn ratio(facts: &Facts<'_>, node: &Node<'_>, new: &InstanceType) -> ((i128, i128), PriceSource) {
    let Node { product, instance, kind, .. } = node;
    let price = |name: &str| {
        let name = name.trim_start_matches("cache.");
        facts.price(product.service, product.region, &format!("{}{name}", instance.before), product.operation)
    };
    if let (Some(new), Some(old)) = (price(&new.name), price(&kind.name)) {
        return ((new, old), PriceSource::Bill);
    }
    match facts.catalog.cache_prices(product.region, &new.name, &kind.name) {
        Some(listed) => (listed, PriceSource::Catalog),
        None => ((i128::from(new.memory_mib), i128::from(kind.memory_mib)), PriceSource::Assumption),
    }
}

/// The nodes that are changed together, with what the neediest of them needs: none where one was not measured, or where they
/// are of several types.
fn together(facts: &Facts<'_>, nodes: &[Node<'_>], settings: &Settings) -> Option<Required> {
    let kind = &nodes.first()?.kind;
    let one = |node: &Node<'_>| {
        let series = facts.metrics?.of(node.resource.id());
        required(series, kind, settings).filter(|_| node.kind.name == kind.name)
    };
    nodes.iter().map(one).reduce(|all, one| Some(all?.and(one?)))?
}

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let meter = facts.meter(&Usage::ELASTICACHE_NODES);
    let mut groups: BTreeMap<(&str, &str, &str), Vec<Node<'_>>> = BTreeMap::new();
    for resource in facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter)) {
        let node = || {
            let product = facts.products[resource.main_product(&meter)? as usize];
            let instance = Instance::parse(product.usage_type)?;
            let kind = facts.catalog.instance_type(&instance.name())?;
            Some(Node { resource, product, instance, kind })
        };
        let group = (resource.account(), resource.region(), group_name(short_name(resource.id())));
        groups.entry(group).or_default().extend(node());
    }
    let mut found = Vec::new();
    for nodes in groups.values() {
        let Some(required) = together(facts, nodes, settings) else { continue };
        let Some(target) = smaller(facts, &nodes[0].kind, &required, settings) else { continue };
        for node in nodes {
            let (part, source) = ratio(facts, node, &target);
            let name = target.name.trim_start_matches("cache.");
            let finding = Finding::of(&node.resource, saved(node.resource.spend(&meter), part))
                .change(node.kind.name.clone(), target.name.clone())
                .becomes(&node.product, format!("{}{name}", node.instance.before), part)
                .because("nodes_together", nodes.len())
                .because("vcpus_required", format!("{:.2}", required.vcpus))
                .because("memory_mib_required", format!("{:.0}", required.memory_mib))
                .because("engine_percent", format!("{:.1}", required.engine_percent))
                .priced_by(source);
            found.push(finding);
        }
    }
    found
}
