//! Native charts on the first sheet, from the cells of the others.

use rust_xlsxwriter::{Chart, ChartType, Worksheet, XlsxError};

use super::sheets::{self, Place, Styles};
use crate::render::grid;
use crate::report::{Cell, Report, Section};
use crate::schema::filter::OTHER_TEXT;

/// Size of a chart in pixels, and the rows that it covers.
const SIZE: (u32, u32) = (560, 330);
const ROWS: u32 = 18;
/// Services with a color of their own.
const SERIES: usize = 6;

/// Puts the charts below what is on the sheet.
pub(super) fn on_summary(
    sheet: &mut Worksheet,
    places: &[Place],
    report: &Report,
    styles: &Styles,
) -> Result<(), XlsxError> {
    let below = places.iter().filter(|place| place.sheet == sheet.name()).map(|place| place.end + 2).max().unwrap_or(6);
    if let Some(section) = report.section("costs_by_service").and_then(largest) {
        let place = sheets::section(sheet, below + ROWS, &section, styles)?;
        sheet.insert_chart(below, 0, &months(&place, &section, &report.currency))?;
    }
    if let Some(chart) = days(places, report) {
        sheet.insert_chart(below, 4, &chart)?;
    }
    Ok(())
}

/// The largest services by month, and all the others as one: more than a chart's legend has room for cannot be told
/// apart either.
fn largest(section: &Section) -> Option<Section> {
    let months: Vec<usize> = (0..section.columns.len()).filter(|&at| grid::is_month(&section.columns[at].0)).collect();
    if months.is_empty() || section.rows.is_empty() {
        return None;
    }
    let pick = |row: &Vec<Cell>| -> Vec<Cell> {
        std::iter::once(row[0].clone()).chain(months.iter().map(|&at| row[at].clone())).collect()
    };
    let mut rows: Vec<Vec<Cell>> = section.rows.iter().map(pick).collect();
    if rows.len() > SERIES + 1 {
        let rest = rows.split_off(SERIES);
        let sum = |at: usize| {
            let money = rest.iter().map(|row| if let Cell::Money(units) = row[at] { units } else { 0 });
            Cell::Money(money.sum())
        };
        let others = (1..=months.len()).map(sum);
        rows.push(std::iter::once(Cell::Text(OTHER_TEXT.to_owned())).chain(others).collect());
    }
    let columns = std::iter::once(&section.columns[0]).chain(months.iter().map(|&at| &section.columns[at]));
    Some(Section {
        id: "chart_by_month",
        title: "Figures of the chart by month".to_owned(),
        note: "The largest services. Sheet Breakdown has them all.".to_owned(),
        columns: columns.cloned().collect(),
        rows,
        total: section.total.as_ref().map(pick),
    })
}

fn place<'a>(places: &'a [Place], id: &str) -> Option<&'a Place> {
    places.iter().find(|place| place.id == id)
}

fn sized(chart: &mut Chart, title: &str, alt: &str) {
    chart.title().set_name(title);
    chart.set_width(SIZE.0).set_height(SIZE.1).set_alt_text(alt);
    chart.y_axis().set_num_format("#,##0");
}

/// Each month as a bar of services.
fn months(place: &Place, section: &Section, currency: &str) -> Chart {
    let mut chart = Chart::new(ChartType::ColumnStacked);
    let title = format!("Effective cost by month ({currency})");
    sized(&mut chart, &title, "Stacked columns: effective cost of the largest services by month");
    let (sheet, last) = (place.sheet.as_str(), section.columns.len() as u16 - 1);
    for row in place.head + 1..=place.last {
        chart
            .add_series()
            .set_name((sheet, row, 0))
            .set_categories((sheet, place.head, 1, place.head, last))
            .set_values((sheet, row, 1, row, last))
            .set_gap(60);
    }
    chart
}

/// Usage by day.
fn days(places: &[Place], report: &Report) -> Option<Chart> {
    let (place, section) = (place(places, "costs_by_day")?, report.section("costs_by_day")?);
    let mut chart = Chart::new(ChartType::Column);
    let title = format!("{} ({})", section.title, report.currency);
    sized(&mut chart, &title, "Columns: effective cost of usage by day");
    let sheet = place.sheet.as_str();
    chart
        .add_series()
        .set_name((sheet, place.head, 1))
        .set_categories((sheet, place.head + 1, 0, place.last, 0))
        .set_values((sheet, place.head + 1, 1, place.last, 1))
        .set_gap(40);
    chart.legend().set_hidden();
    Some(chart)
}
