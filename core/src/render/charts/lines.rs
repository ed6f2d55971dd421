//! Days of the last month: usage beside the month before, and shares of commitments.

use super::canvas::{Axis, BLUE, Canvas, Drawn, GREEN, GRID, INK, MUTED, Side, Size, VERMILION, sheet, short};
use super::{Draft, amount, label, position, ratio};
use crate::report::Section;

/// Where the plot lies.
const TOP: i32 = 26;
const BOTTOM: i32 = 236;
const LEFT: i32 = 48;
const HEIGHT: i32 = 262;

/// A line: its name and its value on each day.
type Line = (&'static str, Vec<Option<f64>>);

fn days_of(section: &Section) -> Vec<String> {
    section.rows.iter().filter_map(|row| label(row, 0)).map(str::to_owned).collect()
}

/// Usage day by day as bars, the month before as a line.
pub(super) fn days(section: &Section, currency: &str) -> Option<Draft<'static>> {
    let days = days_of(section);
    let column = |name: &str| {
        let at = position(section, name)?;
        Some(section.rows.iter().map(|row| amount(row, at)).collect::<Vec<_>>())
    };
    let costs: Vec<f64> = column("EffectiveCost")?.into_iter().map(|cost| cost.unwrap_or(0.0)).collect();
    let before = column("MonthBefore").filter(|costs| costs.iter().any(Option::is_some));
    if days.len() < 2 {
        return None;
    }
    let mut title = format!("{} ({currency})", section.title);
    if before.is_some() {
        title.push_str("; the line is the month before");
    }
    let largest = costs.iter().copied().fold(f64::MIN, f64::max);
    let least = costs.iter().copied().fold(f64::MAX, f64::min);
    let description = format!(
        "Bars by day from {} to {}, between {} and {} a day.",
        days[0],
        days[days.len() - 1],
        short(least.round()),
        short(largest.round())
    );
    let draw = move |size: Size| {
        sheet(size, HEIGHT, |canvas| {
            let right = size.width() - 8;
            let all = || costs.iter().copied().chain(before.iter().flatten().copied().flatten());
            let axis = Axis::of(all(), BOTTOM, TOP, 4);
            rules(canvas, &axis, right, short)?;
            let place = Place { left: LEFT, right, days: days.len() };
            let half = ((place.slot() * 0.36) as i32).max(1);
            for (day, cost) in costs.iter().enumerate() {
                let x = place.at(day);
                canvas.block((x - half, axis.at(0.0)), (x + half, axis.at(*cost)), BLUE)?;
            }
            if let Some(before) = &before {
                curve(canvas, &axis, &place, before, INK)?;
            }
            day_names(canvas, size, &place, &days)
        })
    };
    Some(Draft { title, description, draw: Box::new(draw) })
}

/// Coverage and utilization day by day.
pub(super) fn shares(section: &Section) -> Option<Draft<'static>> {
    let days = days_of(section);
    let column = |name: &'static str| -> Option<Line> {
        let at = position(section, name)?;
        Some((name, section.rows.iter().map(|row| ratio(row, at)).collect()))
    };
    let known = |line: &Line| line.1.iter().any(Option::is_some);
    let lines: Vec<Line> = ["Coverage", "Utilization"].into_iter().filter_map(column).filter(known).collect();
    if days.len() < 2 || lines.is_empty() {
        return None;
    }
    let said = |(name, values): &Line| {
        let known: Vec<f64> = values.iter().copied().flatten().collect();
        let (least, most) = known.iter().fold((1.0_f64, 0.0_f64), |(a, b), value| (a.min(*value), b.max(*value)));
        format!("{name} lies between {:.1}% and {:.1}%", least * 100.0, most * 100.0)
    };
    let description = format!("Lines by day. {}.", lines.iter().map(said).collect::<Vec<_>>().join("; "));
    let draw = move |size: Size| sheet(size, HEIGHT, |canvas| share_lines(canvas, size, &days, &lines));
    Some(Draft { title: section.title.clone(), description, draw: Box::new(draw) })
}

fn share_lines(canvas: &Canvas<'_>, size: Size, days: &[String], lines: &[Line]) -> Drawn {
    let right = size.width() - 92;
    let axis = Axis::of_shares(BOTTOM, TOP);
    rules(canvas, &axis, right, |share| format!("{:.0}%", share * 100.0))?;
    let place = Place { left: LEFT, right, days: days.len() };
    let mut ends: Vec<(i32, &str, usize)> = Vec::new();
    for (at, (name, values)) in lines.iter().enumerate() {
        curve(canvas, &axis, &place, values, [GREEN, VERMILION][at % 2])?;
        let end = values.iter().rev().copied().flatten().next().unwrap_or(0.0);
        ends.push((axis.at(end.clamp(0.0, 1.0)), name, at));
    }
    ends.sort_unstable();
    let mut lowest = i32::MIN;
    for (y, name, at) in ends {
        let y = y.max(lowest);
        lowest = y + 17;
        canvas.text(name, (right + 8, y), Side::Start, [GREEN, VERMILION][at % 2], true)?;
    }
    day_names(canvas, size, &place, days)
}

/// Where days stand between left and right.
struct Place {
    left: i32,
    right: i32,
    days: usize,
}

impl Place {
    fn slot(&self) -> f64 {
        f64::from(self.right - self.left) / self.days as f64
    }

    fn at(&self, day: usize) -> i32 {
        self.left + (self.slot() * (day as f64 + 0.5)) as i32
    }
}

/// Lines across the plot, with what they stand for.
fn rules(canvas: &Canvas<'_>, axis: &Axis, right: i32, name: impl Fn(f64) -> String) -> Drawn {
    for &mark in &axis.marks {
        let y = axis.at(mark);
        canvas.line(vec![(LEFT, y), (right, y)], GRID, 1)?;
        canvas.text(&name(mark), (LEFT - 6, y), Side::End, MUTED, false)?;
    }
    Ok(())
}

/// A line through the days that have a value, with a gap where one has none.
fn curve(
    canvas: &Canvas<'_>,
    axis: &Axis,
    place: &Place,
    values: &[Option<f64>],
    color: plotters::style::RGBColor,
) -> Drawn {
    let mut run = Vec::new();
    for (day, value) in values.iter().enumerate() {
        match value {
            Some(value) => run.push((place.at(day), axis.at(*value))),
            None => canvas.line(std::mem::take(&mut run), color, 2)?,
        }
    }
    canvas.line(run, color, 2)
}

/// Days of the month below the plot, as many as have room.
fn day_names(canvas: &Canvas<'_>, size: Size, place: &Place, days: &[String]) -> Drawn {
    let every = if size == Size::Wide { 2 } else { 5 };
    for (at, day) in days.iter().enumerate().step_by(every) {
        let number = day.get(8..).unwrap_or(day).trim_start_matches('0');
        canvas.text(number, (place.at(at), BOTTOM + 16), Side::Middle, MUTED, false)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Cell, ColumnKind};

    #[test]
    fn a_month_of_one_day_has_no_trend() {
        let section = Section {
            id: "costs_by_day",
            title: "Usage day by day, 2026-10".to_owned(),
            note: String::new(),
            columns: vec![
                ("ChargePeriodStart".to_owned(), ColumnKind::Text),
                ("EffectiveCost".to_owned(), ColumnKind::Money),
            ],
            rows: vec![vec![Cell::Text("2026-10-01".to_owned()), Cell::Money(1)]],
            total: None,
        };
        assert!(days(&section, "USD").is_none());
        let mut two = section.clone();
        two.rows.push(two.rows[0].clone());
        let svg = (days(&two, "USD").unwrap().draw)(Size::Narrow).unwrap();
        assert_eq!(svg.matches("<rect").count(), 2, "{svg}");
    }
}
