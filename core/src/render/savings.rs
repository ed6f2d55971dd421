//! Recommendations in JSON and for people: what they are, since when, what became of earlier ones, what is excepted.

use serde_json::{Map, Value, json};

use super::grid::{Grid, TOTAL_TEXT, money_column};
use super::json::money;
use super::summaries::name_in_arn;
use super::{count_text, counted};
use crate::report::config::ExceptionState;
use crate::report::continuity::{Followed, Outcome};
use crate::report::goal::{Choice, Goal};
use crate::report::recommendations::Recommendations;
use crate::schema::money::{display_cents, money_text};
use crate::schema::recommendations::Recommendation;
use crate::simulate::waterfall::Step;

/// One row, keyed by [`crate::schema::recommendations::COLUMNS`].
pub(super) fn row(row: &Recommendation) -> Value {
    let evidence: Map<String, Value> =
        row.evidence.iter().map(|(key, value)| ((*key).to_owned(), value.as_str().into())).collect();
    let alternative =
        |(id, saving): &(&'static str, i128)| json!({"detector": id, "savings_monthly": money(Some(*saving))});
    let standing = row.standing.as_ref();
    json!({
        "detector": row.detector,
        "kind": row.kind.name(),
        "action": row.action,
        "sub_account_id": row.sub_account_id,
        "region_id": row.region_id,
        "resource_id": row.resource_id,
        "title": row.title,
        "current": row.current,
        "target": row.target,
        "savings_monthly": money(Some(row.savings_monthly)),
        "savings_monthly_list": money(Some(row.savings_monthly_list)),
        "confidence": row.confidence,
        "grade": row.grade.name(),
        "effort": row.effort.name(),
        "risk": row.risk,
        "evidence": evidence,
        "assumptions": row.assumptions,
        "alternatives": row.alternatives.iter().map(alternative).collect::<Vec<_>>(),
        "price_source": row.price_source.name(),
        "command": row.command,
        "owner": row.owner,
        "id": row.id(),
        "status": standing.map(|standing| standing.status()),
        "since": standing.map(|standing| standing.since.as_str()),
        "waited": standing.map(|standing| money(Some(standing.waited))),
    })
}

/// What the rows save when they are followed together, step by step.
pub(super) fn waterfall(answer: &Recommendations) -> Value {
    let Some(waterfall) = &answer.waterfall else { return Value::Null };
    let step = |step: &Step| {
        json!({
            "kind": step.kind.name(),
            "rows": step.rows,
            "alone_monthly": money(Some(step.alone_monthly)),
            "saved_monthly": money(Some(step.saved_monthly)),
            "newly_unused_monthly": money(Some(step.wasted_monthly)),
            "left_monthly": money(Some(step.left_monthly)),
        })
    };
    json!({
        "cost_monthly": money(Some(waterfall.cost_monthly)),
        "saved_monthly": money(Some(waterfall.saved_monthly())),
        "left_monthly": money(Some(waterfall.left_monthly())),
        "replay_off_monthly": money(Some(waterfall.replay_off_monthly)),
        "steps": waterfall.steps.iter().map(step).collect::<Vec<_>>(),
    })
}

/// What became of earlier advice.
pub(super) fn followed(answer: &Recommendations) -> Value {
    let one = |one: &Followed| {
        json!({
            "id": one.row.id(),
            "detector": one.row.detector,
            "sub_account_id": one.row.sub_account_id,
            "region_id": one.row.region_id,
            "resource_id": one.row.resource_id,
            "title": one.row.title,
            "status": one.outcome.name(),
            "month": one.month,
            "savings_monthly": money(Some(one.row.savings_monthly)),
            "realized_monthly": money(Some(one.realized_monthly)),
            "realized": money(Some(one.realized)),
            "measured": one.is_measured,
        })
    };
    answer.followed.iter().map(one).collect()
}

/// The choice that reaches a goal.
pub(super) fn goal(answer: &Recommendations) -> Value {
    let Some(goal) = &answer.goal else { return Value::Null };
    let choice = |choice: &Choice| {
        json!({
            "id": answer.rows[choice.row].id(),
            "detector": choice.detector,
            "savings_monthly": money(Some(choice.savings_monthly)),
            "risk": choice.risk,
        })
    };
    json!({
        "target_monthly": money(Some(goal.target)),
        "savings_monthly": money(Some(goal.savings_monthly)),
        "risk": goal.risk,
        "reached": goal.is_reached,
        "choices": goal.choices.iter().map(choice).collect::<Vec<_>>(),
    })
}

/// Whether a goal is reached, and at which risk.
pub fn goal_sentence(goal: &Goal, currency: &str) -> String {
    let (target, saved) = (display_cents(goal.target), display_cents(goal.savings_monthly));
    let count = counted(goal.choices.len() as u64, "recommendation");
    match goal.is_reached {
        true => format!(
            "{target} {currency} a month: {count} save {saved}, with risks that add up to {}, the least that reaches it",
            goal.risk
        ),
        false => format!("{target} {currency} a month is out of reach: all that is sure saves {saved}, by {count}"),
    }
}

/// What to do for a goal.
pub fn goal_grid(answer: &Recommendations, goal: &Goal) -> Grid {
    let savings = format!(">{}/month", answer.currency);
    let mut grid = Grid::with_columns(&[&savings, ">Risk", "Effort", "Detector", "Account", "Region", "What"]);
    let parts: Vec<Option<i128>> = goal.choices.iter().map(|choice| Some(choice.savings_monthly)).collect();
    for (choice, amount) in goal.choices.iter().zip(money_column(&parts, Some(goal.savings_monthly))) {
        let row = &answer.rows[choice.row];
        let what = row.resource_id.as_deref().map_or(row.title.as_str(), name_in_arn);
        let effort = match choice.detector == row.detector {
            true => row.effort.name(),
            false => "",
        };
        let risk = choice.risk.to_string();
        grid.push([amount.as_str(), &risk, effort, choice.detector, &row.sub_account_id, &row.region_id, what]);
    }
    let mut total = vec![String::new(); grid.columns.len()];
    (total[0], total[1]) = (display_cents(goal.savings_monthly), goal.risk.to_string());
    total[2] = TOTAL_TEXT.to_owned();
    grid.total = (goal.choices.len() > 1).then_some(total);
    grid
}

/// What is easy and what is work.
pub fn effort_sentence(answer: &Recommendations) -> String {
    let quick = answer.rows.iter().filter(|row| row.is_quick_win()).count();
    let sum = answer.quick_wins_monthly();
    format!(
        "{}, billed facts of little effort: {} {currency} a month; projects: {}; weighted by confidence: {}",
        counted(quick as u64, "quick win"),
        display_cents(sum),
        display_cents(answer.savings_monthly - sum),
        display_cents(answer.weighted_monthly()),
        currency = answer.currency,
    )
}

/// Rows that are not proposed, and why.
pub(super) fn excepted(answer: &Recommendations) -> Value {
    let one = answer.excepted.iter().map(|one| {
        let mut value = row(&one.row);
        if let Value::Object(fields) = &mut value {
            fields.insert("reason".into(), one.reason.as_str().into());
            fields.insert("excepted_by".into(), one.owner.as_deref().into());
            fields.insert("until".into(), Some(one.until.as_str()).filter(|until| !until.is_empty()).into());
        }
        value
    });
    one.collect()
}

/// What became of the exceptions of a configuration.
pub(super) fn exceptions(answer: &Recommendations) -> Value {
    let one = answer.exceptions.iter().map(|one| {
        json!({
            "line": one.line,
            "reason": one.reason,
            "owner": one.owner,
            "until": Some(one.until.as_str()).filter(|until| !until.is_empty()),
            "state": one.state.name(),
            "rows": one.rows,
        })
    });
    one.collect()
}

/// What earlier months have to do with it; nothing for a bill without any.
pub fn history_sentence(answer: &Recommendations) -> Option<String> {
    let standing = || answer.rows.iter().filter(|row| row.grade.is_in_total()).filter_map(|row| row.standing.as_ref());
    standing().next().or(answer.rows.iter().find_map(|row| row.standing.as_ref()))?;
    let open = standing().filter(|standing| !standing.is_new).count();
    let new = standing().count() - open;
    let waited: i128 = standing().map(|standing| standing.waited).sum();
    let done: Vec<&Followed> = answer.followed.iter().filter(|one| one.outcome == Outcome::Done).collect();
    let promised: i128 = done.iter().map(|one| one.row.savings_monthly).sum();
    let monthly: i128 = done.iter().map(|one| one.realized_monthly).sum();
    let realized: i128 = done.iter().map(|one| one.realized).sum();
    let currency = &answer.currency;
    let mut text = format!(
        "{} new; {} open since earlier months, which has cost {} {currency} so far",
        count_text(new as u64),
        count_text(open as u64),
        display_cents(waited)
    );
    if !done.is_empty() {
        text += &format!(
            "; {} done: {} {currency} a month saved of {} promised, {} in all",
            counted(done.len() as u64, "earlier one"),
            display_cents(monthly),
            display_cents(promised),
            display_cents(realized)
        );
    }
    Some(text)
}

/// What became of earlier advice, where something did; `limit` rows at most, and how many more there are.
pub fn history(answer: &Recommendations, limit: usize) -> (Grid, usize) {
    let mut grid = Grid::with_columns(&[
        ">Saves/month",
        ">Promised",
        ">In all",
        "Status",
        "Detector",
        "Account",
        "What",
        "Advised",
    ]);
    for one in answer.followed.iter().take(limit) {
        let what = one.row.resource_id.as_deref().map_or(one.row.title.as_str(), name_in_arn);
        grid.push([
            &display_cents(one.realized_monthly),
            &display_cents(one.row.savings_monthly),
            &display_cents(one.realized),
            one.status(),
            one.row.detector,
            &one.row.sub_account_id,
            what,
            &one.month,
        ]);
    }
    (grid, answer.followed.len().saturating_sub(limit))
}

/// What is excepted, in sentences: what is kept from being proposed, and which exceptions do that no more.
pub fn exception_notes(answer: &Recommendations, file: &str) -> Vec<String> {
    let mut notes = Vec::new();
    if !answer.excepted.is_empty() {
        let saving: i128 =
            answer.excepted.iter().filter(|one| one.row.grade.is_in_total()).map(|one| one.row.savings_monthly).sum();
        notes.push(format!(
            "{} excepted by {file}, of {} {} a month",
            counted(answer.excepted.len() as u64, "recommendation"),
            display_cents(saving),
            answer.currency
        ));
    }
    for one in &answer.exceptions {
        match one.state {
            ExceptionState::Active => {}
            ExceptionState::Expired => notes.push(format!(
                "{file}, line {}: this exception ended on {} ({}), with {} proposed again: decide anew, or take it out",
                one.line,
                one.until,
                one.reason,
                counted(one.rows as u64, "row")
            )),
            ExceptionState::Unmatched => {
                notes.push(format!("{file}, line {}: no row is like this exception ({})", one.line, one.reason));
            }
        }
    }
    notes
}

/// The money of a standing, for tables of text.
pub(super) fn waited_text(row: &Recommendation) -> String {
    row.standing.as_ref().map_or(String::new(), |standing| money_text(standing.waited))
}
