//! The joint proposal of commitments as one recommendation, on what is left once the other advice was followed.

use crate::error::Error;
use crate::ledger::Ledger;
use crate::planner::bill::{BillPlan, PlanRequest, PlannedLine, plan};
use crate::planner::eligible::Scope;
use crate::planner::offers::Sort;
use crate::planner::proposal::Conditions;
use crate::reconcile::certificate::Certificate;
use crate::schema::money::{display_cents, money_text};
use crate::schema::recommendations::{Effort, Grade, Kind, PriceSource, Recommendation};

/// What the row is called where detectors have their id.
pub(super) const ID: &str = "plan";
/// Purchases that the joint one is laid beside.
const ALONE: [(&str, &[Sort]); 2] = [
    ("savings plans alone", &[Sort::ComputePlan, Sort::Ec2InstancePlan, Sort::SageMakerPlan, Sort::DatabasePlan]),
    ("reservations alone", &[Sort::Reservation]),
];

/// The row, or why there is none, from usage between two hours since 1970-01-01.
pub(super) fn commit_row(
    ledger: &Ledger,
    certificate: &Certificate,
    rows: &[Recommendation],
    hours: (i64, i64),
) -> Result<Recommendation, String> {
    let counted = rows.iter().filter(|row| row.grade.is_in_total());
    let resources_excluded =
        counted.filter_map(|row| Some((row.sub_account_id.clone(), row.resource_id.clone()?))).collect();
    let scope = Scope { resources_excluded, hours: Some(hours), ..Scope::default() };
    let of_sorts = |sorts: &[Sort]| {
        let conditions = Conditions { sorts: sorts.to_vec(), ..Conditions::default() };
        let request =
            PlanRequest { conditions, scope: scope.clone(), without_decision: true, ..PlanRequest::default() };
        plan(ledger, certificate.clone(), &request)
    };
    let joint = of_sorts(&Sort::ALL).map_err(|error| match error {
        Error::NotAvailable { reason, .. } => reason,
        error => error.to_string(),
    })?;
    let saved = |plan: &BillPlan| plan.proposal.as_ref().map_or(0, |proposal| proposal.savings_monthly);
    if joint.lines.is_empty() || saved(&joint) <= 0 {
        return Err("no commitment saves anything on what is left once the other advice was followed".to_owned());
    }
    let alone = ALONE.iter().filter_map(|(name, sorts)| Some((*name, saved(&of_sorts(sorts).ok()?))));
    Ok(row(&joint, saved(&joint), alone.collect()))
}

fn row(plan: &BillPlan, saved: i128, alternatives: Vec<(&'static str, i128)>) -> Recommendation {
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
        title: format!("{} commitments, chosen jointly", plan.lines.len()),
        current: format!("{} of what could be covered is", percent(now)),
        target: format!("{} covered for {} a month", percent(then), display_cents(cost)),
        savings_monthly: saved,
        savings_monthly_list: saved,
        confidence: Grade::Strong.confidence(),
        grade: Grade::Strong,
        effort: Effort::VeryLow,
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
            "Usage of resources that other rows name is left out.".to_owned(),
        ],
        alternatives,
        price_source: plan.lines.iter().map(|line| line.price_source).max().unwrap_or(PriceSource::Bill),
        command: commands.join(" && "),
        owner: None,
        standing: None,
    }
}
