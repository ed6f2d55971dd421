//! What a stored ledger says about itself: read without the ledger.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::key::{FileKey, Key};
use crate::ledger::tables::Ledger;
use crate::schema::charges::{Metric, Text};
use crate::schema::filter::NONE_TEXT;
use crate::schema::money::{MONEY_SCALE, from_text, money_text};

/// What stands beside a stored ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What names it.
    pub key: Key,
    /// The delivery's name and dialect, for people.
    pub delivery: String,
    /// The files that it was gathered from.
    pub files: Vec<FileKey>,
    /// SHA-256 of those files, in the same order.
    pub sha256: Vec<String>,
    /// What they add up to.
    pub sums: Sums,
    /// What the delivery added up to that was read from the same place before.
    pub earlier: Option<Earlier>,
}

/// A delivery that was read before, from the same place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// What named it: [`Key::content`].
    pub content: String,
    /// What it added up to.
    pub sums: Sums,
}

/// Cash by payer's month, account and type of charge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// Payers' months.
    pub bills: Vec<BillSum>,
    /// Cash of each bill, a place in `bills`.
    pub cash: Vec<Cash>,
}

/// A payer's month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BillSum {
    /// The paying account.
    pub payer: String,
    /// `2026-10`.
    pub period: String,
    /// The currency.
    pub currency: String,
    /// Its rows.
    pub rows: u64,
    /// Whether every row carried an invoice id. Whether the month was over, too, the certificate says.
    pub is_invoiced: bool,
}

/// What one type of charge cost one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cash {
    /// A place in [`Sums::bills`].
    pub bill: usize,
    /// The account that used it.
    pub account: String,
    /// The type of line item, or of charges in FOCUS their category.
    pub charge: String,
    /// `x_UnblendedCost`, of bills in FOCUS `BilledCost`: a decimal in the bill's currency.
    pub amount: String,
}

impl Sums {
    /// What a ledger adds up to.
    pub(crate) fn of(ledger: &Ledger) -> Sums {
        let text = |text, id| ledger.names.get(text, id).unwrap_or(NONE_TEXT).to_owned();
        let mut bills: Vec<(BillSum, u32)> = ledger
            .bills
            .iter()
            .enumerate()
            .map(|(place, (key, cell))| {
                let sum = BillSum {
                    payer: text(Text::BillingAccountId, key.payer),
                    period: ledger.period(key.period),
                    currency: text(Text::BillingCurrency, key.currency),
                    rows: cell.rows,
                    is_invoiced: cell.rows > 0 && cell.invoiced_rows == cell.rows,
                };
                (sum, place as u32)
            })
            .collect();
        bills.sort();
        let order: BTreeMap<u32, usize> = bills.iter().enumerate().map(|(at, (_, place))| (*place, at)).collect();
        let mut sums: BTreeMap<(usize, String, String), i128> = BTreeMap::new();
        ledger.daily.by_group(|group, days| {
            let kind = ledger.kinds.key(group.kind);
            let charge = match kind.charge.is_focus() {
                true => kind.charge.category().name().to_owned(),
                false => text(Text::LineItemType, kind.line_item_type),
            };
            let cash: i128 = days.map(|(_, cell)| cell.costs.sum(Metric::UnblendedCost)).sum();
            *sums.entry((order[&kind.bill], text(Text::SubAccountId, group.account), charge)).or_default() += cash;
        });
        let cash = sums.into_iter().map(|((bill, account, charge), amount)| Cash {
            bill,
            account,
            charge,
            amount: money_text(amount),
        });
        Sums { cash: cash.collect(), bills: bills.into_iter().map(|(bill, _)| bill).collect() }
    }
}

/// How a payer's month differs from what it was when it was read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The month as it is now; of a month that is gone, as it was.
    pub bill: BillSum,
    /// Whether every row of it carried an invoice id before.
    pub was_invoiced: bool,
    /// Rows now less rows then.
    pub rows: i128,
    /// Account, type of charge, cash then and now, in units of 1e-12; only those that differ.
    pub cash: Vec<(String, String, i128, i128)>,
}

/// A payer's month: payer, period, currency.
type Month = (String, String, String);

/// Cash by account and type of charge.
type ByCharge = BTreeMap<(String, String), i128>;

fn by_month(sums: &Sums) -> BTreeMap<Month, (&BillSum, ByCharge)> {
    let mut months: Vec<(Month, (&BillSum, ByCharge))> = sums
        .bills
        .iter()
        .map(|bill| ((bill.payer.clone(), bill.period.clone(), bill.currency.clone()), (bill, ByCharge::new())))
        .collect();
    for cash in &sums.cash {
        if let Some((_, (_, by_charge))) = months.get_mut(cash.bill) {
            let amount = from_text(&cash.amount, MONEY_SCALE).map_or(0, |amount| amount.units);
            by_charge.insert((cash.account.clone(), cash.charge.clone()), amount);
        }
    }
    months.into_iter().collect()
}

/// How sums differ from earlier ones; nothing for months that are what they were.
pub fn changes(earlier: &Sums, now: &Sums) -> Vec<Change> {
    let (then, now) = (by_month(earlier), by_month(now));
    let months: BTreeSet<&Month> = then.keys().chain(now.keys()).collect();
    let none = ByCharge::new();
    let change = |month: &Month| {
        let (before, after) = (then.get(month), now.get(month));
        let bill = after.or(before).map(|(bill, _)| (*bill).clone())?;
        let by_charge = |month: Option<&(_, ByCharge)>| month.map_or(none.clone(), |(_, by_charge)| by_charge.clone());
        let (cash_then, cash_now) = (by_charge(before), by_charge(after));
        let groups: BTreeSet<&(String, String)> = cash_then.keys().chain(cash_now.keys()).collect();
        let of = |by_charge: &ByCharge, group| by_charge.get(group).copied().unwrap_or(0);
        let cash: Vec<(String, String, i128, i128)> = groups
            .into_iter()
            .map(|group| (group.0.clone(), group.1.clone(), of(&cash_then, group), of(&cash_now, group)))
            .filter(|(_, _, then, now)| then != now)
            .collect();
        let rows = |month: Option<&(&BillSum, _)>| month.map_or(0, |(bill, _)| i128::from(bill.rows));
        let rows = rows(after) - rows(before);
        let was_invoiced = before.is_some_and(|(bill, _)| bill.is_invoiced);
        (rows != 0 || !cash.is_empty()).then_some(Change { bill, was_invoiced, rows, cash })
    };
    months.into_iter().filter_map(change).collect()
}
