//! The waterfall: what a month costs, what each kind of advice takes away, and what is left.

use super::canvas::{Axis, BLUE, Canvas, Drawn, GREEN, GRID, INK, MUTED, Side, Size, cut, sheet, short};
use super::{Draft, amount, label};
use crate::render::grid;
use crate::report::waterfall::SAVED_AT;
use crate::report::{Report, Section};
use crate::schema::money::display_cents;

/// A step: its name, its amount as the table prints it, and from where to where it reaches.
struct Step {
    name: String,
    shown: String,
    from: f64,
    to: f64,
}

impl Step {
    /// Its amount where there is little room.
    fn briefly(&self) -> String {
        let sign = if self.from > self.to { "−" } else { "" };
        format!("{sign}{}", short((self.to - self.from).abs()))
    }
}

/// From what a month like the last costs to what it would cost.
pub(super) fn savings(section: &Section, report: &Report) -> Option<Draft<'static>> {
    let savings = report.savings.as_ref().filter(|savings| savings.cost_monthly > 0)?;
    let money = |units: i128| units as f64 / 1e12;
    let start = money(savings.cost_monthly);
    let mut steps =
        vec![Step { name: "Today".to_owned(), shown: display_cents(savings.cost_monthly), from: 0.0, to: start }];
    let mut left = start;
    for (row, shown) in section.rows.iter().zip(grid::section(section).rows) {
        let saved = amount(row, SAVED_AT)?;
        if saved == 0.0 {
            continue;
        }
        let name = label(row, 0)?.to_owned();
        steps.push(Step { name, shown: format!("−{}", shown[SAVED_AT]), from: left, to: left - saved });
        left -= saved;
    }
    let after = savings.cost_monthly - savings.together_monthly();
    steps.push(Step { name: "After".to_owned(), shown: display_cents(after), from: 0.0, to: money(after) });
    let said: Vec<String> = steps.iter().map(|step| format!("{} {}", step.name, step.shown)).collect();
    Some(Draft {
        title: format!("A month before and after ({})", report.currency),
        description: format!("Waterfall: {}.", said.join(", ")),
        draw: Box::new(move |size| sheet(size, 262, |canvas| waterfall(canvas, size, &steps))),
    })
}

fn waterfall(canvas: &Canvas<'_>, size: Size, steps: &[Step]) -> Drawn {
    let (left, right) = (48, size.width() - 8);
    let axis = Axis::of(steps.iter().flat_map(|step| [step.from, step.to]), 226, 26, 4);
    for &mark in &axis.marks {
        let y = axis.at(mark);
        canvas.line(vec![(left, y), (right, y)], GRID, 1)?;
        canvas.text(&short(mark), (left - 6, y), Side::End, MUTED, false)?;
    }
    let slot = f64::from(right - left) / steps.len() as f64;
    for (at, step) in steps.iter().enumerate() {
        let middle = left + (slot * (at as f64 + 0.5)) as i32;
        let half = ((slot * 0.32) as i32).clamp(6, 42);
        let is_end = at == 0 || at + 1 == steps.len();
        let (top, bottom) = (axis.at(step.from.max(step.to)), axis.at(step.from.min(step.to)));
        // A small saving is still seen.
        let bottom = bottom.max(top + 2);
        canvas.block((middle - half, top), (middle + half, bottom), if is_end { BLUE } else { GREEN })?;
        let room = size.characters(slot as i32);
        let amount = if size == Size::Wide { step.shown.clone() } else { step.briefly() };
        canvas.text(&amount, (middle, top - 10), Side::Middle, INK, false)?;
        canvas.text(&cut(&step.name, room), (middle, 243), Side::Middle, MUTED, false)?;
        if at + 1 < steps.len() {
            let y = axis.at(step.to);
            canvas.line(vec![(middle + half, y), (middle + half + (slot * 0.36) as i32, y)], MUTED, 1)?;
        }
    }
    Ok(())
}
