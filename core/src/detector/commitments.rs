//! Commitments in the look-back: what was bought, used and lost.

use std::collections::{BTreeMap, HashMap};

use super::facts::Facts;
use super::finding::Finding;
use crate::ledger::tables::CommitmentCell;
use crate::schema::charges::Text;
use crate::schema::money::{display_cents, money_text, ratio};
use crate::schema::values::CommitmentKind;

/// Commitments of a kind of which at least this part went unused in the look-back. The money is spent: savings are 0.
pub fn unused(facts: &Facts<'_>, kind: CommitmentKind, share_min: f64, target: &str) -> Vec<Finding> {
    let mut by_id: HashMap<u32, (CommitmentCell, Option<u32>)> = HashMap::new();
    for (key, cell) in facts.ledger.commitments.iter() {
        if facts.ledger.bills.at(key.bill).start.div_euclid(3_600) != facts.look_back.start {
            continue;
        }
        let (sum, owner) = by_id.entry(key.arn).or_default();
        sum.add(cell);
        // Rows of what was bought are the owner's.
        if (cell.bought != 0 || cell.unused != 0) && *owner != Some(key.account) {
            let name = |id| facts.name(Text::SubAccountId, id);
            *owner = Some(owner.filter(|&known| name(known) < name(key.account)).unwrap_or(key.account));
        }
    }
    let named = by_id.into_iter().map(|(id, (sum, owner))| {
        let owner = owner.map(|owner| facts.name(Text::SubAccountId, owner));
        (facts.name(Text::CommitmentDiscountId, id), (sum, owner))
    });
    let sums: BTreeMap<&str, _> = named.filter(|(arn, _)| CommitmentKind::from_category("", arn) == kind).collect();
    let mut found = Vec::new();
    for (arn, (sum, owner)) in sums {
        let Some(share) = ratio(sum.unused, sum.bought).filter(|&share| share > 0.0 && share >= share_min) else {
            continue;
        };
        let region = arn.split(':').nth(3).unwrap_or_default();
        found.push(
            Finding::sunk(owner.unwrap_or_default(), region, arn)
                .change(
                    format!("{} a month unused, {:.1} %", display_cents(facts.monthly(sum.unused)), 100.0 * share),
                    target,
                )
                .because("committed_monthly", money_text(facts.monthly(sum.bought)))
                .because("unused_monthly", money_text(facts.monthly(sum.unused)))
                .because("unused_share", format!("{share:.4}")),
        );
    }
    found
}
