//! A bill's reservations and Savings Plans replayed hour by hour, and what the bill says beside it.
//!
//! Accounts share commitments within their payer's organization. Reservations are replayed on all usage, plans on what the
//! bill says reservations left: inside a size-flexible pool AWS's order is not the published one.

mod plans;
mod reservations;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, TimestampSecondType};

pub use plans::{Difference, PlansCompared};
pub use reservations::{PoolDifference, ReservationsCompared};

use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::tables::ProductKey;
use crate::replay::Sharing;
use crate::schema::charges::Text;

/// The columns of charges that a replay reads.
pub const REPLAY_COLUMNS: [&str; 12] = [
    "x_LineItemType",
    "BillingAccountId",
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
/// How many of them are text.
const TEXTS: usize = 9;

/// A bill beside its replay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Of Savings Plans.
    pub plans: PlansCompared,
    /// Of reservations.
    pub reservations: ReservationsCompared,
    /// Accounts that were taken to share nothing.
    pub apart: BTreeSet<String>,
    /// Covered line items whose commitment has no fee in the bill, or no name: of plans, and of reservations. They could not
    /// be replayed.
    pub without_fee: (usize, usize),
}

impl Comparison {
    fn differences(&self) -> usize {
        self.plans.differences.len() + self.plans.quantities_differing + self.reservations.differences.len()
    }
}

/// Which accounts share commitments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WhoShares {
    /// All, but for accounts of which the bill shows that they do not: what others own never served them, not even in hours
    /// in which it had something left for them.
    #[default]
    AsBilled,
    /// No account.
    Nobody,
    /// All but these.
    AllBut(BTreeSet<String>),
}

/// The same, resolved.
struct Sharers<'a> {
    is_on: bool,
    apart: &'a BTreeSet<String>,
}

impl Sharers<'_> {
    fn sharing(&self, ids: &mut Ids) -> Sharing {
        if self.is_on { Sharing::without(self.apart.iter().map(|account| ids.of(account))) } else { Sharing::NONE }
    }
}

/// Usage type, operation and region.
type Product = (String, String, String);
/// A product of a ledger, by its names.
fn product(ledger: &Ledger, key: &ProductKey) -> Product {
    let text = |text, id| ledger.names.get(text, id).unwrap_or_default().to_owned();
    (text(Text::UsageType, key.usage_type), text(Text::Operation, key.operation), text(Text::RegionId, key.region))
}

/// The paying account, and the start of an hour in seconds since 1970-01-01.
type PayerHour<'a> = (&'a str, i64);

/// One row that matters.
struct Row {
    line_item_type: LineType,
    payer: String,
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
    PlanCovered,
    PlanFee,
    Reserved,
    ReservationFee,
}

/// Replays the commitments of a bill; `charges` are all of its charges, with [`REPLAY_COLUMNS`].
///
/// # Errors
/// [`Error::NotAvailable`] for a bill that is daily, or whose charges are not of these types (FOCUS has no plan rates);
/// [`Error::UnknownName`] for an account that the bill does not know.
pub fn replay(ledger: &Ledger, charges: &[RecordBatch], sharing: &WhoShares) -> Result<Comparison> {
    if ledger.bills.iter().all(|(_, bill)| bill.hourly_rows == 0) {
        return Err(fail(
            "the bill is daily, and commitments are used by the hour; use an export with hourly granularity".to_owned(),
        ));
    }
    if let WhoShares::AllBut(accounts) = sharing {
        let known = ledger.names.pool(Text::SubAccountId);
        if let Some(unknown) = accounts.iter().find(|account| known.find(account).is_none()) {
            let hint = "the bill has no charge of it; accounts are named by their twelve digits".to_owned();
            return Err(Error::UnknownName { what: "account", name: unknown.clone(), hint });
        }
    }
    let rows = rows(charges)?;
    if rows.is_empty() && !ledger.commitments.is_empty() {
        return Err(fail(
            "FOCUS states no terms and plan rates of commitments; use a CUR or CUR 2.0 of this bill".to_owned(),
        ));
    }
    let mut by_hour: BTreeMap<PayerHour<'_>, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !matches!(row.line_item_type, LineType::PlanFee | LineType::ReservationFee)) {
        by_hour.entry((&row.payer, row.start)).or_default().push(row);
    }
    let owners = owners(&rows);
    let without_fee = |kind: LineType| {
        rows.iter().filter(|row| row.line_item_type == kind && !owners.contains_key(&*row.arn)).count()
    };
    let without_fee = (without_fee(LineType::PlanCovered), without_fee(LineType::Reserved));
    let run = |is_on: bool, apart: BTreeSet<String>| {
        let sharers = Sharers { is_on, apart: &apart };
        let (plans, by_plans) = plans::compare(ledger, &rows, &by_hour, &sharers);
        let (reservations, by_reservations) = reservations::compare(ledger, &rows, &by_hour, &sharers);
        (Comparison { plans, reservations, apart, without_fee }, &by_plans | &by_reservations)
    };
    match sharing {
        WhoShares::Nobody => return Ok(run(false, BTreeSet::new()).0),
        WhoShares::AllBut(apart) => return Ok(run(true, apart.clone()).0),
        WhoShares::AsBilled => {}
    }
    let (all, served) = run(true, BTreeSet::new());
    let apart = &served - &served_by_others(&rows, &owners);
    if all.differences() == 0 || apart.is_empty() {
        return Ok(all);
    }
    let (fewer, _) = run(true, apart);
    Ok(if fewer.differences() < all.differences() { fewer } else { all })
}

/// Who owns what, by ARN: the accounts that pay fees.
fn owners(rows: &[Row]) -> HashMap<&str, &str> {
    let is_fee = |row: &&Row| matches!(row.line_item_type, LineType::PlanFee | LineType::ReservationFee);
    let fees = rows.iter().filter(is_fee).filter(|row| !row.arn.is_empty());
    fees.map(|row| (&*row.arn, &*row.account)).collect()
}

/// Accounts that what others own served, as the bill says.
fn served_by_others(rows: &[Row], owners: &HashMap<&str, &str>) -> BTreeSet<String> {
    let is_served = |row: &&Row| {
        matches!(row.line_item_type, LineType::PlanCovered | LineType::Reserved)
            && owners.get(&*row.arn).is_some_and(|owner| *owner != row.account)
    };
    rows.iter().filter(is_served).map(|row| row.account.clone()).collect()
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

fn fail(reason: String) -> Error {
    Error::NotAvailable { what: "a replay".to_owned(), reason }
}

fn rows(charges: &[RecordBatch]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for batch in charges {
        let column =
            |name: &str| batch.column_by_name(name).ok_or_else(|| fail(format!("the charges have no column {name}")));
        let text = |name: &str| -> Result<StringArray> {
            let array = cast(column(name)?, &DataType::Utf8).map_err(|error| fail(error.to_string()))?;
            Ok(array.as_string::<i32>().clone())
        };
        let texts: Vec<StringArray> = REPLAY_COLUMNS[..TEXTS].iter().map(|name| text(name)).collect::<Result<_>>()?;
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
                "SavingsPlanCoveredUsage" => LineType::PlanCovered,
                "SavingsPlanRecurringFee" => LineType::PlanFee,
                "DiscountedUsage" => LineType::Reserved,
                "RIFee" => LineType::ReservationFee,
                _ => continue,
            };
            rows.push(Row {
                line_item_type,
                payer: value(1).to_owned(),
                account: value(2).to_owned(),
                arn: value(3).to_owned(),
                product: (value(4).to_owned(), value(5).to_owned(), value(6).to_owned()),
                zone: value(7).to_owned(),
                resource: value(8).to_owned(),
                start: start.value(row),
                quantity: quantity.value(row),
                amortized: if amortized.is_null(row) { 0 } else { amortized.value(row) },
            });
        }
    }
    Ok(rows)
}
