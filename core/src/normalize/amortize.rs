//! The amortization ladder: what each line item costs when upfront fees are spread and unused commitment is
//! shown by itself. It is here and nowhere else.
//!
//! Sources: the definitions of AWS's Cloud Intelligence Dashboards (`summary_view`) and the column dictionaries
//! of the Cost and Usage Report for reservations and Savings Plans.

use crate::schema::money::scale_by;
use crate::schema::values::LineItemType;

/// The columns that the ladder reads from one line item, in units of 1e-12; `None` where the row has no value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineItemTerms {
    /// Unblended cost.
    pub unblended: i128,
    /// Net unblended cost, where the month has it.
    pub net_unblended: Option<i128>,
    /// Effective cost of reserved or covered usage.
    pub effective: Option<i128>,
    /// Its net variant.
    pub net_effective: Option<i128>,
    /// Upfront fee's share of the row's period.
    pub amortized_upfront: Option<i128>,
    /// Its net variant (Savings Plans).
    pub net_amortized_upfront: Option<i128>,
    /// Recurring commitment of the hour (Savings Plans).
    pub recurring: Option<i128>,
    /// Its net variant.
    pub net_recurring: Option<i128>,
    /// Total commitment of the hour (Savings Plans).
    pub total_commitment: Option<i128>,
    /// Used commitment of the hour (Savings Plans).
    pub used_commitment: Option<i128>,
    /// Unused upfront share (reservations).
    pub unused_upfront: Option<i128>,
    /// Its net variant.
    pub net_unused_upfront: Option<i128>,
    /// Unused recurring fee (reservations).
    pub unused_recurring: Option<i128>,
    /// Its net variant.
    pub net_unused_recurring: Option<i128>,
    /// Whether the row belongs to a reservation.
    pub has_reservation: bool,
    /// Whether the row refunds a returned plan's upfront fee.
    pub refunds_plan: bool,
}

/// What the ladder makes of a line item, in units of 1e-12.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amortized {
    /// Amortized cost of the row itself, before discounts.
    pub amortized: i128,
    /// The same after discounts.
    pub effective: i128,
    /// Unused commitment before discounts: a charge of its own.
    pub unused: i128,
    /// The same after discounts.
    pub net_unused: i128,
    /// What was committed for the row's period.
    pub bought: i128,
    /// Term of the identity: upfront fee's share of the period.
    pub amortized_upfront: i128,
    /// Term of the identity: upfront fee paid.
    pub upfront_fee: i128,
    /// Term of the identity: refund of a returned plan.
    pub refund: i128,
}

/// Whether the ladder treats a type otherwise than "amortized is unblended".
pub fn is_special(kind: LineItemType) -> bool {
    use LineItemType::{
        DiscountedUsage, Fee, RIFee, Refund, SavingsPlanCoveredUsage, SavingsPlanNegation, SavingsPlanRecurringFee,
        SavingsPlanUpfrontFee,
    };
    matches!(
        kind,
        DiscountedUsage
            | Fee
            | RIFee
            | Refund
            | SavingsPlanCoveredUsage
            | SavingsPlanNegation
            | SavingsPlanRecurringFee
            | SavingsPlanUpfrontFee
    )
}

/// Amortizes one line item.
///
/// The identity that follows, and that every run checks: Σ unblended = Σ amortized (rows and unused)
/// − Σ amortized upfront + Σ upfront fees + Σ refunds of returned plans.
///
/// ```
/// use farthing::normalize::amortize::{amortize, LineItemTerms};
/// use farthing::schema::values::LineItemType;
/// // An hour of a plan: 10 committed (4 of it paid upfront), 7 used.
/// let hour = LineItemTerms {
///     unblended: 6, total_commitment: Some(10), used_commitment: Some(7), amortized_upfront: Some(4),
///     recurring: Some(6), ..LineItemTerms::default()
/// };
/// let fee = amortize(LineItemType::SavingsPlanRecurringFee, &hour);
/// assert_eq!((fee.amortized, fee.unused, fee.amortized_upfront), (0, 3, 4));
/// ```
pub fn amortize(kind: LineItemType, row: &LineItemTerms) -> Amortized {
    let net_unblended = row.net_unblended.unwrap_or(row.unblended);
    match kind {
        LineItemType::DiscountedUsage | LineItemType::SavingsPlanCoveredUsage => {
            let amortized = row.effective.unwrap_or(0);
            Amortized { amortized, effective: row.net_effective.unwrap_or(amortized), ..Amortized::default() }
        }
        LineItemType::SavingsPlanNegation => Amortized::default(),
        LineItemType::SavingsPlanRecurringFee => plan_hour(row),
        LineItemType::RIFee => reservation_month(row),
        LineItemType::SavingsPlanUpfrontFee => Amortized { upfront_fee: row.unblended, ..Amortized::default() },
        LineItemType::Fee if row.has_reservation => Amortized { upfront_fee: row.unblended, ..Amortized::default() },
        LineItemType::Refund if row.refunds_plan => Amortized { refund: row.unblended, ..Amortized::default() },
        _ => Amortized { amortized: row.unblended, effective: net_unblended, ..Amortized::default() },
    }
}

/// One hour of a Savings Plan. AWS states no net unused commitment; it is the unused share of the net
/// commitment: unused × (net upfront + net recurring) ÷ (upfront + recurring), rounded half to even. This is an
/// approximation, since a discount may differ between what was used and what was not.
fn plan_hour(row: &LineItemTerms) -> Amortized {
    let upfront = row.amortized_upfront.unwrap_or(0);
    let recurring = row.recurring.unwrap_or(0);
    let bought = row.total_commitment.unwrap_or(upfront + recurring);
    let unused = bought - row.used_commitment.unwrap_or(0);
    let net = row.net_amortized_upfront.unwrap_or(upfront) + row.net_recurring.unwrap_or(recurring);
    let net_unused = scale_by(unused, net, upfront + recurring).unwrap_or(unused);
    Amortized { unused, net_unused, bought, amortized_upfront: upfront, ..Amortized::default() }
}

fn reservation_month(row: &LineItemTerms) -> Amortized {
    let upfront = row.unused_upfront.unwrap_or(0);
    let recurring = row.unused_recurring.unwrap_or(0);
    let amortized_upfront = row.amortized_upfront.unwrap_or(0);
    Amortized {
        unused: upfront + recurring,
        net_unused: row.net_unused_upfront.unwrap_or(upfront) + row.net_unused_recurring.unwrap_or(recurring),
        bought: row.unblended + amortized_upfront,
        amortized_upfront,
        ..Amortized::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_reservation_is_all_unused() {
        let fee = LineItemTerms {
            unblended: 30,
            amortized_upfront: Some(12),
            unused_upfront: Some(12),
            unused_recurring: Some(30),
            net_unused_recurring: Some(27),
            ..LineItemTerms::default()
        };
        let fee = amortize(LineItemType::RIFee, &fee);
        assert_eq!((fee.amortized, fee.unused, fee.net_unused, fee.bought), (0, 42, 39, 42));
    }

    #[test]
    fn net_unused_is_the_unused_share_of_the_net_commitment() {
        let hour = LineItemTerms {
            total_commitment: Some(100),
            used_commitment: Some(40),
            recurring: Some(100),
            net_recurring: Some(93),
            amortized_upfront: Some(0),
            ..LineItemTerms::default()
        };
        assert_eq!(amortize(LineItemType::SavingsPlanRecurringFee, &hour).net_unused, 56);
    }

    #[test]
    fn a_fee_without_a_reservation_is_a_plain_cost() {
        let support = LineItemTerms { unblended: 5, net_unblended: Some(4), ..LineItemTerms::default() };
        let charged = amortize(LineItemType::Fee, &support);
        assert_eq!((charged.amortized, charged.effective, charged.upfront_fee), (5, 4, 0));
        let upfront = LineItemTerms { has_reservation: true, ..support };
        let charged = amortize(LineItemType::Fee, &upfront);
        assert_eq!((charged.amortized, charged.effective, charged.upfront_fee), (0, 0, 5));
    }
}
