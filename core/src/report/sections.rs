//! Builds the report's sections from a ledger.

use std::sync::Arc;

use super::commitment_terms::expiring_section;
use super::gates::gates as results;
use super::recommendations::{Recommendations, recommendations};
use super::waterfall::waterfall;
use super::{Cell, ColumnKind, Report, ReportRequest, Section, agreed, changes, detail, month, names};
use crate::analyze::commitments::{by_commitment, coverage};
use crate::analyze::costs::from_ledger;
use crate::analyze::request::{CostTable, Costs};
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::reconcile::certificate::Certificate;
use crate::schema::charges::{Metric, Text};
use crate::schema::filter::NONE_TEXT;
use crate::schema::money::ratio;

/// Groups of a section; the rest is one row "(other)".
const GROUPS_SHOWN: usize = 15;
/// Resources that are listed.
const RESOURCES_SHOWN: usize = 20;

/// Makes the report of a ledger. Without figures when the certificate forbids them.
///
/// # Errors
/// [`Error::Currencies`] when the bill holds several currencies, [`Error::UnknownName`] and [`Error::Threshold`] for what
/// was asked.
pub fn report(ledger: &Ledger, certificate: Certificate, request: &ReportRequest) -> Result<Report> {
    let periods = ledger.periods();
    let title = match &periods[..] {
        [] => "AWS cost report: no rows".to_owned(),
        [only] => format!("AWS cost report, {only}"),
        [first, .., last] => format!("AWS cost report, {first} to {last}"),
    };
    let currencies = ledger.currencies();
    let currency = match &currencies[..] {
        [] => String::new(),
        [currency] => currency.clone(),
        _ => return Err(Error::Currencies { currencies: currencies.join(", ") }),
    };
    let mut report = Report {
        title,
        periods,
        currency,
        sections: Vec::new(),
        detail: None,
        savings: None,
        gates: Vec::new(),
        certificate,
    };
    if report.certificate.figures_allowed() {
        let savings = recommendations(ledger, report.certificate, &request.advice)?;
        report.certificate = savings.certificate.clone();
        report.gates = results(ledger, &request.gates, Some(savings.together_monthly()))?;
        report.sections = sections(ledger, &report, &savings)?;
        report.detail = Some(detail::costs(ledger)?);
        report.savings = Some(savings);
    }
    Ok(report)
}

fn sections(ledger: &Ledger, report: &Report, savings: &Recommendations) -> Result<Vec<Section>> {
    let (certificate, periods) = (&report.certificate, &report.periods[..]);
    let by = |dimension: &str| from_costs(ledger, &Costs::by([dimension]).monthly().top(GROUPS_SHOWN));
    let names = names::of_accounts(ledger);
    let mut sections = vec![
        month::key_figures(ledger, certificate, savings, periods)?,
        agreed::gates(&report.gates),
        summary(certificate),
        by_period("costs_by_service", "Effective cost by service", "ServiceName", &by("ServiceName")?, periods),
        names::named(
            by_period("costs_by_account", "Effective cost by account", "SubAccountId", &by("SubAccountId")?, periods),
            &names,
        ),
        by_period("costs_by_region", "Effective cost by region", "RegionId", &by("RegionId")?, periods),
    ];
    sections.extend(changes::by_tags(ledger, periods)?);
    if let [.., before, last] = periods {
        sections.push(names::named(changes::drivers(ledger, before, last)?, &names));
    }
    if let [.., last] = periods {
        let before = periods.len().checked_sub(2).map(|at| periods[at].as_str());
        sections.push(month::days(ledger, before, last)?);
        sections.push(commitment_section(ledger, last));
        sections.push(expiring_section(ledger));
        sections.push(coverage_section(ledger));
        sections.push(month::commitments_by_day(ledger, last));
        sections.push(waterfall(savings));
        sections.push(names::named(month::recommendations(savings), &names));
        sections.push(names::named(agreed::earlier_advice(savings), &names));
        sections.push(agreed::exceptions(savings));
        sections.push(names::named(resources(ledger, last)?, &names));
    }
    sections.extend([types(ledger)?, tags(ledger)?, invoices(certificate)]);
    Ok(sections.into_iter().filter(|section| !section.rows.is_empty()).collect())
}

/// Answers a question that the ledger always can.
pub(super) fn from_costs(ledger: &Ledger, question: &Costs) -> Result<CostTable> {
    from_ledger(ledger, question)?.ok_or_else(|| Error::NotAvailable {
        what: question.by.join(", "),
        reason: "the ledger does not keep these columns together".to_owned(),
    })
}

pub(super) fn column(name: impl Into<String>, kind: ColumnKind) -> (String, ColumnKind) {
    (name.into(), kind)
}

pub(super) fn text(value: Option<&str>) -> Cell {
    Cell::Text(value.unwrap_or(NONE_TEXT).to_owned())
}

pub(super) fn money(value: Option<i128>) -> Cell {
    value.map_or(Cell::Missing, Cell::Money)
}

pub(super) fn share(part: i128, whole: i128) -> Cell {
    ratio(part, whole).map_or(Cell::Missing, Cell::Ratio)
}

fn summary(certificate: &Certificate) -> Section {
    let metrics =
        [Metric::BilledCost, Metric::EffectiveCost, Metric::UnblendedCost, Metric::ContractedCost, Metric::ListCost];
    let known = |metric: &Metric| certificate.periods.iter().any(|period| period.costs[*metric as usize].is_some());
    let shown: Vec<Metric> = metrics.into_iter().filter(known).collect();
    let mut columns = vec![
        column("BillingPeriod", ColumnKind::Text),
        column("BillingAccountId", ColumnKind::Text),
        column("Status", ColumnKind::Text),
        column("Rows", ColumnKind::Number),
    ];
    columns.extend(shown.iter().map(|metric| column(metric.name(), ColumnKind::Money)));
    let mut periods: Vec<_> = certificate.periods.iter().collect();
    periods.sort_by(|a, b| (&a.period, &a.payer).cmp(&(&b.period, &b.payer)));
    let rows: Vec<Vec<Cell>> = periods
        .iter()
        .map(|period| {
            let mut row = vec![
                Cell::Text(period.period.clone()),
                Cell::Text(period.payer.clone()),
                Cell::Text(period.status.name().to_owned()),
                Cell::Count(period.rows),
            ];
            row.extend(shown.iter().map(|&metric| money(period.costs[metric as usize])));
            row
        })
        .collect();
    let mut total = vec![Cell::Text("Total".to_owned()), Cell::Missing, Cell::Missing];
    total.push(Cell::Count(periods.iter().map(|period| period.rows).sum()));
    total.extend(shown.iter().map(|&metric| {
        let stated: Vec<i128> = periods.iter().filter_map(|period| period.costs[metric as usize]).collect();
        money((!stated.is_empty()).then(|| stated.iter().sum()))
    }));
    Section {
        id: "summary",
        title: "The bill".to_owned(),
        note: "Billed is what is invoiced; effective spreads upfront fees over what they cover and shows unused commitment; \
               unblended is cash by row; contracted is at own prices before commitments; list is at public on-demand prices \
               where AWS states them. Tax, support, credits, \
               refunds and Marketplace are included."
            .to_owned(),
        columns,
        rows,
        total: Some(total),
    }
}

/// The members of a group and its cost in each billing period.
type Group = (Vec<Option<Arc<str>>>, Vec<Option<i128>>);

/// Groups down, billing periods across, largest first.
pub(super) fn by_period(id: &'static str, title: &str, name: &str, answer: &CostTable, periods: &[String]) -> Section {
    let mut groups: Vec<Group> = Vec::new();
    for row in &answer.rows {
        let Some(at) = periods.iter().position(|period| Some(period.as_str()) == row.period.as_deref()) else {
            continue;
        };
        match groups.iter_mut().find(|(keys, _)| *keys == row.keys) {
            Some((_, costs)) => costs[at] = row.cost,
            None => {
                let mut costs = vec![None; periods.len()];
                costs[at] = row.cost;
                groups.push((row.keys.clone(), costs));
            }
        }
    }
    let sum = |costs: &[Option<i128>]| costs.iter().flatten().sum::<i128>();
    // "(other)" stays last, whatever it adds up to.
    let is_other = |keys: &[Option<Arc<str>>]| keys.first().is_some_and(|key| key.as_deref() == Some("(other)"));
    groups.sort_by_key(|(keys, costs)| (is_other(keys), std::cmp::Reverse(sum(costs)), keys.clone()));
    let whole = answer.total.unwrap_or(0);
    let mut columns = vec![column(name, ColumnKind::Text)];
    columns.extend(periods.iter().map(|period| column(period, ColumnKind::Money)));
    columns.extend([column("Total", ColumnKind::Money), column("Share", ColumnKind::Ratio)]);
    let line = |first: Cell, costs: &[Option<i128>]| {
        let mut row = vec![first];
        row.extend(costs.iter().map(|&cost| Cell::Money(cost.unwrap_or(0))));
        row.extend([Cell::Money(sum(costs)), share(sum(costs), whole)]);
        row
    };
    let totals: Vec<Option<i128>> =
        (0..periods.len()).map(|at| Some(groups.iter().filter_map(|(_, costs)| costs[at]).sum())).collect();
    Section {
        id,
        title: title.to_owned(),
        note: String::new(),
        rows: groups.iter().map(|(keys, costs)| line(text(keys[0].as_deref()), costs)).collect(),
        total: Some(line(Cell::Text("Total".to_owned()), &totals)),
        columns,
    }
}

/// One metric by one dimension: members and their sums.
fn sums(ledger: &Ledger, by: &str, metric: Metric) -> Result<std::collections::BTreeMap<Option<Arc<str>>, i128>> {
    let answer = from_costs(ledger, &Costs::by([by]).metric(metric))?;
    Ok(answer.rows.into_iter().map(|mut row| (row.keys.remove(0), row.cost.unwrap_or(0))).collect())
}

fn types(ledger: &Ledger) -> Result<Section> {
    // FOCUS has no line item types, and no cost before discounts.
    let (by, first, note) = match ledger.is_all_focus() {
        true => (Text::ChargeCategory, Metric::ContractedCost, "By FOCUS charge category. Unused commitment is usage."),
        false => (
            Text::LineItemType,
            Metric::UnblendedCost,
            "By AWS's line item type. Unused commitment is under the fee it comes from.",
        ),
    };
    let shown = [first, Metric::BilledCost, Metric::EffectiveCost];
    let shown: Vec<Metric> = shown.into_iter().filter(|&metric| ledger.not_stated(metric).is_none()).collect();
    let by_metric = shown.iter().map(|&metric| sums(ledger, by.name(), metric)).collect::<Result<Vec<_>>>()?;
    let mut columns = vec![column(by.name(), ColumnKind::Text)];
    columns.extend(shown.iter().map(|metric| column(metric.name(), ColumnKind::Money)));
    let rows = by_metric[0].keys().map(|kind| {
        let mut row = vec![text(kind.as_deref())];
        row.extend(by_metric.iter().map(|sums| Cell::Money(sums.get(kind).copied().unwrap_or(0))));
        row
    });
    let mut total = vec![Cell::Text("Total".to_owned())];
    total.extend(by_metric.iter().map(|sums| Cell::Money(sums.values().sum())));
    Ok(Section {
        id: "cash_to_effective",
        title: "From cash to effective cost".to_owned(),
        note: note.to_owned(),
        rows: rows.collect(),
        total: Some(total),
        columns,
    })
}

fn tags(ledger: &Ledger) -> Result<Section> {
    let mut rows = Vec::new();
    for (prefix, is_cost_category) in [("Tags", false), ("CostCategories", true)] {
        let keys = &ledger.sets(is_cost_category).keys;
        let mut names: Vec<&str> = (1..keys.len() as u32).filter_map(|key| keys.get(key)).collect();
        names.sort_unstable();
        for name in names {
            let members = sums(ledger, &format!("{prefix}/{name}"), Metric::EffectiveCost)?;
            let whole: i128 = members.values().sum();
            let none = members.get(&None).copied().unwrap_or(0);
            let values = members.keys().filter(|value| value.is_some()).count() as u64;
            rows.push(vec![
                Cell::Text(format!("{prefix}/{name}")),
                Cell::Count(values),
                Cell::Money(whole - none),
                Cell::Money(none),
                share(none, whole),
            ]);
        }
    }
    Ok(Section {
        id: "tags",
        title: "What is tagged".to_owned(),
        note: "Effective cost with and without a value, by tag key and cost category. Tax, support and fees carry no tags."
            .to_owned(),
        columns: vec![
            column("Key", ColumnKind::Text),
            column("Values", ColumnKind::Number),
            column("Tagged", ColumnKind::Money),
            column("Untagged", ColumnKind::Money),
            column("UntaggedShare", ColumnKind::Ratio),
        ],
        rows,
        total: None,
    })
}

fn commitment_section(ledger: &Ledger, period: &str) -> Section {
    let uses: Vec<_> = by_commitment(ledger).into_iter().filter(|one| one.period == period).collect();
    let rows: Vec<Vec<Cell>> = uses
        .iter()
        .map(|commitment| {
            vec![
                Cell::Text(commitment.arn.clone()),
                Cell::Text(commitment.kind.to_owned()),
                Cell::Money(commitment.sums.bought),
                Cell::Money(commitment.sums.used),
                Cell::Money(commitment.sums.unused),
                commitment.utilization().map_or(Cell::Missing, Cell::Ratio),
                Cell::Money(commitment.net_saving()),
            ]
        })
        .collect();
    let sum =
        |pick: fn(&crate::ledger::tables::CommitmentCell) -> i128| uses.iter().map(|one| pick(&one.sums)).sum::<i128>();
    let (bought, used, unused) = (sum(|sums| sums.bought), sum(|sums| sums.used), sum(|sums| sums.unused));
    Section {
        id: "commitments",
        title: format!("Commitments, {period}"),
        note: match ledger.is_all_focus() {
            true => {
                "Committed is what was used and what was not, after discounts. Net saving is the contracted cost of \
                     what was covered, less what was committed."
            }
            false => {
                "Committed is recurring fees and the month's share of upfront fees. Net saving is the on-demand \
                      value of what was covered, less what was committed."
            }
        }
        .to_owned(),
        columns: vec![
            column("CommitmentDiscountId", ColumnKind::Text),
            column("Kind", ColumnKind::Text),
            column("Committed", ColumnKind::Money),
            column("Used", ColumnKind::Money),
            column("Unused", ColumnKind::Money),
            column("Utilization", ColumnKind::Ratio),
            column("NetSaving", ColumnKind::Money),
        ],
        rows,
        total: Some(vec![
            Cell::Text("Total".to_owned()),
            Cell::Missing,
            Cell::Money(bought),
            Cell::Money(used),
            Cell::Money(unused),
            share(used, bought),
            Cell::Money(uses.iter().map(crate::analyze::commitments::CommitmentUse::net_saving).sum()),
        ]),
    }
}

fn coverage_section(ledger: &Ledger) -> Section {
    let rows = coverage(ledger).into_iter().map(|month| {
        vec![
            Cell::Text(month.period.clone()),
            Cell::Money(month.eligible),
            Cell::Money(month.savings_plans),
            Cell::Money(month.reservations),
            month.ratio().map_or(Cell::Missing, Cell::Ratio),
        ]
    });
    Section {
        id: "coverage",
        title: "Coverage".to_owned(),
        note: "Usage that a reservation or Savings Plan could cover (no Spot, no data transfer), at on-demand prices."
            .to_owned(),
        columns: vec![
            column("BillingPeriod", ColumnKind::Text),
            column("Eligible", ColumnKind::Money),
            column("SavingsPlans", ColumnKind::Money),
            column("Reservations", ColumnKind::Money),
            column("Coverage", ColumnKind::Ratio),
        ],
        rows: rows.collect(),
        total: None,
    }
}

fn resources(ledger: &Ledger, period: &str) -> Result<Section> {
    let question = Costs::by(["ResourceId", "ServiceName", "SubAccountId"])
        .period(period)
        .filter(format!("{}!={NONE_TEXT}", Text::ResourceId.name()));
    let answer = from_costs(ledger, &question)?;
    let whole = sums_of_period(ledger, period)?;
    let rows =
        answer.rows.iter().take(RESOURCES_SHOWN).filter(|row| row.cost.is_some_and(|cost| cost > 0)).map(|row| {
            let cost = row.cost.unwrap_or(0);
            let mut cells: Vec<Cell> = row.keys.iter().map(|key| text(key.as_deref())).collect();
            cells.extend([Cell::Money(cost), share(cost, whole)]);
            cells
        });
    Ok(Section {
        id: "resources",
        title: format!("Costliest resources, {period}"),
        note: "Effective cost; the share is of the whole month.".to_owned(),
        columns: vec![
            column("ResourceId", ColumnKind::Text),
            column("ServiceName", ColumnKind::Text),
            column("SubAccountId", ColumnKind::Text),
            column("EffectiveCost", ColumnKind::Money),
            column("Share", ColumnKind::Ratio),
        ],
        rows: rows.collect(),
        total: None,
    })
}

fn sums_of_period(ledger: &Ledger, period: &str) -> Result<i128> {
    let answer = from_costs(ledger, &Costs::by(Vec::<String>::new()).period(period))?;
    Ok(answer.total.unwrap_or(0))
}

fn invoices(certificate: &Certificate) -> Section {
    let rows = certificate.invoices.iter().map(|invoice| {
        vec![
            Cell::Text(invoice.payer.clone()),
            text(invoice.invoice_id.as_deref()),
            Cell::Count(invoice.rows),
            Cell::Money(invoice.amount),
            money(invoice.invoiced),
            money(invoice.invoiced.map(|invoiced| invoice.amount - invoiced)),
        ]
    });
    Section {
        id: "invoices",
        title: "Invoices".to_owned(),
        note: "The bill's rows by invoice, in the form to compare with what finance was billed.".to_owned(),
        columns: vec![
            column("BillingAccountId", ColumnKind::Text),
            column("InvoiceId", ColumnKind::Text),
            column("Rows", ColumnKind::Number),
            column("Amount", ColumnKind::Money),
            column("Invoiced", ColumnKind::Money),
            column("Difference", ColumnKind::Money),
        ],
        rows: rows.collect(),
        total: Some(vec![
            Cell::Text("Total".to_owned()),
            Cell::Missing,
            Cell::Count(certificate.invoices.iter().map(|invoice| invoice.rows).sum()),
            Cell::Money(certificate.invoices.iter().map(|invoice| invoice.amount).sum()),
            Cell::Missing,
            Cell::Missing,
        ]),
    }
}
