//! Commitments in the look-back: what was bought, used and lost.

use std::collections::BTreeMap;

use super::facts::Facts;
use super::finding::Finding;
use crate::ledger::tables::CommitmentCell;
use crate::schema::charges::Text;
use crate::schema::money::{display_cents, money_text, ratio};
use crate::schema::values::CommitmentKind;

/// Commitments of a kind of which at least this part went unused in the look-back. The money is spent: savings are 0.
pub fn unused(facts: &Facts<'_>, kind: CommitmentKind, share_min: f64, target: &str) -> Vec<Finding> {
    let mut sums: BTreeMap<&str, (CommitmentCell, Option<&str>)> = BTreeMap::new();
    for (key, cell) in facts.ledger.commitments.iter() {
        let start = facts.ledger.bills.at(key.bill).start.div_euclid(3_600);
        let arn = facts.name(Text::CommitmentDiscountId, key.arn);
        if start != facts.look_back.start || CommitmentKind::from_category("", arn) != kind {
            continue;
        }
        let (sum, owner) = sums.entry(arn).or_default();
        sum.add(cell);
        // Rows of what was bought are the owner's.
        let account = facts.name(Text::SubAccountId, key.account);
        if cell.bought != 0 || cell.unused != 0 {
            *owner = Some(owner.map_or(account, |known| known.min(account)));
        }
    }
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
