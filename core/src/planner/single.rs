//! One Savings Plan alone, exactly: every commitment at which the cost bends is tried, none is left out.
//!
//! The plan's owner is served before everyone else, whatever the discounts, so the cost is not convex in the
//! commitment; between two bends it is a straight line, so the least cost is at a bend.

/// Usage of an hour that the plan can cover, in USD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Item {
    /// The hour, from 0.
    pub hour: usize,
    /// Whether it is the plan owner's.
    pub is_owners: bool,
    /// Its cost on demand.
    pub on_demand: f64,
    /// Its cost at the plan's rates, greater than 0.
    pub at_plan: f64,
}

/// The best commitment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SinglePlan {
    /// Hourly commitment.
    pub commitment: f64,
    /// Cost of all hours with it.
    pub cost: f64,
}

/// The order in which AWS spends a plan within an hour: the owner's usage first, then the highest saving, then the
/// lowest rate.
fn order(a: &Item, b: &Item) -> std::cmp::Ordering {
    let saving = |item: &Item| item.at_plan / item.on_demand;
    let owner = b.is_owners.cmp(&a.is_owners);
    owner.then(saving(a).total_cmp(&saving(b))).then(a.at_plan.total_cmp(&b.at_plan))
}

/// The hourly commitment that costs least over so many hours, when a dollar of commitment costs `price`; of several
/// the smallest.
///
/// ```
/// use farthing::planner::single::{Item, best_commitment};
/// // One hour: 10 USD of the owner's at a discount of 10 %, 10 USD of another account's at 50 %.
/// let item = |is_owners, at_plan| Item { hour: 0, is_owners, on_demand: 10.0, at_plan };
/// let best = best_commitment(1, 1.0, &[item(true, 9.0), item(false, 5.0)]);
/// assert_eq!((best.commitment, best.cost), (14.0, 14.0));
/// ```
pub fn best_commitment(hours: usize, price: f64, items: &[Item]) -> SinglePlan {
    let nothing: f64 = items.iter().map(|item| item.on_demand).sum();
    let mut best = SinglePlan { commitment: 0.0, cost: nothing };
    let (mut cost, mut at) = (nothing, 0.0);
    let bends = bends(hours, items);
    let mut saved_per_dollar: f64 = bends.iter().take_while(|bend| bend.0 == 0.0).map(|bend| bend.1).sum();
    for (commitment, change) in bends.into_iter().skip_while(|bend| bend.0 == 0.0) {
        cost += (commitment - at) * (price * hours as f64 - saved_per_dollar);
        at = commitment;
        saved_per_dollar += change;
        // A sum of thousands of terms is known to about twelve digits: less is no improvement.
        if cost < best.cost - 1e-12 * nothing {
            best = SinglePlan { commitment, cost };
        }
    }
    best.cost = cost_at(hours, price, items, best.commitment);
    best
}

/// Commitments at which what the next dollar saves changes, in order, with the change; 0 has what the first dollar saves.
fn bends(hours: usize, items: &[Item]) -> Vec<(f64, f64)> {
    let mut by_hour: Vec<Vec<&Item>> = vec![Vec::new(); hours];
    items.iter().filter(|item| item.at_plan > 0.0).for_each(|item| by_hour[item.hour].push(item));
    let mut bends = Vec::with_capacity(2 * items.len());
    for hour in &mut by_hour {
        hour.sort_by(|a, b| order(a, b));
        let mut covered = 0.0;
        for item in hour {
            let saves = item.on_demand / item.at_plan;
            bends.push((covered, saves));
            covered += item.at_plan;
            bends.push((covered, -saves));
        }
    }
    bends.sort_by(|a, b| a.0.total_cmp(&b.0));
    bends
}

/// What all hours cost with a commitment.
pub fn cost_at(hours: usize, price: f64, items: &[Item], commitment: f64) -> f64 {
    let mut by_hour: Vec<Vec<&Item>> = vec![Vec::new(); hours];
    items.iter().for_each(|item| by_hour[item.hour].push(item));
    let mut rest = 0.0;
    for hour in &mut by_hour {
        hour.sort_by(|a, b| order(a, b));
        let mut left = commitment;
        for item in hour {
            let spent = left.min(item.at_plan);
            left -= spent;
            rest += item.on_demand * (1.0 - spent / item.at_plan);
        }
    }
    price * commitment * hours as f64 + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_first_example() {
        let item = |is_owners, at_plan| Item { hour: 0, is_owners, on_demand: 10.0, at_plan };
        let items = [item(true, 9.0), item(false, 5.0)];
        let costs = [0.0, 9.0, 14.0].map(|commitment| cost_at(1, 1.0, &items, commitment));
        assert_eq!(costs, [20.0, 19.0, 14.0], "not convex: from 9 on every dollar saves two");
        // A third account's dear hour keeps the whole worth while.
        assert_eq!(best_commitment(1, 1.0, &items).commitment, 14.0);
    }

    #[test]
    fn the_first_dollars_may_cost_more_than_they_save() {
        // The owner's usage has no discount in half of the hours; what lies behind it pays for that.
        let mut items = Vec::new();
        for hour in 0..4 {
            items.push(Item { hour, is_owners: true, on_demand: 1.0, at_plan: 1.0 });
            items.push(Item { hour, is_owners: false, on_demand: 10.0, at_plan: 5.0 });
        }
        items.remove(0);
        let best = best_commitment(4, 1.0, &items);
        assert!(cost_at(4, 1.0, &items, 1.0) < 43.0 + 1e-9 && best.commitment == 6.0, "{best:?}");
        assert_eq!(best.cost, 24.0);
    }
}
