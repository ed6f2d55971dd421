//! Tables for people: text cells, money rounded once to cents, parts that add up to their printed sum.

use std::sync::Arc;

use super::{UNKNOWN, change_text, count_text, percent_text, period_column, printable, quantity_text};
use crate::analyze::request::{CostRow, CostTable, Granularity};
use crate::report::{Cell, ColumnKind, Section};
use crate::schema::filter::{NONE_TEXT, OTHER_TEXT};
use crate::schema::money::{cents, display_cents, grouped_cents, parts_in_cents, ratio};

/// The most months that stand side by side; a longer answer has a row for each.
pub const MONTHS_ABREAST: usize = 6;
/// Name of a column with shares of one whole.
const SHARE: &str = "Share";
/// Name of a column with changes beside a month before, which are no shares.
const CHANGE: &str = "ChangeRatio";
/// What begins the sum row.
pub(crate) const TOTAL_TEXT: &str = "Total";

/// A column of a [`Grid`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridColumn {
    /// Its heading.
    pub title: String,
    /// Whether it stands to the right: figures do, text does not.
    pub right: bool,
}

/// A table for people.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grid {
    /// The columns.
    pub columns: Vec<GridColumn>,
    /// The rows; every text is safe to print.
    pub rows: Vec<Vec<String>>,
    /// The sum row.
    pub total: Option<Vec<String>>,
    /// For each row how large it is beside the largest (1.0), where a bar says something; else empty.
    pub bars: Vec<Option<f64>>,
    /// For each row the amounts of its months, where there are enough for a trend; else empty.
    pub trends: Vec<Vec<i128>>,
}

impl Grid {
    /// A grid without rows. Columns whose title begins with `>` stand to the right.
    pub(crate) fn with_columns(titles: &[&str]) -> Grid {
        let columns = titles.iter().map(|title| match title.strip_prefix('>') {
            Some(title) => GridColumn { title: title.to_owned(), right: true },
            None => GridColumn { title: (*title).to_owned(), right: false },
        });
        Grid { columns: columns.collect(), ..Grid::default() }
    }

    /// Leaves out the earliest columns that are months until at most `limit` are left; how many there were to leave
    /// out. For a page that is only so wide.
    pub fn keep_last_months(&mut self, limit: usize) -> usize {
        let months: Vec<usize> = (0..self.columns.len()).filter(|&at| is_month(&self.columns[at].title)).collect();
        let left_out = &months[..months.len().saturating_sub(limit)];
        left_out.iter().rev().for_each(|&at| self.remove_column(at));
        left_out.len()
    }

    fn remove_column(&mut self, at: usize) {
        self.columns.remove(at);
        for row in self.rows.iter_mut().chain(self.total.as_mut()) {
            row.remove(at);
        }
    }

    /// Adds a row of text that may come from a bill.
    pub(crate) fn push<S: AsRef<str>>(&mut self, row: impl IntoIterator<Item = S>) {
        self.rows.push(row.into_iter().map(|text| printable(text.as_ref()).into_owned()).collect());
    }
}

/// A member of a dimension as people see it: `(none)` where it is missing.
pub fn member_text(member: Option<&str>) -> String {
    printable(member.unwrap_or(NONE_TEXT)).into_owned()
}

/// Amounts as text. Where they add up to `total`, cents are dealt so that the printed ones do too.
pub fn money_column(parts: &[Option<i128>], total: Option<i128>) -> Vec<String> {
    let text = |cents: Option<i128>| cents.map_or_else(|| UNKNOWN.to_owned(), grouped_cents);
    cents_column(parts, total).into_iter().map(text).collect()
}

/// Amounts in whole cents. Where they add up to `total`, cents are dealt so that these do too.
pub fn cents_column(parts: &[Option<i128>], total: Option<i128>) -> Vec<Option<i128>> {
    let known: Vec<i128> = parts.iter().copied().flatten().collect();
    let adds_up = total == Some(known.iter().sum());
    let rounded = if adds_up { parts_in_cents(&known) } else { known.iter().map(|&part| cents(part)).collect() };
    let mut rounded = rounded.into_iter();
    parts.iter().map(|part| part.and_then(|_| rounded.next())).collect()
}

/// A section's amounts in a column in whole cents, as they are printed.
pub fn section_cents(section: &Section, at: usize) -> Vec<Option<i128>> {
    let total = match section.total.as_ref().and_then(|row| row.get(at)) {
        Some(Cell::Money(total)) => Some(*total),
        _ => None,
    };
    cents_column(&money_parts(section, at), total)
}

/// A cost answer: months side by side when there are a few, else one row for each group and time.
pub fn costs(table: &CostTable) -> Grid {
    let mut months: Vec<&str> = table.rows.iter().filter_map(|row| row.period.as_deref()).collect();
    months.sort_unstable();
    months.dedup();
    if table.granularity == Granularity::Monthly && !table.by.is_empty() && (2..=MONTHS_ABREAST).contains(&months.len())
    {
        return months_abreast(table, &months);
    }
    one_below_the_other(table)
}

fn one_below_the_other(table: &CostTable) -> Grid {
    let amount = format!(">{} ({})", table.metric.name(), table.currency);
    let when = period_column(table);
    let with_share = table.granularity == Granularity::Total && !table.by.is_empty() && table.rows.len() > 1;
    let mut titles: Vec<&str> = when.into_iter().chain(table.by.iter().map(String::as_str)).collect();
    let leading = titles.len();
    titles.push(&amount);
    if with_share {
        titles.push(">Share");
    }
    let mut grid = Grid::with_columns(&titles);
    // At each time the rest comes last, whatever it adds up to.
    let mut rows: Vec<&CostRow> = table.rows.iter().collect();
    rows.sort_by(|a, b| (&a.period, is_rest(&a.keys)).cmp(&(&b.period, is_rest(&b.keys))));
    let parts: Vec<Option<i128>> = rows.iter().map(|row| row.cost).collect();
    for (row, money) in rows.into_iter().zip(money_column(&parts, table.total)) {
        let mut cells: Vec<String> = Vec::with_capacity(titles.len());
        cells.extend(when.map(|_| member_text(row.period.as_deref())));
        cells.extend(row.keys.iter().map(|key| member_text(key.as_deref())));
        cells.push(money);
        cells.extend(with_share.then(|| share(row.cost, table.total).map_or_else(|| UNKNOWN.to_owned(), percent_text)));
        grid.rows.push(cells);
    }
    if leading > 0 && table.rows.len() > 1 {
        let mut cells = vec![String::new(); titles.len()];
        cells[0] = TOTAL_TEXT.to_owned();
        cells[leading] = table.total.map_or_else(|| UNKNOWN.to_owned(), display_cents);
        grid.total = Some(cells);
        grid.bars = bars(&parts);
    }
    grid
}

/// One row for each group, one column for each month, the change from the month before the last to the last.
fn months_abreast(table: &CostTable, months: &[&str]) -> Grid {
    let groups = groups_by_month(table, months);
    let month_titles: Vec<String> = months.iter().map(|month| format!(">{month}")).collect();
    let mut titles: Vec<&str> = table.by.iter().map(String::as_str).collect();
    titles.extend(month_titles.iter().map(String::as_str));
    titles.push(">Change");
    let mut grid = Grid::with_columns(&titles);
    let sums: Vec<i128> = (0..months.len()).map(|at| groups.iter().filter_map(|(_, costs)| costs[at]).sum()).collect();
    let columns: Vec<Vec<String>> = (0..months.len())
        .map(|at| {
            let parts: Vec<Option<i128>> = groups.iter().map(|(_, costs)| costs[at]).collect();
            money_column(&parts, Some(sums[at]))
        })
        .collect();
    for (index, (keys, costs)) in groups.iter().enumerate() {
        let mut cells: Vec<String> = keys.iter().map(|key| member_text(key.as_deref())).collect();
        cells.extend(columns.iter().map(|column| column[index].clone()));
        cells.push(last_change(costs));
        grid.rows.push(cells);
        if months.len() > 2 {
            grid.trends.push(costs.iter().map(|cost| cost.unwrap_or(0)).collect());
        }
    }
    let mut total = vec![String::new(); table.by.len()];
    total[0] = TOTAL_TEXT.to_owned();
    total.extend(sums.iter().map(|&sum| display_cents(sum)));
    total.push(last_change(&sums.iter().copied().map(Some).collect::<Vec<_>>()));
    grid.total = Some(total);
    grid
}

type Group<'a> = (&'a [Option<Arc<str>>], Vec<Option<i128>>);

/// The groups with their amount in each month, the largest first and the rest last. A group without charges in a
/// month costs nothing there.
fn groups_by_month<'a>(table: &'a CostTable, months: &[&str]) -> Vec<Group<'a>> {
    let mut positions = std::collections::HashMap::new();
    let mut groups: Vec<Group<'_>> = Vec::new();
    for row in &table.rows {
        let position = *positions.entry(row.keys.as_slice()).or_insert_with(|| {
            groups.push((row.keys.as_slice(), vec![Some(0); months.len()]));
            groups.len() - 1
        });
        let month = months.iter().position(|month| Some(*month) == row.period.as_deref());
        if let Some(cost) = month.and_then(|month| groups[position].1.get_mut(month)) {
            *cost = row.cost;
        }
    }
    let size = |costs: &[Option<i128>]| costs.iter().copied().flatten().sum::<i128>();
    groups.sort_by_cached_key(|(keys, costs)| (is_rest(keys), std::cmp::Reverse(size(costs)), keys.to_vec()));
    groups
}

/// Whether a group is the rest that `top` leaves out.
fn is_rest(keys: &[Option<Arc<str>>]) -> bool {
    !keys.is_empty() && keys.iter().all(|key| key.as_deref() == Some(OTHER_TEXT))
}

fn last_change(costs: &[Option<i128>]) -> String {
    match costs {
        [.., Some(before), Some(after)] => change_text(*before, *after)
            .unwrap_or_else(|| if *after == 0 { "0.0%".to_owned() } else { "new".to_owned() }),
        _ => UNKNOWN.to_owned(),
    }
}

fn share(part: Option<i128>, total: Option<i128>) -> Option<f64> {
    ratio(part?, total?)
}

/// How large each amount is beside the largest; nothing when no amount is above zero.
fn bars(parts: &[Option<i128>]) -> Vec<Option<f64>> {
    let largest = parts.iter().copied().flatten().max().unwrap_or(0);
    if largest <= 0 {
        return Vec::new();
    }
    parts.iter().map(|part| ratio((*part)?.max(0), largest)).collect()
}

/// A section of the report.
pub fn section(section: &Section) -> Grid {
    let columns = section.columns.iter();
    let columns = columns.map(|(name, kind)| GridColumn { title: name.clone(), right: *kind != ColumnKind::Text });
    let mut grid = Grid { columns: columns.collect(), ..Grid::default() };
    grid.rows = vec![Vec::with_capacity(section.columns.len()); section.rows.len()];
    let mut total_row = Vec::new();
    for at in 0..section.columns.len() {
        let total = section.total.as_ref().and_then(|row| row.get(at));
        let texts = column_texts(section, at);
        for (row, text) in grid.rows.iter_mut().zip(texts) {
            row.push(text);
        }
        total_row.push(total.map_or_else(String::new, total_text));
    }
    grid.total = section.total.as_ref().map(|_| total_row);
    grid.bars = section_bars(section);
    grid.trends = trends(section);
    leave_out_unknown(&mut grid, section);
    grid
}

/// Leaves out the columns in which nothing is known; what is missing is said where the report lists it.
fn leave_out_unknown(grid: &mut Grid, section: &Section) {
    for at in (0..section.columns.len()).rev() {
        let is_unknown = |row: &Vec<Cell>| row.get(at).is_none_or(|cell| *cell == Cell::Missing);
        if !section.rows.is_empty() && section.rows.iter().all(is_unknown) {
            grid.remove_column(at);
        }
    }
}

/// Bars of a section: its first ratio, or its amounts when it goes day by day.
fn section_bars(section: &Section) -> Vec<Option<f64>> {
    let position = |wanted| section.columns.iter().position(|(_, kind)| *kind == wanted);
    if let Some(at) = position(ColumnKind::Ratio).filter(|&at| section.columns[at].0 != CHANGE) {
        let ratios: Vec<Option<f64>> = section.rows.iter().map(|row| ratio_of(row.get(at)?)).collect();
        // Shares of one whole are compared with each other, other ratios with all.
        let largest = ratios.iter().copied().flatten().fold(0.0, f64::max);
        let full = if section.columns[at].0 == SHARE && largest > 0.0 { largest } else { 1.0 };
        return ratios.into_iter().map(|ratio| Some(ratio? / full)).collect();
    }
    match position(ColumnKind::Money) {
        Some(at) if is_daily(section) => bars(&money_parts(section, at)),
        _ => Vec::new(),
    }
}

fn column_texts(section: &Section, at: usize) -> Vec<String> {
    let text = |row: &Vec<Cell>| match (section.columns[at].1, row.get(at)) {
        (_, None) | (ColumnKind::Text, Some(Cell::Missing)) => String::new(),
        (_, Some(cell)) => cell_text(cell),
    };
    if section.columns[at].1 != ColumnKind::Money {
        return section.rows.iter().map(text).collect();
    }
    let cents = |cents: Option<i128>| cents.map_or_else(|| UNKNOWN.to_owned(), grouped_cents);
    section_cents(section, at).into_iter().map(cents).collect()
}

fn money_parts(section: &Section, at: usize) -> Vec<Option<i128>> {
    let part = |row: &Vec<Cell>| match row.get(at) {
        Some(Cell::Money(units)) => Some(*units),
        _ => None,
    };
    section.rows.iter().map(part).collect()
}

/// One cell as people see it.
pub fn cell_text(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => printable(text).into_owned(),
        Cell::Money(units) => display_cents(*units),
        Cell::Ratio(ratio) => percent_text(*ratio),
        Cell::Count(count) => count_text(*count),
        Cell::Quantity(units) => quantity_text(*units),
        Cell::Missing => UNKNOWN.to_owned(),
    }
}

/// In a sum row nothing to add stays blank.
fn total_text(cell: &Cell) -> String {
    if *cell == Cell::Missing { String::new() } else { cell_text(cell) }
}

fn ratio_of(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Ratio(ratio) if ratio.is_finite() => Some(ratio.clamp(0.0, 1.0)),
        _ => None,
    }
}

fn is_daily(section: &Section) -> bool {
    let is_day = |row: &Vec<Cell>| matches!(row.first(), Some(Cell::Text(text)) if text.len() == 10 && text.as_bytes()[4] == b'-');
    section.rows.len() > 1 && section.rows.iter().all(is_day)
}

/// Whether a column's name is a billing period.
pub(crate) fn is_month(name: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| name.as_bytes()[range].iter().all(u8::is_ascii_digit);
    name.len() == 7 && name.as_bytes()[4] == b'-' && digits(0..4) && digits(5..7)
}

/// The amounts of each row in the columns that are months (`2026-10`), when there are at least three.
fn trends(section: &Section) -> Vec<Vec<i128>> {
    let columns = section.columns.iter().enumerate();
    let months = columns.filter(|(_, (name, kind))| *kind == ColumnKind::Money && is_month(name)).map(|(at, _)| at);
    let months: Vec<usize> = months.collect();
    if months.len() < 3 {
        return Vec::new();
    }
    let parts: Vec<Vec<Option<i128>>> = months.iter().map(|&at| money_parts(section, at)).collect();
    (0..section.rows.len()).map(|row| parts.iter().map(|column| column[row].unwrap_or(0)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::request::AnsweredFrom;
    use crate::schema::charges::Metric;

    fn table(granularity: Granularity, rows: &[(&str, &str, i128)]) -> CostTable {
        let row = |(period, key, cost): &(&str, &str, i128)| CostRow {
            period: (!period.is_empty()).then(|| (*period).into()),
            keys: vec![(!key.is_empty()).then(|| (*key).into())],
            cost: Some(*cost),
        };
        CostTable {
            by: vec!["ServiceName".into()],
            metric: Metric::EffectiveCost,
            granularity,
            currency: "USD".into(),
            periods: vec!["2026-10".into()],
            rows: rows.iter().map(row).collect(),
            total: Some(rows.iter().map(|row| row.2).sum()),
            answered_from: AnsweredFrom::Ledger,
            skipped: Vec::new(),
        }
    }

    #[test]
    fn printed_parts_add_up_to_the_printed_total() {
        let third = 333_333_333_333;
        let grid = costs(&table(Granularity::Total, &[("", "a", third), ("", "", third), ("", "c", third + 1)]));
        let amounts: Vec<&str> = grid.rows.iter().map(|row| row[1].as_str()).collect();
        assert_eq!(amounts, ["0.33", "0.33", "0.34"]);
        assert_eq!(grid.rows[1][0], "(none)");
        assert_eq!(grid.total.unwrap(), ["Total", "1.00", ""]);
        let grid = costs(&table(Granularity::Total, &[("", "(other)", 9), ("", "a", 5)]));
        assert_eq!([&grid.rows[0][0], &grid.rows[1][0]], ["a", "(other)"]);
    }

    #[test]
    fn a_section_shows_what_is_known() {
        let column = |name: &str, kind| (name.to_owned(), kind);
        let row =
            |key: &str, cost| vec![Cell::Text(key.to_owned()), Cell::Money(cost), Cell::Missing, Cell::Ratio(0.5)];
        let third = 333_333_333_333;
        let grid = section(&Section {
            id: "x",
            title: String::new(),
            note: String::new(),
            columns: vec![
                column("Key", ColumnKind::Text),
                column("2026-10", ColumnKind::Money),
                column("Invoiced", ColumnKind::Money),
                column("Share", ColumnKind::Ratio),
            ],
            rows: vec![row("a\u{1b}[31m", 2 * third), row("b", third)],
            total: Some(vec![Cell::Text("Total".to_owned()), Cell::Money(3 * third), Cell::Missing, Cell::Missing]),
        });
        assert_eq!(grid.rows, [["a", "0.67", "50.0%"], ["b", "0.33", "50.0%"]]);
        assert_eq!(grid.total.unwrap(), ["Total", "1.00", ""]);
        assert_eq!(grid.bars, [Some(1.0), Some(1.0)]);
        assert!(is_month("2026-10") && !is_month("Savings") && !is_month("héé-10"));
    }

    #[test]
    fn months_stand_side_by_side_with_the_rest_last() {
        let dollar = 1_000_000_000_000;
        let rows = [
            ("2026-09", "(other)", 90 * dollar),
            ("2026-09", "a", dollar),
            ("2026-10", "a", 2 * dollar),
            ("2026-10", "b", dollar),
        ];
        let grid = costs(&table(Granularity::Monthly, &rows));
        assert_eq!(grid.rows[0], ["a", "1.00", "2.00", "+100.0%"]);
        assert_eq!(grid.rows[1], ["b", "0.00", "1.00", "new"]);
        assert_eq!(grid.rows[2], ["(other)", "90.00", "0.00", "-100.0%"]);
        assert_eq!(grid.total.unwrap()[..3], ["Total", "91.00", "3.00"]);
    }
}
