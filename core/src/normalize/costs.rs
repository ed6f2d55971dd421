//! The costs of charges: exact amounts, the ladder's rows, and charges derived from unused commitment.

use super::amortize::{Amortized, LineItemTerms, amortize, is_special};
use arrow::array::Array;

use super::arrays::{Bad, Numbers, ParsedTexts, Unreadable, not_a_number};
use super::cur::Normalizer;
use super::{ChargeBatch, CommitmentTerms};
use crate::error::{Error, Result};
use crate::ingest::file::LineItemBatch;
use crate::schema::charges::Metric;
use crate::schema::line_items::{Kind, LineItem};
use crate::schema::money::{MONEY_SCALE, QUANTITY_SCALE, from_f64};
use crate::schema::names::NONE;
use crate::schema::values::{CommitmentStatus, LineItemType, Pricing};

/// The amount columns of one batch.
pub(super) struct Amounts<'a> {
    items: LineItemBatch<'a>,
    /// By [`LineItem`].
    columns: Vec<Numbers>,
}

impl<'a> Amounts<'a> {
    /// Reads columns; what is known of their texts is by [`LineItem`].
    pub(super) fn read(
        items: &LineItemBatch<'a>,
        wanted: &[LineItem],
        known: &mut [ParsedTexts],
    ) -> Result<Amounts<'a>> {
        let mut columns: Vec<Numbers> = LineItem::ALL.iter().map(|_| Numbers::Absent).collect();
        for &item in wanted.iter().filter(|item| item.column().kind == Kind::Number) {
            let known = &mut known[item as usize];
            let numbers = Numbers::read(items.column(item), scale_of(item), is_lenient(item), known);
            columns[item as usize] = numbers.map_err(|bad| bad.error(items, item))?;
        }
        Ok(Amounts { items: *items, columns })
    }

    /// The error of a row without a cost that every row must have.
    pub(super) fn without_cost(&self, row: usize, item: LineItem) -> Error {
        Bad { row, detail: "a row has no cost; export the report again".to_owned() }.error(&self.items, item)
    }

    /// Columns with text that is no number, which was read as missing.
    pub(super) fn unreadable(&self) -> impl Iterator<Item = (LineItem, Unreadable)> {
        LineItem::ALL.iter().zip(&self.columns).filter_map(|(&item, numbers)| Some((item, numbers.unreadable()?)))
    }

    fn of(&self, item: LineItem) -> &Numbers {
        &self.columns[item as usize]
    }

    pub(super) fn get(&self, item: LineItem, row: usize, lossy: &mut u64) -> Result<Option<i128>> {
        let amount = self.of(item).get(row, scale_of(item)).map_err(|bad| bad.error(&self.items, item))?;
        Ok(amount.map(|amount| {
            *lossy += u64::from(amount.lossy);
            amount.units
        }))
    }

    /// Fills `out` with a whole column; rows without a value get 0 and `present` says so.
    pub(super) fn fill(
        &self,
        item: LineItem,
        rows: usize,
        out: &mut Vec<i128>,
        present: &mut Vec<bool>,
        lossy: &mut u64,
    ) -> Result<()> {
        out.clear();
        present.clear();
        if matches!(self.of(item), Numbers::Absent) {
            out.resize(rows, 0);
            present.resize(rows, false);
            return Ok(());
        }
        if let Numbers::Double(values) = self.of(item) {
            let scale = scale_of(item);
            let mut read = |row: usize, value: f64| {
                let bad = || Bad { row, detail: not_a_number(&value.to_string()) }.error(&self.items, item);
                let amount = from_f64(value, scale).ok_or_else(bad)?;
                *lossy += u64::from(amount.lossy);
                Ok(amount.units)
            };
            match values.nulls() {
                None => {
                    present.resize(rows, true);
                    for (row, &value) in values.values().iter().enumerate() {
                        out.push(read(row, value)?);
                    }
                }
                Some(nulls) => {
                    present.extend(nulls);
                    for (row, (&value, &present)) in values.values().iter().zip(present.iter()).enumerate() {
                        out.push(if present { read(row, value)? } else { 0 });
                    }
                }
            }
            return Ok(());
        }
        for row in 0..rows {
            let amount = self.get(item, row, lossy)?;
            out.push(amount.unwrap_or(0));
            present.push(amount.is_some());
        }
        Ok(())
    }
}

fn scale_of(item: LineItem) -> u32 {
    use LineItem::{NormalizedUsageAmount, ReservationTotalUnits, ReservationUnusedUnits, UsageAmount};
    if matches!(item, UsageAmount | NormalizedUsageAmount | ReservationTotalUnits | ReservationUnusedUnits) {
        QUANTITY_SCALE
    } else {
        MONEY_SCALE
    }
}

/// Rates and counts that no total rests on: text that is no number there is read as missing.
fn is_lenient(item: LineItem) -> bool {
    use LineItem::{PublicOnDemandCost, ReservationTotalUnits, ReservationUnusedUnits, SavingsPlanRate, UnblendedRate};
    matches!(
        item,
        UnblendedRate | SavingsPlanRate | ReservationTotalUnits | ReservationUnusedUnits | PublicOnDemandCost
    )
}

impl Normalizer {
    /// Costs as if every row were plain usage: amortized is unblended, effective is net.
    pub(super) fn plain_costs(&mut self, amounts: &Amounts<'_>, rows: usize, out: &mut ChargeBatch) -> Result<()> {
        let lossy = &mut self.lossy_amounts;
        let mut present = Vec::new();
        let unblended = &mut out.costs[Metric::UnblendedCost as usize];
        amounts.fill(LineItem::UnblendedCost, rows, unblended, &mut present, lossy)?;
        if let Some(row) = present.iter().position(|present| !present) {
            return Err(amounts.without_cost(row, LineItem::UnblendedCost));
        }
        let unblended = unblended.clone();
        amounts.fill(LineItem::NetUnblendedCost, rows, &mut out.net_unblended, &mut out.has_net, lossy)?;
        for ((net, has_net), gross) in out.net_unblended.iter_mut().zip(&out.has_net).zip(&unblended) {
            if !has_net {
                *net = *gross;
            }
        }
        let list = &mut out.costs[Metric::ListCost as usize];
        amounts.fill(LineItem::PublicOnDemandCost, rows, list, &mut out.has_list_cost, lossy)?;
        out.costs[Metric::AmortizedCost as usize].clone_from(&unblended);
        out.costs[Metric::BilledCost as usize].clone_from(&out.net_unblended);
        out.costs[Metric::EffectiveCost as usize].clone_from(&out.net_unblended);
        let contracted = &mut out.costs[Metric::ContractedCost as usize];
        contracted.clear();
        contracted.resize(rows, 0);
        out.has_contracted.clear();
        out.has_contracted.resize(rows, false);
        amounts.fill(LineItem::UsageAmount, rows, &mut out.quantity, &mut present, lossy)?;
        amounts.fill(LineItem::TotalDiscount, rows, &mut out.discount, &mut present, lossy)?;
        amounts.fill(LineItem::NormalizedUsageAmount, rows, &mut out.units, &mut present, lossy)?;
        for (quantity, kind) in out.quantity.iter_mut().zip(&out.kind) {
            if !kind.counts_usage() {
                *quantity = 0;
            }
        }
        out.rate.clear();
        out.rate.resize(rows, None);
        if self.wanted.ledger {
            for row in 0..rows {
                let item = match out.line_item_type[row] {
                    LineItemType::Usage => LineItem::UnblendedRate,
                    LineItemType::SavingsPlanCoveredUsage => LineItem::SavingsPlanRate,
                    _ => continue,
                };
                out.rate[row] = amounts.get(item, row, lossy)?;
            }
        }
        Ok(())
    }

    /// Rows that the ladder treats otherwise, and the charges derived from unused commitment.
    pub(super) fn special_rows(&mut self, amounts: &Amounts<'_>, rows: usize, out: &mut ChargeBatch) -> Result<()> {
        for row in 0..rows {
            let kind = out.line_item_type[row];
            if !is_special(kind) {
                continue;
            }
            let terms = self.terms(amounts, row, kind, out)?;
            let amortized = amortize(kind, &terms);
            self.settle(amounts, row, kind, &amortized, out)?;
        }
        Ok(())
    }

    fn terms(
        &mut self,
        amounts: &Amounts<'_>,
        row: usize,
        kind: LineItemType,
        out: &ChargeBatch,
    ) -> Result<LineItemTerms> {
        let refunds_plan = kind == LineItemType::Refund && self.refunds_plan[row];
        let lossy = &mut self.lossy_amounts;
        let mut get = |item: LineItem| amounts.get(item, row, lossy);
        let mut terms = LineItemTerms {
            unblended: out.cost(Metric::UnblendedCost)[row],
            net_unblended: out.has_net[row].then(|| out.net_unblended[row]),
            has_reservation: self.reservation_arns[row] != NONE,
            refunds_plan,
            ..LineItemTerms::default()
        };
        match kind {
            LineItemType::DiscountedUsage => {
                terms.effective = get(LineItem::ReservationEffectiveCost)?;
                terms.net_effective = get(LineItem::ReservationNetEffectiveCost)?;
            }
            LineItemType::SavingsPlanCoveredUsage => {
                terms.effective = get(LineItem::SavingsPlanEffectiveCost)?;
                terms.net_effective = get(LineItem::SavingsPlanNetEffectiveCost)?;
            }
            LineItemType::SavingsPlanRecurringFee => {
                terms.total_commitment = get(LineItem::SavingsPlanTotalCommitment)?;
                terms.used_commitment = get(LineItem::SavingsPlanUsedCommitment)?;
                terms.amortized_upfront = get(LineItem::SavingsPlanAmortizedUpfront)?;
                terms.recurring = get(LineItem::SavingsPlanRecurring)?;
                terms.net_amortized_upfront = get(LineItem::SavingsPlanNetAmortizedUpfront)?;
                terms.net_recurring = get(LineItem::SavingsPlanNetRecurring)?;
            }
            LineItemType::RIFee => {
                terms.amortized_upfront = get(LineItem::ReservationAmortizedUpfront)?;
                terms.unused_upfront = get(LineItem::ReservationUnusedAmortizedUpfront)?;
                terms.unused_recurring = get(LineItem::ReservationUnusedRecurring)?;
                terms.net_unused_upfront = get(LineItem::ReservationNetUnusedAmortizedUpfront)?;
                terms.net_unused_recurring = get(LineItem::ReservationNetUnusedRecurring)?;
            }
            _ => {}
        }
        Ok(terms)
    }

    /// Writes what the ladder made of a row, and derives the charge of what went unused.
    fn settle(
        &mut self,
        amounts: &Amounts<'_>,
        row: usize,
        kind: LineItemType,
        made: &Amortized,
        out: &mut ChargeBatch,
    ) -> Result<()> {
        out.costs[Metric::AmortizedCost as usize][row] = made.amortized;
        out.costs[Metric::EffectiveCost as usize][row] = made.effective;
        if matches!(kind, LineItemType::SavingsPlanCoveredUsage | LineItemType::SavingsPlanNegation) {
            out.costs[Metric::BilledCost as usize][row] = 0;
        }
        if kind == LineItemType::SavingsPlanNegation {
            out.costs[Metric::ListCost as usize][row] = 0;
            out.has_list_cost[row] = false;
        }
        let mut terms = CommitmentTerms {
            row,
            bought: made.bought,
            unused: made.unused,
            amortized_upfront: made.amortized_upfront,
            upfront_fee: made.upfront_fee,
            refund: made.refund,
            ..CommitmentTerms::default()
        };
        if kind == LineItemType::RIFee && self.wanted.ledger {
            let lossy = &mut self.lossy_amounts;
            terms.bought_units = amounts.get(LineItem::ReservationTotalUnits, row, lossy)?.unwrap_or(0);
            terms.unused_units = amounts.get(LineItem::ReservationUnusedUnits, row, lossy)?.unwrap_or(0);
        }
        if terms != (CommitmentTerms { row, ..CommitmentTerms::default() }) {
            out.terms.push(terms);
        }
        if made.unused != 0 || made.net_unused != 0 {
            self.derive_unused(row, made, out);
        }
        Ok(())
    }

    fn derive_unused(&mut self, row: usize, made: &Amortized, out: &mut ChargeBatch) {
        let unused = out.derive(row);
        out.costs[Metric::AmortizedCost as usize][unused] = made.unused;
        out.costs[Metric::EffectiveCost as usize][unused] = made.net_unused;
        out.kind[unused] = out.kind[row].unused();
        out.commitment_status[unused] = CommitmentStatus::Unused as u8;
        out.pricing[unused] = Pricing::Committed as u8;
        for (text, id) in self.unused_words {
            if self.wanted.text.contains(&text) {
                out.text[text as usize][unused] = id;
            }
        }
    }
}
