//! A sheet to draw on, with plotters: text, boxes and lines in units of the page, and an axis of amounts.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{PathElement, Rectangle, Text};
use plotters::prelude::{Color, IntoFont, RGBColor, SVGBackend, ShapeStyle};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::error::{Error, Result};
use crate::render::printable;

/// Colors of the light theme. A page may give them others by attribute: `svg [fill="#1B1B1F"] { fill: … }`.
pub(super) const INK: RGBColor = RGBColor(0x1B, 0x1B, 0x1F);
pub(super) const MUTED: RGBColor = RGBColor(0x5A, 0x5D, 0x66);
pub(super) const GRID: RGBColor = RGBColor(0xDC, 0xDD, 0xE1);
pub(super) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
pub(super) const GREEN: RGBColor = RGBColor(0x00, 0x8F, 0x6B);
pub(super) const VERMILION: RGBColor = RGBColor(0xC8, 0x50, 0x0A);
/// Parts of a whole, and last what is left of it.
pub(super) const PARTS: [RGBColor; 6] = [
    BLUE,
    RGBColor(0xE6, 0x9F, 0x00),
    GREEN,
    RGBColor(0xB8, 0x5A, 0x94),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x8C, 0x8F, 0x98),
];

/// For which page a chart is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Wide,
    Narrow,
}

impl Size {
    pub(super) const fn width(self) -> i32 {
        match self {
            Size::Wide => 720,
            Size::Narrow => 340,
        }
    }

    /// Characters that fit, about: even in wide sans-serif fonts a glyph is some 0.6 times as wide as high.
    pub(super) fn characters(self, room: i32) -> usize {
        usize::try_from(room * 10 / (TEXT * 6)).unwrap_or(0)
    }
}

/// Size of text.
pub(super) const TEXT: i32 = 13;

/// On which side of its point text stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    /// The text ends there.
    End,
    /// The text begins there.
    Start,
    /// The text is centered there.
    Middle,
}

/// What comes of drawing.
pub(super) type Drawn = std::result::Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// A sheet.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// A sheet of so many units that `paint` draws on, as SVG.
pub(super) fn sheet(size: Size, height: i32, paint: impl FnOnce(&Canvas<'_>) -> Drawn) -> Result<String> {
    let mut svg = String::new();
    let extent = (size.width().unsigned_abs(), height.unsigned_abs());
    {
        let canvas = Canvas { area: SVGBackend::with_string(&mut svg, extent).into_drawing_area() };
        paint(&canvas)
            .and_then(|()| canvas.area.present())
            .map_err(|error| Error::Render { what: "a chart", detail: error.to_string() })?;
    }
    Ok(svg)
}

impl Canvas<'_> {
    pub(super) fn text(&self, text: &str, at: (i32, i32), side: Side, ink: RGBColor, is_bold: bool) -> Drawn {
        let side = match side {
            Side::End => HPos::Right,
            Side::Start => HPos::Left,
            Side::Middle => HPos::Center,
        };
        // Plotters divides by 1.24 when it writes the size.
        let font = ("sans-serif", f64::from(TEXT) * 1.24).into_font();
        let font = if is_bold { font.style(plotters::style::FontStyle::Bold) } else { font };
        let style = font.color(&ink).pos(Pos::new(side, VPos::Center));
        self.area.draw(&Text::new(printable(text).into_owned(), at, style))
    }

    pub(super) fn block(&self, from: (i32, i32), to: (i32, i32), color: RGBColor) -> Drawn {
        let ordered = |a: i32, b: i32| (a.min(b), a.max(b));
        let ((left, right), (top, bottom)) = (ordered(from.0, to.0), ordered(from.1, to.1));
        self.area.draw(&Rectangle::new([(left, top), (right, bottom)], color.filled()))
    }

    pub(super) fn line(&self, points: Vec<(i32, i32)>, color: RGBColor, width: u32) -> Drawn {
        self.area.draw(&PathElement::new(points, ShapeStyle::from(&color).stroke_width(width)))
    }
}

/// An axis from zero, or from below where there are negative values: where a value stands, and its marks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    from: f64,
    to: f64,
    begin: i32,
    end: i32,
    /// Values that are marked.
    pub(super) marks: Vec<f64>,
}

impl Axis {
    /// An axis that holds these values, drawn from `begin` to `end`, with about so many marks.
    pub(super) fn of(values: impl Iterator<Item = f64>, begin: i32, end: i32, marks: u32) -> Axis {
        let (mut least, mut most) = (0.0_f64, 0.0_f64);
        values.for_each(|value| (least, most) = (least.min(value), most.max(value)));
        if most - least < 0.01 {
            most = least + 1.0;
        }
        let step = step((most - least) / f64::from(marks.max(1)));
        let (first, last) = ((least / step).floor() as i64, (most / step).ceil() as i64);
        Axis {
            from: first as f64 * step,
            to: last as f64 * step,
            begin,
            end,
            marks: (first..=last).map(|mark| mark as f64 * step).collect(),
        }
    }

    /// An axis of shares, from 0 to 1.
    pub(super) fn of_shares(begin: i32, end: i32) -> Axis {
        Axis { from: 0.0, to: 1.0, begin, end, marks: vec![0.0, 0.25, 0.5, 0.75, 1.0] }
    }

    pub(super) fn at(&self, value: f64) -> i32 {
        let share = (value - self.from) / (self.to - self.from);
        self.begin + (share * f64::from(self.end - self.begin)).round() as i32
    }
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `least`.
fn step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let factor = [1.0, 2.0, 2.5, 5.0].into_iter().find(|factor| factor * power >= least * 0.999_999).unwrap_or(10.0);
    factor * power
}

/// An amount on an axis: `12.5k`.
pub(super) fn short(amount: f64) -> String {
    let (scaled, unit) = match amount.abs() {
        large if large >= 1e9 => (amount / 1e9, "bn"),
        large if large >= 1e6 => (amount / 1e6, "M"),
        large if large >= 1e3 => (amount / 1e3, "k"),
        _ => (amount, ""),
    };
    let text = format!("{scaled:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { format!("{text}{unit}") }
}

/// Text cut to so many characters.
pub(super) fn cut(text: &str, characters: usize) -> String {
    let clean = printable(text);
    if clean.chars().count() <= characters {
        return clean.into_owned();
    }
    let kept: String = clean.chars().take(characters.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_begins_at_zero_and_holds_everything() {
        let axis = Axis::of([12.0, 39_313.33].into_iter(), 0, 400, 4);
        assert_eq!(axis.marks, [0.0, 10_000.0, 20_000.0, 30_000.0, 40_000.0]);
        assert_eq!((axis.at(0.0), axis.at(40_000.0)), (0, 400));
        let below = Axis::of([-5.0, 10.0].into_iter(), 100, 0, 3);
        assert_eq!((below.marks.first(), below.at(-5.0), below.at(10.0)), (Some(&-5.0), 100, 0));
        assert!(Axis::of([0.0].into_iter(), 0, 10, 4).at(0.0) == 0);
    }

    #[test]
    fn labels_are_short() {
        assert_eq!([0.0, 2.5, 12_500.0, 1e6, -2_000.0, 3e9].map(short), ["0", "2.5", "12.5k", "1M", "-2k", "3bn"]);
        assert_eq!(cut("Amazon Simple Storage Service", 10), "Amazon Si…");
        assert_eq!(cut("S3\u{202e}", 10), "S3");
    }

    #[test]
    fn text_of_a_bill_stays_text() {
        let svg = sheet(Size::Narrow, 20, |canvas| {
            canvas.text("</text><script>alert(1)</script>\u{1b}[31m", (0, 0), Side::Start, INK, false)
        });
        let svg = svg.unwrap();
        assert!(svg.contains("&lt;script&gt;") && !svg.contains("<script"), "{svg}");
    }
}
