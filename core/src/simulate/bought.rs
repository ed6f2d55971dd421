//! What a plan buys, laid out for the replay.

use super::tariffs::Tariff;
use crate::planner::bill::PlannedLine;
use crate::planner::offers::OfferKind;
use crate::replay::QUANTITY_UNIT;

/// Reservations of one line: what they fit, smallest first, as places and factors in thousandths.
#[derive(Debug, Clone)]
pub(super) struct Units {
    pub(super) members: Vec<(usize, i128)>,
    /// Normalized units of an hour, in units of 1e-18.
    pub(super) units: i128,
}

impl Units {
    /// Covers an hour's usage.
    pub(super) fn cover(&self, left: &mut [i128]) {
        let mut free = self.units;
        for &(slot, factor) in &self.members {
            let covered = left[slot].min(free / factor).max(0);
            left[slot] -= covered;
            free -= covered * factor;
        }
    }
}

/// What is bought on top of what the bill has.
#[derive(Debug, Clone, Default)]
pub(super) struct Purchases {
    pub(super) reservations: Vec<Units>,
    /// Plans with their hourly commitments, in units of 1e-12.
    pub(super) plans: Vec<(Tariff, i128)>,
    /// What all of it costs a month.
    pub(super) cost_monthly: i128,
}

impl Purchases {
    /// Of a plan's lines; `members` are the places and factors of some products, smallest first.
    pub(super) fn of(lines: &[PlannedLine], members: impl Fn(&[u32]) -> Vec<(usize, i128)>) -> Purchases {
        let mut purchases = Purchases::default();
        for planned in lines {
            let line = &planned.line;
            purchases.cost_monthly += line.cost_monthly;
            match (&line.kind, line.quantity, line.hourly_commitment) {
                (OfferKind::Reservation, Some(quantity), _) => purchases.reservations.push(Units {
                    members: members(&planned.products),
                    units: quantity * i128::from(planned.unit_factor) * QUANTITY_UNIT,
                }),
                (kind, _, Some(commitment)) => {
                    let tariff = Tariff { kind: kind.clone(), term_years: line.term_years, payment: line.payment };
                    purchases.plans.push((tariff, commitment));
                }
                _ => {}
            }
        }
        purchases
    }
}
