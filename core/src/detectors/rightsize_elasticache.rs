//! Caches whose load smaller nodes of their family carry.

use std::collections::BTreeMap;

use crate::catalog::instance_types::InstanceType;
use crate::detector::facts::{Facts, Product};
use crate::detector::finding::{Finding, group_name, short_name};
use crate::detector::resources::Resource;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::saved;
use crate::detector::sizing::{Processors, Required, at_percentile, node_ratio, with_headroom};
use crate::detector::usage::{Instance, Usage};
use crate::detector::{Advice, Detector, Need};
use crate::ingest::metrics::series::{Series, Statistic};
use crate::schema::recommendations::{Effort, Grade, Kind};

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

/// What names of nodes begin with.
const WORD: &str = "cache.";

/// What a node needs, or the neediest of a group.
#[derive(Clone, Copy)]
struct Needs {
    required: Required,
    /// Of the engine's one thread, in percent: no size makes it faster.
    engine_percent: f64,
}

impl Needs {
    /// What was needed of a node of a type; `None` where something was not measured long enough.
    fn of(series: &[Series], kind: &InstanceType, settings: &Settings) -> Option<Needs> {
        let of = |metric| at_percentile(series, metric, Statistic::Maximum, settings.get(&PERCENTILE));
        let processors = Processors::of(series, f64::from(kind.vcpus), settings.get(&PERCENTILE))?;
        let memory_mib = of("DatabaseMemoryUsagePercentage")? / 100.0 * f64::from(kind.memory_mib);
        let required = Required {
            vcpus: with_headroom(processors.vcpus, settings.get(&CPU_HEADROOM)),
            vcpus_mean: processors.vcpus_mean,
            memory_mib: with_headroom(memory_mib, settings.get(&MEMORY_HEADROOM)),
        };
        Some(Needs { required, engine_percent: of("EngineCPUUtilization")? })
    }

    fn and(self, other: Needs) -> Needs {
        Needs {
            required: self.required.and(other.required),
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

/// A node's name without the word of its service.
fn in_bill(name: &str) -> &str {
    name.trim_start_matches(WORD)
}

/// The nodes that are changed together, with what the neediest of them needs: none where one was not measured, or where they
/// are of several types.
fn together(facts: &Facts<'_>, nodes: &[Node<'_>], settings: &Settings) -> Option<Needs> {
    let kind = &nodes.first()?.kind;
    let one = |node: &Node<'_>| {
        let series = facts.metrics?.of(node.resource.id());
        Needs::of(series, kind, settings).filter(|_| node.kind.name == kind.name)
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
        let Some(Needs { required, engine_percent }) = together(facts, nodes, settings) else { continue };
        let kind = &nodes[0].kind;
        let does = engine_percent <= 100.0 - settings.get(&CPU_HEADROOM);
        let target = required.smaller(facts.catalog.cache_nodes(), kind).filter(|_| does);
        let Some(target) = target else { continue };
        let first = &nodes[0];
        let (part, source) = node_ratio(facts, &first.product, &first.instance, (target, kind), in_bill);
        let name = in_bill(&target.name);
        for node in nodes {
            let finding = Finding::of(&node.resource, saved(node.resource.spend(&meter), part))
                .change(node.kind.name.clone(), target.name.clone())
                .becomes(&node.product, format!("{}{name}", node.instance.before), part)
                .because("nodes_together", nodes.len())
                .because("vcpus_required", format!("{:.2}", required.vcpus))
                .because("memory_mib_required", format!("{:.0}", required.memory_mib))
                .because("engine_percent", format!("{engine_percent:.1}"))
                .priced_by(source);
            found.push(finding);
        }
    }
    found
}
