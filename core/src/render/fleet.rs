//! Rightsizing of a bill's machines as JSON, csv, Markdown and tables for people.

use serde_json::{Map, Value, json};

use super::csv::{Sheet, safe_text};
use super::grid::{self, Grid};
use super::{UNKNOWN, count_text, counted};
use crate::report::{Cell, ColumnKind, Section};
use crate::rightsize::engine::{Choice, Verdict};
use crate::rightsize::fleet::{Fleet, Machine};
use crate::schema::money::{display_cents, money_text};

/// `farthing.rightsize/1` of a bill: a row for each machine of which something is said. `totals` counts the advised type
/// of each over-provisioned machine; `curve` is savings against risk.
pub fn json(fleet: &Fleet) -> Value {
    let preferences = fleet.preferences;
    let mut document = json!({
        "schema": "farthing.rightsize/1",
        "version": env!("CARGO_PKG_VERSION"),
        "mode": "metrics",
        "currency": fleet.currency,
        "periods": [fleet.period],
        "preferences": {
            "percentile": preferences.percentile,
            "cpu_headroom_percent": preferences.cpu_headroom,
            "memory_headroom_percent": preferences.memory_headroom,
            "look_back_days": preferences.look_back_days,
        },
        "rows": fleet.machines.iter().map(row).collect::<Vec<_>>(),
        "totals": {
            "savings_monthly": money_text(fleet.savings_monthly()),
            "savings_monthly_list": money_text(fleet.savings_monthly_list()),
            "extra_monthly": money_text(fleet.extra_monthly()),
            "instances": fleet.seen,
            "over_provisioned": fleet.with(Verdict::OverProvisioned).count(),
            "under_provisioned": fleet.with(Verdict::UnderProvisioned).count(),
            "optimized": fleet.with(Verdict::Optimized).count(),
        },
        "curve": fleet.curve.points.iter().map(|point| json!({
            "percentile": point.preferences.percentile,
            "cpu_headroom_percent": point.preferences.cpu_headroom,
            "memory_headroom_percent": point.preferences.memory_headroom,
            "preset": point.preset.map(|preset| preset.name()),
            "is_chosen": point.is_chosen,
            "instances": point.machines,
            "savings_monthly": money_text(point.savings_monthly),
            "performance_risk_mean": point.risk_mean(),
            "at_high_risk": point.at_high_risk,
        })).collect::<Vec<_>>(),
        "metrics": {
            "rows": fleet.notes.rows,
            "not_numbers": fleet.notes.not_numbers,
            "too_old": fleet.notes.too_old,
            "series_with_repeated_times": fleet.notes.repeated.0,
            "repeated_times": fleet.notes.repeated.1,
            "series_with_gaps": fleet.notes.missing.0,
            "missing": fleet.notes.missing.1,
        },
    });
    if let Some(document) = document.as_object_mut() {
        super::json::proof(document, &fleet.certificate, &fleet.skipped);
    }
    document
}

fn row(machine: &Machine) -> Value {
    let found = &machine.assessment;
    let suffix = match found.verdict {
        Verdict::OverProvisioned => "Overprovisioned",
        _ => "Underprovisioned",
    };
    let reasons: Vec<String> = found.reasons.iter().map(|reason| format!("{}{suffix}", reason.name())).collect();
    let [mean, at, max] = machine.cpu_percent;
    json!({
        "resource_id": machine.resource_id,
        "service": machine.service,
        "sub_account_id": machine.sub_account_id,
        "region_id": machine.region_id,
        "instance_type": machine.instance_type,
        "operating_system": machine.platform.name(),
        "finding": found.verdict.name(),
        "finding_reasons": reasons,
        "action": action(found.verdict),
        "target": target(machine),
        "savings_monthly": money_text(machine.saves()),
        "savings_monthly_list": money_text(machine.saves_list()),
        "cost_monthly": money_text(machine.cost_monthly),
        "options": found.choices.iter().enumerate().map(|(at, choice)| option(machine, at, choice)).collect::<Vec<_>>(),
        "memory_measured": found.is_memory_known,
        "cpu_percent": {"mean": mean, "at_percentile": at, "max": max},
        "statistic": machine.statistic,
        "samples": machine.samples.0,
        "samples_missing": machine.samples.1,
        "samples_repeated": machine.samples.2,
        "sensitivity": found.sensitivity.as_ref().map(|one| json!({
            "instance_type": one.instance_type,
            "fits_to_percentile": one.percentile,
            "cpu_headroom_percent": one.cpu_headroom,
        })),
    })
}

fn action(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::OverProvisioned => "modify",
        Verdict::UnderProvisioned => "upsize",
        Verdict::Optimized => "none",
    }
}

fn target(machine: &Machine) -> Option<&str> {
    let at = machine.assessment.preferred?;
    Some(&machine.assessment.choices[at].candidate.kind.name)
}

fn option(machine: &Machine, at: usize, choice: &Choice) -> Value {
    let projected: Map<String, Value> =
        choice.projected.iter().map(|(dimension, percent)| (dimension.name().to_owned(), json!(percent))).collect();
    json!({
        "instance_type": choice.candidate.kind.name,
        "is_advised": machine.assessment.preferred == Some(at),
        "savings_monthly": money_text(machine.savings_monthly[at]),
        "savings_monthly_list": money_text(machine.savings_monthly_list[at]),
        "frees_commitment_monthly": money_text(machine.freed_monthly[at]),
        "projected_percent": projected,
        "performance_risk": choice.risk,
        "platform_differences": choice.differences,
        "migration_effort": choice.effort.name(),
        "on_demand_rate": money_text(choice.candidate.hourly),
        "price_source": choice.candidate.source.name(),
        "price_as_of": choice.candidate.as_of,
    })
}

/// One sentence on the answer.
pub fn headline(fleet: &Fleet) -> String {
    format!(
        "{} {} a month can be saved on {}; {} would cost {} more; {} are as they should be; {} seen; {}",
        display_cents(fleet.savings_monthly()),
        fleet.currency,
        counted(fleet.with(Verdict::OverProvisioned).count() as u64, "over-provisioned instance"),
        counted(fleet.with(Verdict::UnderProvisioned).count() as u64, "under-provisioned instance"),
        display_cents(fleet.extra_monthly()),
        count_text(fleet.with(Verdict::Optimized).count() as u64),
        count_text(fleet.seen as u64),
        fleet.preferences.text()
    )
}

/// What a reader has to know beside the figures.
pub fn notes(fleet: &Fleet) -> Vec<String> {
    let mut told = Vec::new();
    let blind = fleet.with(Verdict::OverProvisioned).filter(|machine| !machine.assessment.is_memory_known).count();
    if blind > 0 {
        told.push(format!(
            "memory was not measured on {} that could shrink: at most half of it goes, none where the family is made for \
             memory; install the CloudWatch agent to know",
            counted(blind as u64, "instance")
        ));
    }
    let found = &fleet.notes;
    if found.repeated.1 > 0 {
        let (series, times) = (counted(found.repeated.0, "time series"), count_text(found.repeated.1));
        told.push(format!("{times} times came twice, in {series}: each counts once, with the greater value"));
    }
    if found.missing.1 > 0 {
        let (series, missing) = (count_text(found.missing.0), count_text(found.missing.1));
        told.push(format!("{missing} measurements are missing between the first and the last of {series} time series"));
    }
    if found.not_numbers > 0 {
        told.push(format!("{} values are no numbers and were left out", count_text(found.not_numbers)));
    }
    if found.is_scattered {
        told.push("the rows are not sorted by resource, so all were held in memory at once".to_owned());
    }
    told
}

const COLUMNS: [&str; 18] = [
    "resource_id",
    "sub_account_id",
    "region_id",
    "instance_type",
    "operating_system",
    "finding",
    "cpu_percent_at_percentile",
    "cpu_percent_max",
    "memory_measured",
    "option",
    "option_instance_type",
    "is_advised",
    "savings_monthly",
    "savings_monthly_list",
    "performance_risk",
    "platform_differences",
    "migration_effort",
    "price_source",
];

/// A line for each option, and one for each machine without.
pub fn csv(fleet: &Fleet) -> String {
    let mut sheet = Sheet::new(COLUMNS.map(str::to_owned).into());
    for machine in &fleet.machines {
        let found = &machine.assessment;
        let own = [
            safe_text(&machine.resource_id),
            safe_text(&machine.sub_account_id),
            safe_text(&machine.region_id),
            safe_text(&machine.instance_type),
            safe_text(machine.platform.name()),
            found.verdict.name().to_owned(),
            machine.cpu_percent[1].to_string(),
            machine.cpu_percent[2].to_string(),
            found.is_memory_known.to_string(),
        ];
        if found.choices.is_empty() {
            let rest = std::iter::repeat_n(String::new(), COLUMNS.len() - own.len());
            sheet.push(own.iter().cloned().chain(rest).collect());
        }
        for (at, choice) in found.choices.iter().enumerate() {
            let option = [
                (at + 1).to_string(),
                safe_text(&choice.candidate.kind.name),
                (found.preferred == Some(at)).to_string(),
                money_text(machine.savings_monthly[at]),
                money_text(machine.savings_monthly_list[at]),
                choice.risk.to_string(),
                choice.differences.join(" "),
                choice.effort.name().to_owned(),
                choice.candidate.source.name().to_owned(),
            ];
            sheet.push(own.iter().cloned().chain(option).collect());
        }
    }
    sheet.text()
}

/// The machines to act on as a table for people; all with `everything`.
pub fn table(fleet: &Fleet, everything: bool) -> Grid {
    grid::section(&section(fleet, everything))
}

/// Savings against risk as a table for people.
pub fn curve(fleet: &Fleet) -> Grid {
    grid::section(&curve_section(fleet))
}

/// The machines to act on and the curve as Markdown.
pub fn markdown(fleet: &Fleet) -> String {
    let mut told = notes(fleet);
    told.extend(fleet.skipped.iter().map(|entry| format!("{}: {}", entry.what, entry.reason)));
    super::markdown::sections("Rightsizing", &headline(fleet), &[section(fleet, false), curve_section(fleet)], &told)
}

fn section(fleet: &Fleet, everything: bool) -> Section {
    let columns = [
        ("Resource", ColumnKind::Text),
        ("Account", ColumnKind::Text),
        ("Region", ColumnKind::Text),
        ("Runs", ColumnKind::Text),
        ("Type", ColumnKind::Text),
        ("Is", ColumnKind::Text),
        ("CPU", ColumnKind::Number),
        ("Highest", ColumnKind::Number),
        ("Target", ColumnKind::Text),
        ("Differs in", ColumnKind::Text),
        ("Risk", ColumnKind::Number),
        ("Holds to", ColumnKind::Number),
        ("Savings a month", ColumnKind::Money),
    ];
    let shown = fleet.machines.iter().filter(|one| everything || one.assessment.verdict != Verdict::Optimized);
    Section {
        id: "machines",
        title: "Rightsizing".to_owned(),
        note: headline(fleet),
        columns: columns.map(|(name, kind)| (name.to_owned(), kind)).to_vec(),
        rows: shown.flat_map(lines).collect(),
        total: None,
    }
}

/// The lines of a machine: its advised type first, then the others.
fn lines(machine: &Machine) -> Vec<Vec<Cell>> {
    let text = |text: &str| Cell::Text(text.to_owned());
    let found = &machine.assessment;
    let holds = found.sensitivity.as_ref().map_or_else(|| UNKNOWN.to_owned(), |one| format!("P{}", one.percentile));
    let own = [
        text(&machine.resource_id),
        text(&machine.sub_account_id),
        text(&machine.region_id),
        text(machine.platform.name()),
        text(&machine.instance_type),
        text(match found.verdict {
            Verdict::OverProvisioned => "too large",
            Verdict::UnderProvisioned => "too small",
            Verdict::Optimized => "right",
        }),
        Cell::Text(format!("{:.1}%", machine.cpu_percent[1])),
        Cell::Text(format!("{:.1}%", machine.cpu_percent[2])),
    ];
    let line = |own: &[Cell], target: &str, differs: &str, risk: &str, holds: &str, savings: Cell| {
        own.iter()
            .cloned()
            .chain([text(target), text(differs), text(risk), text(holds), savings])
            .collect::<Vec<Cell>>()
    };
    if found.choices.is_empty() {
        return vec![line(&own, "", "", "", &holds, Cell::Missing)];
    }
    let mut order: Vec<usize> = (0..found.choices.len()).collect();
    order.sort_by_key(|&at| (found.preferred != Some(at), at));
    let blank: Vec<Cell> = own.iter().map(|_| text("")).collect();
    let one = |(place, at): (usize, usize)| {
        let choice = &found.choices[at];
        let lead: &[Cell] = if place == 0 { &own } else { &blank };
        let savings = Cell::Money(machine.savings_monthly[at]);
        let (name, differs) = (&choice.candidate.kind.name, choice.differences.join(", "));
        let name = if place == 0 { name.clone() } else { format!("or {name}") };
        line(lead, &name, &differs, &choice.risk.to_string(), if place == 0 { &holds } else { "" }, savings)
    };
    order.into_iter().enumerate().map(one).collect()
}

fn curve_section(fleet: &Fleet) -> Section {
    let columns = [
        ("Percentile", ColumnKind::Text),
        ("CPU headroom", ColumnKind::Number),
        ("Memory headroom", ColumnKind::Number),
        ("Preset", ColumnKind::Text),
        ("Instances", ColumnKind::Number),
        ("Savings a month", ColumnKind::Money),
        ("Mean risk", ColumnKind::Number),
        ("At high risk", ColumnKind::Number),
    ];
    let row = |point: &crate::rightsize::curve::CurvePoint| {
        let asked = if point.is_chosen { "asked for" } else { "" };
        let preset = point.preset.map_or(asked, |preset| preset.name());
        let risk = point.risk_mean().map_or_else(|| UNKNOWN.to_owned(), |risk| format!("{risk:.1}"));
        vec![
            Cell::Text(format!("P{}", point.preferences.percentile)),
            Cell::Text(format!("{}%", point.preferences.cpu_headroom)),
            Cell::Text(format!("{}%", point.preferences.memory_headroom)),
            Cell::Text(preset.to_owned()),
            Cell::Count(point.machines),
            Cell::Money(point.savings_monthly),
            Cell::Text(risk),
            Cell::Count(point.at_high_risk),
        ]
    };
    Section {
        id: "curve",
        title: "Savings against risk".to_owned(),
        note: "What would come of asking more or less of smaller machines".to_owned(),
        columns: columns.map(|(name, kind)| (name.to_owned(), kind)).to_vec(),
        rows: fleet.curve.points.iter().map(row).collect(),
        total: None,
    }
}
