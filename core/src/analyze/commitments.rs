//! Coverage, utilization and unused commitment, by commitment and bill.

use std::collections::BTreeMap;

use crate::catalog::commitments::family_and_size;
use crate::ledger::tables::{CommitmentCell, Ledger, SeriesKey};
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
    fn add(&mut self, covered_by: u8, on_demand: i128) {
        self.eligible += on_demand;
        match covered_by {
            1 => self.savings_plans += on_demand,
            2 => self.reservations += on_demand,
            _ => {}
        }
    }

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
        coverage.add(key.covered_by, cell.on_demand());
    }
    periods.into_values().collect()
}

/// Steps of time that figures are given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Step {
    /// By hour.
    Hourly,
    /// By UTC day.
    Daily,
    /// By billing period.
    #[default]
    Monthly,
}

impl Step {
    /// The label of the step that an hour of a billing period lies in.
    fn label(self, ledger: &Ledger, bill: u32, hour: i32) -> String {
        let seconds = ledger.bills.at(bill).start + i64::from(hour) * 3_600;
        let time = chrono::DateTime::from_timestamp(seconds, 0);
        match (self, time) {
            (Step::Hourly, Some(time)) => time.format("%Y-%m-%dT%H:00:00Z").to_string(),
            (Step::Daily, Some(time)) => time.format("%Y-%m-%d").to_string(),
            _ => ledger.period(ledger.bills.key(bill).period),
        }
    }
}

/// What an account has to do with commitments in one billing period. Money in units of 1e-12.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountShare {
    /// Committed by commitments that it owns.
    pub bought: i128,
    /// Used by its own usage, whoever owns the commitment.
    pub benefited: i128,
    /// On-demand value of that usage.
    pub covered_on_demand: i128,
    /// Unused of commitments that it owns.
    pub wasted: i128,
}

/// Who bought, who benefited and who wasted, by billing period and account. Bought is benefited plus wasted over all
/// accounts.
pub fn by_account(ledger: &Ledger) -> BTreeMap<(String, String), AccountShare> {
    let mut shares: BTreeMap<(String, String), AccountShare> = BTreeMap::new();
    for (key, cell) in ledger.commitments.iter() {
        let account = ledger.names.get(Text::SubAccountId, key.account).unwrap_or(NONE_TEXT).to_owned();
        let share = shares.entry((ledger.period(ledger.bills.key(key.bill).period), account)).or_default();
        share.bought += cell.bought;
        share.benefited += cell.used;
        share.covered_on_demand += cell.covered_on_demand;
        share.wasted += cell.unused;
    }
    shares
}

/// Savings Plans by step of time and ARN. Of reservations a bill states what was bought and unused for the month only.
pub fn plans_over_time(ledger: &Ledger, step: Step) -> BTreeMap<(String, String), CommitmentCell> {
    let mut sums: BTreeMap<(String, String), CommitmentCell> = BTreeMap::new();
    for (key, cell) in ledger.commitments.iter() {
        let arn = ledger.names.get(Text::CommitmentDiscountId, key.arn).unwrap_or(NONE_TEXT);
        if arn.contains(":savingsplan/") {
            sums.entry((step.label(ledger, key.bill, key.hour), arn.to_owned())).or_default().add(cell);
        }
    }
    sums
}

/// What coverage is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoverageKey {
    /// The account that used it.
    Account,
    /// Instance family, or the service's unit where there are no instances.
    Family,
    /// Region.
    Region,
    /// Service code.
    Service,
}

impl CoverageKey {
    /// All of them.
    pub const ALL: [CoverageKey; 4] =
        [CoverageKey::Account, CoverageKey::Service, CoverageKey::Region, CoverageKey::Family];

    /// The column's name.
    pub fn name(self) -> &'static str {
        match self {
            CoverageKey::Account => "SubAccountId",
            CoverageKey::Family => "Family",
            CoverageKey::Region => "RegionId",
            CoverageKey::Service => "x_ServiceCode",
        }
    }

    fn of(self, ledger: &Ledger, series: &SeriesKey) -> String {
        let product = ledger.products.key(series.product);
        let text = |text, id| ledger.names.get(text, id).unwrap_or(NONE_TEXT);
        let found = match self {
            CoverageKey::Account => text(Text::SubAccountId, series.account),
            CoverageKey::Region => text(Text::RegionId, product.region),
            CoverageKey::Service => text(Text::ServiceCode, product.service),
            CoverageKey::Family => family(text(Text::UsageType, product.usage_type)),
        };
        found.to_owned()
    }
}

/// The instance family of a usage type (`m5` of `EU-BoxUsage:m5.large`); without an instance, what is metered.
fn family(usage_type: &str) -> &str {
    let instance = usage_type.rsplit_once(':').map_or(usage_type, |(_, instance)| instance);
    match family_and_size(instance) {
        Some((family, _)) => family,
        None => instance,
    }
}

/// Coverage by step of time, at on-demand prices.
pub fn coverage_over_time(ledger: &Ledger, step: Step) -> BTreeMap<String, Coverage> {
    sum_coverage(ledger, |series, hour| step.label(ledger, series.bill, hour))
}

/// Coverage over all billing periods by account, family, region or service, at on-demand prices.
pub fn coverage_by(ledger: &Ledger, by: CoverageKey) -> BTreeMap<String, Coverage> {
    sum_coverage(ledger, |series, _| by.of(ledger, series))
}

fn sum_coverage(ledger: &Ledger, key: impl Fn(&SeriesKey, i32) -> String) -> BTreeMap<String, Coverage> {
    let mut sums: BTreeMap<String, Coverage> = BTreeMap::new();
    for ((series, hour), cell) in ledger.demand.iter() {
        let series = ledger.series.key(series);
        let key = key(&series, hour);
        let sum = sums.entry(key.clone()).or_insert_with(|| Coverage {
            period: key,
            eligible: 0,
            savings_plans: 0,
            reservations: 0,
        });
        sum.add(series.covered_by, cell.on_demand());
    }
    sums
}

/// Effective savings rate: 1 − what eligible usage cost, unused commitment included, ÷ what it would have cost on
/// demand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EffectiveSavings {
    /// On-demand value of eligible usage.
    pub on_demand_equivalent: i128,
    /// Of it on demand.
    pub on_demand: i128,
    /// Commitments that were used.
    pub used: i128,
    /// Commitments that were not.
    pub unused: i128,
}

impl EffectiveSavings {
    /// The rate; none without eligible usage.
    pub fn rate(&self) -> Option<f64> {
        let actual = self.on_demand + self.used + self.unused;
        ratio(self.on_demand_equivalent - actual, self.on_demand_equivalent)
    }
}

/// Effective savings by billing period.
pub fn effective_savings(ledger: &Ledger) -> BTreeMap<String, EffectiveSavings> {
    let mut periods: BTreeMap<String, EffectiveSavings> = BTreeMap::new();
    for month in coverage(ledger) {
        let savings = periods.entry(month.period).or_default();
        savings.on_demand_equivalent += month.eligible;
        savings.on_demand += month.eligible - month.savings_plans - month.reservations;
    }
    for one in by_commitment(ledger) {
        let savings = periods.entry(one.period).or_default();
        savings.used += one.sums.used;
        savings.unused += one.sums.unused;
    }
    periods
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_read_from_usage_types() {
        assert_eq!(family("EU-BoxUsage:m5.large"), "m5");
        assert_eq!(family("USE2-Multi-AZUsage:db.r6g.xlarge"), "r6g");
        assert_eq!(family("Lambda-GB-Second"), "Lambda-GB-Second");
        assert_eq!(family("BoxUsage"), "BoxUsage");
    }
}
