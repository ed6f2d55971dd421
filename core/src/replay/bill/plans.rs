//! A bill's Savings Plans beside their replay.
//!
//! What reservations cover is taken from the bill's own rows. Plan rates are those that the bill shows for a product; usage
//! for which it never shows one cannot have been covered. Plans of one kind share their usage, so totals of a kind are
//! compared; which of two plans took a piece is AWS's business, and an hour agrees when it does in some order of its plans.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Ids, LineType, PayerHour, Product, Row, Sharers, product};
use crate::catalog::commitments::family_and_size;
use crate::ledger::Ledger;
use crate::replay::{CoveredBy, MONEY_STEP, Plan, QUANTITY_STEP, QUANTITY_UNIT, Sharing, Usage, cost, replay_hour};
use crate::schema::charges::Text;
use crate::schema::money::divide_half_even;

/// An hour of a kind of plans in which bill and replay differ. Money in units of 1e-12.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The hour's start, in seconds since 1970-01-01.
    pub hour: i64,
    /// The kind of plans: `ComputeSP`, `EC2SP:m6i us-east-1`.
    pub plans: String,
    /// Commitment that the bill says was used.
    pub billed: i128,
    /// Commitment that the replay uses.
    pub replayed: i128,
}

/// The Savings Plans of a bill beside their replay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlansCompared {
    /// Hours in which a plan was active.
    pub hours: usize,
    /// Hours of kinds of plans that were compared, and of classes of usage that plans treat alike.
    pub compared: usize,
    /// Hours of kinds of plans whose used commitment differs.
    pub differences: Vec<Difference>,
    /// Hours of classes of usage (one kind of plan, plan rate and on-demand rate) whose covered quantity differs by more
    /// than the rounding at the end of each plan: 1e-10 of a unit, and what 1e-10 USD buy.
    pub quantities_differing: usize,
    /// The largest such difference, in units of 1e-15.
    pub quantity_off_most: i128,
    /// Commitment used, over all hours, in units of 1e-12.
    pub used: i128,
}

/// Replays plans on what reservations left. Also names the accounts that what others own served, in hours that differ.
pub(super) fn compare(
    ledger: &Ledger,
    rows: &[Row],
    by_hour: &BTreeMap<PayerHour<'_>, Vec<&Row>>,
    sharers: &Sharers<'_>,
) -> (PlansCompared, BTreeSet<String>) {
    let kinds = kinds(rows);
    let bought = bought(ledger);
    let rates = rates(ledger, rows, &kinds);
    let replay = Replay { terms: &kinds, rates: &rates, sharers };
    let mut found = PlansCompared::default();
    let mut served = BTreeSet::new();
    let mut plans_by_hour: BTreeMap<PayerHour<'_>, Vec<(&str, i128)>> = BTreeMap::new();
    for ((payer, arn, hour), &money) in &bought {
        plans_by_hour.entry((payer, *hour)).or_default().push((arn, money));
    }
    for (hour, active) in plans_by_hour {
        let is_left = |row: &&&Row| row.line_item_type != LineType::Reserved;
        let rows: Vec<&Row> = by_hour.get(&hour).into_iter().flatten().filter(is_left).copied().collect();
        served.extend(replay.compare(&mut found, hour.1, &rows, &active));
    }
    (found, served)
}

/// Commitment by payer, ARN and hour, for plans.
fn bought(ledger: &Ledger) -> BTreeMap<(String, String, i64), i128> {
    let mut bought = BTreeMap::new();
    for (key, cell) in ledger.commitments.iter().filter(|(_, cell)| cell.bought != 0) {
        let arn = ledger.names.get(Text::CommitmentDiscountId, key.arn).unwrap_or_default();
        if arn.contains(":savingsplan/") {
            let hour = ledger.bills.at(key.bill).start + i64::from(key.hour) * 3_600;
            let payer = ledger.bills.key(key.bill).payer;
            let payer = ledger.names.get(Text::BillingAccountId, payer).unwrap_or_default().to_owned();
            *bought.entry((payer, arn.to_owned(), hour)).or_insert(0) += cell.bought;
        }
    }
    bought
}

/// What a plan covers, and who bought it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Terms {
    owner: String,
    /// `EC2SP:m6i us-east-1`, `ComputeSP`, …
    name: String,
    /// Family and region of an EC2 Instance plan.
    family: Option<(String, String)>,
}

/// The terms of plans by ARN, from the usage types of their fees.
fn kinds(rows: &[Row]) -> BTreeMap<String, Terms> {
    let fees = rows.iter().filter(|row| row.line_item_type == LineType::PlanFee);
    let terms = fees.map(|row| {
        let usage_type = row.product.0.as_str();
        let ec2 = usage_type.find("EC2SP:").map(|at| {
            let family = usage_type[at + 6..].split('.').next().unwrap_or_default();
            (family.to_owned(), row.product.2.clone())
        });
        let name = match &ec2 {
            Some((family, region)) => format!("EC2SP:{family} {region}"),
            None => usage_type.split(':').next().unwrap_or_default().to_owned(),
        };
        (row.arn.clone(), Terms { owner: row.account.clone(), name, family: ec2 })
    });
    terms.collect()
}

/// What names of EC2 Instance plans begin with.
const EC2_INSTANCE: &str = "EC2SP";

/// Rates of a product.
#[derive(Debug, Clone, Default)]
struct Rates {
    on_demand: i128,
    /// By name of the kind of plans, `EC2SP` for all EC2 Instance plans.
    plans: BTreeMap<String, i128>,
}

fn kind_of(name: &str) -> String {
    name.split(':').next().unwrap_or(name).to_owned()
}

/// On-demand and plan rates by product. A plan's rate is the one of those seen that explains what its rows cost.
fn rates(ledger: &Ledger, rows: &[Row], kinds: &BTreeMap<String, Terms>) -> HashMap<Product, Rates> {
    let mut all: HashMap<Product, Rates> = HashMap::new();
    let mut seen: HashMap<Product, BTreeSet<i128>> = HashMap::new();
    for (key, rates) in ledger.series.iter() {
        let product = product(ledger, &ledger.products.key(key.product));
        match (key.covered_by, *rates) {
            (0, Some((_, most))) => all.entry(product).or_default().on_demand = most,
            (1, Some((least, most))) => seen.entry(product).or_default().extend([least, most]),
            _ => {}
        }
    }
    for ((series, _), cell) in ledger.demand.iter().filter(|(_, cell)| cell.quantity() > 0) {
        let key = ledger.series.key(series);
        if key.covered_by == 1 {
            // Never on demand in this bill: what covered usage would have cost, in steps of a printed rate.
            let rates = all.entry(product(ledger, &ledger.products.key(key.product))).or_default();
            if rates.on_demand == 0 {
                rates.on_demand = divide_half_even(cell.on_demand() * QUANTITY_UNIT, cell.quantity() * 100) * 100;
            }
        }
    }
    for row in rows.iter().filter(|row| row.line_item_type == LineType::PlanCovered) {
        let Some(candidates) = seen.get(&row.product) else { continue };
        let off = |rate: &i128| (cost(*rate, row.quantity) - row.amortized).abs();
        let Some(terms) = kinds.get(&row.arn) else { continue };
        if let Some(&rate) = candidates.iter().min_by_key(|rate| off(rate)) {
            all.entry(row.product.clone()).or_default().plans.insert(kind_of(&terms.name), rate);
        }
    }
    all
}

/// Commitment used by kind of plans, and quantity covered by class of usage: as billed, and as replayed.
#[derive(Debug, Default)]
struct Totals<'a> {
    used: BTreeMap<&'a str, (i128, i128)>,
    covered: BTreeMap<(String, i128, i128), (i128, i128)>,
    /// Accounts that the replay serves with what others own.
    served: BTreeSet<&'a str>,
}

impl Totals<'_> {
    /// Kinds of plans and classes of usage in which bill and replay differ.
    fn differing(&self) -> (usize, usize) {
        let differ = |(billed, replayed): &&(i128, i128)| billed != replayed;
        (self.used.values().filter(differ).count(), self.covered.values().filter(differ).count())
    }
}

/// What does not change from hour to hour.
struct Replay<'a> {
    terms: &'a BTreeMap<String, Terms>,
    rates: &'a HashMap<Product, Rates>,
    sharers: &'a Sharers<'a>,
}

impl<'a> Replay<'a> {
    /// Compares an hour, and names the accounts that what others own served if it differs.
    fn compare(&self, found: &mut PlansCompared, hour: i64, rows: &[&Row], active: &[(&str, i128)]) -> Vec<String> {
        let known: Vec<(i128, &'a Terms)> =
            active.iter().filter_map(|&(arn, money)| self.terms.get(arn).map(|terms| (money, terms))).collect();
        let plans_active = known.len() as i128;
        let mut ids = Ids::default();
        let (accounts, usages): (Vec<&str>, Vec<Usage>) = self.usages(rows, &mut ids).into_iter().unzip();
        let sharing = self.sharers.sharing(&mut ids);
        let mut totals = Totals::default();
        for order in orders(known.len()) {
            let plans: Vec<(i128, &Terms)> = order.iter().map(|&at| known[at]).collect();
            let tried = self.totals(rows, (&accounts, &usages), &plans, (&mut ids, &sharing));
            if totals.used.is_empty() || tried.differing() < totals.differing() {
                totals = tried;
            }
            if totals.differing() == (0, 0) {
                break;
            }
        }
        found.hours += 1;
        found.compared += totals.used.len() + totals.covered.len();
        for ((_, rate, _), (billed, replayed)) in &totals.covered {
            // Where a plan ends, money and quantity are rounded to a bill's decimals; which of equal pieces that is,
            // nobody says.
            let money = if *rate > 0 { MONEY_STEP * QUANTITY_UNIT / rate } else { 0 };
            let off = (billed - replayed).abs();
            found.quantities_differing += usize::from(off > plans_active * (QUANTITY_STEP + money));
            found.quantity_off_most = found.quantity_off_most.max(off);
        }
        let is_different = totals.differing() != (0, 0);
        for (plans, (billed, replayed)) in totals.used {
            found.used += billed;
            if billed != replayed {
                found.differences.push(Difference { hour, plans: plans.to_owned(), billed, replayed });
            }
        }
        totals.served.into_iter().filter(|_| is_different).map(str::to_owned).collect()
    }

    /// Usage of an hour that reservations left: pieces of one resource belong together.
    fn usages<'r>(&self, rows: &[&'r Row], ids: &mut Ids) -> Vec<(&'r str, Usage)> {
        let mut pieces: BTreeMap<(&'r str, &str, &str, &Product), i128> = BTreeMap::new();
        for row in rows {
            *pieces.entry((&row.account, &row.zone, &row.resource, &row.product)).or_default() += row.quantity;
        }
        let nothing = Rates::default();
        let usages = pieces.into_iter().map(|((account, _, _, product), quantity)| {
            let known = self.rates.get(product).unwrap_or(&nothing);
            let instance = product.0.rsplit_once(':').map_or("", |(_, instance)| instance);
            let family = family_and_size(instance).map(|(family, _)| format!("{family} {}", product.2));
            let tariffs = known.plans.iter().filter_map(|(kind, &rate)| match kind.as_str() {
                EC2_INSTANCE => family.as_ref().map(|family| (ids.of(&format!("{kind}:{family}")), rate)),
                kind => Some((ids.of(kind), rate)),
            });
            let plans = tariffs.collect();
            let (name, account) = (account, ids.of(account));
            let on_demand_rate = known.on_demand;
            let usage =
                Usage { account, exact: None, flexible: None, zone: None, factor: 0, plans, on_demand_rate, quantity };
            (name, usage)
        });
        usages.collect()
    }

    fn totals<'t>(
        &self,
        rows: &[&Row],
        (accounts, usages): (&[&'t str], &[Usage]),
        known: &[(i128, &'t Terms)],
        (ids, sharing): (&mut Ids, &Sharing),
    ) -> Totals<'t>
    where
        'a: 't,
    {
        let plan = |&(commitment, terms): &(i128, &Terms)| {
            let (account, tariff) = (ids.of(&terms.owner), ids.of(&terms.name));
            Plan { account, tariff, is_ec2_instance: terms.family.is_some(), commitment }
        };
        let plans: Vec<Plan> = known.iter().map(plan).collect();
        let applied = replay_hour(usages, &[], &plans, sharing);
        let mut totals = Totals::default();
        for ((money, terms), unused) in known.iter().zip(&applied.unused_commitment) {
            totals.used.entry(&terms.name).or_default().1 += money - unused;
        }
        for cover in &applied.covers {
            let (CoveredBy::Plan(plan), usage) = (cover.by, &usages[cover.usage]) else { continue };
            let rate = plans[plan].rate(&usage.plans).unwrap_or(0);
            let class = (kind_of(&known[plan].1.name), rate, usage.on_demand_rate);
            totals.covered.entry(class).or_default().1 += cover.quantity;
            if usage.account != plans[plan].account {
                totals.served.insert(accounts[cover.usage]);
            }
        }
        for row in rows.iter().filter(|row| row.line_item_type == LineType::PlanCovered) {
            let (Some(terms), Some(known)) = (self.terms.get(&row.arn), self.rates.get(&row.product)) else { continue };
            let kind = kind_of(&terms.name);
            totals.used.entry(&terms.name).or_default().0 += row.amortized;
            let rate = known.plans.get(&kind).copied().unwrap_or(0);
            totals.covered.entry((kind, rate, known.on_demand)).or_default().0 += row.quantity;
        }
        totals
    }
}

/// The orders in which plans may have been served: AWS does not say which of several that share their usage comes first,
/// and where one ends within a piece of usage, the piece is rounded twice. The given order is tried first, all others of
/// up to five plans after it.
fn orders(plans: usize) -> Vec<Vec<usize>> {
    let first: Vec<usize> = (0..plans).collect();
    if plans > 5 {
        return vec![first];
    }
    let mut all = vec![Vec::new()];
    for _ in 0..plans {
        let longer = all.iter().flat_map(|begun: &Vec<usize>| {
            first.iter().filter(|at| !begun.contains(at)).map(|&at| [begun.as_slice(), &[at]].concat())
        });
        all = longer.collect();
    }
    all
}
