//! Costs in the finest form that people pivot: exact, one row for each combination, without sums.

use std::collections::BTreeMap;

use super::sections::{column, from_costs};
use super::{Cell, ColumnKind, Section, names};
use crate::analyze::request::Costs;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::schema::charges::{Metric, Text};
use crate::schema::filter::{NONE_TEXT, OTHER_TEXT};

/// Rows, about; the rest is one row "(other)" a month.
const ROWS_MAX: usize = 100_000;
const BY: [Text; 4] = [Text::SubAccountId, Text::ServiceName, Text::RegionId, Text::ChargeCategory];
const METRICS: [Metric; 2] = [Metric::EffectiveCost, Metric::BilledCost];

/// A month and the members of a group.
type Key = (String, [String; BY.len()]);
type Sums = [i128; METRICS.len()];

/// Costs by month, account, service, region and category.
pub(super) fn costs(ledger: &Ledger) -> Result<Section> {
    let text = |text: Option<&str>| text.unwrap_or(NONE_TEXT).to_owned();
    let mut sums: BTreeMap<Key, Sums> = BTreeMap::new();
    for (at, metric) in METRICS.into_iter().enumerate() {
        for row in from_costs(ledger, &Costs::by(BY.map(Text::name)).monthly().metric(metric))?.rows {
            let members = std::array::from_fn(|at| text(row.keys[at].as_deref()));
            sums.entry((text(row.period.as_deref()), members)).or_default()[at] += row.cost.unwrap_or(0);
        }
    }
    let mut columns = vec![column("BillingPeriod", ColumnKind::Text)];
    columns.extend(BY.map(|text| column(text.name(), ColumnKind::Text)));
    columns.extend(METRICS.map(|metric| column(metric.name(), ColumnKind::Money)));
    let rows = rolled_up(sums).into_iter().map(|((period, members), sums)| {
        let texts = std::iter::once(period).chain(members).map(Cell::Text);
        texts.chain(sums.map(Cell::Money)).collect()
    });
    let section = Section {
        id: "costs",
        title: "Costs".to_owned(),
        note: "Exact, without sums: for pivot tables.".to_owned(),
        rows: rows.collect(),
        total: None,
        columns,
    };
    Ok(names::named(section, &names::of_accounts(ledger)))
}

/// Adds what is beyond the largest groups to one row a month.
fn rolled_up(sums: BTreeMap<Key, Sums>) -> Vec<(Key, Sums)> {
    let mut rows: Vec<(Key, Sums)> = sums.into_iter().collect();
    if rows.len() > ROWS_MAX {
        rows.sort_by_key(|(_, [effective, _])| std::cmp::Reverse(effective.abs()));
        let mut others: BTreeMap<Key, Sums> = BTreeMap::new();
        for ((period, _), sums) in rows.split_off(ROWS_MAX) {
            let other = others.entry((period, std::array::from_fn(|_| OTHER_TEXT.to_owned()))).or_default();
            other.iter_mut().zip(sums).for_each(|(sum, part)| *sum += part);
        }
        rows.extend(others);
        rows.sort();
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_adds_up() {
        let key = |at: usize| ("2026-10".to_owned(), std::array::from_fn(|_| at.to_string()));
        let sums: BTreeMap<Key, Sums> = (0..ROWS_MAX + 3).map(|at| (key(at), [at as i128 + 1, 1])).collect();
        let rows = rolled_up(sums);
        assert_eq!(rows.len(), ROWS_MAX + 1);
        let other = rows.iter().find(|((_, members), _)| members[0] == OTHER_TEXT);
        assert_eq!(other.map(|(_, sums)| *sums), Some([1 + 2 + 3, 3]));
    }
}
