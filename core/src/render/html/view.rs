//! What the template is filled with: texts that are ready to be shown, and charts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::Result;
use crate::reconcile::certificate::{Certificate, Verdict};
use crate::render::charts::{self, Chart};
use crate::render::grid::{self, Grid};
use crate::render::{all_skipped, amounts_sentence, bytes_text, count_text, headline, printable, summaries};
use crate::report::{Cell, ColumnKind, Report, Section};
use crate::schema::filter::OTHER_TEXT;
use crate::schema::money::{cents, display_cents, grouped_cents};
use crate::schema::recommendations::Recommendation;

/// Rows of a table; the rest is one row that adds up.
const ROWS_MAX: usize = 250;
/// Sections whose charts show the month as a whole.
const OVERVIEW: [&str; 2] = ["summary", "costs_by_day"];
/// Sections whose charts or lists say what most readers want to know.
const FOLDED: [&str; 4] = ["costs_by_day", "commitments_by_day", "recommendations", "earlier_advice"];
/// Recommendations that are shown with all that they rest on.
const ADVICE_MAX: usize = 100;
/// Files whose hashes are listed.
const FILES_MAX: usize = 200;
/// Findings that are listed for a check that did not pass.
const FINDINGS_MAX: usize = 20;

#[derive(Serialize)]
pub(super) struct Page {
    title: String,
    style: String,
    style_source: String,
    version: &'static str,
    headline: Option<String>,
    amounts: String,
    badge: Badge,
    tiles: Vec<Tile>,
    /// Charts of the month as a whole, beside each other.
    overview: Vec<Figure>,
    parts: Vec<Part>,
    advice: Vec<Advice>,
    advice_left_out: String,
    checks: Table,
    findings: Table,
    skipped: Table,
    files_sentence: String,
    files: Table,
}

#[derive(Serialize)]
struct Badge {
    word: &'static str,
    sentence: String,
}

/// A key figure.
#[derive(Serialize)]
struct Tile {
    name: String,
    value: String,
    unit: String,
    detail: String,
}

#[derive(Serialize)]
struct Part {
    id: &'static str,
    title: String,
    note: String,
    /// Whether its table is long, and is shown when asked for.
    folded: bool,
    chart: Option<Figure>,
    table: Table,
}

#[derive(Serialize)]
struct Figure {
    title: String,
    description: String,
    wide: String,
    narrow: String,
}

#[derive(Serialize, Default)]
struct Table {
    columns: Vec<Heading>,
    rows: Vec<Vec<Entry>>,
    total: Vec<Entry>,
}

#[derive(Serialize)]
struct Heading {
    title: String,
    right: bool,
}

#[derive(Serialize, Default)]
struct Entry {
    text: String,
    right: bool,
    /// Percent of the longest bar, where one says something.
    bar: Option<u32>,
}

/// A recommendation with what it rests on.
#[derive(Serialize)]
struct Advice {
    saved: String,
    title: String,
    place: String,
    grade: &'static str,
    in_total: bool,
    facts: Vec<(&'static str, String)>,
    evidence: Vec<(&'static str, String)>,
    assumptions: Vec<String>,
    command: String,
}

impl Page {
    pub(super) fn of(report: &Report, style: &str, style_source: &str) -> Result<Page> {
        let mut charts: BTreeMap<&'static str, Figure> =
            charts::of_report(report)?.into_iter().map(|chart| (chart.id, figure(chart))).collect();
        let overview = OVERVIEW.iter().filter_map(|id| charts.remove(id)).collect();
        let certificate = &report.certificate;
        let shown = report.sections.iter().filter(|section| section.id != "key_figures");
        let files: Vec<_> = certificate.inputs.iter().take(FILES_MAX).cloned().collect();
        let left_out = certificate.inputs.len() - files.len();
        let mut files_sentence = summaries::inputs_sentence(certificate);
        if left_out > 0 {
            let bytes = certificate.inputs.iter().skip(FILES_MAX).map(|input| input.bytes).sum();
            let left_out = count_text(left_out as u64);
            files_sentence.push_str(&format!("; {left_out} of them ({}) are not listed here", bytes_text(bytes)));
        }
        let (advice, advice_left_out) = advice(report);
        Ok(Page {
            title: report.title.clone(),
            style: style.to_owned(),
            style_source: style_source.to_owned(),
            version: env!("CARGO_PKG_VERSION"),
            headline: headline(report),
            amounts: amounts_sentence(report),
            badge: badge(certificate),
            tiles: report.section("key_figures").map_or_else(Vec::new, |section| tiles(section, &report.currency)),
            overview,
            parts: shown.map(|section| part(section, charts.remove(section.id))).collect(),
            advice,
            advice_left_out,
            checks: Table::of(&summaries::checks(certificate)),
            findings: Table::of(&summaries::findings(certificate, FINDINGS_MAX)),
            skipped: Table::of(&summaries::skipped(&all_skipped(certificate, report.skipped()))),
            files_sentence,
            files: Table::of(&summaries::inputs(&Certificate { inputs: files, ..certificate.clone() })),
        })
    }
}

fn badge(certificate: &Certificate) -> Badge {
    let word = match certificate.verdict() {
        Verdict::Pass => "pass",
        Verdict::Warn => "warn",
        Verdict::Fail => "fail",
        Verdict::NotRun => "not_run",
    };
    Badge { word, sentence: certificate.summary() }
}

fn tiles(section: &Section, currency: &str) -> Vec<Tile> {
    let tile = |row: &Vec<Cell>| {
        let unit = if matches!(row.get(1), Some(Cell::Money(_))) { currency } else { "" };
        let text = |at: usize| row.get(at).map(grid::cell_text).unwrap_or_default();
        Tile { name: text(0), value: text(1), unit: unit.to_owned(), detail: text(2) }
    };
    section.rows.iter().map(tile).collect()
}

fn figure(chart: Chart) -> Figure {
    Figure {
        title: printable(&chart.title).into_owned(),
        description: printable(&chart.description).into_owned(),
        wide: chart.wide,
        narrow: chart.narrow,
    }
}

fn part(section: &Section, chart: Option<Figure>) -> Part {
    let short = shortened(section, ROWS_MAX);
    Part {
        id: section.id,
        title: printable(&section.title).into_owned(),
        note: printable(&section.note).into_owned(),
        folded: FOLDED.contains(&section.id),
        chart,
        table: Table::of(&grid::section(&short)),
    }
}

/// A section of at most so many rows. What is left out is one row, so that what adds up still does.
fn shortened(section: &Section, most: usize) -> Section {
    let mut short = section.clone();
    if section.rows.len() <= most {
        return short;
    }
    let rest = short.rows.split_off(most - 1);
    let sum = |at: usize| match section.columns[at].1 {
        ColumnKind::Money if section.total.is_some() => {
            let money = rest.iter().filter_map(|row| if let Cell::Money(units) = row[at] { Some(units) } else { None });
            Cell::Money(money.sum())
        }
        _ => Cell::Missing,
    };
    let mut row: Vec<Cell> = (0..section.columns.len()).map(sum).collect();
    if let Some(first) = row.first_mut() {
        *first = Cell::Text(format!("{OTHER_TEXT}: {} more rows", count_text(rest.len() as u64)));
    }
    short.rows.push(row);
    short
}

impl Table {
    fn of(grid: &Grid) -> Table {
        let entry =
            |(at, text): (usize, &String)| Entry { text: text.clone(), right: grid.columns[at].right, bar: None };
        let row = |(at, cells): (usize, &Vec<String>)| {
            let mut entries: Vec<Entry> = cells.iter().enumerate().map(entry).collect();
            let bar = grid.bars.get(at).copied().flatten().filter(|share| share.is_finite());
            // A bar belongs to the share that it shows, or else to the amount.
            let place = entries.iter().position(|entry| entry.right && entry.text.ends_with('%'));
            let place = place.unwrap_or(entries.len().saturating_sub(1));
            if let (Some(entry), Some(share)) = (entries.get_mut(place), bar) {
                entry.bar = Some((share.clamp(0.0, 1.0) * 100.0).round() as u32);
            }
            entries
        };
        let heading = |column: &grid::GridColumn| Heading { title: column.title.clone(), right: column.right };
        Table {
            columns: grid.columns.iter().map(heading).collect(),
            rows: grid.rows.iter().enumerate().map(row).collect(),
            total: grid.total.iter().flatten().enumerate().map(entry).collect(),
        }
    }
}

/// The recommendations that save most, and a sentence on those that are left out.
fn advice(report: &Report) -> (Vec<Advice>, String) {
    let Some(savings) = &report.savings else { return (Vec::new(), String::new()) };
    // The rows that the report's table lists show the cents that it shows.
    let listed = report.section("recommendations").map_or_else(Vec::new, |section| {
        let last = section.columns.len() - 1;
        let named = section.rows.iter().filter(|row| row[0] != Cell::Text(OTHER_TEXT.to_owned())).count();
        grid::section_cents(section, last).into_iter().take(named).collect()
    });
    let shown = |(at, row): (usize, &Recommendation)| {
        let amount = listed.get(at).copied().flatten().unwrap_or_else(|| cents(row.savings_monthly));
        let amount = grouped_cents(amount);
        one(row, if row.grade.is_in_total() { amount } else { format!("({amount})") }, &savings.currency)
    };
    let all: Vec<Advice> = savings.rows.iter().take(ADVICE_MAX).enumerate().map(shown).collect();
    let left_out = match savings.rows.len() - all.len() {
        0 => String::new(),
        more => {
            let rest: i128 = savings.rows[all.len()..].iter().map(|row| row.savings_monthly).sum();
            format!(
                "{} more, of {} {} a month together, are in the report's workbook and JSON.",
                count_text(more as u64),
                display_cents(rest),
                savings.currency
            )
        }
    };
    (all, left_out)
}

fn one(row: &Recommendation, saved: String, currency: &str) -> Advice {
    let clean = |text: &str| printable(text).into_owned();
    let mut facts = vec![
        ("Resource", clean(row.resource_id.as_deref().unwrap_or("the account and region"))),
        ("From", clean(&row.current)),
        ("To", clean(&row.target)),
        ("At list prices", format!("{} {currency} a month", display_cents(row.savings_monthly_list))),
        ("Effort", row.effort.name().to_owned()),
        ("Risk", format!("{} of 4", row.risk)),
        ("Prices from", row.price_source.name().to_owned()),
        ("Detector", row.detector.to_owned()),
    ];
    if !row.alternatives.is_empty() {
        facts.push(("Instead", clean(&row.alternatives_text())));
    }
    Advice {
        saved,
        title: clean(&row.title),
        place: clean(&format!("{} {}", row.sub_account_id, row.region_id)),
        grade: row.grade.name(),
        in_total: row.grade.is_in_total(),
        facts,
        evidence: row.evidence.iter().map(|(key, value)| (*key, clean(value))).collect(),
        assumptions: row.assumptions.iter().map(|text| clean(text)).collect(),
        command: clean(&row.command),
    }
}
