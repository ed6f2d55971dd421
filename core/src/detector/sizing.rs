//! What detectors share that size machines by what was measured of them.

use super::facts::{Facts, Product};
use super::measured::MEASURED_HOURS_MIN;
use super::usage::Instance;
use crate::catalog::instance_types::InstanceType;
use crate::ingest::metrics::Metrics;
use crate::ingest::metrics::series::{Series, Statistic};

/// What a machine needs, what is to stay free included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Required {
    /// Processors.
    pub vcpus: f64,
    /// Memory in MiB.
    pub memory_mib: f64,
}

impl Required {
    /// The smallest of some types that has it, if it is smaller than the present one.
    pub fn smaller<'t>(
        &self,
        types: impl Iterator<Item = &'t InstanceType>,
        present: &InstanceType,
    ) -> Option<&'t InstanceType> {
        let does = |other: &&InstanceType| {
            other.family() == present.family()
                && !other.is_metal()
                && other.memory_mib < present.memory_mib
                && f64::from(other.vcpus) >= self.vcpus
                && f64::from(other.memory_mib) >= self.memory_mib
        };
        types.filter(does).min_by_key(|other| other.memory_mib)
    }
}

/// A metric at a percentile (nearest rank); `None` where it was not measured long enough.
pub fn at_percentile(series: &[Series], metric: &str, statistic: Statistic, percentile: f64) -> Option<f64> {
    let found = Metrics::exactly(series, metric, statistic).filter(|one| one.hours() >= MEASURED_HOURS_MIN)?;
    Some(found.percentile(percentile))
}

/// What there must be of something for so many percent of it to stay free.
pub fn with_headroom(used: f64, percent: f64) -> f64 {
    used / (1.0 - percent / 100.0)
}

/// What a new type costs beside the old one by the bill's own rates, where it has both. Types are named without the word of
/// their service.
pub fn billed_prices(
    facts: &Facts<'_>,
    product: &Product<'_>,
    instance: &Instance<'_>,
    (new, old): (&str, &str),
) -> Option<(i128, i128)> {
    let price = |name: &str| {
        facts.price(product.service, product.region, &format!("{}{name}", instance.before), product.operation)
    };
    price(new).zip(price(old))
}
