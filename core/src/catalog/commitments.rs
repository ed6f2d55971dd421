//! What commitments are sold for: normalization factors of instance sizes, and families whose reservations cover any
//! size. From AWS's guides to reserved instances and reserved nodes (EC2, RDS, ElastiCache, MemoryDB), November 2026.

/// Normalization factors count in thousandths of a small instance, so that 1.3 × 0.25 is a whole number.
pub const FACTOR_UNIT: u32 = 1_000;

/// Families whose regional reservations cover the exact type only.
const NOT_FLEXIBLE: &[&str] = &[
    "g4ad", "g4dn", "g5", "g5g", "g6", "g6e", "g6f", "gr6", "gr6f", "hpc7a", "inf1", "inf2", "p5", "u7i-6tb", "u7i-8tb",
];

/// The factor of a size (`nano`, `2xlarge`), in thousandths; that of `metal` depends on the family.
///
/// ```
/// use farthing::catalog::commitments::size_factor;
/// assert_eq!(size_factor("nano"), Some(250));
/// assert_eq!(size_factor("18xlarge"), Some(144_000));
/// assert_eq!(size_factor("huge"), None);
/// ```
pub fn size_factor(size: &str) -> Option<u32> {
    let small = match size {
        "nano" => return Some(FACTOR_UNIT / 4),
        "micro" => return Some(FACTOR_UNIT / 2),
        "small" => 1,
        "medium" => 2,
        "large" => 4,
        "xlarge" => 8,
        _ => size.strip_suffix("xlarge")?.parse::<u32>().ok().filter(|times| (2..=200).contains(times))? * 8,
    };
    Some(small * FACTOR_UNIT)
}

/// The factor of an instance type such as `m5.2xlarge`, `db.r6g.large` or `m5.metal`, in thousandths.
pub fn instance_factor(instance_type: &str) -> Option<u32> {
    let (family, size) = family_and_size(instance_type)?;
    match size.strip_prefix("metal") {
        Some("") => metal_factor(family),
        Some(size) => size_factor(&format!("{}arge", size.strip_prefix('-')?)),
        None => size_factor(size),
    }
}

/// A bare-metal instance counts as much as the largest virtual one of its family.
fn metal_factor(family: &str) -> Option<u32> {
    let small = match family {
        "a1" => 32,
        "m5zn" | "x2iezn" | "z1d" => 96,
        "i3" | "x2gd" => 128,
        "c5n" => 144,
        "c5" | "c5d" | "i3en" => 192,
        "c6i" | "m6i" | "r6i" | "r6id" => 256,
        "u-18tb1" | "u-24tb1" => 448,
        "u-6tb1" | "u-9tb1" | "u-12tb1" => 896,
        _ if ["c6g", "m6g", "r6g"].iter().any(|start| family.starts_with(start)) => 128,
        _ if family.starts_with("m5") || family.starts_with("r5") => 192,
        _ => return None,
    };
    Some(small * FACTOR_UNIT)
}

/// Family and size of an instance type; `db.`, `cache.`, `.search` and the like belong to its service, not to its name.
///
/// ```
/// use farthing::catalog::commitments::family_and_size;
/// assert_eq!(family_and_size("m5.2xlarge"), Some(("m5", "2xlarge")));
/// assert_eq!(family_and_size("db.r6g.large"), Some(("r6g", "large")));
/// assert_eq!(family_and_size("r6g.large.search"), Some(("r6g", "large")));
/// ```
pub fn family_and_size(instance_type: &str) -> Option<(&str, &str)> {
    let own = instance_type.strip_suffix(".search").unwrap_or(instance_type);
    let (family, size) = own.rsplit_once('.')?;
    Some((family.rsplit_once('.').map_or(family, |(_, family)| family), size))
}

/// Whether a regional EC2 reservation of this instance type covers other sizes of its family: Linux on shared hardware
/// (operation `RunInstances`), and not of the families that AWS leaves out.
pub fn is_ec2_flexible(instance_type: &str, operation: &str, is_shared: bool) -> bool {
    let known = family_and_size(instance_type).is_some_and(|(family, _)| !NOT_FLEXIBLE.contains(&family));
    known && is_shared && operation == "RunInstances"
}

/// How a commitment is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Payment {
    /// By the hour.
    NoUpfront,
    /// Half at once, the rest by the hour.
    PartialUpfront,
    /// All at once.
    AllUpfront,
}

impl Payment {
    /// `No Upfront`, …
    pub const fn name(self) -> &'static str {
        match self {
            Payment::NoUpfront => "No Upfront",
            Payment::PartialUpfront => "Partial Upfront",
            Payment::AllUpfront => "All Upfront",
        }
    }

    /// The payment option of a name as AWS's tables spell it: `No Upfront`, `no_upfront`, `NoUpfront`, `NU`.
    ///
    /// ```
    /// use farthing::catalog::commitments::Payment;
    /// assert_eq!(Payment::parse("no_upfront"), Some(Payment::NoUpfront));
    /// assert_eq!(Payment::parse("later"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Payment> {
        match letters(text).as_str() {
            "noupfront" | "nu" | "no" => Some(Payment::NoUpfront),
            "partialupfront" | "pu" | "partial" => Some(Payment::PartialUpfront),
            "allupfront" | "au" | "all" => Some(Payment::AllUpfront),
            _ => None,
        }
    }

    /// The share of a Savings Plan's commitment that is paid at once.
    pub const fn upfront_share(self) -> f64 {
        match self {
            Payment::NoUpfront => 0.0,
            Payment::PartialUpfront => 0.5,
            Payment::AllUpfront => 1.0,
        }
    }
}

/// A text's letters and digits alone, in lower case: names are spelled in many ways.
pub(crate) fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// How a database instance is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deployment {
    /// One instance.
    SingleAz,
    /// An instance with a standby: counts twice.
    MultiAz,
    /// A cluster with two readable standbys: counts three times.
    MultiAzCluster,
}

/// The factor of an RDS or Aurora instance, in thousandths: its size, times its deployment, times 1.3 for Aurora storage
/// that is I/O-optimized.
pub fn database_factor(instance_type: &str, deployment: Deployment, is_io_optimized: bool) -> Option<u32> {
    let times = match deployment {
        Deployment::SingleAz => 1,
        Deployment::MultiAz => 2,
        Deployment::MultiAzCluster => 3,
    };
    let factor = instance_factor(instance_type)? * times;
    Some(if is_io_optimized { factor / 10 * 13 } else { factor })
}

/// Whether reservations of a database engine cover any size of their class: all but SQL Server and Oracle with the
/// licence included.
pub fn is_database_flexible(engine: &str, is_licence_included: bool) -> bool {
    let engine = engine.to_ascii_lowercase();
    let is_oracle = engine.contains("oracle");
    let known = ["db2", "mariadb", "mysql", "postgres", "aurora", "oracle"].iter().any(|known| engine.contains(known));
    known && !(is_oracle && is_licence_included)
}

/// The factor of an ElastiCache node, in thousandths: Valkey counts 0.8 of Redis OSS and Memcached.
pub fn cache_factor(node_type: &str, is_valkey: bool) -> Option<u32> {
    instance_factor(node_type).map(|factor| if is_valkey { factor / 10 * 8 } else { factor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_ladder() {
        let ladder = [
            ("micro", 500),
            ("small", 1_000),
            ("medium", 2_000),
            ("large", 4_000),
            ("xlarge", 8_000),
            ("2xlarge", 16_000),
            ("3xlarge", 24_000),
            ("6xlarge", 48_000),
            ("9xlarge", 72_000),
            ("12xlarge", 96_000),
            ("24xlarge", 192_000),
            ("32xlarge", 256_000),
            ("48xlarge", 384_000),
            ("56xlarge", 448_000),
            ("112xlarge", 896_000),
        ];
        for (size, factor) in ladder {
            assert_eq!(size_factor(size), Some(factor), "{size}");
        }
        for (metal, factor) in
            [("a1", 32), ("m5", 192), ("m5zn", 96), ("m6gd", 128), ("r5b", 192), ("c5n", 144), ("r6id", 256)]
        {
            assert_eq!(instance_factor(&format!("{metal}.metal")), Some(factor * 1_000), "{metal}");
        }
        assert_eq!(instance_factor("m7i.metal-24xl"), Some(192_000));
        assert_eq!(instance_factor("x9.metal"), None);
    }

    #[test]
    fn databases_and_caches() {
        assert_eq!(database_factor("db.r6g.large", Deployment::SingleAz, false), Some(4_000));
        assert_eq!(database_factor("db.r6g.large", Deployment::MultiAz, false), Some(8_000));
        assert_eq!(database_factor("db.m6gd.large", Deployment::MultiAzCluster, false), Some(12_000));
        assert_eq!(database_factor("db.r6g.large", Deployment::SingleAz, true), Some(5_200));
        assert_eq!(cache_factor("cache.m6g.2xlarge", true), Some(12_800));
        assert_eq!(cache_factor("cache.m6g.2xlarge", false), Some(16_000));
        let flexible = [("MySQL", false), ("Aurora PostgreSQL", false), ("Oracle", false), ("Db2", false)];
        assert!(flexible.iter().all(|&(engine, licence)| is_database_flexible(engine, licence)));
        assert!(!is_database_flexible("Oracle", true) && !is_database_flexible("SQL Server", false));
    }

    #[test]
    fn only_linux_on_shared_hardware_is_flexible() {
        assert!(is_ec2_flexible("m5.large", "RunInstances", true));
        assert!(!is_ec2_flexible("m5.large", "RunInstances:0002", true), "Windows");
        assert!(!is_ec2_flexible("m5.large", "RunInstances", false), "dedicated");
        assert!(!is_ec2_flexible("g4dn.xlarge", "RunInstances", true));
    }
}
