//! What can be bought: reservations and Savings Plans with their terms, payment options and rates.

use std::path::Path;

use crate::catalog::commitments::Payment;
use crate::catalog::commitments::letters;
use crate::error::{Error, Result};
use crate::ingest::table_file::read_rows;
use crate::schema::money::{MONEY_SCALE, from_text};

/// The columns of a table of offers.
pub const OFFER_COLUMNS: [&str; 7] = ["pool", "kind", "term_years", "payment", "on_demand_rate", "upfront", "hourly"];
/// Hours of a month in AWS's own arithmetic.
pub const HOURS_PER_MONTH: i128 = 730;
/// Months of a year.
pub const MONTHS_PER_YEAR: u32 = 12;

/// What is bought. Savings Plans name the scope in which one commitment is shared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfferKind {
    /// Reserved units of the pool.
    Reservation,
    /// EC2 Instance Savings Plan of a family and region; the pool's own name where the table names none.
    Ec2InstanceSavingsPlan(String),
    /// Compute Savings Plan.
    ComputeSavingsPlan,
    /// SageMaker Savings Plan.
    SageMakerSavingsPlan,
    /// Database Savings Plan.
    DatabaseSavingsPlan,
}

impl OfferKind {
    /// The kind's name, without its scope.
    pub fn name(&self) -> &'static str {
        match self {
            OfferKind::Reservation => "Reservation",
            OfferKind::Ec2InstanceSavingsPlan(_) => "EC2 Instance Savings Plan",
            OfferKind::ComputeSavingsPlan => "Compute Savings Plan",
            OfferKind::SageMakerSavingsPlan => "SageMaker Savings Plan",
            OfferKind::DatabaseSavingsPlan => "Database Savings Plan",
        }
    }

    /// The kind of a name such as `reservation`, `compute_sp`, `Compute Savings Plans` or `ec2_sp:m5/us-east-1`.
    pub fn parse(text: &str, pool: &str) -> Option<OfferKind> {
        let (name, scope) = text.split_once(':').map_or((text, pool), |(name, scope)| (name, scope.trim()));
        match letters(name).trim_end_matches('s') {
            "ri" | "reservation" | "reserved" | "reservedinstance" | "reservednode" => Some(OfferKind::Reservation),
            "savingsplan" | "sp" | "compute" | "computesp" | "computesavingsplan" => {
                Some(OfferKind::ComputeSavingsPlan)
            }
            "ec2sp" | "ec2instance" | "ec2instancesp" | "ec2instancesavingsplan" | "ec2savingsplan" | "instancesp" => {
                Some(OfferKind::Ec2InstanceSavingsPlan(scope.to_owned()))
            }
            "sagemaker" | "sagemakersp" | "sagemakersavingsplan" => Some(OfferKind::SageMakerSavingsPlan),
            "database" | "databasesp" | "databasesavingsplan" => Some(OfferKind::DatabaseSavingsPlan),
            _ => None,
        }
    }

    /// The kind without its scope.
    pub fn sort(&self) -> Sort {
        match self {
            OfferKind::Reservation => Sort::Reservation,
            OfferKind::Ec2InstanceSavingsPlan(_) => Sort::Ec2InstancePlan,
            OfferKind::ComputeSavingsPlan => Sort::ComputePlan,
            OfferKind::SageMakerSavingsPlan => Sort::SageMakerPlan,
            OfferKind::DatabaseSavingsPlan => Sort::DatabasePlan,
        }
    }

    /// The layer in which AWS applies it: EC2 Instance plans before Compute plans.
    pub(super) fn layer(&self) -> u8 {
        u8::from(!matches!(self, OfferKind::Reservation | OfferKind::Ec2InstanceSavingsPlan(_)))
    }
}

/// Sorts of commitments that may be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Reservations.
    Reservation,
    /// EC2 Instance Savings Plans.
    Ec2InstancePlan,
    /// Compute Savings Plans.
    ComputePlan,
    /// SageMaker Savings Plans.
    SageMakerPlan,
    /// Database Savings Plans.
    DatabasePlan,
}

impl Sort {
    /// Every sort.
    pub const ALL: [Sort; 5] =
        [Sort::Reservation, Sort::Ec2InstancePlan, Sort::ComputePlan, Sort::SageMakerPlan, Sort::DatabasePlan];
}

/// One offer for one pool. Money in units of 1e-12, per unit of the pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The pool.
    pub pool: String,
    /// What is bought.
    pub kind: OfferKind,
    /// Its term.
    pub term_years: u32,
    /// How it is paid.
    pub payment: Payment,
    /// On-demand rate of a unit for an hour.
    pub on_demand_rate: i128,
    /// Of a reservation: paid at once for a unit. Of a Savings Plan: further cost of a unit over the term.
    pub upfront: i128,
    /// Of a reservation: paid for every hour. Of a Savings Plan: the plan rate.
    pub hourly: i128,
}

impl Offer {
    /// What a unit takes from a plan's commitment in an hour, in USD: an upfront part is spread over the term.
    pub fn plan_rate(&self) -> f64 {
        let months = f64::from(MONTHS_PER_YEAR * self.term_years);
        (self.hourly as f64 + self.upfront as f64 / (HOURS_PER_MONTH as f64 * months)) / 1e12
    }

    /// What a reserved unit costs in an hour when future payments are discounted at `capital_cost_yearly` (0.08 is 8 %
    /// a year): the hourly payment that is worth as much as all its payments.
    pub fn reserved_rate(&self, capital_cost_yearly: f64) -> f64 {
        let annuity = annuity(self.term_years, capital_cost_yearly);
        (self.hourly as f64 + self.upfront as f64 / (HOURS_PER_MONTH as f64 * annuity)) / 1e12
    }

    /// What a dollar of a plan's commitment costs in the same sense.
    pub fn plan_price(&self, capital_cost_yearly: f64) -> f64 {
        let share = self.payment.upfront_share();
        let months = f64::from(MONTHS_PER_YEAR * self.term_years);
        share * months / annuity(self.term_years, capital_cost_yearly) + (1.0 - share)
    }
}

/// What one dollar at each month's end of the term is worth at its start.
pub(super) fn annuity(term_years: u32, capital_cost_yearly: f64) -> f64 {
    let monthly = 1.0 + capital_cost_yearly / f64::from(MONTHS_PER_YEAR);
    (1..=MONTHS_PER_YEAR * term_years).map(|month| monthly.powi(-(month as i32))).sum()
}

/// Reads a csv or parquet table with the columns `pool,kind,term_years,payment,on_demand_rate,upfront,hourly`.
///
/// # Errors
/// [`Error::Table`] that names the line and what is wrong with it; [`Error::NotFound`], [`Error::Io`].
pub fn read_offers(path: &Path) -> Result<Vec<Offer>> {
    let mut offers = Vec::new();
    let mut on_demand: std::collections::HashMap<String, i128> = std::collections::HashMap::new();
    read_rows(path, &OFFER_COLUMNS, |row| {
        let offer = offer(row)?;
        let known = *on_demand.entry(offer.pool.clone()).or_insert(offer.on_demand_rate);
        if known != offer.on_demand_rate {
            return Err(format!(
                "on_demand_rate `{}` differs from the pool's other offers: a pool has one on-demand rate",
                row[4]
            ));
        }
        offers.push(offer);
        Ok(())
    })?;
    if offers.is_empty() {
        let detail = format!("it has no rows; expected {}", OFFER_COLUMNS.join(","));
        return Err(Error::Table { path: path.to_path_buf(), detail });
    }
    Ok(offers)
}

fn offer(row: &[&str]) -> std::result::Result<Offer, String> {
    let pool = row[0];
    if pool.is_empty() {
        return Err("the pool is empty".to_owned());
    }
    let kind = OfferKind::parse(row[1], pool).ok_or_else(|| {
        format!(
            "kind `{}` is not known; use reservation, ec2_sp:FAMILY, compute_sp, sagemaker_sp or database_sp",
            row[1]
        )
    })?;
    let years = row[2].trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).trim_end_matches(".0").trim();
    let term_years = years.parse().ok().filter(|years| (1..=5).contains(years));
    let offer = Offer {
        pool: pool.to_owned(),
        kind,
        term_years: term_years
            .ok_or_else(|| format!("term_years `{}` is no number of years such as 1 or 3", row[2]))?,
        payment: Payment::parse(row[3])
            .ok_or_else(|| format!("payment `{}` is not known; use no, partial or all upfront", row[3]))?,
        on_demand_rate: rate("on_demand_rate", row[4])?,
        upfront: if row[5].is_empty() { 0 } else { rate("upfront", row[5])? },
        hourly: if row[6].is_empty() { 0 } else { rate("hourly", row[6])? },
    };
    if offer.on_demand_rate == 0 {
        return Err("on_demand_rate is 0: nothing can be saved on what is free".to_owned());
    }
    if offer.kind != OfferKind::Reservation && offer.upfront == 0 && offer.hourly == 0 {
        return Err("the plan rate in `hourly` is 0".to_owned());
    }
    Ok(offer)
}

fn rate(column: &str, text: &str) -> std::result::Result<i128, String> {
    match from_text(text, MONEY_SCALE) {
        Some(rate) if (0..=1_000_000_000 * 10_i128.pow(MONEY_SCALE)).contains(&rate.units) => Ok(rate.units),
        Some(_) => Err(format!("{column} `{text}` is negative or beyond a billion")),
        None => Err(format!("{column} `{text}` is no amount")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_is_read_as_its_table_spells_it() {
        let offer = offer(&["m5", "ec2_sp:m5/us-east-1", "1yr", "No Upfront", "0.096", "", "0.0605"]).unwrap();
        assert_eq!(offer.kind, OfferKind::Ec2InstanceSavingsPlan("m5/us-east-1".to_owned()));
        assert_eq!((offer.term_years, offer.upfront, offer.hourly), (1, 0, 60_500_000_000));
        for (at, wrong) in [(1, "spot"), (2, "0"), (3, "later"), (4, "free"), (4, "0"), (5, "-1")] {
            let mut row = ["m5", "ri", "1", "all", "0.1", "500", "0"];
            row[at] = wrong;
            assert!(super::offer(&row).is_err(), "{wrong}");
        }
    }

    #[test]
    fn payments_are_compared_at_what_they_are_worth_today() {
        let offer = |payment, upfront: i128, hourly: i128| Offer {
            pool: "m5".to_owned(),
            kind: OfferKind::Reservation,
            term_years: 1,
            payment,
            on_demand_rate: 10_i128.pow(11),
            upfront: upfront * 10_i128.pow(12),
            hourly: hourly * 10_i128.pow(9),
        };
        let all = offer(Payment::AllUpfront, 876, 0);
        assert!((all.reserved_rate(0.0) - 0.1).abs() < 1e-12, "876 dollars over 8,760 hours");
        let none = offer(Payment::NoUpfront, 0, 103);
        assert!(all.reserved_rate(0.0) < none.reserved_rate(0.0));
        assert!(all.reserved_rate(0.12) > none.reserved_rate(0.12), "money now is worth more than money later");
        assert_eq!(none.plan_price(0.12), 1.0);
        assert!((all.plan_price(0.0) - 1.0).abs() < 1e-12 && all.plan_price(0.12) > 1.05);
    }
}
