//! Families of instances, what they cost next to each other, and what replaces them.

use crate::schema::recommendations::PriceSource;

/// A family of instances of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// `EC2`, `RDS`, `ElastiCache` or `OpenSearch`.
    pub service: &'static str,
    /// `m4`.
    pub name: &'static str,
    /// On-demand price in us-east-1 of the size `large` (or of the smaller sizes, times their share of it), in millionths
    /// of a US dollar an hour. Within a family price is proportional to size.
    pub usd_micros: i128,
    /// The family of the present generation that replaces it.
    pub successor: Option<&'static str>,
    /// The family on Graviton that replaces it.
    pub graviton: Option<&'static str>,
    /// Where the price comes from.
    pub source: PriceSource,
}

/// No family replaces it.
const NONE: &str = "";

macro_rules! families {
    ($service:literal $source:ident: $($name:literal $usd_micros:literal $successor:tt $graviton:tt,)*) => {
        &[$(Family {
            service: $service,
            name: $name,
            usd_micros: $usd_micros,
            successor: some($successor),
            graviton: some($graviton),
            source: PriceSource::$source,
        },)*]
    };
}

const fn some(name: &'static str) -> Option<&'static str> {
    if name.is_empty() { None } else { Some(name) }
}

/// EC2, Linux. The list of July 2026.
const EC2: &[Family] = families! { "EC2" Catalog:
    "m1" 175_000 "m6i" NONE,
    "m3" 133_000 "m6i" NONE,
    "m4" 100_000 "m6i" NONE,
    "c3" 105_000 "c6i" NONE,
    "c4" 100_000 "c6i" NONE,
    "r3" 166_000 "r6i" NONE,
    "r4" 133_000 "r6i" NONE,
    "t2" 92_800 "t3" NONE,
    "i2" 426_500 "i4i" NONE,
    "d2" 345_000 "d3" NONE,
    "t3" 83_200 NONE "t4g",
    "t3a" 75_200 NONE "t4g",
    "m5" 96_000 NONE "m6g",
    "m5a" 86_000 NONE "m6g",
    "m6i" 96_000 NONE "m7g",
    "m6a" 86_400 NONE "m7g",
    "m7i" 100_800 NONE "m7g",
    "c5" 85_000 NONE "c6g",
    "c5a" 77_000 NONE "c6g",
    "c6i" 85_000 NONE "c7g",
    "c7i" 89_250 NONE "c7g",
    "r5" 126_000 NONE "r6g",
    "r5a" 113_000 NONE "r6g",
    "r6i" 126_000 NONE "r7g",
    "r7i" 132_300 NONE "r7g",
    "i4i" 172_000 NONE "i4g",
    "d3" 249_500 NONE NONE,
    "t4g" 67_200 NONE NONE,
    "m6g" 77_000 NONE NONE,
    "m7g" 81_600 NONE NONE,
    "c6g" 68_000 NONE NONE,
    "c7g" 72_500 NONE NONE,
    "r6g" 100_800 NONE NONE,
    "r7g" 107_100 NONE NONE,
    "i4g" 154_440 NONE NONE,
};

/// RDS for MySQL, Single-AZ; the other open engines stand in nearly the same proportion.
const RDS: &[Family] = families! { "RDS" Assumption:
    "m3" 185_000 "m6g" NONE,
    "m4" 175_000 "m6g" NONE,
    "r3" 240_000 "r6g" NONE,
    "r4" 240_000 "r6g" NONE,
    "t2" 136_000 "t4g" NONE,
    "t3" 136_000 NONE "t4g",
    "m5" 171_000 NONE "m6g",
    "m6i" 171_000 NONE "m6g",
    "r5" 240_000 NONE "r6g",
    "r6i" 240_000 NONE "r6g",
    "t4g" 129_000 NONE NONE,
    "m6g" 152_000 NONE NONE,
    "r6g" 215_000 NONE NONE,
};

/// ElastiCache for Redis. The list of April 2025.
const ELASTICACHE: &[Family] = families! { "ElastiCache" Catalog:
    "m1" 226_000 "m6g" NONE,
    "m3" 182_000 "m6g" NONE,
    "m4" 156_000 "m6g" NONE,
    "r3" 228_000 "r6g" NONE,
    "r4" 228_000 "r6g" NONE,
    "t2" 136_000 "t4g" NONE,
    "t3" 136_000 NONE "t4g",
    "m5" 156_000 NONE "m6g",
    "r5" 216_000 NONE "r6g",
    "t4g" 130_000 NONE NONE,
    "m6g" 149_000 NONE NONE,
    "r6g" 206_000 NONE NONE,
};

/// OpenSearch Service. The list of November 2024.
const OPENSEARCH: &[Family] = families! { "OpenSearch" Catalog:
    "m3" 188_000 "m6g" NONE,
    "m4" 151_000 "m6g" NONE,
    "c4" 148_000 "c6g" NONE,
    "r3" 245_000 "r6g" NONE,
    "r4" 196_000 "r6g" NONE,
    "i2" 597_000 "i4i" NONE,
    "m5" 142_000 NONE "m6g",
    "c5" 125_000 NONE "c6g",
    "r5" 186_000 NONE "r6g",
    "m6g" 128_000 NONE NONE,
    "c6g" 113_000 NONE NONE,
    "r6g" 167_000 NONE NONE,
    "i4i" 275_000 NONE NONE,
};

/// A family of a service by its name.
///
/// ```
/// use farthing::catalog::families::family;
/// assert_eq!(family("EC2", "m4").and_then(|m4| m4.successor), Some("m6i"));
/// ```
pub fn family(service: &str, name: &str) -> Option<&'static Family> {
    let all = [EC2, RDS, ELASTICACHE, OPENSEARCH];
    all.into_iter().flatten().find(|family| family.service == service && family.name == name)
}

/// Whether a family has a size. Where a size is not known to exist, nothing is advised.
pub fn has_size(family: &Family, size: &str) -> bool {
    let small = ["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge"];
    let usual = ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"];
    match (family.service, family.name) {
        ("EC2", "t3" | "t4g") => small.contains(&size),
        ("RDS", "t4g") => small[1..].contains(&size),
        ("ElastiCache", "t4g") => ["micro", "small", "medium"].contains(&size),
        ("EC2", "d3") => ["xlarge", "2xlarge", "4xlarge", "8xlarge"].contains(&size),
        ("EC2", "m6g" | "m7g" | "c6g" | "c7g" | "r6g" | "r7g") => size == "medium" || usual.contains(&size),
        _ => usual.contains(&size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_replaces_a_family_is_known_and_cheaper() {
        for old in [EC2, RDS, ELASTICACHE, OPENSEARCH].into_iter().flatten() {
            for name in [old.successor, old.graviton].into_iter().flatten() {
                let new = family(old.service, name).unwrap_or_else(|| panic!("{} {name} has no price", old.service));
                assert!(new.usd_micros < old.usd_micros, "{} {} → {name}", old.service, old.name);
                assert_eq!((new.successor, new.graviton.filter(|_| old.graviton.is_some())), (None, None));
            }
        }
    }
}
