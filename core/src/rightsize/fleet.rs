//! Rightsizing of a bill's machines from what CloudWatch measured of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::curve::{Curve, CurvePoint};
use super::engine::{Assessment, Candidate, Verdict, assess};
use super::load::Load;
use super::preferences::Preferences;
use crate::catalog::platforms::Platform;
use crate::catalog::quotes::Catalog;
use crate::detector::Need;
use crate::detector::facts::{Facts, Product};
use crate::detector::resources::{Resource, Spend};
use crate::detector::usage::{Instance, Usage};
use crate::error::{Error, Result};
use crate::ingest::metrics::series::Series;
use crate::ingest::metrics::{Metrics, Notes};
use crate::ledger::Ledger;
use crate::reconcile::certificate::{Certificate, Skipped};
use crate::schema::money::scale_by;
use crate::schema::recommendations::PriceSource;

/// Hours of EC2 instances on shared hardware that are not Spot.
pub const EC2_INSTANCES: Usage = Usage::of(&["AmazonEC2"], &["BoxUsage:*"]);
/// Resources that are named where many are passed over for one reason.
const NAMED_MAX: usize = 3;
const SECONDS_PER_DAY: i64 = 86_400;

/// A machine and what is said of it. Money in units of 1e-12, per month of 730 hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// `AmazonEC2`.
    pub service: String,
    /// The account.
    pub sub_account_id: String,
    /// The region.
    pub region_id: String,
    /// The resource, as the bill spells it.
    pub resource_id: String,
    /// Its type.
    pub instance_type: String,
    /// What it runs.
    pub platform: Platform,
    /// What is metered of it: a place in the ledger's products.
    pub product: u32,
    /// What its hours cost after discounts and commitments.
    pub cost_monthly: i128,
    /// What is said of it.
    pub assessment: Assessment,
    /// What each choice saves of its cost in the look-back; below nothing where it costs more.
    pub saves_in_look_back: Vec<Spend>,
    /// What each choice saves: of what no commitment covers; below nothing where it costs more.
    pub savings_monthly: Vec<i128>,
    /// The same at public on-demand prices, of all its hours.
    pub savings_monthly_list: Vec<i128>,
    /// What each choice would free of commitments.
    pub freed_monthly: Vec<i128>,
    /// What its price rests on.
    pub current: Candidate,
    /// What was measured: CPU in percent, mean, at the percentile that counts, and highest.
    pub cpu_percent: [f64; 3],
    /// Measurements of CPU, those that are missing between the first and the last, and times that came twice.
    pub samples: (u32, u32, u32),
    /// The statistic of CPU.
    pub statistic: String,
}

impl Machine {
    /// What following the advice saves a month.
    pub fn saves(&self) -> i128 {
        self.assessment.preferred.map_or(0, |at| self.savings_monthly[at])
    }

    /// The same at public on-demand prices.
    pub fn saves_list(&self) -> i128 {
        self.assessment.preferred.map_or(0, |at| self.savings_monthly_list[at])
    }
}

/// What is said of a bill's machines.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// Machines, the greatest saving first; those that are as they should be last.
    pub machines: Vec<Machine>,
    /// What was asked.
    pub preferences: Preferences,
    /// Savings against risk.
    pub curve: Curve,
    /// What was found in the measurements.
    pub notes: Notes,
    /// Machines of which nothing is said, and why; measurements of what is not on the bill.
    pub skipped: Vec<Skipped>,
    /// Machines on the bill.
    pub seen: usize,
    /// The currency of every amount.
    pub currency: String,
    /// The billing period that savings are measured in.
    pub period: String,
    /// The checks of the bill.
    pub certificate: Certificate,
}

impl Fleet {
    /// Machines of a verdict.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Machine> {
        self.machines.iter().filter(move |machine| machine.assessment.verdict == verdict)
    }

    /// What all over-provisioned machines save a month, each with the type that is advised.
    pub fn savings_monthly(&self) -> i128 {
        self.with(Verdict::OverProvisioned).map(Machine::saves).sum()
    }

    /// The same at public on-demand prices.
    pub fn savings_monthly_list(&self) -> i128 {
        self.with(Verdict::OverProvisioned).map(Machine::saves_list).sum()
    }

    /// What the under-provisioned machines would cost more.
    pub fn extra_monthly(&self) -> i128 {
        -self.with(Verdict::UnderProvisioned).map(Machine::saves).sum::<i128>()
    }
}

/// What was said of a bill's machines, without the bill's own words.
#[derive(Debug, Clone, Default)]
pub struct Sized {
    /// Machines, in no useful order.
    pub machines: Vec<Machine>,
    /// Savings against risk, by conditions.
    pub curve: Vec<CurvePoint>,
    /// Of which nothing is said, by reason.
    pub passed_over: BTreeMap<String, Vec<String>>,
    /// Machines on the bill.
    pub seen: usize,
}

impl Sized {
    /// The reasons why nothing is said, each with the first resources that it is about.
    pub fn skipped(&self) -> Vec<Skipped> {
        let entry = |(reason, resources): (&String, &Vec<String>)| {
            let named = resources.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
            let more = resources.len().saturating_sub(NAMED_MAX);
            let what = if more > 0 { format!("{named} and {more} more") } else { named };
            Skipped { what, reason: reason.clone() }
        };
        self.passed_over.iter().map(entry).collect()
    }
}

/// Says what is to be done with every EC2 instance that the bill has in its look-back and that still ran at its end.
pub fn size_ec2(facts: &Facts<'_>, metrics: &Metrics, catalog: &Catalog, preferences: &Preferences) -> Sized {
    let meter = facts.meter(&EC2_INSTANCES);
    let mut by_product: BTreeMap<u32, Vec<Resource<'_>>> = BTreeMap::new();
    let mut sized = Sized::default();
    for resource in facts.resources_with(&meter).filter(|resource| resource.is_alive(&meter)) {
        sized.seen += 1;
        if let Some(product) = resource.main_product(&meter) {
            by_product.entry(product).or_default().push(resource);
        }
    }
    let mut curve = Curve::grid(preferences);
    for (product, resources) in by_product {
        let named = facts.products[product as usize];
        let market = match Market::of(facts, catalog, (product, named)) {
            Ok(market) => market,
            Err(reason) => {
                let ids = resources.iter().map(|resource| resource.id().to_owned());
                sized.passed_over.entry(reason).or_default().extend(ids);
                continue;
            }
        };
        let hours = facts.only(product);
        for resource in resources {
            let load = Load::of(metrics.of(resource.id()), &market.current.kind);
            match assess(&market.current, &load, &market.sold, preferences) {
                Ok(assessment) => {
                    let spend = resource.spend(&hours);
                    let saves = |choice: &Candidate| facts.monthly(market.saves(spend, choice).free);
                    curve.add(&market.current, &load, &market.sold, &saves);
                    sized.machines.push(market.machine(facts, &resource, spend, assessment, &load, preferences));
                }
                Err(reason) => {
                    sized.passed_over.entry(reason.text()).or_default().push(resource.id().to_owned());
                }
            }
        }
    }
    sized.curve = curve.points;
    sized
}

/// What is sold in a region for what a platform runs on, priced as a machine of one type sees it.
struct Market<'f> {
    place: u32,
    product: Product<'f>,
    platform: Platform,
    current: Candidate,
    /// By price and name.
    sold: Vec<Candidate>,
}

impl<'f> Market<'f> {
    fn of(
        facts: &Facts<'_>,
        catalog: &Catalog,
        (place, product): (u32, Product<'f>),
    ) -> std::result::Result<Market<'f>, String> {
        let parsed = Instance::parse(product.usage_type);
        let instance = parsed.ok_or_else(|| format!("{} names no instance type", product.usage_type))?;
        let name = instance.name();
        let platform = Platform::of_operation(product.operation)
            .ok_or_else(|| format!("what operation {} of {name} runs is not known", product.operation))?;
        let kind =
            catalog.instance_type(&name).ok_or_else(|| format!("nothing is known of the instance type {name}"))?;
        let prices = Prices { facts, catalog, product, platform: &platform, instance, name: &name };
        let (hourly, source, as_of) = prices.own().ok_or_else(|| {
            format!("neither the bill nor a price list has a price of {name} with {platform} in {}", product.region)
        })?;
        let current = Candidate::new(kind, hourly, source, as_of);
        let mut sold: Vec<Candidate> = Vec::new();
        for kind in catalog.ec2_types() {
            if let Some((hourly, source, as_of)) = prices.of(&kind.name) {
                sold.push(Candidate::new(kind.clone(), hourly, source, as_of));
            }
        }
        sold.retain(|candidate| candidate.may_replace(&current));
        sold.sort_by(|a, b| (a.hourly, &a.kind.name).cmp(&(b.hourly, &b.kind.name)));
        Ok(Market { place, product, platform, current, sold })
    }

    /// What of a machine's cost in the look-back a choice saves; below nothing where it costs more.
    fn saves(&self, spend: Spend, choice: &Candidate) -> Spend {
        let (old, new) = (self.current.hourly, choice.hourly);
        let part = |sum: i128| scale_by(sum, old - new, old).unwrap_or(0);
        Spend { quantity: 0, free: part(spend.free), committed: part(spend.committed), list: part(spend.list) }
    }

    fn machine(
        &self,
        facts: &Facts<'_>,
        resource: &Resource<'_>,
        spend: Spend,
        assessment: Assessment,
        load: &Load<'_>,
        preferences: &Preferences,
    ) -> Machine {
        let saves: Vec<Spend> = assessment.choices.iter().map(|choice| self.saves(spend, &choice.candidate)).collect();
        let cpu = load.cpu;
        let percent = |pick: &dyn Fn(&Series) -> f64| cpu.map_or(0.0, pick);
        Machine {
            service: self.product.service.to_owned(),
            sub_account_id: resource.account().to_owned(),
            region_id: self.product.region.to_owned(),
            resource_id: resource.id().to_owned(),
            instance_type: self.current.kind.name.clone(),
            platform: self.platform.clone(),
            product: self.place,
            cost_monthly: facts.monthly(spend.free + spend.committed),
            savings_monthly: saves.iter().map(|saves| facts.monthly(saves.free)).collect(),
            savings_monthly_list: saves.iter().map(|saves| facts.monthly(saves.list.max(saves.free))).collect(),
            freed_monthly: saves.iter().map(|saves| facts.monthly(saves.committed.max(0))).collect(),
            saves_in_look_back: saves,
            current: self.current.clone(),
            cpu_percent: [
                percent(&|cpu| cpu.mean),
                percent(&|cpu| cpu.percentile(preferences.percentile)),
                percent(&|cpu| cpu.max()),
            ],
            samples: cpu.map_or((0, 0, 0), |cpu| (cpu.samples, cpu.missing, cpu.repeated)),
            statistic: cpu.map(|cpu| cpu.statistic.name()).unwrap_or_default(),
            assessment,
        }
    }
}

/// Prices of types beside one machine's: from the bill where it has both, else from lists.
struct Prices<'a, 'f> {
    facts: &'a Facts<'f>,
    catalog: &'a Catalog,
    product: Product<'a>,
    platform: &'a Platform,
    instance: Instance<'a>,
    name: &'a str,
}

/// An hourly price with its source and its day.
type Price = (i128, PriceSource, Option<String>);

impl Prices<'_, '_> {
    fn billed(&self, name: &str) -> Option<i128> {
        let usage_type = format!("{}{name}", self.instance.before);
        self.facts.price(self.product.service, self.product.region, &usage_type, self.product.operation)
    }

    fn listed(&self, name: &str) -> Option<Price> {
        let quote = self.catalog.ec2_on_demand(name, self.product.region, self.platform)?;
        Some((quote.hourly, quote.source, quote.as_of))
    }

    /// The machine's own: as a list has it, else as the bill has.
    fn own(&self) -> Option<Price> {
        self.listed(self.name).or_else(|| Some((self.billed(self.name)?, PriceSource::Bill, None)))
    }

    /// A type's, in proportion to the machine's own.
    fn of(&self, name: &str) -> Option<Price> {
        let own = self.own()?;
        if let (Some(billed), Some(base)) = (self.billed(name), self.billed(self.name)) {
            return Some((scale_by(billed, own.0, base)?, PriceSource::Bill, None));
        }
        match own.1 {
            PriceSource::Bill => None,
            _ => self.listed(name),
        }
    }
}

/// Sizes the machines of a bill.
///
/// # Errors
/// As [`crate::Bill::rightsize`].
pub fn of_bill(
    ledger: &Ledger,
    certificate: Certificate,
    metrics: &Metrics,
    catalog: &Catalog,
    preferences: Preferences,
) -> Result<Fleet> {
    let currency = ledger.currency()?;
    let facts = Facts::of(ledger, None);
    if let Some(reason) = Need::OF_RESOURCES.iter().find_map(|need| need.lacking(&facts)) {
        return Err(Error::NotAvailable { what: "rightsizing".to_owned(), reason });
    }
    let regions: BTreeSet<&str> = facts.products.iter().map(|product| product.region).collect();
    let catalog = catalog.clone().prepared_for(regions)?;
    let sized = size_ec2(&facts, metrics, &catalog, &preferences);
    Ok(fleet(&facts, metrics, sized, preferences, &currency, certificate))
}

/// Puts machines in their order, and into words what the measurements lack.
fn fleet(
    facts: &Facts<'_>,
    metrics: &Metrics,
    sized: Sized,
    preferences: Preferences,
    currency: &str,
    certificate: Certificate,
) -> Fleet {
    let mut skipped = sized.skipped();
    skipped.extend(stale(&sized.machines, metrics));
    let known: HashSet<&str> =
        facts.resources_with(&facts.meter(&EC2_INSTANCES)).map(|resource| short(resource.id())).collect();
    let strange: Vec<&str> =
        metrics.resources().map(|(id, _)| id).filter(|id| id_is_instance(id) && !known.contains(short(id))).collect();
    if let Some(first) = strange.first() {
        let reason = "measured, and not an instance of the bill's last month".to_owned();
        let more = strange.len() - 1;
        let what = if more > 0 { format!("{first} and {more} more") } else { (*first).to_owned() };
        skipped.push(Skipped { what, reason });
    }
    let mut machines = sized.machines;
    machines.sort_by(|a, b| {
        let key = |one: &Machine| (one.assessment.verdict == Verdict::Optimized, std::cmp::Reverse(one.saves()));
        let place = |one: &Machine| (one.sub_account_id.clone(), one.region_id.clone(), one.resource_id.clone());
        key(a).cmp(&key(b)).then_with(|| place(a).cmp(&place(b)))
    });
    Fleet {
        machines,
        preferences,
        curve: Curve { points: sized.curve },
        notes: metrics.notes.clone(),
        skipped,
        seen: sized.seen,
        currency: currency.to_owned(),
        period: facts.hour_text(facts.look_back.start)[..7].to_owned(),
        certificate,
    }
}

fn short(id: &str) -> &str {
    id.rsplit(['/', ':']).next().unwrap_or(id)
}

fn id_is_instance(id: &str) -> bool {
    short(id).starts_with("i-")
}

/// Machines whose measurements end a day or more before the newest.
fn stale(machines: &[Machine], metrics: &Metrics) -> Option<Skipped> {
    let (_, newest) = metrics.span?;
    let ends: HashMap<&str, i64> = machines
        .iter()
        .filter_map(|machine| {
            let last = metrics.of(&machine.resource_id).iter().map(|series| series.last).max()?;
            Some((machine.resource_id.as_str(), last))
        })
        .collect();
    let mut late: Vec<&str> =
        ends.iter().filter(|(_, last)| **last + SECONDS_PER_DAY <= newest).map(|(id, _)| *id).collect();
    late.sort_unstable();
    let first = late.first()?;
    let more = late.len() - 1;
    let what = if more > 0 { format!("{first} and {more} more") } else { (*first).to_owned() };
    Some(Skipped {
        what,
        reason: "its measurements end a day or more before the newest; sized by what there is".to_owned(),
    })
}
