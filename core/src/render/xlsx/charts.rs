//! Native charts on the first sheet, from the cells of the others.

use rust_xlsxwriter::{Chart, ChartType, Worksheet, XlsxError};

use super::sheets::Place;
use crate::render::grid;
use crate::report::Report;

/// Size of a chart in pixels.
const SIZE: (u32, u32) = (560, 330);

/// Puts the charts below what is on the sheet.
pub(super) fn on_summary(sheet: &mut Worksheet, places: &[Place], report: &Report) -> Result<(), XlsxError> {
    let below = places.iter().filter(|place| place.sheet == sheet.name()).map(|place| place.end + 2).max().unwrap_or(6);
    if let Some(chart) = months(places, report) {
        sheet.insert_chart(below, 0, &chart)?;
    }
    if let Some(chart) = days(places, report) {
        sheet.insert_chart(below, 4, &chart)?;
    }
    Ok(())
}

fn place<'a>(places: &'a [Place], id: &str) -> Option<&'a Place> {
    places.iter().find(|place| place.id == id)
}

fn sized(chart: &mut Chart, title: &str, alt: &str) {
    chart.title().set_name(title);
    chart.set_width(SIZE.0).set_height(SIZE.1).set_alt_text(alt);
    chart.y_axis().set_num_format("#,##0");
}

/// Each month as a bar of services, what is left over included.
fn months(places: &[Place], report: &Report) -> Option<Chart> {
    let (place, section) = (place(places, "costs_by_service")?, report.section("costs_by_service")?);
    let months: Vec<u16> =
        (0..section.columns.len() as u16).filter(|&at| grid::is_month(&section.columns[usize::from(at)].0)).collect();
    let (&first, &last) = (months.first()?, months.last()?);
    let mut chart = Chart::new(ChartType::ColumnStacked);
    let title = format!("Effective cost by month ({})", report.currency);
    sized(&mut chart, &title, "Stacked columns: effective cost of each service by month");
    let sheet = place.sheet.as_str();
    for row in place.head + 1..=place.last {
        chart
            .add_series()
            .set_name((sheet, row, 0))
            .set_categories((sheet, place.head, first, place.head, last))
            .set_values((sheet, row, first, row, last))
            .set_gap(60);
    }
    Some(chart)
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
