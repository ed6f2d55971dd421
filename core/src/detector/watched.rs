//! What is worth measuring: the resources of a bill that cost money, and the metrics that detectors and rightsizing read.

use std::collections::BTreeMap;

use super::Need;
use super::ecs::{self, Service};
use super::facts::Facts;
use super::finding::short_name;
use super::resources::Resource;
use super::usage::Usage;
use crate::error::{Error, Result};
use crate::ingest::metrics::series::Statistic;
use crate::ingest::metrics::wanted::{MetricQuery, WantedResource};
use crate::ledger::tables::Ledger;

/// A metric, and how it is asked for.
#[derive(Debug, Clone, Copy)]
struct Watch {
    metric: &'static str,
    statistic: Statistic,
    unit: &'static str,
    is_fine: bool,
    is_counted: bool,
}

/// The greatest of each five minutes: what sizes are chosen by.
const fn peak(metric: &'static str) -> Watch {
    Watch { metric, statistic: Statistic::Maximum, unit: "Percent", is_fine: true, is_counted: false }
}

/// The sum of each five minutes.
const fn flow(metric: &'static str, unit: &'static str) -> Watch {
    Watch { metric, statistic: Statistic::Sum, unit, is_fine: true, is_counted: false }
}

/// The sum of each hour of what is always reported.
const fn sum(metric: &'static str, unit: &'static str) -> Watch {
    Watch { metric, statistic: Statistic::Sum, unit, is_fine: false, is_counted: false }
}

/// The sum of each hour of what is reported only where there is some.
const fn count(metric: &'static str) -> Watch {
    Watch { metric, statistic: Statistic::Sum, unit: "Count", is_fine: false, is_counted: true }
}

/// The sum of each five minutes of what is reported only where there is some.
const fn operations(metric: &'static str) -> Watch {
    Watch { is_fine: true, ..count(metric) }
}

/// The greatest of each hour.
const fn most(metric: &'static str, unit: &'static str) -> Watch {
    Watch { metric, statistic: Statistic::Maximum, unit, is_fine: false, is_counted: false }
}

/// A kind of resource: what it is billed for, where CloudWatch keeps its metrics, and by which dimension.
struct Watched {
    billed: Usage,
    namespace: &'static str,
    dimension: &'static str,
    /// The dimension of the account, where it has one.
    account: Option<&'static str>,
    /// The dimension's value; `None` for what is of another kind.
    value: fn(&str) -> Option<&str>,
    metrics: &'static [Watch],
}

/// The load balancers of one kind, by the first word of what follows `loadbalancer/`.
fn balancer<'a>(id: &'a str, kind: &str) -> Option<&'a str> {
    let (_, name) = id.split_once("loadbalancer/")?;
    name.starts_with(kind).then_some(name)
}

fn volume(id: &str) -> Option<&str> {
    Some(short_name(id)).filter(|name| name.starts_with("vol-"))
}

fn classic(id: &str) -> Option<&str> {
    let name = id.split_once("loadbalancer/").map_or(id, |(_, name)| name);
    (!name.contains('/') && !name.contains(':')).then_some(name)
}

const BALANCERS: &[&str] = &["AWSELB", "AmazonEC2"];

static WATCHED: &[Watched] = &[
    Watched {
        billed: Usage::of(&["AmazonEC2"], &["BoxUsage:*"]),
        namespace: "AWS/EC2",
        dimension: "InstanceId",
        account: None,
        value: |id| Some(short_name(id)).filter(|name| name.starts_with("i-")),
        metrics: &[
            peak("CPUUtilization"),
            Watch { statistic: Statistic::Average, ..peak("CPUUtilization") },
            flow("NetworkIn", "Bytes"),
            flow("NetworkOut", "Bytes"),
            flow("EBSReadBytes", "Bytes"),
            flow("EBSWriteBytes", "Bytes"),
            flow("EBSReadOps", "Count"),
            flow("EBSWriteOps", "Count"),
        ],
    },
    Watched {
        billed: Usage::of(&["AmazonRDS"], &["InstanceUsage:db.*", "Multi-AZUsage:db.*"]),
        namespace: "AWS/RDS",
        dimension: "DBInstanceIdentifier",
        account: None,
        value: |id| Some(short_name(id)),
        metrics: &[
            most("DatabaseConnections", "Count"),
            peak("CPUUtilization"),
            Watch { statistic: Statistic::Minimum, unit: "Bytes", ..peak("FreeableMemory") },
        ],
    },
    Watched {
        billed: Usage::of(&["AmazonEC2"], &["EBS:VolumeUsage*", "EBS:VolumeP-*"]),
        namespace: "AWS/EBS",
        dimension: "VolumeId",
        account: None,
        value: volume,
        metrics: &[operations("VolumeReadOps"), operations("VolumeWriteOps")],
    },
    Watched {
        billed: Usage::of(&["AmazonEC2"], &["EBS:VolumeP-Throughput.gp3"]),
        namespace: "AWS/EBS",
        dimension: "VolumeId",
        account: None,
        value: volume,
        metrics: &[
            Watch { unit: "Bytes", ..operations("VolumeReadBytes") },
            Watch { unit: "Bytes", ..operations("VolumeWriteBytes") },
        ],
    },
    Watched {
        billed: Usage::ELASTICACHE_NODES,
        namespace: "AWS/ElastiCache",
        dimension: "CacheClusterId",
        account: None,
        value: |id| Some(short_name(id)),
        metrics: &[
            most("EngineCPUUtilization", "Percent"),
            most("CPUUtilization", "Percent"),
            most("DatabaseMemoryUsagePercentage", "Percent"),
            sum("NewConnections", "Count"),
            sum("CacheHits", "Count"),
            sum("CacheMisses", "Count"),
            sum("GetHits", "Count"),
            sum("GetMisses", "Count"),
        ],
    },
    Watched {
        billed: Usage::OPENSEARCH_INSTANCES,
        namespace: "AWS/ES",
        dimension: "DomainName",
        account: Some("ClientId"),
        value: |id| Some(short_name(id)),
        metrics: &[
            most("CPUUtilization", "Percent"),
            Watch { statistic: Statistic::Average, ..most("CPUUtilization", "Percent") },
            most("JVMMemoryPressure", "Percent"),
            most("MasterCPUUtilization", "Percent"),
        ],
    },
    Watched {
        billed: Usage::of(&["AWSLambda"], &["Lambda-GB-Second*"]),
        namespace: "AWS/Lambda",
        dimension: "FunctionName",
        account: None,
        value: |id| Some(short_name(id)),
        metrics: &[count("Invocations"), count("Errors")],
    },
    Watched {
        billed: Usage::of(&["AmazonDynamoDB"], &["ReadCapacityUnit-Hrs", "WriteCapacityUnit-Hrs"]),
        namespace: "AWS/DynamoDB",
        dimension: "TableName",
        account: None,
        value: |id| Some(short_name(id)),
        metrics: &[count("ConsumedReadCapacityUnits"), count("ConsumedWriteCapacityUnits")],
    },
    Watched {
        billed: Usage::of(&["AmazonEC2", "AmazonVPC"], &["NatGateway-Hours"]),
        namespace: "AWS/NATGateway",
        dimension: "NatGatewayId",
        account: None,
        value: |id| Some(short_name(id)),
        metrics: &[
            most("ActiveConnectionCount", "Count"),
            sum("PacketsInFromSource", "Count"),
            sum("PacketsInFromDestination", "Count"),
        ],
    },
    Watched {
        billed: Usage::of(BALANCERS, &["LoadBalancerUsage"]).operations(&["LoadBalancing:Application"]),
        namespace: "AWS/ApplicationELB",
        dimension: "LoadBalancer",
        account: None,
        value: |id| balancer(id, "app/"),
        metrics: &[count("RequestCount")],
    },
    Watched {
        billed: Usage::of(BALANCERS, &["LoadBalancerUsage"]).operations(&["LoadBalancing:Network"]),
        namespace: "AWS/NetworkELB",
        dimension: "LoadBalancer",
        account: None,
        value: |id| balancer(id, "net/"),
        metrics: &[count("NewFlowCount")],
    },
    Watched {
        billed: Usage::of(BALANCERS, &["LoadBalancerUsage"]).operations(&["LoadBalancing"]),
        namespace: "AWS/ELB",
        dimension: "LoadBalancerName",
        account: None,
        value: classic,
        metrics: &[count("RequestCount"), most("HealthyHostCount", "Count")],
    },
];

/// What services of ECS are measured by.
const OF_SERVICES: &[Watch] = &[
    peak("CPUUtilization"),
    Watch { statistic: Statistic::Average, ..peak("CPUUtilization") },
    peak("MemoryUtilization"),
];

impl Watch {
    fn query(&self, namespace: &str, dimensions: &[(&str, &str)]) -> MetricQuery {
        MetricQuery {
            namespace: namespace.to_owned(),
            metric: self.metric.to_owned(),
            dimensions: dimensions.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
            statistic: self.statistic,
            unit: self.unit.to_owned(),
            is_fine: self.is_fine,
            is_counted: self.is_counted,
        }
    }
}

impl Watched {
    fn queries(&self, id: &str, account: &str) -> Option<Vec<MetricQuery>> {
        let value = (self.value)(id).filter(|value| !value.is_empty())?;
        let mut dimensions = vec![(self.dimension, value)];
        dimensions.extend(self.account.map(|dimension| (dimension, account)));
        Some(self.metrics.iter().map(|watch| watch.query(self.namespace, &dimensions)).collect())
    }
}

/// The resources of a bill that CloudWatch can be asked about: billed in the look-back, there at the bill's end, and not for
/// nothing. By account, region and id.
pub fn wanted(facts: &Facts<'_>) -> Vec<WantedResource> {
    let mut found: BTreeMap<(&str, &str, &str), WantedResource> = BTreeMap::new();
    for watched in WATCHED {
        let meter = facts.meter(&watched.billed);
        for resource in facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter)) {
            let cost = cost(&resource);
            let queries = watched.queries(resource.id(), resource.account());
            let Some(queries) = queries.filter(|_| cost > 0) else { continue };
            let key = (resource.account(), resource.region(), resource.id());
            let one = found.entry(key).or_insert_with(|| WantedResource {
                sub_account_id: key.0.to_owned(),
                region_id: key.1.to_owned(),
                resource_id: key.2.to_owned(),
                cost_monthly: facts.monthly(cost),
                queries: Vec::new(),
            });
            one.queries.extend(queries);
        }
    }
    found.into_values().chain(services(facts)).collect()
}

/// Services of ECS whose tasks run on Fargate; the bill has only their tasks, which CloudWatch does not measure one by one.
fn services(facts: &Facts<'_>) -> impl Iterator<Item = WantedResource> {
    let meter = facts.meter(&Usage::FARGATE_VCPUS);
    let mut found: BTreeMap<(&str, &str, Service<'_>), WantedResource> = BTreeMap::new();
    for task in facts.resources_with(&meter).filter(|task| task.is_alive(&meter)) {
        let service = ecs::service(&task);
        let Service::Named { cluster, name, .. } = service else { continue };
        let query = |watch: &Watch| watch.query("AWS/ECS", &[("ClusterName", cluster), ("ServiceName", name)]);
        let id = service.ids().swap_remove(0);
        let one = found.entry((task.account(), task.region(), service)).or_insert_with(|| WantedResource {
            sub_account_id: task.account().to_owned(),
            region_id: task.region().to_owned(),
            resource_id: id,
            cost_monthly: 0,
            queries: OF_SERVICES.iter().map(query).collect(),
        });
        one.cost_monthly += facts.monthly(cost(&task));
    }
    found.into_values().filter(|one| one.cost_monthly > 0)
}

/// What a bill's resources are worth asking CloudWatch, and what asking costs.
#[derive(Debug, Clone)]
pub struct MetricsWanted {
    /// The resources.
    pub resources: Vec<WantedResource>,
    /// What AWS bills for a metric of GetMetricData, in units of 1e-12 US dollars.
    pub price: i128,
    /// Where that price comes from.
    pub price_source: &'static str,
}

/// AWS's price: 0.01 US dollars for 1,000 metrics.
const PRICE: i128 = 10_000_000;
const PRICE_SOURCE: &str = "AWS's public price (aws.amazon.com/cloudwatch/pricing)";
const PRICE_OF_BILL: &str = "the rate in this bill";
const ASKED: Usage = Usage::of(&["AmazonCloudWatch"], &["CW:GMD-Metrics"]);

/// What a bill's resources are worth asking.
///
/// # Errors
/// [`Error::NotAvailable`] for a bill without resource ids or usage types.
pub fn of_bill(ledger: &Ledger) -> Result<MetricsWanted> {
    let facts = Facts::of(ledger, None);
    if let Some(reason) = [Need::ResourceIds, Need::UsageTypes].iter().find_map(|need| need.lacking(&facts)) {
        return Err(Error::NotAvailable { what: "what to measure".to_owned(), reason });
    }
    let meter = facts.meter(&ASKED);
    let regions = facts.products.iter().map(|product| product.region);
    let billed = regions.filter_map(|region| facts.price_in(region, &meter)).max();
    let (price, price_source) = match billed.filter(|_| ledger.currencies() == ["USD"]) {
        Some(price) => (price, PRICE_OF_BILL),
        None => (PRICE, PRICE_SOURCE),
    };
    Ok(MetricsWanted { resources: wanted(&facts), price, price_source })
}

/// What a resource costs: what is covered by a commitment costs what the commitment does.
fn cost(resource: &Resource<'_>) -> i128 {
    let spend = resource.spend_in_all();
    spend.free + spend.committed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(id: &str) -> Vec<(String, String)> {
        let queries = WATCHED.iter().filter_map(|watched| watched.queries(id, "111122223333")).flatten();
        queries.map(|query| (query.namespace.clone(), query.dimensions[0].1.clone())).collect()
    }

    #[test]
    fn balancers_are_told_apart_by_their_names() {
        let arn = |rest: &str| format!("arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/{rest}");
        let of = |rest: &str| {
            let asked = asked(&arn(rest));
            asked.into_iter().find(|(namespace, _)| namespace.contains("ELB")).unwrap()
        };
        assert_eq!(of("app/web/0a1b"), ("AWS/ApplicationELB".to_owned(), "app/web/0a1b".to_owned()));
        assert_eq!(of("net/tcp/0a1b"), ("AWS/NetworkELB".to_owned(), "net/tcp/0a1b".to_owned()));
        assert_eq!(of("old-one"), ("AWS/ELB".to_owned(), "old-one".to_owned()));
    }

    #[test]
    fn only_instances_are_asked_about_as_instances() {
        assert!(asked("arn:aws:ec2:us-east-1:1:instance/i-0a").contains(&("AWS/EC2".to_owned(), "i-0a".to_owned())));
        assert!(!asked("vol-0a").iter().any(|(namespace, _)| namespace == "AWS/EC2"));
    }
}
