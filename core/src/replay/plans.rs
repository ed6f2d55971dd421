//! Savings Plans in one hour.

use std::cmp::Ordering;

use super::{Cover, CoveredBy, QUANTITY_STEP, QUANTITY_UNIT, Usage, cost};

/// Rates of a usage under the kinds of plans that cover it, in units of 1e-12; absent where they do not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanRates {
    /// Family and region of an EC2 Instance plan, with its rate.
    pub ec2_instance: Option<(u32, i128)>,
    /// Compute plan.
    pub compute: Option<i128>,
    /// SageMaker plan.
    pub sagemaker: Option<i128>,
    /// Database plan.
    pub database: Option<i128>,
}

/// What a plan covers, in the order of application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlanKind {
    /// EC2 of one family in one region.
    Ec2Instance {
        /// As in [`PlanRates::ec2_instance`].
        family: u32,
    },
    /// EC2, Fargate and Lambda.
    Compute,
    /// SageMaker.
    SageMaker,
    /// Databases.
    Database,
}

/// A plan's commitment for one hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The account that bought it.
    pub account: u32,
    /// What it covers.
    pub kind: PlanKind,
    /// Commitment at plan rates, in units of 1e-12.
    pub commitment: i128,
}

impl PlanKind {
    /// The rate of a usage under this kind of plan, where it covers it.
    pub(super) fn rate(self, rates: &PlanRates) -> Option<i128> {
        match self {
            PlanKind::Ec2Instance { family } => rates.ec2_instance.filter(|own| own.0 == family).map(|own| own.1),
            PlanKind::Compute => rates.compute,
            PlanKind::SageMaker => rates.sagemaker,
            PlanKind::Database => rates.database,
        }
    }

    fn layer(self) -> u8 {
        u8::from(!matches!(self, PlanKind::Ec2Instance { .. }))
    }
}

/// Covers usage; what is left of each commitment.
pub(super) fn apply(
    usages: &[Usage],
    plans: &[Plan],
    is_sharing: bool,
    on_demand: &mut [i128],
    covers: &mut Vec<Cover>,
) -> Vec<i128> {
    let mut left: Vec<i128> = plans.iter().map(|plan| plan.commitment).collect();
    for layer in [0, 1] {
        for is_shared in [false, true] {
            if is_shared && !is_sharing {
                continue;
            }
            for (at, plan) in plans.iter().enumerate().filter(|(_, plan)| plan.kind.layer() == layer) {
                let spent = spend(at, plan, is_shared, usages, left[at], on_demand, covers);
                left[at] -= spent;
            }
        }
    }
    left
}

/// Highest saving first; ties by the lowest rate, then in the order given.
fn by_saving(a: &(usize, i128, i128), b: &(usize, i128, i128)) -> Ordering {
    (a.1 * b.2).cmp(&(b.1 * a.2)).then(a.1.cmp(&b.1)).then(a.0.cmp(&b.0))
}

/// Spends up to `money` of a plan on its owner's usage, or on everybody's; what was spent.
fn spend(
    at: usize,
    plan: &Plan,
    is_shared: bool,
    usages: &[Usage],
    money: i128,
    on_demand: &mut [i128],
    covers: &mut Vec<Cover>,
) -> i128 {
    let mut queue: Vec<(usize, i128, i128)> = Vec::new();
    for (usage, of) in usages.iter().enumerate() {
        let is_due = on_demand[usage] > 0 && (is_shared || of.account == plan.account);
        if let Some(rate) = plan.kind.rate(&of.plans).filter(|_| is_due) {
            queue.push((usage, rate, of.on_demand_rate));
        }
    }
    queue.sort_by(by_saving);
    let mut left = money;
    for (usage, rate, _) in queue {
        let whole = cost(rate, on_demand[usage]);
        let (quantity, spent) = if whole <= left {
            (on_demand[usage], whole)
        } else {
            // The last piece takes all that is left, so that the hour closes.
            (left * QUANTITY_UNIT / rate / QUANTITY_STEP * QUANTITY_STEP, left)
        };
        if quantity == 0 {
            break;
        }
        on_demand[usage] -= quantity;
        left -= spent;
        covers.push(Cover { usage, by: CoveredBy::Plan(at), quantity, spent });
    }
    money - left
}
