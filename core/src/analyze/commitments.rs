//! Coverage, utilization and unused commitment, by commitment and bill.

use std::collections::BTreeMap;

use crate::ledger::tables::{CommitmentCell, Ledger};
use crate::schema::charges::Text;
use crate::schema::filter::NONE_TEXT;
use crate::schema::money::ratio;

/// One commitment in one billing period. Money in units of 1e-12.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitmentUse {
    /// ARN.
    pub arn: String,
    /// `2026-10`.
    pub period: String,
    /// `Savings Plan` or `Reservation`.
    pub kind: &'static str,
    /// What was committed, used and unused.
    pub sums: CommitmentCell,
}

impl CommitmentUse {
    /// Used ÷ committed.
    pub fn utilization(&self) -> Option<f64> {
        ratio(self.sums.used, self.sums.bought)
    }

    /// What the covered usage would have cost on demand, less what was committed.
    pub fn net_saving(&self) -> i128 {
        self.sums.covered_on_demand - self.sums.bought
    }
}

/// Every commitment of a ledger by period, in order of period and ARN.
pub fn by_commitment(ledger: &Ledger) -> Vec<CommitmentUse> {
    let mut sums: BTreeMap<(String, String), CommitmentCell> = BTreeMap::new();
    for (key, cell) in ledger.commitments.iter() {
        let arn = ledger.names.get(Text::CommitmentDiscountId, key.arn).unwrap_or(NONE_TEXT).to_owned();
        let period = ledger.period(ledger.bills.key(key.bill).period);
        sums.entry((period, arn)).or_default().add(cell);
    }
    let uses = sums.into_iter().map(|((period, arn), sums)| {
        let kind = if arn.contains(":savingsplan/") { "Savings Plan" } else { "Reservation" };
        CommitmentUse { arn, period, kind, sums }
    });
    uses.collect()
}

/// How much of what a commitment could cover was covered in one billing period, at on-demand prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// `2026-10`.
    pub period: String,
    /// On-demand value of all eligible usage.
    pub eligible: i128,
    /// Of it covered by Savings Plans.
    pub savings_plans: i128,
    /// Of it covered by reservations.
    pub reservations: i128,
}

impl Coverage {
    /// Covered ÷ eligible.
    pub fn ratio(&self) -> Option<f64> {
        ratio(self.savings_plans + self.reservations, self.eligible)
    }
}

/// Coverage by period.
pub fn coverage(ledger: &Ledger) -> Vec<Coverage> {
    let mut periods: BTreeMap<String, Coverage> = BTreeMap::new();
    for ((series, _), cell) in ledger.demand.iter() {
        let key = ledger.series.key(series);
        let period = ledger.period(ledger.bills.key(key.bill).period);
        let coverage = periods.entry(period.clone()).or_insert(Coverage {
            period,
            eligible: 0,
            savings_plans: 0,
            reservations: 0,
        });
        coverage.eligible += cell.on_demand();
        match key.covered_by {
            1 => coverage.savings_plans += cell.on_demand(),
            2 => coverage.reservations += cell.on_demand(),
            _ => {}
        }
    }
    periods.into_values().collect()
}
