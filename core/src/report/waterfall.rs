//! What could be saved, kind by kind: the steps from what a month costs to what it would cost.

use super::recommendations::Recommendations;
use super::sections::{column, share, text};
use super::{Cell, ColumnKind, Section};
use crate::schema::recommendations::Kind;
use crate::simulate::waterfall::Step;

/// The place of what a step saves among the section's cells.
pub const SAVED_AT: usize = 3;

/// The steps as a section. Without a simulation every kind saves what its rows do.
pub fn waterfall(savings: &Recommendations) -> Section {
    let steps = match &savings.waterfall {
        Some(waterfall) => waterfall.steps.clone(),
        None => steps_alone(savings),
    };
    let is_simulated = savings.waterfall.is_some();
    let row = |step: &Step| {
        vec![
            text(Some(step.kind.name())),
            Cell::Count(step.rows as u64),
            if is_simulated { Cell::Money(step.alone_monthly) } else { Cell::Missing },
            Cell::Money(step.saved_monthly),
            if is_simulated { Cell::Money(step.wasted_monthly) } else { Cell::Missing },
            Cell::Money(step.left_monthly),
            share(step.saved_monthly, savings.cost_monthly),
        ]
    };
    let sum = |pick: fn(&Step) -> i128| steps.iter().map(pick).sum::<i128>();
    let saved = sum(|step| step.saved_monthly);
    let together = match is_simulated {
        true => {
            " Each step is the bill made again with all steps up to it, where reservations and Savings Plans cover what \
             is left: freed hours serve other usage, or go unused (below 0: what was unused is used)."
        }
        false => "",
    };
    Section {
        id: "savings_by_kind",
        title: "What could be saved".to_owned(),
        note: format!(
            "A month of 730 hours like {}, after commitments and discounts; the share is of what such a month costs. Each \
             resource is counted once, and likely stories (heuristic) not at all.{together}",
            savings.look_back.0
        ),
        columns: vec![
            column("Kind", ColumnKind::Text),
            column("Recommendations", ColumnKind::Number),
            column("EachAlone", ColumnKind::Money),
            column("SavingsMonthly", ColumnKind::Money),
            column("NewlyUnused", ColumnKind::Money),
            column("CostAfter", ColumnKind::Money),
            column("ShareOfCost", ColumnKind::Ratio),
        ],
        rows: steps.iter().map(row).collect(),
        total: Some(vec![
            Cell::Text("Total".to_owned()),
            Cell::Count(steps.iter().map(|step| step.rows as u64).sum()),
            if is_simulated { Cell::Money(sum(|step| step.alone_monthly)) } else { Cell::Missing },
            Cell::Money(saved),
            if is_simulated { Cell::Money(sum(|step| step.wasted_monthly)) } else { Cell::Missing },
            // A balance, not a sum.
            Cell::Missing,
            share(saved, savings.cost_monthly),
        ]),
    }
}

fn steps_alone(savings: &Recommendations) -> Vec<Step> {
    let mut left_monthly = savings.cost_monthly;
    let step = |&kind: &Kind| {
        let counted = savings.rows.iter().filter(|row| row.grade.is_in_total() && row.kind == kind);
        let saved: Vec<i128> = counted.map(|row| row.savings_monthly).collect();
        let alone_monthly: i128 = saved.iter().sum();
        left_monthly -= alone_monthly;
        let (rows, saved_monthly) = (saved.len(), alone_monthly);
        (rows > 0).then_some(Step { kind, rows, alone_monthly, saved_monthly, left_monthly, wasted_monthly: 0 })
    };
    Kind::ALL.iter().filter_map(step).collect()
}
