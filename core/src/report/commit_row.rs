//! The joint proposal of commitments as one recommendation, on what is left once the other advice was followed.

use crate::error::Error;
use crate::planner::bill::{BillPlan, PlanRequest, PlannedLine};
use crate::planner::joint::Effort;
use crate::planner::offers::Sort;
use crate::planner::proposal::Conditions;
use crate::reconcile::certificate::Certificate;
use crate::schema::money::{display_cents, money_text};
use crate::schema::recommendations::{self, Grade, Kind, PriceSource, Recommendation, UsageChange};
use crate::simulate::waterfall::Simulation;

/// What the row is called where detectors have their id.
pub(super) const ID: &str = "plan";
/// Purchases that the joint one is laid beside.
const ALONE: [(&str, &[Sort]); 2] = [
    ("savings plans alone", &[Sort::ComputePlan, Sort::Ec2InstancePlan, Sort::SageMakerPlan, Sort::DatabasePlan]),
    ("reservations alone", &[Sort::Reservation]),
];
/// How near to the best the joint purchase is brought: a month's usage is not known better.
const JOINTLY: Effort = Effort { gap: 2e-3, rounds: 8, steps: 0, trials_usage_hours: 4_000_000 };
/// One kind alone is found at once.
const AT_ONCE: Effort = Effort { gap: 1e-3, rounds: 1, steps: 0, trials_usage_hours: 0 };

/// The row, or why there is none. It saves what following it after all other advice does; the simulation has it as its
/// last step.
pub(super) fn commit_row(
    simulation: &mut Simulation<'_>,
    certificate: &Certificate,
    buy: &Conditions,
) -> Result<Recommendation, String> {
    let left = simulation.left(&PlanRequest::default().scope);
    let of_sorts = |simulation: &Simulation<'_>, sorts: &[Sort], effort: Effort| {
        let sorts = buy.sorts.iter().copied().filter(|sort| sorts.contains(sort)).collect();
        let conditions = Conditions { sorts, effort, ..buy.clone() };
        let request = PlanRequest { conditions, without_decision: true, ..PlanRequest::default() };
        simulation.plan(certificate.clone(), &request, left.clone())
    };
    let joint = of_sorts(simulation, &Sort::ALL, JOINTLY).map_err(|error| match error {
        Error::NotAvailable { reason, .. } => reason,
        error => error.to_string(),
    })?;
    let nothing = || Err("no commitment saves anything on what is left once the other advice was followed".to_owned());
    let mut plans = vec![("chosen jointly", joint)];
    for (name, sorts) in ALONE {
        plans.extend(of_sorts(simulation, sorts, AT_ONCE).ok().map(|plan| (name, plan)));
    }
    // The planner looks at what is left on demand; what a purchase does to plans that are there the simulation knows.
    let worth = plans.iter().map(|(name, plan)| (*name, simulation.worth(&plan.lines)));
    let mut worth: Vec<(&'static str, i128)> = worth.collect();
    let best = (0..plans.len()).rev().max_by_key(|&at| worth[at].1).unwrap_or(0);
    let (name, saved) = worth.remove(best);
    if plans[best].1.lines.is_empty() || saved <= 0 {
        return nothing();
    }
    simulation.buy(&plans[best].1.lines);
    Ok(row(&plans[best].1, name, saved, worth))
}

fn row(plan: &BillPlan, name: &str, saved: i128, alternatives: Vec<(&'static str, i128)>) -> Recommendation {
    let sum = |pick: fn(&PlannedLine) -> i128| plan.lines.iter().map(pick).sum::<i128>();
    let cost = sum(|line| line.line.cost_monthly);
    let percent = |share: Option<f64>| share.map_or_else(String::new, |share| format!("{:.1} %", 100.0 * share));
    let (now, then) = plan.coverage();
    let gap = plan.proposal.as_ref().map_or(0.0, |proposal| proposal.gap);
    let commands: Vec<&str> =
        plan.lines.iter().map(|line| line.command.as_str()).filter(|command| !command.is_empty()).collect();
    Recommendation {
        detector: ID,
        kind: Kind::Commit,
        action: "buy",
        sub_account_id: String::new(),
        region_id: String::new(),
        resource_id: None,
        title: format!("{} commitments, {name}", plan.lines.len()),
        current: format!("{} of what could be covered is", percent(now)),
        target: format!("{} covered for {} a month", percent(then), display_cents(cost)),
        savings_monthly: saved,
        savings_monthly_list: saved,
        confidence: Grade::Strong.confidence(),
        grade: Grade::Strong,
        effort: recommendations::Effort::VeryLow,
        risk: 3,
        evidence: vec![
            ("commitments", plan.lines.len().to_string()),
            ("cost_monthly", money_text(cost)),
            ("displaced_monthly", money_text(sum(|line| line.line.on_demand_displaced_monthly))),
            ("obligation", money_text(sum(|line| line.obligation))),
            ("gap", format!("{gap:.6}")),
            ("hours", plan.hours.to_string()),
        ],
        assumptions: vec![
            "Usage goes on as it was; `farthing plan` shows what a fall costs, and how to buy in parts.".to_owned(),
            "Bought for one year; a commitment cannot be cancelled.".to_owned(),
            "The look-back's usage without what other rows stop, and what their freed commitments cover; what they change into \
             is left out until it has been seen."
                .to_owned(),
        ],
        alternatives,
        price_source: plan.lines.iter().map(|line| line.price_source).max().unwrap_or(PriceSource::Bill),
        command: commands.join(" && "),
        usage: UsageChange::Kept,
        owner: None,
        standing: None,
    }
}
