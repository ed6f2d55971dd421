//! What is known of an instance type in a region: every price, from every layer, with its source and its day.

use super::instance_types::InstanceType;
use super::platforms::Platform;
use super::price_lists::folder::{Found, PriceLists};
use super::price_lists::rates::Terms;
use super::quotes::{BUNDLED, Catalog};
use super::snapshot::{Prices, ec2_prices, ec2_types, elasticache, opensearch};
use crate::error::Result;
use crate::schema::recommendations::PriceSource;

/// A price of an instance type in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceLine {
    /// `AmazonEC2`.
    pub service: String,
    /// What it runs, its engine, or the operation where that is not known.
    pub variant: String,
    /// Usage type; empty where the source does not say.
    pub usage_type: String,
    /// On which terms.
    pub terms: Terms,
    /// `Hrs`, or `Quantity` for what is paid at once.
    pub unit: String,
    /// US dollars in units of 1e-12.
    pub price: i128,
    /// Whether what is paid at once is spread over the hours.
    pub is_spread: bool,
    /// Which layer it is from.
    pub source: PriceSource,
    /// The file, or the bundled list.
    pub origin: String,
    /// The day or month that it is of.
    pub as_of: String,
}

/// Services whose instances are described: usage types without region, and the bundled prices.
struct Sold {
    service: &'static str,
    usage_types: &'static [&'static str],
    bundled: fn() -> Option<&'static Prices>,
}

const SOLD: [Sold; 6] = [
    Sold { service: "AmazonEC2", usage_types: &["BoxUsage:"], bundled: || Some(ec2_prices()) },
    Sold { service: "AmazonElastiCache", usage_types: &["NodeUsage:"], bundled: || Some(elasticache()) },
    Sold { service: "AmazonES", usage_types: &["ESInstance:"], bundled: || Some(opensearch()) },
    Sold { service: "AmazonRDS", usage_types: &["InstanceUsage:", "Multi-AZUsage:"], bundled: || None },
    Sold { service: "AmazonRedshift", usage_types: &["Node:"], bundled: || None },
    Sold { service: "AmazonMemoryDB", usage_types: &["NodeUsage:"], bundled: || None },
];

impl Catalog {
    /// What an instance type is: EC2's, a cache node (`cache.m6g.large`) or a search instance (`m6g.large.search`). A
    /// database instance (`db.m6g.large`) is taken to have the processors and the memory of EC2's type of that name.
    pub fn instance_type(&self, name: &str) -> Option<InstanceType> {
        let described =
            [ec2_types(), &elasticache().types, &opensearch().types].into_iter().find_map(|types| types.get(name));
        let alike = || ec2_types().get(name.strip_prefix("db.")?);
        let found = described.or_else(alike)?;
        Some(InstanceType { name: name.to_owned(), ..found.clone() })
    }

    /// Every price of an instance type in a region: from imported price lists, else from the bundled ones, service by
    /// service.
    ///
    /// # Errors
    /// As [`PriceLists::matching`].
    pub fn price_lines(&self, instance_type: &str, region: &str) -> Result<Vec<PriceLine>> {
        let mut lines = Vec::new();
        let imported = match &self.lists {
            Some(lists) => imported(lists, instance_type, region)?,
            None => Vec::new(),
        };
        for sold in &SOLD {
            let own = imported.iter().filter(|line| line.service == sold.service);
            let has_on_demand = own.clone().any(|line| line.terms == Terms::OnDemand);
            lines.extend(own.cloned());
            if let Some(prices) = (sold.bundled)().filter(|_| !has_on_demand) {
                bundled(sold.service, prices, instance_type, region, &mut lines);
            }
        }
        Ok(lines)
    }

    /// On-demand prices of an hour of two instance types in a region, in units of 1e-12, from the first layer that has both
    /// for the same engine or platform.
    ///
    /// # Errors
    /// As [`Catalog::price_lines`].
    pub fn on_demand_prices(
        &self,
        region: &str,
        one: &str,
        other: &str,
    ) -> Result<Option<((i128, i128), PriceSource)>> {
        let mut ones = self.price_lines(one, region)?;
        let mut others = self.price_lines(other, region)?;
        ones.retain(|line| line.terms == Terms::OnDemand);
        others.retain(|line| line.terms == Terms::OnDemand);
        let key = |line: &PriceLine| (line.source, line.service.clone(), line.variant.clone());
        let pair = ones.iter().find_map(|one| Some((one, others.iter().find(|other| key(other) == key(one))?)));
        Ok(pair.map(|(one, other)| ((one.price, other.price), one.source)))
    }
}

/// Whether hours of an instance type are what a usage type, without its region, bills.
pub(crate) fn is_hours_of(usage_type: &str, instance_type: &str) -> bool {
    // Usage types of search instances have no `.search`.
    let name = instance_type.strip_suffix(".search").unwrap_or(instance_type);
    let mut starts = SOLD.iter().flat_map(|sold| sold.usage_types);
    starts.any(|start| usage_type.strip_prefix(start).is_some_and(|own| own == name || own == instance_type))
}

fn imported(lists: &PriceLists, instance_type: &str, region: &str) -> Result<Vec<PriceLine>> {
    let found = lists.matching(region, &|usage_type| is_hours_of(usage_type, instance_type), &|_| true)?;
    Ok(found.into_iter().map(PriceLine::from).collect())
}

/// What an operation says that an instance runs.
pub(crate) fn variant(operation: &str) -> String {
    Platform::of_operation(operation).map_or_else(|| operation.to_owned(), |platform| platform.name().to_owned())
}

impl From<Found> for PriceLine {
    fn from(found: Found) -> PriceLine {
        PriceLine {
            variant: variant(&found.operation),
            service: found.service,
            usage_type: found.usage_type,
            terms: found.terms,
            unit: found.unit,
            price: found.price,
            is_spread: false,
            source: PriceSource::PriceList,
            origin: found.origin.to_string(),
            as_of: found.published.to_string(),
        }
    }
}

fn bundled(service: &str, prices: &Prices, instance_type: &str, region: &str, lines: &mut Vec<PriceLine>) {
    for (variant, hourly) in prices.of_type(instance_type, region) {
        let mut line = |terms: Terms, price: i128, is_spread: bool| {
            lines.push(PriceLine {
                service: service.to_owned(),
                variant: variant.to_owned(),
                usage_type: String::new(),
                terms,
                unit: "Hrs".to_owned(),
                price,
                is_spread,
                source: PriceSource::Catalog,
                origin: BUNDLED.to_owned(),
                as_of: prices.as_of.clone(),
            });
        };
        line(Terms::OnDemand, hourly.on_demand(), false);
        for ((years, payment), price) in hourly.reserved() {
            line(Terms::Reserved { years, is_convertible: false, payment, is_upfront: false }, price, true);
        }
    }
}
