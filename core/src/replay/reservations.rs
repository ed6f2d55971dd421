//! Reservations in one hour.

use super::{Cover, CoveredBy, QUANTITY_STEP, Sharing, Usage};

/// Which usage a reservation fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The exact type in one availability zone.
    Zonal {
        /// As [`Usage::exact`].
        exact: u32,
        /// As [`Usage::zone`].
        zone: u32,
    },
    /// The exact type anywhere in the region.
    Regional {
        /// As [`Usage::exact`].
        exact: u32,
    },
    /// Any size of a pool.
    Flexible {
        /// As [`Usage::flexible`].
        pool: u32,
    },
}

/// What a reservation has for one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The account that bought it.
    pub account: u32,
    /// What it fits.
    pub scope: Scope,
    /// Normalized units in units of 1e-18: instances × factor in thousandths × 1e15 × the share of the hour that it is
    /// active.
    pub units: i128,
}

impl Scope {
    fn fits(self, usage: &Usage) -> bool {
        match self {
            Scope::Zonal { exact, zone } => usage.exact == Some(exact) && usage.zone == Some(zone),
            Scope::Regional { exact } => usage.exact == Some(exact),
            Scope::Flexible { pool } => usage.flexible == Some(pool),
        }
    }

    /// Narrow ones first: what they do not use, nobody else can.
    fn order(self) -> u8 {
        match self {
            Scope::Zonal { .. } => 0,
            Scope::Regional { .. } => 1,
            Scope::Flexible { .. } => 2,
        }
    }
}

/// Covers usage; what is left of each reservation.
pub(super) fn apply(
    usages: &[Usage],
    reservations: &[Reservation],
    sharing: &Sharing,
    on_demand: &mut [i128],
    covers: &mut Vec<Cover>,
) -> Vec<i128> {
    let mut left: Vec<i128> = reservations.iter().map(|reservation| reservation.units).collect();
    let mut order: Vec<usize> = (0..reservations.len()).collect();
    order.sort_by_key(|&at| reservations[at].scope.order());
    // Smallest first, as documented.
    let mut queue: Vec<usize> = (0..usages.len()).filter(|&at| usages[at].factor > 0).collect();
    queue.sort_by_key(|&at| usages[at].factor);
    for is_owner in [true, false] {
        if !is_owner && !sharing.is_on {
            break;
        }
        for &at in &order {
            let reservation = &reservations[at];
            let fitting = queue.iter().copied().filter(|&usage| {
                let account = usages[usage].account;
                (account == reservation.account) == is_owner
                    && reservation.scope.fits(&usages[usage])
                    && sharing.reaches(reservation.account, account)
            });
            for usage in fitting {
                let factor = i128::from(usages[usage].factor);
                let quantity = on_demand[usage].min(left[at] / factor / QUANTITY_STEP * QUANTITY_STEP);
                if quantity > 0 {
                    on_demand[usage] -= quantity;
                    left[at] -= quantity * factor;
                    let spent = quantity * factor;
                    covers.push(Cover { usage, by: CoveredBy::Reservation(at), quantity, spent });
                }
            }
        }
    }
    left
}
