//! List prices of us-east-1 for what is not an instance: only ever used in proportion, where the bill has no own rate.

use crate::schema::recommendations::PriceSource;

/// A list price in us-east-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// What is priced, and for what unit.
    pub what: &'static str,
    /// Millionths of a US dollar.
    pub usd_micros: i128,
    /// Whether it was read off a price list or is taken for granted; `SOURCE.md` beside this file says more.
    pub source: PriceSource,
}

const fn assumed(what: &'static str, usd_micros: i128) -> Price {
    Price { what, usd_micros, source: PriceSource::Assumption }
}

/// EBS gp2 storage, GB-month.
pub const EBS_GP2: Price = assumed("EBS gp2 storage, GB-month", 100_000);
/// EBS gp3 storage, GB-month, with 3,000 IOPS and 125 MB/s.
pub const EBS_GP3: Price = assumed("EBS gp3 storage, GB-month", 80_000);
/// EBS gp3 IOPS above 3,000, IOPS-month.
pub const EBS_GP3_IOPS: Price = assumed("EBS gp3 IOPS above 3,000, IOPS-month", 5_000);
/// EBS gp3 throughput above 125 MB/s, MB/s-month.
pub const EBS_GP3_THROUGHPUT: Price = assumed("EBS gp3 throughput above 125 MB/s, MB/s-month", 40_000);
/// EBS io1 storage, GB-month; io2 costs the same.
pub const EBS_IO1: Price = assumed("EBS io1 storage, GB-month", 125_000);
/// EBS io1 IOPS, IOPS-month; the first 32,000 of io2 cost the same.
pub const EBS_IO1_IOPS: Price = assumed("EBS io1 IOPS, IOPS-month", 65_000);
/// EBS io2 IOPS from 32,001 to 64,000, IOPS-month.
pub const EBS_IO2_IOPS_TIER2: Price = assumed("EBS io2 IOPS from 32,001 to 64,000, IOPS-month", 45_500);
/// EBS snapshots, GB-month.
pub const EBS_SNAPSHOT: Price = assumed("EBS snapshot, GB-month", 50_000);
/// EBS snapshots in the archive tier, GB-month.
pub const EBS_SNAPSHOT_ARCHIVE: Price = assumed("EBS snapshot archive, GB-month", 12_500);
/// RDS storage gp2 or gp3 Single-AZ, GB-month.
pub const RDS_STORAGE: Price = assumed("RDS gp2/gp3 storage, GB-month", 115_000);
/// RDS snapshots beyond the free allowance, GB-month.
pub const RDS_SNAPSHOT: Price = assumed("RDS backup storage, GB-month", 95_000);
/// OpenSearch gp2 storage, GB-month.
pub const OPENSEARCH_GP2: Price = assumed("OpenSearch gp2 storage, GB-month", 135_000);
/// OpenSearch gp3 storage, GB-month.
pub const OPENSEARCH_GP3: Price = assumed("OpenSearch gp3 storage, GB-month", 122_000);
/// Lambda on x86, GB-second × 1,000.
pub const LAMBDA_X86: Price = assumed("Lambda x86, 1,000 GB-seconds", 16_667);
/// Lambda on arm64, GB-second × 1,000.
pub const LAMBDA_ARM: Price = assumed("Lambda arm64, 1,000 GB-seconds", 13_333);
/// Fargate x86 vCPU-hour.
pub const FARGATE_X86: Price = assumed("Fargate x86, vCPU-hour", 40_480);
/// Fargate arm64 vCPU-hour.
pub const FARGATE_ARM: Price = assumed("Fargate arm64, vCPU-hour", 32_380);
/// S3 Standard storage, GB-month (first 50 TB).
pub const S3_STANDARD: Price = assumed("S3 Standard storage, GB-month", 23_000);
/// S3 Standard-Infrequent Access storage, GB-month.
pub const S3_INFREQUENT: Price = assumed("S3 Standard-IA storage, GB-month", 12_500);
/// DynamoDB Standard storage, GB-month.
pub const DYNAMODB_STANDARD: Price = assumed("DynamoDB Standard storage, GB-month", 250_000);
/// DynamoDB Standard-Infrequent Access storage, GB-month.
pub const DYNAMODB_INFREQUENT: Price = assumed("DynamoDB Standard-IA storage, GB-month", 100_000);
/// CloudWatch Logs ingestion, Standard class, GB.
pub const LOGS_STANDARD: Price = assumed("CloudWatch Logs ingestion, GB", 500_000);
/// CloudWatch Logs ingestion, Infrequent Access class, GB.
pub const LOGS_INFREQUENT: Price = assumed("CloudWatch Logs Infrequent Access ingestion, GB", 250_000);

/// AlwaysOn WorkSpaces by bundle (`AW-HW-2` is Standard, Windows included, 80 GB root and 50 GB user), per month.
pub const WORKSPACES_ALWAYS_ON: &[(&str, Price)] = &[
    ("AW-HW-1", assumed("WorkSpaces Value AlwaysOn, month", 25_000_000)),
    ("AW-HW-2", assumed("WorkSpaces Standard AlwaysOn, month", 35_000_000)),
    ("AW-HW-3", assumed("WorkSpaces Performance AlwaysOn, month", 60_000_000)),
];
