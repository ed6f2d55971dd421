//! The decision and not a number: how much could be bought, what happens when usage falls, and how to spread it.

use super::caps::{FrontierPoint, frontier};
use super::choice::{Bought, Choice};
use super::eligible::{Eligible, Pool};
use super::joint::Effort;
use super::proposal::Conditions;
use super::scenarios::{Change, Ladder, Scenario, scenarios};

/// Falls of all usage that are looked at.
const FALLS: [f64; 3] = [0.10, 0.20, 0.40];
/// A ladder of quarters.
const TRANCHES: u32 = 4;
const DAYS_APART: u32 = 91;

/// What is known about a purchase beside its lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Purchases from the best down to none.
    pub frontier: Vec<FrontierPoint>,
    /// What becomes of the purchase when usage changes.
    pub scenarios: Vec<Scenario>,
    /// The purchase in parts.
    pub ladder: Ladder,
}

/// Looks at a purchase from all sides.
pub(super) fn decide(choice: &Choice<'_>, bought: &Bought, usage: &Eligible, conditions: &Conditions) -> Decision {
    let hours = choice.market.hours.max(1) as f64;
    let saved = (bought.displaced() - bought.spent()) / hours * 730.0;
    // Scenarios compare, so a rougher optimum will do.
    let effort = Effort { gap: 1e-3, ..conditions.effort };
    Decision {
        frontier: frontier(choice, conditions),
        scenarios: scenarios(choice, bought, &changes(choice, usage), &effort),
        ladder: Ladder::of(saved, TRANCHES, DAYS_APART),
    }
}

/// All usage falls; the service with the most cost moves away; the EC2 family with the most cost is modernized.
fn changes(choice: &Choice<'_>, usage: &Eligible) -> Vec<Change> {
    let pools: Vec<Option<&Pool>> =
        choice.pools.iter().map(|(name, _)| usage.demand.place(name).map(|at| &usage.pools[at])).collect();
    let falls = FALLS.map(|fall| Change {
        name: format!("all usage falls by {:.0} %", 100.0 * fall),
        stays: vec![1.0 - fall; pools.len()],
        is_modernized: false,
    });
    let mut all = falls.to_vec();
    let without = |is_gone: &dyn Fn(&Pool) -> bool| -> Vec<f64> {
        pools.iter().map(|pool| f64::from(u8::from(!pool.is_some_and(is_gone)))).collect()
    };
    let dearest = |key: &dyn Fn(&Pool) -> Option<String>| {
        let mut sums: std::collections::BTreeMap<String, i128> = std::collections::BTreeMap::new();
        for pool in pools.iter().flatten() {
            if let Some(key) = key(pool) {
                *sums.entry(key).or_insert(0) += pool.on_demand;
            }
        }
        sums.into_iter().max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0))).map(|(key, _)| key)
    };
    if let Some(service) = dearest(&|pool| Some(pool.class.service.clone())) {
        let stays = without(&|pool: &Pool| pool.class.service == service);
        all.push(Change { name: format!("{service} moves away"), stays, is_modernized: false });
    }
    let family_of = |pool: &Pool| {
        let family = pool.class.family().filter(|_| pool.class.service == "AmazonEC2")?;
        Some(family.to_owned())
    };
    if let Some(family) = dearest(&family_of) {
        let stays = without(&|pool: &Pool| family_of(pool).as_ref() == Some(&family));
        all.push(Change { name: format!("EC2 {family} is modernized"), stays, is_modernized: true });
    }
    all
}
