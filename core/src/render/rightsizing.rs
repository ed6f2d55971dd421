//! Rightsizing as JSON, csv, Markdown and tables for people.

use serde_json::{Value, json};

use super::csv::{Sheet, safe_text};
use super::grid::{self, Grid};
use super::{UNKNOWN, counted};
use crate::report::{Cell, ColumnKind, Section};
use crate::rightsize::cost_explorer::{Action, Advice, Advices, SizeOption};
use crate::schema::money::{QUANTITY_SCALE, display_cents, money_text, to_text};

/// `farthing.rightsize/1`: a row for each instance to act on, with its options. `totals` counts the option of each that
/// saves most.
pub fn json(answer: &Advices) -> Value {
    let skipped: Vec<Value> =
        answer.skipped.iter().map(|entry| json!({"what": entry.what, "reason": entry.reason})).collect();
    json!({
        "schema": "farthing.rightsize/1",
        "version": env!("CARGO_PKG_VERSION"),
        "mode": "cost-explorer",
        "currency": "USD",
        "periods": [],
        "rows": answer.rows.iter().map(row).collect::<Vec<_>>(),
        "totals": {"savings_monthly": money_text(answer.savings_monthly()), "instances": answer.instances},
        "checks": [],
        "skipped": skipped,
        "inputs": [],
    })
}

fn row(advice: &Advice) -> Value {
    let options: Vec<Value> = advice
        .options
        .iter()
        .map(|option| {
            json!({
                "instance_type": option.instance_type,
                "cpu_percent_projected": option.cpu_percent_projected,
                "savings_monthly": money_text(option.savings_monthly),
            })
        })
        .collect();
    let observed = &advice.observed;
    json!({
        "resource_id": observed.resource_id,
        "action": advice.action.name(),
        "options": options,
        "savings_monthly": advice.savings_monthly.map(money_text),
        "instance_type": observed.instance_type,
        "region_id": observed.region_id,
        "operating_system": observed.platform.name(),
        "cpu_percent_max": observed.cpu_percent_max.map(|cpu| cpu as f64 / 1e15),
        "on_demand_rate": advice.rate.as_ref().map(|rate| money_text(rate.hourly)),
        "price_source": advice.rate.as_ref().map(|rate| rate.source.name()),
        "price_as_of": advice.rate.as_ref().and_then(|rate| rate.as_of.clone()),
    })
}

/// One sentence on the answer.
pub fn headline(answer: &Advices) -> String {
    format!(
        "{} of {} to act on; {} a month with the option of each that saves most; rates of {}",
        answer.rows.len(),
        counted(answer.instances as u64, "instance"),
        display_cents(answer.savings_monthly()),
        answer.origin
    )
}

/// What a reader has to know beside the figures.
pub fn notes(answer: &Advices) -> Vec<String> {
    let blind = answer.without_figure();
    let note = format!(
        "{} without a CPU figure: Cost Explorer counts no figure as idle; see what runs there before you terminate it",
        counted(blind as u64, "instance")
    );
    if blind > 0 { vec![note] } else { Vec::new() }
}

/// A line for each option, and one for each instance to terminate.
pub fn csv(answer: &Advices) -> String {
    let mut sheet = Sheet::new(CSV_COLUMNS.map(str::to_owned).into());
    for advice in &answer.rows {
        let observed = &advice.observed;
        let mut line = |option: Option<(usize, &SizeOption)>, savings: Option<i128>| {
            let target = option.map(|(_, option)| safe_text(&option.instance_type));
            sheet.push(vec![
                safe_text(&observed.resource_id),
                safe_text(&observed.instance_type),
                safe_text(&observed.region_id),
                safe_text(observed.platform.name()),
                cpu_text(advice, 0).unwrap_or_default(),
                advice.action.name().to_owned(),
                option.map(|(at, _)| (at + 1).to_string()).unwrap_or_default(),
                target.unwrap_or_default(),
                option.map(|(_, option)| option.cpu_percent_projected.to_string()).unwrap_or_default(),
                savings.map(money_text).unwrap_or_default(),
            ]);
        };
        if advice.options.is_empty() {
            line(None, advice.savings_monthly);
        }
        advice
            .options
            .iter()
            .enumerate()
            .for_each(|(at, option)| line(Some((at, option)), Some(option.savings_monthly)));
    }
    sheet.text()
}

const CSV_COLUMNS: [&str; 10] = [
    "resource_id",
    "instance_type",
    "region_id",
    "operating_system",
    "cpu_percent_max",
    "action",
    "option",
    "option_instance_type",
    "cpu_percent_projected",
    "savings_monthly",
];

fn cpu_text(advice: &Advice, decimals_min: usize) -> Option<String> {
    advice.observed.cpu_percent_max.map(|cpu| to_text(cpu, QUANTITY_SCALE, decimals_min))
}

/// The rows as a table for people.
pub fn table(answer: &Advices) -> Grid {
    grid::section(&section(answer))
}

/// The rows as Markdown.
pub fn markdown(answer: &Advices) -> String {
    let mut told = notes(answer);
    told.extend(answer.skipped.iter().map(|entry| format!("{}: {}", entry.what, entry.reason)));
    super::markdown::sections("Rightsizing", &headline(answer), &[section(answer)], &told)
}

fn section(answer: &Advices) -> Section {
    let columns = [
        ("Resource", ColumnKind::Text),
        ("Region", ColumnKind::Text),
        ("System", ColumnKind::Text),
        ("Type", ColumnKind::Text),
        ("Highest CPU", ColumnKind::Number),
        ("Action", ColumnKind::Text),
        ("Target", ColumnKind::Text),
        ("Projected CPU", ColumnKind::Number),
        ("Savings a month", ColumnKind::Money),
    ];
    let percent = |text: Option<String>| Cell::Text(text.map_or_else(|| UNKNOWN.to_owned(), |text| format!("{text}%")));
    let mut rows = Vec::new();
    for advice in &answer.rows {
        let observed = &advice.observed;
        let own = |text: &str| Cell::Text(text.to_owned());
        let mut line = |is_first: bool, target: &str, projected: Option<String>, savings: Option<i128>| {
            let lead = match is_first {
                true => vec![
                    own(&observed.resource_id),
                    own(&observed.region_id),
                    own(observed.platform.name()),
                    own(&observed.instance_type),
                    percent(cpu_text(advice, 2)),
                    own(advice.action.name()),
                ],
                false => vec![own(""), own(""), own(""), own(""), own(""), own("or")],
            };
            let projected = projected.map_or_else(|| own(""), |projected| percent(Some(projected)));
            let tail = [own(target), projected, savings.map_or(Cell::Missing, Cell::Money)];
            rows.push(lead.into_iter().chain(tail).collect());
        };
        if advice.action == Action::Terminate {
            line(true, "", None, advice.savings_monthly);
        }
        for (at, option) in advice.options.iter().enumerate() {
            let projected = format!("{:.2}", option.cpu_percent_projected);
            line(at == 0, &option.instance_type, Some(projected), Some(option.savings_monthly));
        }
    }
    Section {
        id: "rightsizing",
        title: "Rightsizing".to_owned(),
        note: headline(answer),
        columns: columns.map(|(name, kind)| (name.to_owned(), kind)).to_vec(),
        rows,
        total: None,
    }
}
