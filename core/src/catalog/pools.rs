//! What usage is to commitments, by its names: which pool it belongs to, and what can be bought for it.

use super::commitments::{
    Deployment, FACTOR_UNIT, cache_factor, database_factor, family_and_size, instance_factor, is_ec2_flexible,
};
use super::usage_types::without_region;

/// What can be bought for usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// EC2 on shared hardware.
    Ec2,
    /// EC2 on dedicated hardware.
    Ec2Dedicated,
    /// Fargate.
    Fargate,
    /// Lambda durations.
    Lambda,
    /// RDS and Aurora instances.
    Rds(Deployment),
    /// Databases without reservations: Neptune, DocumentDB.
    DatabaseInstance,
    /// Serverless databases.
    DatabaseServerless,
    /// ElastiCache, OpenSearch, Redshift and MemoryDB nodes.
    Nodes,
    /// Provisioned capacity of DynamoDB, in blocks of 100 units.
    DynamoDb,
    /// SageMaker instances.
    SageMaker,
}

/// What a product is to offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The pool's name: `EC2 m5 us-east-1`.
    pub pool: String,
    /// `AmazonEC2`.
    pub service: String,
    /// `us-east-1`.
    pub region: String,
    /// The instance type, empty where there are no instances.
    pub instance: String,
    /// `RunInstances:0002`.
    pub operation: String,
    /// What can be bought.
    pub sold: Use,
    /// Normalization factor in thousandths, where sizes share a pool; of DynamoDB 1/100 of a block.
    pub factor: u32,
}

/// Engines of RDS whose reservations cover every size of their class, by operation code: MySQL, PostgreSQL, Aurora MySQL,
/// Aurora PostgreSQL, MariaDB, and Oracle with an own licence. From AWS's list of operation codes.
const FLEXIBLE_ENGINES: [(&str, &str); 7] = [
    ("0002", "MySQL"),
    ("0005", "Oracle"),
    ("0014", "PostgreSQL"),
    ("0016", "Aurora MySQL"),
    ("0018", "MariaDB"),
    ("0019", "Oracle"),
    ("0021", "Aurora PostgreSQL"),
];

impl Class {
    /// The instance family.
    pub fn family(&self) -> Option<&str> {
        let instance = self.instance.trim_end_matches(".search").trim_end_matches(".elasticsearch");
        family_and_size(instance).map(|(family, _)| family)
    }

    /// The factor of what is bought in whole numbers, given the smallest size that is used.
    pub(crate) fn unit_factor(&self) -> u32 {
        if self.sold == Use::DynamoDb { FACTOR_UNIT } else { self.factor }
    }
}

/// The class of usage by its names.
pub(crate) fn classify(service: &str, usage_type: &str, operation: &str, region: &str) -> Option<Class> {
    let instance = usage_type.rsplit_once(':').map_or("", |(_, instance)| instance);
    let has = |part: &str| usage_type.contains(part);
    let class = |pool: String, sold: Use, factor: u32| {
        let instance = if matches!(sold, Use::Fargate | Use::Lambda | Use::DynamoDb | Use::DatabaseServerless) {
            ""
        } else {
            instance
        };
        Some(Class {
            pool,
            service: service.to_owned(),
            region: region.to_owned(),
            instance: instance.to_owned(),
            operation: operation.to_owned(),
            sold,
            factor,
        })
    };
    let code = operation.split_once(':').map_or("", |(_, code)| code);
    let exact = |name: &str| match code {
        "" => format!("{name} {instance} {region}"),
        code => format!("{name} {instance} :{code} {region}"),
    };
    let meter = || without_region(usage_type);
    match service {
        "AmazonEC2" if has("HostBoxUsage") => None,
        "AmazonEC2" => {
            let is_shared = has("BoxUsage") || has("UnusedBox");
            let sold = if is_shared { Use::Ec2 } else { Use::Ec2Dedicated };
            match (family_and_size(instance), instance_factor(instance)) {
                (Some((family, _)), Some(factor)) if is_ec2_flexible(instance, operation, is_shared) => {
                    class(format!("EC2 {family} {region}"), sold, factor)
                }
                (Some(_), _) => class(exact(if is_shared { "EC2" } else { "EC2 dedicated" }), sold, FACTOR_UNIT),
                (None, _) => None,
            }
        }
        "AmazonECS" | "AmazonEKS" => {
            class(format!("Fargate {} {region}", fargate_meter(usage_type)), Use::Fargate, 1_000)
        }
        "AWSLambda" if has("Request") => None,
        "AWSLambda" => class(format!("Lambda {} {region}", lambda_meter(usage_type)), Use::Lambda, 1_000),
        "AmazonRDS" if has("Serverless") => {
            class(format!("Aurora {} {region}", meter()), Use::DatabaseServerless, 1_000)
        }
        "AmazonRDS" => rds(usage_type, instance, code, region, &class, &exact),
        "AmazonDocDB" | "AmazonNeptune" if has("Serverless") => {
            class(format!("{} {} {region}", &service[6..], meter()), Use::DatabaseServerless, 1_000)
        }
        "AmazonDocDB" | "AmazonNeptune" => class(exact(&service[6..]), Use::DatabaseInstance, 1_000),
        "AmazonElastiCache" | "AmazonMemoryDB" => {
            let name = service.trim_start_matches("Amazon");
            let (family, _) = family_and_size(instance)?;
            match cache_factor(instance, false) {
                Some(factor) => class(format!("{name} {family} {region}"), Use::Nodes, factor),
                None => class(exact(name), Use::Nodes, FACTOR_UNIT),
            }
        }
        "AmazonES" => class(exact("OpenSearch"), Use::Nodes, FACTOR_UNIT),
        "AmazonRedshift" => class(exact("Redshift"), Use::Nodes, FACTOR_UNIT),
        "AmazonDynamoDB" => {
            let what = if has("Read") { "read" } else { "write" };
            class(format!("DynamoDB {what} capacity {region}"), Use::DynamoDb, FACTOR_UNIT / 100)
        }
        "AmazonSageMaker" => class(format!("SageMaker {} {region}", meter()), Use::SageMaker, FACTOR_UNIT),
        _ => None,
    }
}

type Make<'a> = dyn Fn(String, Use, u32) -> Option<Class> + 'a;

fn rds(
    usage_type: &str,
    instance: &str,
    code: &str,
    region: &str,
    class: &Make<'_>,
    exact: &dyn Fn(&str) -> String,
) -> Option<Class> {
    let deployment = match usage_type {
        _ if usage_type.contains("Multi-AZCluster") => Deployment::MultiAzCluster,
        _ if usage_type.contains("Multi-AZ") => Deployment::MultiAz,
        _ => Deployment::SingleAz,
    };
    let is_io_optimized = usage_type.contains("IOOptimized");
    let engine = FLEXIBLE_ENGINES.iter().find(|(known, _)| *known == code).map(|(_, engine)| *engine);
    let (family, _) = family_and_size(instance)?;
    match engine.zip(database_factor(instance, deployment, is_io_optimized)) {
        // A reservation for an instance without a standby covers half of one with a standby: they share the pool.
        Some((engine, factor)) => class(format!("RDS {engine} {family} {region}"), Use::Rds(deployment), factor),
        None => {
            let name = match deployment {
                Deployment::SingleAz => "RDS",
                Deployment::MultiAz => "RDS Multi-AZ",
                Deployment::MultiAzCluster => "RDS Multi-AZ cluster",
            };
            class(exact(name), Use::Rds(deployment), FACTOR_UNIT)
        }
    }
}

/// `vCPU`, `GB`, with what sets their prices apart: ARM, Windows.
fn fargate_meter(usage_type: &str) -> String {
    let platform = [("ARM", "ARM "), ("Windows", "Windows ")].into_iter().find(|(part, _)| usage_type.contains(part));
    let meter = if usage_type.contains("vCPU") {
        "vCPU-hours"
    } else if usage_type.contains("Ephemeral") {
        "storage"
    } else {
        "GB-hours"
    };
    format!("{}{meter}", platform.map_or("", |(_, name)| name))
}

/// What follows the region: `Lambda-GB-Second-ARM` is `GB-Second-ARM`.
fn lambda_meter(usage_type: &str) -> &str {
    usage_type.find("Lambda-").map_or(usage_type, |at| &usage_type[at + "Lambda-".len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(service: &str, usage_type: &str, operation: &str) -> Option<(String, u32)> {
        classify(service, usage_type, operation, "eu-west-1").map(|class| (class.pool, class.factor))
    }

    #[test]
    fn sizes_share_a_pool_where_reservations_are_flexible() {
        let cases = [
            ("AmazonEC2", "EU-BoxUsage:m5.2xlarge", "RunInstances", "EC2 m5 eu-west-1", 16_000),
            ("AmazonEC2", "EU-BoxUsage:m5.2xlarge", "RunInstances:0002", "EC2 m5.2xlarge :0002 eu-west-1", 1_000),
            ("AmazonEC2", "EU-DedicatedUsage:m5.large", "RunInstances", "EC2 dedicated m5.large eu-west-1", 1_000),
            ("AmazonEC2", "EU-BoxUsage:g5.xlarge", "RunInstances", "EC2 g5.xlarge eu-west-1", 1_000),
            (
                "AmazonRDS",
                "EU-InstanceUsage:db.r5.large",
                "CreateDBInstance:0014",
                "RDS PostgreSQL r5 eu-west-1",
                4_000,
            ),
            (
                "AmazonRDS",
                "EU-Multi-AZUsage:db.r5.large",
                "CreateDBInstance:0014",
                "RDS PostgreSQL r5 eu-west-1",
                8_000,
            ),
            (
                "AmazonRDS",
                "EU-InstanceUsageIOOptimized:db.r6g.large",
                "CreateDBInstance:0021",
                "RDS Aurora PostgreSQL r6g eu-west-1",
                5_200,
            ),
            (
                "AmazonRDS",
                "EU-Multi-AZUsage:db.r5.large",
                "CreateDBInstance:0012",
                "RDS Multi-AZ db.r5.large :0012 eu-west-1",
                1_000,
            ),
            (
                "AmazonElastiCache",
                "EU-NodeUsage:cache.r6g.large",
                "CreateCacheCluster:0002",
                "ElastiCache r6g eu-west-1",
                4_000,
            ),
            ("AmazonES", "EU-ESInstance:m6g.large.search", "ESDomain", "OpenSearch m6g.large.search eu-west-1", 1_000),
            (
                "AmazonRedshift",
                "EU-Node:ra3.xlplus",
                "RunComputeNode:0001",
                "Redshift ra3.xlplus :0001 eu-west-1",
                1_000,
            ),
            (
                "AmazonDynamoDB",
                "EU-ReadCapacityUnit-Hrs",
                "CommittedThroughput",
                "DynamoDB read capacity eu-west-1",
                10,
            ),
            ("AmazonECS", "EU-Fargate-vCPU-Hours:perCPU", "", "Fargate vCPU-hours eu-west-1", 1_000),
            ("AWSLambda", "EU-Lambda-GB-Second-ARM", "Invoke", "Lambda GB-Second-ARM eu-west-1", 1_000),
        ];
        for (service, usage_type, operation, name, factor) in cases {
            assert_eq!(pool(service, usage_type, operation), Some((name.to_owned(), factor)), "{usage_type}");
        }
    }

    #[test]
    fn what_no_commitment_covers_or_saves_on_is_in_no_pool() {
        for (service, usage_type, operation) in [
            ("AWSLambda", "EU-Request", "Invoke"),
            ("AmazonEC2", "EU-HostBoxUsage:m5.large", "RunInstances"),
            ("AmazonEC2", "EU-DataTransfer-Out-Bytes", "RunInstances"),
            ("AmazonS3", "EU-TimedStorage-ByteHrs", "StandardStorage"),
        ] {
            assert_eq!(pool(service, usage_type, operation), None, "{usage_type}");
        }
    }
}
