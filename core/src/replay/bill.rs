//! A bill's Savings Plans replayed hour by hour, and what the bill says beside it.
//!
//! What reservations cover is taken from the bill's own rows: inside a size-flexible pool AWS's order is not the
//! published one. Plan rates are those that the bill shows for a product; usage for which it never shows one cannot have
//! been covered. Plans of one kind share their usage, so totals of a kind are compared; which of two plans took a piece
//! is AWS's business, and an hour agrees when it does in some order of its plans.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, TimestampSecondType};

use super::{CoveredBy, MONEY_STEP, Plan, QUANTITY_STEP, QUANTITY_UNIT, Usage, cost, replay_hour};
use crate::catalog::commitments::family_and_size;
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::schema::charges::Text;
use crate::schema::money::divide_half_even;

/// The columns of charges that a replay reads.
pub const REPLAY_COLUMNS: [&str; 11] = [
    "x_LineItemType",
    "SubAccountId",
    "CommitmentDiscountId",
    "x_UsageType",
    "x_Operation",
    "RegionId",
    "AvailabilityZone",
    "ResourceId",
    "ChargePeriodStart",
    "ConsumedQuantity",
    "x_AmortizedCost",
];

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

/// A bill beside its replay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
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

/// Usage type, operation and region.
type Product = (String, String, String);

/// One row that matters.
struct Row {
    line_item_type: LineType,
    account: String,
    arn: String,
    product: Product,
    zone: String,
    resource: String,
    start: i64,
    quantity: i128,
    amortized: i128,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LineType {
    Usage,
    Covered,
    Fee,
}

/// Replays the Savings Plans of a bill; `charges` are all of its charges, with [`REPLAY_COLUMNS`].
///
/// # Errors
/// [`Error::NotAvailable`] for a bill whose charges are not of these types (FOCUS has no plan rates).
pub fn replay_plans(ledger: &Ledger, charges: &[RecordBatch], is_sharing: bool) -> Result<Comparison> {
    let rows = rows(charges)?;
    let kinds = kinds(&rows);
    let bought = bought(ledger);
    let rates = rates(ledger, &rows, &kinds);
    let mut by_hour: BTreeMap<i64, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.line_item_type != LineType::Fee) {
        by_hour.entry(row.start).or_default().push(row);
    }
    let replay = Replay { terms: &kinds, rates: &rates, is_sharing };
    let mut found = Comparison::default();
    let mut plans_by_hour: BTreeMap<i64, Vec<(&str, i128)>> = BTreeMap::new();
    for ((arn, hour), &money) in &bought {
        plans_by_hour.entry(*hour).or_default().push((arn, money));
    }
    for (hour, active) in plans_by_hour {
        let rows = by_hour.remove(&hour).unwrap_or_default();
        replay.compare(&mut found, hour, &rows, &active);
    }
    Ok(found)
}

/// Commitment by ARN and hour, for plans.
fn bought(ledger: &Ledger) -> BTreeMap<(String, i64), i128> {
    let mut bought = BTreeMap::new();
    for (key, cell) in ledger.commitments.iter().filter(|(_, cell)| cell.bought != 0) {
        let arn = ledger.names.get(Text::CommitmentDiscountId, key.arn).unwrap_or_default();
        if arn.contains(":savingsplan/") {
            let hour = ledger.bills.at(key.bill).start + i64::from(key.hour) * 3_600;
            *bought.entry((arn.to_owned(), hour)).or_insert(0) += cell.bought;
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
    let fees = rows.iter().filter(|row| row.line_item_type == LineType::Fee);
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
        let product = ledger.products.key(key.product);
        let text = |text, id| ledger.names.get(text, id).unwrap_or_default().to_owned();
        let product = (
            text(Text::UsageType, product.usage_type),
            text(Text::Operation, product.operation),
            text(Text::RegionId, product.region),
        );
        match (key.covered_by, *rates) {
            (0, Some((_, most))) => all.entry(product).or_default().on_demand = most,
            (1, Some((least, most))) => seen.entry(product).or_default().extend([least, most]),
            _ => {}
        }
    }
    for ((series, _), cell) in ledger.demand.iter().filter(|(_, cell)| cell.quantity() > 0) {
        let key = ledger.series.key(series);
        let product = ledger.products.key(key.product);
        let text = |text, id| ledger.names.get(text, id).unwrap_or_default().to_owned();
        if key.covered_by == 1 {
            let product = (
                text(Text::UsageType, product.usage_type),
                text(Text::Operation, product.operation),
                text(Text::RegionId, product.region),
            );
            // Never on demand in this bill: what covered usage would have cost, in steps of a printed rate.
            let rates = all.entry(product).or_default();
            if rates.on_demand == 0 {
                rates.on_demand = divide_half_even(cell.on_demand() * QUANTITY_UNIT, cell.quantity() * 100) * 100;
            }
        }
    }
    for row in rows.iter().filter(|row| row.line_item_type == LineType::Covered) {
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
    is_sharing: bool,
}

/// Numbers for the texts of an hour.
#[derive(Default)]
struct Ids(BTreeMap<String, u32>);

impl Ids {
    fn of(&mut self, text: &str) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(text.to_owned()).or_insert(next)
    }
}

impl<'a> Replay<'a> {
    fn compare(&self, found: &mut Comparison, hour: i64, rows: &[&Row], active: &[(&str, i128)]) {
        let known: Vec<(i128, &'a Terms)> =
            active.iter().filter_map(|&(arn, money)| self.terms.get(arn).map(|terms| (money, terms))).collect();
        let plans_active = known.len() as i128;
        let mut ids = Ids::default();
        let usages = self.usages(rows, &mut ids);
        let mut totals = Totals::default();
        for order in orders(known.len()) {
            let plans: Vec<(i128, &Terms)> = order.iter().map(|&at| known[at]).collect();
            let tried = self.totals(rows, &usages, &plans, &mut ids);
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
        for (plans, (billed, replayed)) in totals.used {
            found.used += billed;
            if billed != replayed {
                found.differences.push(Difference { hour, plans: plans.to_owned(), billed, replayed });
            }
        }
    }

    /// Usage of an hour that reservations left: pieces of one resource belong together.
    fn usages(&self, rows: &[&Row], ids: &mut Ids) -> Vec<Usage> {
        let mut pieces: BTreeMap<(&str, &str, &str, &Product), i128> = BTreeMap::new();
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
            let account = ids.of(account);
            let on_demand_rate = known.on_demand;
            Usage { account, exact: None, flexible: None, zone: None, factor: 0, plans, on_demand_rate, quantity }
        });
        usages.collect()
    }

    fn totals(&self, rows: &[&Row], usages: &[Usage], known: &[(i128, &'a Terms)], ids: &mut Ids) -> Totals<'a> {
        let plan = |&(commitment, terms): &(i128, &Terms)| {
            let (account, tariff) = (ids.of(&terms.owner), ids.of(&terms.name));
            Plan { account, tariff, is_ec2_instance: terms.family.is_some(), commitment }
        };
        let plans: Vec<Plan> = known.iter().map(plan).collect();
        let applied = replay_hour(usages, &[], &plans, self.is_sharing);
        let mut totals = Totals::default();
        for ((money, terms), unused) in known.iter().zip(&applied.unused_commitment) {
            totals.used.entry(&terms.name).or_default().1 += money - unused;
        }
        for cover in &applied.covers {
            let (CoveredBy::Plan(plan), usage) = (cover.by, &usages[cover.usage]) else { continue };
            let rate = plans[plan].rate(&usage.plans).unwrap_or(0);
            let class = (kind_of(&known[plan].1.name), rate, usage.on_demand_rate);
            totals.covered.entry(class).or_default().1 += cover.quantity;
        }
        for row in rows.iter().filter(|row| row.line_item_type == LineType::Covered) {
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

fn rows(charges: &[RecordBatch]) -> Result<Vec<Row>> {
    let fail = |reason: String| Error::NotAvailable { what: "a replay".to_owned(), reason };
    let mut rows = Vec::new();
    for batch in charges {
        let column =
            |name: &str| batch.column_by_name(name).ok_or_else(|| fail(format!("the charges have no column {name}")));
        let text = |name: &str| -> Result<StringArray> {
            let array = cast(column(name)?, &DataType::Utf8).map_err(|error| fail(error.to_string()))?;
            Ok(array.as_string::<i32>().clone())
        };
        let texts: Vec<StringArray> = REPLAY_COLUMNS[..8].iter().map(|name| text(name)).collect::<Result<_>>()?;
        let decimal = |name: &str| {
            column(name)?.as_primitive_opt::<Decimal128Type>().ok_or_else(|| fail(format!("{name} is no decimal")))
        };
        let start = column("ChargePeriodStart")?;
        let start = start.as_primitive_opt::<TimestampSecondType>();
        let start = start.ok_or_else(|| fail("ChargePeriodStart is no time".to_owned()))?;
        let (quantity, amortized) = (decimal("ConsumedQuantity")?, decimal("x_AmortizedCost")?);
        for row in 0..batch.num_rows() {
            let value = |at: usize| if texts[at].is_null(row) { "" } else { texts[at].value(row) };
            let line_item_type = match value(0) {
                "Usage" => LineType::Usage,
                "SavingsPlanCoveredUsage" => LineType::Covered,
                "SavingsPlanRecurringFee" => LineType::Fee,
                _ => continue,
            };
            rows.push(Row {
                line_item_type,
                account: value(1).to_owned(),
                arn: value(2).to_owned(),
                product: (value(3).to_owned(), value(4).to_owned(), value(5).to_owned()),
                zone: value(6).to_owned(),
                resource: value(7).to_owned(),
                start: start.value(row),
                quantity: quantity.value(row),
                amortized: if amortized.is_null(row) { 0 } else { amortized.value(row) },
            });
        }
    }
    Ok(rows)
}
