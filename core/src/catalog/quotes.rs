//! The catalog: what AWS sells and for how much, each figure with its source and the day that it is of.

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;

use super::commitments::family_and_size;
use super::instance_types::InstanceType;
use super::platforms::Platform;
use super::price_lists::folder::PriceLists;
use super::price_lists::rates::Terms;
use super::price_table::PriceTable;
use super::snapshot::{ec2_prices, ec2_types, elasticache, opensearch};
use super::usage_types::without_region;
use crate::error::Result;
use crate::schema::recommendations::PriceSource;

/// A price of an hour with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// US dollars in units of 1e-12.
    pub hourly: i128,
    /// Which layer it is from.
    pub source: PriceSource,
    /// The file, or the bundled list.
    pub origin: String,
    /// The month or day that it is of, where that is known.
    pub as_of: Option<String>,
}

/// What is known of prices and types. The bundled snapshot is always there; a table that the user gives takes its place
/// for on-demand rates.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    table: Option<PriceTable>,
    pub(super) lists: Option<PriceLists>,
    /// Imported on-demand rates of the regions that were asked for, by region, type and platform.
    imported: HashMap<(String, String, Platform), Quote>,
}

/// What the bundled lists are called in answers.
pub(super) const BUNDLED: &str = "bundled price list";

impl Catalog {
    /// The bundled snapshot alone.
    pub fn bundled() -> Catalog {
        Catalog::default()
    }

    /// The bundled snapshot alone, for those who only look.
    pub fn shared() -> &'static Catalog {
        static SHARED: LazyLock<Catalog> = LazyLock::new(Catalog::default);
        &SHARED
    }

    /// Takes on-demand rates from a table and from nowhere else.
    ///
    /// # Errors
    /// As [`PriceTable::read`].
    pub fn with_table(self, path: &Path) -> Result<Catalog> {
        Ok(Catalog { table: Some(PriceTable::read(path)?), ..self })
    }

    /// Puts price lists that were imported into a folder before the bundled ones.
    pub fn with_lists(self, folder: &Path) -> Catalog {
        Catalog { lists: Some(PriceLists::of(folder)), ..self }
    }

    /// Reads the on-demand rates of EC2 instances in these regions out of the imported lists, once.
    ///
    /// # Errors
    /// As [`PriceLists::matching`].
    pub fn prepared_for<'r>(mut self, regions: impl IntoIterator<Item = &'r str>) -> Result<Catalog> {
        const BOX_USAGE: &str = "BoxUsage:";
        let Some(lists) = &self.lists else { return Ok(self) };
        for region in regions {
            let is_instance = |usage_type: &str| usage_type.starts_with(BOX_USAGE);
            let found =
                lists.matching(region, &is_instance, &|operation| Platform::of_operation(operation).is_some())?;
            for rate in found.into_iter().filter(|rate| rate.terms == Terms::OnDemand && rate.price > 0) {
                let Some(platform) = Platform::of_operation(&rate.operation) else { continue };
                let name = without_region(&rate.usage_type).trim_start_matches(BOX_USAGE).to_owned();
                let quote = Quote {
                    hourly: rate.price,
                    source: PriceSource::PriceList,
                    origin: rate.origin.to_string(),
                    as_of: Some(rate.published.to_string()),
                };
                self.imported.insert((region.to_owned(), name, platform), quote);
            }
        }
        Ok(self)
    }

    /// What an hour of an EC2 instance costs on demand, on shared hardware.
    ///
    /// ```
    /// use farthing::catalog::platforms::Platform;
    /// use farthing::catalog::quotes::Catalog;
    /// let quote = Catalog::bundled().ec2_on_demand("m7g.large", "eu-west-1", &Platform::parse("Linux")).unwrap();
    /// assert_eq!(farthing::money::money_text(quote.hourly), "0.0910000000");
    /// assert_eq!(quote.as_of.as_deref(), Some("2026-07"));
    /// ```
    pub fn ec2_on_demand(&self, instance_type: &str, region: &str, platform: &Platform) -> Option<Quote> {
        if let Some(table) = &self.table {
            let hourly = table.on_demand(instance_type, region, platform)?;
            return Some(Quote { hourly, source: PriceSource::PriceList, origin: table.file.clone(), as_of: None });
        }
        let key = (region.to_owned(), instance_type.to_owned(), platform.clone());
        if let Some(quote) = self.imported.get(&key) {
            return Some(quote.clone());
        }
        let prices = ec2_prices();
        prices.get(instance_type, region, platform.name()).map(|price| Quote {
            hourly: price.on_demand(),
            source: PriceSource::Catalog,
            origin: BUNDLED.to_owned(),
            as_of: Some(prices.as_of.clone()),
        })
    }

    /// Virtual processors of an EC2 instance type: as the table says, else as AWS describes it.
    pub fn ec2_vcpus(&self, instance_type: &str) -> Option<u32> {
        let told = self.table.as_ref().and_then(|table| table.vcpus(instance_type));
        told.or_else(|| ec2_types().get(instance_type).map(|one| one.vcpus))
    }

    /// EC2's instance types, in order of their names.
    pub fn ec2_types(&self) -> &'static [InstanceType] {
        &ec2_types().all
    }

    /// ElastiCache's node types, in order of their names.
    pub fn cache_nodes(&self) -> impl Iterator<Item = &'static InstanceType> {
        elasticache().types.all.iter()
    }

    /// OpenSearch's instance types, in order of their names.
    pub fn search_instances(&self) -> impl Iterator<Item = &'static InstanceType> {
        opensearch().types.all.iter()
    }

    /// The month that the descriptions of EC2's instance types are of.
    pub fn described_as_of(&self) -> &'static str {
        &ec2_types().as_of
    }

    /// The virtual sizes of an EC2 family, `m5`, that anything is known of, in the order of their names.
    pub fn ec2_sizes(&self, family: &str) -> Vec<String> {
        let bundled = ec2_types().family(family).map(|one| one.name.clone());
        let is_meant = |name: &&str| family_and_size(name).is_some_and(|(own, _)| own == family);
        let told = self.table.iter().flat_map(PriceTable::types).filter(is_meant).map(str::to_owned);
        let mut names: Vec<String> = bundled.chain(told).filter(|name| !name.contains(".metal")).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Where on-demand rates come from: the table's file, or the bundled list with its month.
    pub fn origin(&self) -> String {
        match &self.table {
            Some(table) => table.file.clone(),
            None => format!("the {BUNDLED} of {}", ec2_prices().as_of),
        }
    }
}
