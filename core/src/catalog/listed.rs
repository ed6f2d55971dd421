//! Rates of commitments in imported price lists, for what a bill meters.

use std::collections::{BTreeSet, HashMap};

use super::commitments::Payment;
use super::price_lists::rates::Terms;
use super::quotes::Catalog;
use super::usage_types::without_region;
use crate::error::Result;

/// What is metered: region, usage type and operation, as bills have them.
pub type Meter<'a> = (&'a str, &'a str, &'a str);

/// Rates of commitments by what is metered.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// By region, usage type without region, and operation: terms with their rates in units of 1e-12.
    rates: HashMap<(String, String, String), Vec<(Terms, i128)>>,
    /// Regions and plans whose lists were found.
    plans: BTreeSet<(String, String)>,
}

impl Catalog {
    /// The rates that imported price lists state for commitments on meters; none without lists.
    ///
    /// # Errors
    /// As [`super::price_lists::folder::PriceLists::matching`].
    pub fn commitments_on<'a>(&self, meters: impl IntoIterator<Item = Meter<'a>>) -> Result<Listed> {
        let mut listed = Listed::default();
        let Some(lists) = &self.lists else { return Ok(listed) };
        let meters: BTreeSet<Meter<'_>> = meters
            .into_iter()
            .map(|(region, usage_type, operation)| (region, without_region(usage_type), operation))
            .collect();
        let regions: BTreeSet<&str> = meters.iter().map(|meter| meter.0).collect();
        for region in regions {
            let own = || meters.iter().filter(|meter| meter.0 == region);
            let usage_types: BTreeSet<&str> = own().map(|meter| meter.1).collect();
            let operations: BTreeSet<&str> = own().map(|meter| meter.2).collect();
            let is_meant = |operation: &str| operation.is_empty() || operations.contains(operation);
            let found = lists.matching(region, &|usage_type| usage_types.contains(usage_type), &is_meant)?;
            for rate in found.into_iter().filter(|rate| rate.terms != Terms::OnDemand) {
                if let Terms::SavingsPlan { plan, .. } = &rate.terms {
                    listed.plans.insert((region.to_owned(), plan.clone()));
                }
                let key = (region.to_owned(), without_region(&rate.usage_type).to_owned(), rate.operation);
                listed.rates.entry(key).or_default().push((rate.terms, rate.price));
            }
        }
        Ok(listed)
    }
}

impl Listed {
    /// The terms of a meter; a list that names no operation means every one.
    fn of(&self, (region, usage_type, operation): Meter<'_>) -> impl Iterator<Item = &(Terms, i128)> {
        let key = |operation: &str| (region.to_owned(), without_region(usage_type).to_owned(), operation.to_owned());
        let found = self.rates.get(&key(operation)).or_else(|| self.rates.get(&key("")));
        found.into_iter().flatten()
    }

    /// Whether there is a list of what a kind of plan covers in a region: what it leaves out the plan does not cover.
    pub fn has_plan(&self, region: &str, plan: &str) -> bool {
        self.plans.iter().any(|(own, name)| own == region && name.starts_with(plan))
    }

    /// What a unit costs under a Savings Plan of a kind: `plan` is how AWS's name of it begins, `Compute`.
    pub fn plan_rate(&self, meter: Meter<'_>, plan: &str, term_years: u32, payment: Payment) -> Option<i128> {
        let is_meant = |terms: &Terms| match terms {
            Terms::SavingsPlan { plan: name, years, payment: paid } => {
                name.starts_with(plan) && u32::from(*years) == term_years && *paid == payment
            }
            _ => false,
        };
        self.of(meter).find(|(terms, price)| is_meant(terms) && *price > 0).map(|(_, price)| *price)
    }

    /// What a standard reservation of a unit costs: at once, and for an hour.
    pub fn reserved_rate(&self, meter: Meter<'_>, term_years: u32, payment: Payment) -> Option<(i128, i128)> {
        let part = |wants_upfront: bool| {
            let is_meant = |terms: &Terms| match terms {
                Terms::Reserved { years, is_convertible: false, payment: paid, is_upfront } => {
                    u32::from(*years) == term_years && *paid == payment && *is_upfront == wants_upfront
                }
                _ => false,
            };
            self.of(meter).find(|(terms, _)| is_meant(terms)).map(|(_, price)| *price)
        };
        let (upfront, hourly) = (part(true), part(false));
        let is_whole = match payment {
            Payment::NoUpfront => hourly.is_some(),
            Payment::PartialUpfront => upfront.is_some() && hourly.is_some(),
            Payment::AllUpfront => upfront.is_some(),
        };
        let rate = (upfront.unwrap_or(0), hourly.unwrap_or(0));
        Some(rate).filter(|&(upfront, hourly)| is_whole && upfront + hourly > 0)
    }
}
