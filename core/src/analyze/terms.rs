//! The terms of commitments, and what happens when they end.

use std::collections::BTreeMap;

use crate::catalog::commitments::Payment;
use crate::catalog::commitments::family_and_size;
use crate::catalog::services::service_name;
use crate::ledger::gather::hours_in_period;
use crate::ledger::tables::{Ledger, MASK_WORDS, TermsCell, TermsKey, or_mask};
use crate::schema::charges::Text;
use crate::schema::money::scale_by;

const SECONDS_PER_HOUR: i64 = 3_600;
const SECONDS_PER_DAY: i64 = 86_400;
const SECONDS_PER_YEAR: i64 = 365 * SECONDS_PER_DAY;
/// Hours of a month in AWS's own arithmetic.
const HOURS_PER_MONTH: i128 = 730;
/// What a commitment covers is measured over its last hours: 30 days.
const LOOK_BACK_HOURS: i64 = 720;
/// Commitments that end within so many days are listed.
pub const EXPIRING_DAYS: [i64; 3] = [30, 60, 90];

/// What a commitment is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// EC2 of one family in one region: an EC2 Instance Savings Plan.
    Ec2Family {
        /// `m6i`.
        family: String,
        /// `us-east-1`.
        region: String,
    },
    /// EC2, Fargate and Lambda: a Compute Savings Plan.
    Compute,
    /// A SageMaker Savings Plan.
    SageMaker,
    /// A Database Savings Plan.
    Database,
    /// A reservation of a service's instances or nodes.
    Reserved {
        /// `AmazonEC2`.
        service: String,
        /// `m5.large`; what is metered where there are no instances.
        instance: String,
        /// `RunInstances:0002`.
        operation: String,
        /// `us-east-1`.
        region: String,
        /// Whether databases with a standby are reserved.
        is_multi_az: bool,
    },
}

impl Scope {
    /// The scope in words.
    pub fn words(&self) -> String {
        match self {
            Scope::Ec2Family { family, region } => format!("EC2 Instance Savings Plan: {family} {region}"),
            Scope::Compute => "Compute Savings Plan".to_owned(),
            Scope::SageMaker => "SageMaker Savings Plan".to_owned(),
            Scope::Database => "Database Savings Plan".to_owned(),
            Scope::Reserved { service, instance, operation, region, is_multi_az } => {
                let standby = if *is_multi_az { " Multi-AZ" } else { "" };
                let operation = operation.split_once(':').map(|(_, code)| format!(" :{code}")).unwrap_or_default();
                format!("{} reservation: {instance}{standby}{operation} {region}", service_name(service))
            }
        }
    }

    fn of(ledger: &Ledger, key: &TermsKey, is_plan: bool) -> Scope {
        let text = |text, id| ledger.names.get(text, id).unwrap_or_default();
        let (usage_type, region) =
            (text(Text::UsageType, key.product.usage_type), text(Text::RegionId, key.product.region));
        let last = usage_type.rsplit_once(':').map_or(usage_type, |(_, last)| last);
        match is_plan {
            true if usage_type.contains("EC2SP:") => {
                let family = last.split('.').next().unwrap_or_default().to_owned();
                Scope::Ec2Family { family, region: region.to_owned() }
            }
            true if usage_type.contains("SageMakerSP") => Scope::SageMaker,
            true if usage_type.contains("DatabaseSP") => Scope::Database,
            true => Scope::Compute,
            false => Scope::Reserved {
                service: text(Text::ServiceCode, key.product.service).to_owned(),
                instance: last.to_owned(),
                operation: text(Text::Operation, key.product.operation).to_owned(),
                region: region.to_owned(),
                is_multi_az: usage_type.contains("Multi-AZ"),
            },
        }
    }

    /// The instance family, where it is of one.
    pub fn family(&self) -> Option<&str> {
        match self {
            Scope::Ec2Family { family, .. } => Some(family),
            Scope::Reserved { instance, .. } => family_and_size(instance).map(|(family, _)| family),
            _ => None,
        }
    }
}

/// The terms of one commitment. Money in units of 1e-12.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitmentTerms {
    /// ARN.
    pub arn: String,
    /// Whether it is a Savings Plan.
    pub is_plan: bool,
    /// What it is for.
    pub scope: Scope,
    /// The account that owns it.
    pub owner: String,
    /// When it starts, in seconds since 1970-01-01 UTC; absent where the bill does not say.
    pub starts: Option<i64>,
    /// When it ends.
    pub ends: Option<i64>,
    /// Its term.
    pub term_years: Option<u32>,
    /// How it is paid.
    pub payment: Option<Payment>,
    /// What it commits to for an hour, amortized; the mean over its hours in its last billing period.
    pub hourly: Option<i128>,
}

/// Sums of a commitment in its last billing period, and over its last 30 days.
#[derive(Debug, Clone, Copy, Default)]
struct Recent {
    /// First second of the last billing period in which something was bought.
    period: i64,
    bought: i128,
    /// Fees of it: of a plan one an hour.
    fees: i128,
    upfront: i128,
    /// On-demand value of what was covered in the last 30 days of the bill.
    covered: i128,
}

impl Recent {
    /// What was bought, by hour with a fee.
    fn by_fee(&self) -> Option<i128> {
        scale_by(self.bought, 1, self.fees)
    }

    /// What was bought, by hour of the billing period in which the commitment was active.
    fn by_hour(&self, life: &TermsCell) -> Option<i128> {
        let end = self.period + hours_in_period(self.period) * SECONDS_PER_HOUR;
        let active = life.ends?.min(end) - life.starts?.max(self.period);
        scale_by(self.bought, i128::from(SECONDS_PER_HOUR), i128::from(active)).filter(|_| active > 0)
    }
}

/// The last hour with usage, in hours since 1970-01-01; none in a bill without usage.
pub fn last_hour(ledger: &Ledger) -> Option<i64> {
    let last = |mask: &[u64; MASK_WORDS]| {
        let word = mask.iter().rposition(|&word| word != 0)?;
        Some(word as i64 * 64 + 63 - i64::from(mask[word].leading_zeros()))
    };
    ledger.bills.iter().filter_map(|(_, cell)| Some(cell.start.div_euclid(SECONDS_PER_HOUR) + last(&cell.hours)?)).max()
}

/// Hours of a span (since 1970-01-01, the end not included) in which the bill has usage.
pub fn hours_with_usage(ledger: &Ledger, from: i64, to: i64) -> i64 {
    let mut starts: BTreeMap<i64, [u64; MASK_WORDS]> = BTreeMap::new();
    for (_, cell) in ledger.bills.iter() {
        let mask = starts.entry(cell.start.div_euclid(SECONDS_PER_HOUR)).or_default();
        or_mask(mask, &cell.hours);
    }
    let is_used = |start: i64, mask: &[u64; MASK_WORDS], hour: i64| {
        let at = hour - start;
        (0..MASK_WORDS as i64 * 64).contains(&at) && mask[(at / 64) as usize] >> (at % 64) & 1 == 1
    };
    (from..to).filter(|&hour| starts.iter().any(|(&start, mask)| is_used(start, mask, hour))).count() as i64
}

/// The terms of every commitment that a bill charges for, by ARN. FOCUS states none.
pub fn terms(ledger: &Ledger) -> BTreeMap<String, CommitmentTerms> {
    let recent = recent(ledger);
    let text = |text, id| ledger.names.get(text, id).unwrap_or_default();
    let mut rows: Vec<(&TermsKey, &TermsCell)> = ledger.terms.iter().collect();
    // Where a bill says two things of an ARN, the first in the order of texts counts.
    rows.sort_by_key(|(key, _)| {
        let product = key.product;
        (
            text(Text::CommitmentDiscountId, key.arn),
            text(Text::SubAccountId, key.account),
            text(Text::UsageType, product.usage_type),
            text(Text::Operation, product.operation),
            text(Text::RegionId, product.region),
        )
    });
    let mut all = BTreeMap::new();
    for (key, life) in rows {
        let arn = text(Text::CommitmentDiscountId, key.arn);
        let is_plan = arn.contains(":savingsplan/");
        let sums = recent.get(&key.arn).copied().unwrap_or_default();
        let spoken = if is_plan { plan_terms(text(Text::UsageType, key.product.usage_type)) } else { None };
        let lasts = life.starts.zip(life.ends).map(|(starts, ends)| ends - starts);
        let years = lasts.map(|lasts| ((lasts + SECONDS_PER_YEAR / 2) / SECONDS_PER_YEAR) as u32);
        let one = CommitmentTerms {
            arn: arn.to_owned(),
            is_plan,
            scope: Scope::of(ledger, key, is_plan),
            owner: text(Text::SubAccountId, key.account).to_owned(),
            starts: life.starts,
            ends: life.ends,
            term_years: spoken.map(|spoken| spoken.0).or(years.filter(|&years| years > 0)),
            payment: spoken.map(|spoken| spoken.1).or_else(|| payment(&sums)),
            hourly: if is_plan { sums.by_fee() } else { sums.by_hour(life) },
        };
        all.entry(arn.to_owned()).or_insert(one);
    }
    all
}

/// A commitment that ends soon. Money in units of 1e-12, a month of 730 hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// Its terms.
    pub terms: CommitmentTerms,
    /// Days from the last hour of usage to its end.
    pub days: i64,
    /// What it covered in the last 30 days, at on-demand prices: what will be on demand.
    pub on_demand_monthly: i128,
    /// What it costs, which ends with it.
    pub cost_monthly: i128,
}

/// Commitments that end within [`EXPIRING_DAYS`] of the last hour of usage, the first to end first.
pub fn expiring(ledger: &Ledger) -> Vec<Expiry> {
    let Some(last) = last_hour(ledger) else { return Vec::new() };
    let (recent, now) = (recent(ledger), (last + 1) * SECONDS_PER_HOUR);
    let by_arn: BTreeMap<&str, Recent> = recent
        .iter()
        .map(|(&arn, &sums)| (ledger.names.get(Text::CommitmentDiscountId, arn).unwrap_or_default(), sums))
        .collect();
    let most = EXPIRING_DAYS[EXPIRING_DAYS.len() - 1] * SECONDS_PER_DAY;
    let ends_soon = |terms: &CommitmentTerms| terms.ends.is_some_and(|ends| (now..=now + most).contains(&ends));
    let mut all: Vec<Expiry> = terms(ledger)
        .into_values()
        .filter(ends_soon)
        .map(|terms| {
            let from = terms.starts.unwrap_or(i64::MIN).div_euclid(SECONDS_PER_HOUR).max(last + 1 - LOOK_BACK_HOURS);
            let hours = hours_with_usage(ledger, from, last + 1);
            let covered = by_arn.get(terms.arn.as_str()).map_or(0, |sums| sums.covered);
            Expiry {
                days: (terms.ends.unwrap_or(now) - now).div_euclid(SECONDS_PER_DAY),
                on_demand_monthly: scale_by(covered, HOURS_PER_MONTH, i128::from(hours)).unwrap_or(0),
                cost_monthly: terms.hourly.unwrap_or(0) * HOURS_PER_MONTH,
                terms,
            }
        })
        .collect();
    all.sort_by(|a, b| a.terms.ends.cmp(&b.terms.ends).then_with(|| a.terms.arn.cmp(&b.terms.arn)));
    all
}

/// Term and payment option as usage types of plan fees spell them: `ComputeSP:1yrNoUpfront`, `EC2SP:m6i.3yrAllUpfront`.
fn plan_terms(usage_type: &str) -> Option<(u32, Payment)> {
    let last = usage_type.rsplit([':', '.']).next()?;
    let (years, payment) = last.split_once("yr")?;
    Some((years.parse().ok()?, Payment::parse(payment)?))
}

/// Of a reservation: what share of its fees was paid upfront.
fn payment(sums: &Recent) -> Option<Payment> {
    match (sums.bought, sums.upfront) {
        (0, _) => None,
        (_, 0) => Some(Payment::NoUpfront),
        (bought, upfront) if bought == upfront => Some(Payment::AllUpfront),
        _ => Some(Payment::PartialUpfront),
    }
}

fn recent(ledger: &Ledger) -> BTreeMap<u32, Recent> {
    let mut all: BTreeMap<u32, Recent> = BTreeMap::new();
    let last = last_hour(ledger).unwrap_or(0);
    for (key, cell) in ledger.commitments.iter() {
        let start = ledger.bills.at(key.bill).start;
        let sums = all.entry(key.arn).or_default();
        if start.div_euclid(SECONDS_PER_HOUR) + i64::from(key.hour) > last - LOOK_BACK_HOURS {
            sums.covered += cell.covered_on_demand;
        }
        if cell.bought != 0 && start > sums.period {
            *sums = Recent { period: start, bought: 0, fees: 0, ..*sums };
        }
        if start == sums.period {
            sums.bought += cell.bought;
            sums.fees += i128::from(cell.bought != 0);
        }
    }
    for ((bill, arn), cell) in ledger.identity.iter() {
        if let Some(sums) = all.get_mut(arn).filter(|sums| sums.period == ledger.bills.at(*bill).start) {
            sums.upfront += cell.amortized_upfront;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_from_the_usage_types_of_fees() {
        let read = |usage_type| plan_terms(usage_type);
        assert_eq!(read("ComputeSP:1yrNoUpfront"), Some((1, Payment::NoUpfront)));
        assert_eq!(read("EU-EC2SP:m6i.3yrAllUpfront"), Some((3, Payment::AllUpfront)));
        assert_eq!(read("SageMakerSP:1yrPartialUpfront"), Some((1, Payment::PartialUpfront)));
        assert_eq!(read("ComputeSP"), None);
    }

    #[test]
    fn a_reservation_is_paid_as_its_fees_say() {
        let sums = |bought, upfront| Recent { bought, upfront, ..Recent::default() };
        assert_eq!(payment(&sums(10, 0)), Some(Payment::NoUpfront));
        assert_eq!(payment(&sums(10, 4)), Some(Payment::PartialUpfront));
        assert_eq!(payment(&sums(10, 10)), Some(Payment::AllUpfront));
        assert_eq!(payment(&sums(0, 0)), None);
    }
}
