//! What detectors share that size machines by what was measured of them.

use super::facts::{Facts, Product};
use super::measured::MEASURED_HOURS_MIN;
use super::shapes::Ratio;
use super::usage::Instance;
use crate::catalog::instance_types::InstanceType;
use crate::ingest::metrics::Metrics;
use crate::ingest::metrics::series::{Series, Statistic};
use crate::schema::recommendations::PriceSource;

const CPU: &str = "CPUUtilization";

/// What a machine needs, what is to stay free included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Required {
    /// Processors.
    pub vcpus: f64,
    /// Processors on the average, of which a type with burst credits must earn as many.
    pub vcpus_mean: f64,
    /// Memory in MiB.
    pub memory_mib: f64,
}

impl Required {
    /// What both need.
    pub fn and(self, other: Required) -> Required {
        Required {
            vcpus: self.vcpus.max(other.vcpus),
            vcpus_mean: self.vcpus_mean.max(other.vcpus_mean),
            memory_mib: self.memory_mib.max(other.memory_mib),
        }
    }

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
                && other.burst_baseline_vcpus().is_none_or(|earned| earned >= self.vcpus_mean)
        };
        types.filter(does).min_by_key(|other| other.memory_mib)
    }
}

/// Processors in use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Processors {
    /// The highest utilization at the percentile, in percent.
    pub percent: f64,
    /// That, in processors.
    pub vcpus: f64,
    /// The mean, in processors; of the highest values where no averages were measured.
    pub vcpus_mean: f64,
}

impl Processors {
    /// Of a machine with so many; `None` where it was not measured long enough.
    pub fn of(series: &[Series], vcpus: f64, percentile: f64) -> Option<Processors> {
        let most = measured(series, CPU, Statistic::Maximum)?;
        let average = Metrics::exactly(series, CPU, Statistic::Average).unwrap_or(most);
        let percent = most.percentile(percentile);
        Some(Processors { percent, vcpus: percent / 100.0 * vcpus, vcpus_mean: average.mean / 100.0 * vcpus })
    }
}

/// A metric that was measured long enough.
pub fn measured<'s>(series: &'s [Series], metric: &str, statistic: Statistic) -> Option<&'s Series> {
    Metrics::exactly(series, metric, statistic).filter(|one| one.hours() >= MEASURED_HOURS_MIN)
}

/// A metric at a percentile (nearest rank); `None` where it was not measured long enough.
pub fn at_percentile(series: &[Series], metric: &str, statistic: Statistic, percentile: f64) -> Option<f64> {
    Some(measured(series, metric, statistic)?.percentile(percentile))
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

/// What a smaller node costs as a part of the present one: by the bill's own rates, else by list prices, else as its memory
/// is. Nodes are named as the bill does, and as price lists do.
pub fn node_ratio(
    facts: &Facts<'_>,
    product: &Product<'_>,
    instance: &Instance<'_>,
    (new, old): (&InstanceType, &InstanceType),
    in_bill: fn(&str) -> &str,
) -> Ratio {
    if let Some(billed) = billed_prices(facts, product, instance, (in_bill(&new.name), in_bill(&old.name))) {
        return (billed, PriceSource::Bill);
    }
    // A price list that is damaged was named when rates were read for what was measured.
    let listed = facts.catalog.on_demand_prices(product.region, &new.name, &old.name).ok().flatten();
    listed.unwrap_or(((i128::from(new.memory_mib), i128::from(old.memory_mib)), PriceSource::Assumption))
}
