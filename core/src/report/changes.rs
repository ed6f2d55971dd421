//! What changed from one month to the next, and who it was for: sections that compare the last two billing periods.

use std::collections::HashMap;
use std::sync::Arc;

use super::sections::{by_period, column, from_costs, share, text};
use super::{Cell, ColumnKind, Section};
use crate::analyze::request::Costs;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::schema::charges::{Dimension, Metric};
use crate::schema::filter::{NONE_TEXT, OTHER_TEXT};

/// Changes that are listed; the rest is one row "(other)".
const CHANGES_SHOWN: usize = 12;
/// Values of a tag key that are listed.
const VALUES_SHOWN: usize = 12;
/// A key with more values tells things apart, not owners: it gets no section of its own.
const OWNERS_MAX: usize = 200;
/// Keys that AWS sets itself say who made a thing, not whose it is.
const AWS_KEYS: &str = "aws:";
/// Sections on tag keys, the keys that explain most first. Each has a key of its own in JSON.
const TAG_SECTIONS: [&str; 3] = ["costs_by_tag", "costs_by_tag_2", "costs_by_tag_3"];

/// What two months cost.
type Pair = [i128; 2];

/// What drove the change between the last two billing periods: services by account, the greatest change first.
pub(super) fn drivers(ledger: &Ledger, before: &str, last: &str) -> Result<Section> {
    let answer = from_costs(ledger, &Costs::by(["ServiceName", "SubAccountId"]).monthly())?;
    let mut pairs: HashMap<&[Option<Arc<str>>], Pair> = HashMap::new();
    for row in &answer.rows {
        let Some(at) = [before, last].iter().position(|period| row.period.as_deref() == Some(period)) else { continue };
        pairs.entry(&row.keys).or_default()[at] += row.cost.unwrap_or(0);
    }
    let mut groups: Vec<(&[Option<Arc<str>>], Pair)> = pairs.into_iter().collect();
    groups.sort_by_key(|(keys, [before, last])| (std::cmp::Reverse((last - before).abs()), *keys));
    let sum = |groups: &[(&[Option<Arc<str>>], Pair)]| {
        groups.iter().fold([0, 0], |sum: Pair, (_, pair)| [sum[0] + pair[0], sum[1] + pair[1]])
    };
    let line = |first: [Cell; 2], pair: Pair| {
        let [service, account] = first;
        let change = pair[1] - pair[0];
        vec![service, account, Cell::Money(pair[0]), Cell::Money(pair[1]), Cell::Money(change), share(change, pair[0])]
    };
    let (shown, rest) = groups.split_at(groups.len().min(CHANGES_SHOWN));
    let mut rows: Vec<Vec<Cell>> =
        shown.iter().map(|(keys, pair)| line([text(keys[0].as_deref()), text(keys[1].as_deref())], *pair)).collect();
    if !rest.is_empty() {
        rows.push(line([text(Some(OTHER_TEXT)), text(Some(OTHER_TEXT))], sum(rest)));
    }
    Ok(Section {
        id: "changes",
        title: format!("What changed from {before} to {last}"),
        note: "Effective cost by service and account, the greatest change first, up or down. Months differ in days: 31 days \
               cost 3.3% more than 30."
            .to_owned(),
        columns: vec![
            column("ServiceName", ColumnKind::Text),
            column("SubAccountId", ColumnKind::Text),
            column(before, ColumnKind::Money),
            column(last, ColumnKind::Money),
            column("Change", ColumnKind::Money),
            column("ChangeRatio", ColumnKind::Ratio),
        ],
        rows,
        total: Some(line([Cell::Text("Total".to_owned()), Cell::Missing], sum(&groups))),
    })
}

/// Cost by value of the tag keys and cost categories that explain most of it.
pub(super) fn by_tags(ledger: &Ledger, periods: &[String]) -> Result<Vec<Section>> {
    let mut keys = Vec::new();
    for (is_cost_category, make) in
        [(false, Dimension::Tag as fn(String) -> Dimension), (true, Dimension::CostCategory)]
    {
        let names = &ledger.sets(is_cost_category).keys;
        for key in (1..names.len() as u32).filter_map(|key| names.get(key)) {
            let dimension = make(key.to_owned());
            let answer = from_costs(ledger, &Costs::by([dimension.name()]).metric(Metric::EffectiveCost))?;
            let named = answer.rows.iter().filter(|row| row.keys[0].is_some());
            let tagged: i128 = named.clone().filter_map(|row| row.cost).sum();
            if (1..=OWNERS_MAX).contains(&named.count()) && !key.starts_with(AWS_KEYS) {
                keys.push((std::cmp::Reverse(tagged), dimension.name()));
            }
        }
    }
    keys.sort();
    let of_key = |(id, (_, key)): (&&'static str, &(_, String))| {
        let answer = from_costs(ledger, &Costs::by([key]).monthly().top(VALUES_SHOWN))?;
        let mut section = by_period(id, &format!("Effective cost by {key}"), key, &answer, periods);
        section.note = format!("{NONE_TEXT} is cost that carries no such key, tax, support and fees included.");
        Ok(section)
    };
    TAG_SECTIONS.iter().zip(&keys).map(of_key).collect()
}
