//! The shapes that detectors share: something billed that nobody uses, and something that the newer form does for less.

use std::collections::HashMap;

use super::facts::{Facts, Meter};
use super::finding::{Finding, usd};
use super::resources::{Resource, Spend};
use super::settings::{Settings, Threshold};
use super::usage::{Instance, Usage};
use crate::catalog::families::{Family, family, has_size};
use crate::catalog::prices::Price;
use crate::schema::money::{money_text, ratio};
use crate::schema::recommendations::{PriceSource, UsageChange};

/// Something billed by the hour, or by the day, that nobody uses.
#[derive(Debug)]
pub struct Unused {
    /// What is billed while it stands there.
    pub presence: Usage,
    /// What would be billed if it were used.
    pub activity: Usage,
    /// For how long it must have been there: in hours, or in days where it is metered once a day.
    pub presence_min: &'static Threshold,
    /// Use up to which it counts as unused.
    pub activity_max: &'static Threshold,
}

impl Unused {
    /// The resources that were there for long enough, still are, and were not used in the whole look-back; with the
    /// meter that shows them to be there.
    pub fn resources<'f>(&self, facts: &'f Facts<'f>, settings: &Settings) -> Vec<(Resource<'f>, Finding)> {
        let (presence, activity) = (facts.meter(&self.presence), facts.meter(&self.activity));
        let (least, most) = (settings.get(self.presence_min), settings.get(self.activity_max));
        let unused = |resource: Resource<'f>| {
            let hours = resource.hours(&presence);
            let there = if self.presence_min.unit == "days" { hours.days() } else { hours.count() };
            let used = resource.spend(&activity).amount();
            // A newer month that is too short to look back on can still show that it is used.
            let period_end = facts.look_back.start + facts.look_back.hours;
            let used_since = resource.seen(&activity).is_some_and(|(_, last)| last >= period_end);
            if f64::from(there) < least || used > most || used_since || !resource.is_alive(&presence) {
                return None;
            }
            let seen = resource.seen(&presence)?;
            let finding = Finding::of(&resource, resource.spend_in_all())
                .uses(UsageChange::Gone)
                .because("hours_billed", hours.alive())
                .because("use_billed", used)
                .because("first_seen", facts.hour_text(seen.0))
                .because("last_seen", facts.hour_text(seen.1));
            let product = resource.main_product(&presence)?;
            Some((resource, finding.change(facts.products[product as usize].usage_type, "none")))
        };
        facts.resources_with(&presence).filter_map(unused).collect()
    }

    /// What is found when nothing else decides.
    pub fn findings(&self, facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
        self.resources(facts, settings).into_iter().map(|(_, finding)| finding).collect()
    }
}

/// Resources that still pay a surcharge at the bill's end: the surcharge goes, the rest stays.
pub fn surcharges(
    facts: &Facts<'_>,
    settings: &Settings,
    usage: &Usage,
    savings_min: &Threshold,
    target: &str,
) -> Vec<Finding> {
    let meter = facts.meter(usage);
    let least = settings.get(savings_min);
    let found = facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter)).filter_map(|resource| {
        let spend = resource.spend(&meter);
        let product = resource.main_product(&meter)?;
        let finding = Finding::of(&resource, spend)
            .change(facts.products[product as usize].usage_type, target)
            .because("hours_billed", resource.hours(&meter).count())
            .because("surcharged_units", format!("{:.1}", spend.amount()));
        (usd(facts.monthly(spend.free)) >= least).then_some(finding)
    });
    found.collect()
}

/// Instances of one family that another family of the same size replaces.
#[derive(Debug)]
pub struct Replace {
    /// Hours of instances.
    pub instances: Usage,
    /// The service in [`crate::catalog::families`].
    pub service: &'static str,
    /// The family that replaces it, if any.
    pub by: fn(&'static Family) -> Option<&'static str>,
    /// Hours that it must have run.
    pub hours_min: &'static Threshold,
}

/// A target's usage type, and its price as a part of the present one's.
type Replacement = (String, (i128, i128), PriceSource);

impl Replace {
    /// What is found. The prices of each product are looked up once.
    pub fn findings(&self, facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
        let meter = facts.meter(&self.instances);
        let hours_min = settings.get(self.hours_min);
        let mut known: HashMap<u32, Option<Replacement>> = HashMap::new();
        let mut found = Vec::new();
        for resource in facts.resources_with(&meter) {
            let hours = resource.hours(&meter).count();
            if f64::from(hours) < hours_min || !resource.is_alive(&meter) {
                continue;
            }
            let Some(product) = resource.main_product(&meter) else { continue };
            let replacement = known.entry(product).or_insert_with(|| self.replacement(facts, product));
            let Some((target, (new, old), source)) = replacement else { continue };
            let spend = resource.spend(&facts.only(product)).part(*old - *new, *old);
            found.push(
                Finding::of(&resource, spend)
                    .change(instance_name(facts.products[product as usize].usage_type), instance_name(target))
                    .because("hours_billed", hours)
                    .because("price_ratio", format!("{:.4}", *new as f64 / *old as f64))
                    .becomes(&facts.products[product as usize], target.clone(), (*new, *old))
                    .priced_by(*source),
            );
        }
        found
    }

    fn replacement(&self, facts: &Facts<'_>, product: u32) -> Option<Replacement> {
        let product = facts.products[product as usize];
        let instance = Instance::parse(product.usage_type)?;
        let old = family(self.service, instance.family)?;
        let new = family(self.service, (self.by)(old)?)?;
        if !has_size(new, instance.size) {
            return None;
        }
        let target = instance.with_family(new.name);
        let billed = |usage_type: &str| facts.price(product.service, product.region, usage_type, product.operation);
        let (ratio, source) = match (billed(&target), billed(product.usage_type)) {
            (Some(new), Some(old)) => ((new, old), PriceSource::Bill),
            _ => ((new.usd_micros, old.usd_micros), old.source),
        };
        (ratio.0 < ratio.1).then_some((target, ratio, source))
    }
}

fn instance_name(usage_type: &str) -> String {
    Instance::parse(usage_type).map_or_else(|| usage_type.to_owned(), |instance| instance.name())
}

/// The price of a target as a part of the present one's, and where the two come from.
pub type Ratio = ((i128, i128), PriceSource);

/// What a meter would cost in another form, region by region: from the bill where it sells both there, else from the
/// catalog. Each region is looked up once.
#[derive(Debug)]
pub struct Ratios<'a> {
    facts: &'a Facts<'a>,
    old: (&'a Meter, &'static Price),
    new: (Meter, &'static Price),
    known: HashMap<&'a str, Ratio>,
}

impl<'a> Ratios<'a> {
    /// Of what a meter counts, and what would be billed instead.
    pub fn of(facts: &'a Facts<'a>, old: (&'a Meter, &'static Price), new: (&Usage, &'static Price)) -> Ratios<'a> {
        Ratios { facts, old, new: (facts.meter(new.0), new.1), known: HashMap::new() }
    }

    /// In a region.
    pub fn in_region(&mut self, region: &'a str) -> Ratio {
        let (facts, old, new) = (self.facts, self.old, &self.new);
        let look_up = || match (facts.price_in(region, &new.0), facts.price_in(region, old.0)) {
            (Some(new), Some(old)) => ((new, old), PriceSource::Bill),
            _ => ((new.1.usd_micros, old.1.usd_micros), new.1.source),
        };
        *self.known.entry(region).or_insert_with(look_up)
    }
}

/// What is saved when what was spent is paid at a part of the price.
pub fn saved(spend: Spend, ratio: (i128, i128)) -> Spend {
    spend.part(ratio.1 - ratio.0, ratio.1)
}

/// Something billed that another form of it does at another price, unit by unit.
#[derive(Debug)]
pub struct Convert {
    /// What is billed.
    pub old: Usage,
    /// Its list price.
    pub old_price: &'static Price,
    /// What would be billed instead.
    pub new: Usage,
    /// Its list price.
    pub new_price: &'static Price,
    /// Monthly savings below which no row is made.
    pub savings_min: &'static Threshold,
    /// What there should be.
    pub target: &'static str,
}

impl Convert {
    /// What is found.
    pub fn findings(&self, facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
        let meter = facts.meter(&self.old);
        let least = settings.get(self.savings_min);
        let mut ratios = Ratios::of(facts, (&meter, self.old_price), (&self.new, self.new_price));
        let mut found = Vec::new();
        for resource in facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter)) {
            let (ratio, source) = ratios.in_region(resource.region());
            let spend = resource.spend(&meter);
            let saves = saved(spend, ratio);
            let Some(product) = resource.main_product(&meter) else { continue };
            if usd(facts.monthly(saves.free + saves.committed)) < least {
                continue;
            }
            found.push(
                Finding::of(&resource, saves)
                    .change(facts.products[product as usize].usage_type, self.target)
                    .because("units_billed", format!("{:.3}", spend.amount()))
                    .because("price_ratio", format!("{:.4}", ratio.0 as f64 / ratio.1 as f64))
                    .priced_by(source),
            );
        }
        found
    }
}

/// What accounts spend on something in a region: shown for what it is worth, without a saving.
#[derive(Debug)]
pub struct Notice {
    /// What is billed.
    pub usage: Usage,
    /// Monthly cost from which it is shown.
    pub cost_min: &'static Threshold,
    /// How much more than the month before it must be, as a factor; `None` to show it whether or not it grows.
    pub growth_min: Option<&'static Threshold>,
    /// The unit of its quantity.
    pub unit: &'static str,
    /// What to look at.
    pub target: &'static str,
}

impl Notice {
    /// What is found.
    pub fn findings(&self, facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
        let cost_min = settings.get(self.cost_min);
        let growth_min = self.growth_min.map(|threshold| settings.get(threshold));
        let mut found = Vec::new();
        for place in facts.by_place(&facts.meter(&self.usage)) {
            let cost = facts.monthly(place.spend.free + place.spend.committed);
            let growth = ratio(place.spend.list, place.before.list);
            let grows = growth_min.is_none_or(|least| growth.is_some_and(|growth| growth >= least));
            if usd(cost) < cost_min || !grows {
                continue;
            }
            let finding = Finding::at(&place, Spend::default())
                .for_information()
                .change(format!("{:.0} {}", place.spend.amount(), self.unit), self.target)
                .because("cost_monthly", money_text(cost));
            found.push(match growth {
                Some(growth) => finding.because("growth", format!("{growth:.2}")),
                None => finding,
            });
        }
        found
    }
}

/// Machines that run day and night, and could keep office hours.
#[derive(Debug)]
pub struct Schedule {
    /// Hours of machines.
    pub machines: Usage,
    /// The part of the look-back's hours that one must have run.
    pub share_min: &'static Threshold,
    /// Hours a week that it would run.
    pub hours_weekly: &'static Threshold,
}

impl Schedule {
    /// What is found among the machines that `is_meant`.
    pub fn findings(
        &self,
        facts: &Facts<'_>,
        settings: &Settings,
        is_meant: fn(&Resource<'_>) -> bool,
    ) -> Vec<Finding> {
        const HOURS_OF_A_WEEK: f64 = 168.0;
        let meter = facts.meter(&self.machines);
        let least = settings.get(self.share_min) * facts.look_back.hours as f64;
        let weekly = settings.get(self.hours_weekly);
        let running = |resource: &Resource<'_>| {
            f64::from(resource.hours(&meter).count()) >= least && resource.is_alive(&meter) && is_meant(resource)
        };
        let found = facts.resources_with(&meter).filter(running).filter_map(|resource| {
            let product = resource.main_product(&meter)?;
            let off = ((HOURS_OF_A_WEEK - weekly) * 1_000.0) as i128;
            let finding = Finding::of(&resource, resource.spend(&meter).part(off, (HOURS_OF_A_WEEK * 1_000.0) as i128))
                .change(facts.products[product as usize].usage_type, format!("{weekly} hours a week"))
                .because("hours_billed", resource.hours(&meter).count());
            Some(finding)
        });
        found.collect()
    }
}
