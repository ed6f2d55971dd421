//! A rate of a price list: what is sold, on which terms, for how much.

use crate::catalog::commitments::Payment;

/// On which terms something is sold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Terms {
    /// By the unit, without a commitment.
    OnDemand,
    /// Reserved.
    Reserved {
        /// Years.
        years: u8,
        /// Whether it may be exchanged.
        is_convertible: bool,
        /// How it is paid.
        payment: Payment,
        /// Whether this is what is paid at once, and not by the hour.
        is_upfront: bool,
    },
    /// Under a Savings Plan.
    SavingsPlan {
        /// AWS's word for the plan: `ComputeSavingsPlans`, `EC2InstanceSavingsPlans`, `DatabaseSavingsPlans`, …
        plan: String,
        /// Years.
        years: u8,
        /// How it is paid.
        payment: Payment,
    },
}

impl Terms {
    /// In words: `on demand`, `reserved, 1 yr, No Upfront, convertible`.
    pub fn text(&self) -> String {
        match self {
            Terms::OnDemand => "on demand".to_owned(),
            Terms::Reserved { years, is_convertible, payment, is_upfront } => {
                let class = if *is_convertible { "convertible" } else { "standard" };
                let part = if *is_upfront { ", paid at once" } else { "" };
                format!("reserved {class}, {years} yr, {}{part}", payment.name())
            }
            Terms::SavingsPlan { plan, years, payment } => format!("{plan}, {years} yr, {}", payment.name()),
        }
    }
}

/// A rate as a list states it. US dollars in units of 1e-12.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate<'a> {
    /// `AmazonEC2`: of a Savings Plan, the service whose usage it covers.
    pub service: &'a str,
    /// `eu-west-1`; empty for what is sold everywhere.
    pub region: &'a str,
    /// As bills have it: `EUW1-BoxUsage:m7g.large`.
    pub usage_type: &'a str,
    /// As bills have it: `RunInstances:0002`.
    pub operation: &'a str,
    /// On which terms.
    pub terms: Terms,
    /// `Hrs`, `GB-Mo`; `Quantity` for what is paid at once.
    pub unit: &'a str,
    /// The quantity from which it holds, `0` for the first tier.
    pub begins: &'a str,
    /// The price.
    pub price: i128,
}
