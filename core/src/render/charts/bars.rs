//! Bars: months made of their largest groups, and groups beside what they were a month before.

use super::canvas::{Axis, BLUE, Canvas, Drawn, GRID, INK, MUTED, PARTS, Side, Size, cut, sheet, short};
use super::{Draft, amount, label};
use crate::render::grid;
use crate::report::{Report, Section};
use crate::schema::filter::OTHER_TEXT;

/// Groups that have a color of their own in a month's bar.
const PARTS_MAX: usize = PARTS.len() - 1;
/// Months that a chart has room for.
const MONTHS_MAX: usize = 13;
/// Groups that have a bar.
const GROUPS_MAX: usize = 10;

/// A name and its amount in each month.
type Part = (String, Vec<f64>);

/// Each month as a bar of its largest services.
pub(super) fn months(report: &Report) -> Option<Draft<'static>> {
    let section = report.section("costs_by_service")?;
    let months = month_columns(section);
    let months = &months[months.len().saturating_sub(MONTHS_MAX)..];
    if months.len() < 2 {
        return None;
    }
    let names: Vec<String> = months.iter().map(|&at| section.columns[at].0.clone()).collect();
    let parts = parts(section, months);
    let title = format!("Effective cost by month ({})", report.currency);
    let said: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(at, name)| format!("{name}: {}", short(parts.iter().map(|(_, costs)| costs[at]).sum())))
        .collect();
    let of: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
    let description = format!("Stacked bars. {}. From below: {}.", said.join(", "), of.join(", "));
    let draw = move |size: Size| sheet(size, 300, |canvas| stacks(canvas, size, &names, &parts));
    Some(Draft { title, description, draw: Box::new(draw) })
}

fn month_columns(section: &Section) -> Vec<usize> {
    let named = section.columns.iter().enumerate();
    named.filter(|(_, (name, _))| grid::is_month(name)).map(|(at, _)| at).collect()
}

/// The largest groups, and what is left as one.
fn parts(section: &Section, months: &[usize]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = vec![0.0; months.len()];
    for row in &section.rows {
        let costs: Vec<f64> = months.iter().map(|&at| amount(row, at).unwrap_or(0.0)).collect();
        let name = label(row, 0).unwrap_or_default();
        if parts.len() < PARTS_MAX && name != OTHER_TEXT {
            parts.push((name.to_owned(), costs));
        } else {
            rest.iter_mut().zip(costs).for_each(|(sum, cost)| *sum += cost);
        }
    }
    if section.rows.len() > parts.len() {
        parts.push((OTHER_TEXT.to_owned(), rest));
    }
    parts
}

/// From where to where each part of a month reaches: what is negative goes down from zero.
fn stack(parts: &[Part], month: usize) -> Vec<(f64, f64)> {
    let (mut above, mut below) = (0.0, 0.0);
    let reach = |(_, costs): &Part| {
        let side = if costs[month] < 0.0 { &mut below } else { &mut above };
        let from = *side;
        *side += costs[month];
        (from, *side)
    };
    parts.iter().map(reach).collect()
}

fn stacks(canvas: &Canvas<'_>, size: Size, months: &[String], parts: &[Part]) -> Drawn {
    let (left, right) = (48, size.width() - if size == Size::Wide { 240 } else { 108 });
    let stacks: Vec<Vec<(f64, f64)>> = (0..months.len()).map(|month| stack(parts, month)).collect();
    let axis = Axis::of(stacks.iter().flatten().map(|(_, to)| *to), 270, 14, 4);
    for &mark in &axis.marks {
        let y = axis.at(mark);
        canvas.line(vec![(left, y), (right, y)], GRID, 1)?;
        canvas.text(&short(mark), (left - 6, y), Side::End, MUTED, false)?;
    }
    let slot = f64::from(right - left) / months.len() as f64;
    for (month, stack) in stacks.iter().enumerate() {
        let middle = left + (slot * (month as f64 + 0.5)) as i32;
        let half = ((slot * 0.34) as i32).clamp(3, 34);
        for ((from, to), color) in stack.iter().zip(PARTS) {
            canvas.block((middle - half, axis.at(*from)), (middle + half, axis.at(*to)), color)?;
        }
        let every = months.len().div_ceil(if size == Size::Wide { 8 } else { 3 });
        if (months.len() - 1 - month).is_multiple_of(every) {
            canvas.text(&months[month], (middle, 286), Side::Middle, MUTED, false)?;
        }
    }
    legend(canvas, size, right + 10, &stacks[months.len() - 1], parts, &axis)
}

/// Names beside the last bar, each at the height of its part, pushed apart where parts are thin.
fn legend(canvas: &Canvas<'_>, size: Size, left: i32, last: &[(f64, f64)], parts: &[Part], axis: &Axis) -> Drawn {
    const APART: i32 = 17;
    let mut places: Vec<(usize, i32)> =
        last.iter().enumerate().map(|(at, (from, to))| (at, (axis.at(*from) + axis.at(*to)) / 2)).collect();
    places.sort_by_key(|&(at, y)| (std::cmp::Reverse(y), at));
    let mut lowest = 270;
    for (_, y) in &mut places {
        *y = (*y).min(lowest);
        lowest = *y - APART;
    }
    // The stack of names is moved down again where it would leave the sheet.
    let above = 14 - places.last().map_or(14, |(_, y)| *y);
    for (at, y) in places {
        let y = y + above.max(0);
        canvas.block((left, y - 5), (left + 9, y + 4), PARTS[at])?;
        let room = size.characters(size.width() - left - 14);
        canvas.text(&cut(&parts[at].0, room), (left + 14, y), Side::Start, INK, false)?;
    }
    Ok(())
}

/// A group's bar: its name, the amount as the table prints it, the amount, and that of the month before.
struct Bar {
    name: String,
    shown: String,
    cost: f64,
    before: Option<f64>,
}

/// Groups of the last month, each beside a mark where it was a month before.
pub(super) fn groups(section: &Section, currency: &str) -> Option<Draft<'static>> {
    let months = month_columns(section);
    let &last = months.last()?;
    let before = months.len().checked_sub(2).map(|at| months[at]);
    let grid = grid::section(section);
    let rows = section.rows.iter().zip(&grid.rows).map(|(row, shown)| {
        let cost = amount(row, last).unwrap_or(0.0);
        // An account is called by its name where it has one.
        let name = label(row, 1).or_else(|| label(row, 0)).unwrap_or_default().to_owned();
        Bar { name, shown: shown[last].clone(), cost, before: before.and_then(|at| amount(row, at)) }
    });
    let mut bars: Vec<Bar> = rows.collect();
    let left_out = bars.len().saturating_sub(GROUPS_MAX);
    bars.truncate(GROUPS_MAX);
    if bars.len() < 2 {
        return None;
    }
    let month = &section.columns[last].0;
    let mut title = format!("{} in {month} ({currency})", section.title);
    if let Some(before) = before {
        title.push_str(&format!("; the line marks {}", section.columns[before].0));
    }
    let said: Vec<String> =
        bars.iter().map(|bar| format!("{} {}", grid::member_text(Some(&bar.name)), bar.shown)).collect();
    let more = if left_out == 0 { String::new() } else { format!(" {left_out} more are in the table.") };
    let description = format!("Bars: {}.{more}", said.join(", "));
    let height = 26 * bars.len() as i32 + 10;
    let draw = move |size: Size| sheet(size, height, |canvas| group_bars(canvas, size, &bars));
    Some(Draft { title, description, draw: Box::new(draw) })
}

fn group_bars(canvas: &Canvas<'_>, size: Size, bars: &[Bar]) -> Drawn {
    let (names, figures) = if size == Size::Wide { (230, 92) } else { (118, 78) };
    let all = || bars.iter().flat_map(|bar| [Some(bar.cost), bar.before]).flatten();
    let axis = Axis::of(all(), names + 8, size.width() - figures, 4);
    // The scale ends at the longest bar, not at a round figure: there are no marks to read off.
    let zero = axis.at(0.0);
    for (row, bar) in bars.iter().enumerate() {
        let middle = 26 * row as i32 + 18;
        canvas.text(&cut(&bar.name, size.characters(names)), (names, middle), Side::End, INK, false)?;
        canvas.block((zero, middle - 8), (axis.at(bar.cost), middle + 8), BLUE)?;
        if let Some(before) = bar.before {
            let x = axis.at(before);
            canvas.line(vec![(x, middle - 11), (x, middle + 11)], INK, 2)?;
        }
        canvas.text(&bar.shown, (size.width() - 2, middle), Side::End, INK, false)?;
    }
    canvas.line(vec![(zero, 4), (zero, 26 * bars.len() as i32 + 6)], MUTED, 1)
}
