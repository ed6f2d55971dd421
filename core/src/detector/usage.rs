//! Usage types without their region, and patterns of them: decided once for each distinct product of a bill.

pub use crate::catalog::usage_types::without_region;

/// Which charges a detector looks at: product codes, usage types and operations. An empty list accepts everything; `*`
/// in a pattern stands for any text.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    services: &'static [&'static str],
    types: &'static [&'static str],
    operations: &'static [&'static str],
}

impl Usage {
    /// Hours of ElastiCache nodes.
    pub const ELASTICACHE_NODES: Usage = Usage::of(&["AmazonElastiCache"], &["NodeUsage:cache.*"]);

    /// vCPU hours of ECS tasks on Fargate with Linux.
    pub const FARGATE_VCPUS: Usage = Usage::of(
        &["AmazonECS"],
        &[
            "Fargate-vCPU-Hours:perCPU",
            "Fargate-ARM-vCPU-Hours:perCPU",
            "SpotUsage-Fargate-vCPU-Hours:perCPU",
            "SpotUsage-Fargate-ARM-vCPU-Hours:perCPU",
        ],
    );

    /// GB hours of ECS tasks on Fargate with Linux.
    pub const FARGATE_MEMORY: Usage = Usage::of(
        &["AmazonECS"],
        &["Fargate-GB-Hours", "Fargate-ARM-GB-Hours", "SpotUsage-Fargate-GB-Hours", "SpotUsage-Fargate-ARM-GB-Hours"],
    );

    /// Hours of OpenSearch instances.
    pub const OPENSEARCH_INSTANCES: Usage = Usage::of(&["AmazonES"], &["ESInstance:*"]);

    /// Hours of RDS and Aurora instances whose engines run on any family: MySQL, PostgreSQL, MariaDB, Aurora.
    pub const RDS_INSTANCES: Usage = Usage::of(&["AmazonRDS"], &["InstanceUsage:db.*", "Multi-AZUsage:db.*"])
        .operations(&[
            "CreateDBInstance:0002",
            "CreateDBInstance:0014",
            "CreateDBInstance:0018",
            "CreateDBInstance:0016",
            "CreateDBInstance:0021",
        ]);

    /// Usage types (without region prefix) of some product codes.
    ///
    /// ```
    /// use farthing::detector::usage::Usage;
    /// static BYTES: Usage = Usage::of(&["AmazonEC2", "AmazonVPC"], &["NatGateway-Bytes", "NatGateway-Prvd-Bytes"]);
    /// assert!(BYTES.matches("AmazonEC2", "NatGateway-Bytes", "NatGateway"));
    /// assert!(!BYTES.matches("AmazonEC2", "NatGateway-Hours", "NatGateway"));
    /// ```
    pub const fn of(services: &'static [&'static str], types: &'static [&'static str]) -> Usage {
        Usage { services, types, operations: &[] }
    }

    /// Only these operations.
    pub const fn operations(self, operations: &'static [&'static str]) -> Usage {
        Usage { operations, ..self }
    }

    /// Whether a product is meant. `usage_type` comes without its region.
    pub fn matches(&self, service: &str, usage_type: &str, operation: &str) -> bool {
        let any = |patterns: &[&str], text: &str| {
            patterns.is_empty() || patterns.iter().any(|pattern| matches_pattern(pattern, text))
        };
        any(self.services, service) && any(self.types, usage_type) && any(self.operations, operation)
    }
}

/// Whether a text is what a pattern says; `*` stands for any text, the empty one included.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// The parts of a usage type that names an instance: what comes before it, its family, and its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instance<'a> {
    /// `BoxUsage:`, `InstanceUsage:db.`, `NodeUsage:cache.`, …
    pub before: &'a str,
    /// `m4`.
    pub family: &'a str,
    /// `large`.
    pub size: &'a str,
}

impl<'a> Instance<'a> {
    /// Reads a usage type without its region.
    ///
    /// ```
    /// use farthing::detector::usage::Instance;
    /// let node = Instance::parse("NodeUsage:cache.m4.large").unwrap();
    /// assert_eq!((node.before, node.family, node.size), ("NodeUsage:cache.", "m4", "large"));
    /// assert_eq!(Instance::parse("NatGateway-Hours"), None);
    /// ```
    pub fn parse(usage_type: &'a str) -> Option<Instance<'a>> {
        let colon = usage_type.rfind(':')? + 1;
        let mut start = colon;
        for word in ["db.", "cache.", "ml."] {
            if usage_type[colon..].starts_with(word) {
                start = colon + word.len();
            }
        }
        let (family, size) = usage_type[start..].split_once('.')?;
        let size = size.strip_suffix(".search").unwrap_or(size);
        Some(Instance { before: &usage_type[..start], family, size })
    }

    /// The usage type of another family of the same size.
    pub fn with_family(&self, family: &str) -> String {
        format!("{}{family}.{}", self.before, self.size)
    }

    /// `m4.large`, with the service's own word before it.
    pub fn name(&self) -> String {
        let word = self.before.rsplit(':').next().unwrap_or_default();
        format!("{word}{}.{}", self.family, self.size)
    }
}

/// Whether usage is billed by the month (GB-Mo, IOPS-Mo), as AWS's price lists state its unit: a month of 31 days costs
/// what one of 30 days does.
pub fn is_billed_by_month(usage_type: &str) -> bool {
    const WORDS: [&str; 7] =
        ["Storage", "VolumeUsage", "VolumeP-", "SnapshotUsage", "BackupUsage", "ByteHrs", "AutoStop-User"];
    WORDS.iter().any(|word| usage_type.contains(word)) && !usage_type.contains("Hour")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("TimedStorage-*", "TimedStorage-ByteHrs", true),
            ("*-AWS-Out-Bytes", "USW2-AWS-Out-Bytes", true),
            ("*ExtendedSupport*", "ExtendedSupport:Yr1-Yr2:MySQL8.0", true),
            ("AW-*-AutoStop-Usage", "AW-HW-2-AutoStop-Usage", true),
            ("AW-*-AutoStop-Usage", "AW-HW-2-AutoStop-User", false),
            ("EBS:VolumeUsage", "EBS:VolumeUsage.gp2", false),
            ("Requests-Tier*", "Requests-FIFO-Tier1", false),
        ] {
            assert_eq!(matches_pattern(pattern, text), expected, "{pattern} {text}");
        }
    }
}
