//! Tables: ruled and with bars on a terminal, plainly aligned elsewhere.

use comfy_table::presets::NOTHING;
use comfy_table::{
    Attribute, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle,
};
use farthing::render::grid::Grid;

use super::Look;
use super::bars::{bar, sparkline};

/// A rule below the headings, nothing else.
const RULED: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

/// Text of at most so many characters is never wrapped.
const NARROW: usize = 14;

/// A grid as text; an empty text when it has no rows.
pub(crate) fn table(grid: &Grid, look: Look) -> String {
    if grid.rows.is_empty() {
        return String::new();
    }
    let with_bars = look.rich && grid.bars.iter().any(Option::is_some);
    let with_trends = look.rich && !grid.trends.is_empty();
    let mut table = empty_table(look);
    if grid.columns.iter().any(|column| !column.title.is_empty()) {
        let mut header: Vec<Cell> = grid.columns.iter().map(|column| heading(&column.title)).collect();
        header.extend(with_bars.then(|| heading("")));
        header.extend(with_trends.then(|| heading("Trend")));
        table.set_header(header);
    }
    for (index, row) in grid.rows.iter().enumerate() {
        let mut cells: Vec<Cell> = row.iter().map(|text| marked(text)).collect();
        cells.extend(with_bars.then(|| Cell::new(grid.bars[index].map_or_else(String::new, bar)).fg(Color::Cyan)));
        cells.extend(with_trends.then(|| Cell::new(sparkline(&grid.trends[index])).fg(Color::Cyan)));
        table.add_row(cells);
    }
    if let Some(total) = &grid.total {
        table.add_row(total.iter().map(|text| Cell::new(text).add_attribute(Attribute::Bold)));
    }
    align(&mut table, grid);
    let mut text = table.trim_fmt();
    text.push('\n');
    text
}

fn empty_table(look: Look) -> Table {
    let mut table = Table::new();
    if look.rich {
        table.load_style(RULED).set_content_arrangement(ContentArrangement::Dynamic);
    } else {
        table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    }
    if look.color {
        table.enforce_styling();
    } else {
        // Without this the width of the terminal would be lost with the colors.
        let width = if look.rich { table.width() } else { None };
        table.force_no_tty();
        if let Some(width) = width {
            table.set_width(width);
        }
    }
    table
}

fn heading(title: &str) -> Cell {
    Cell::new(title).add_attribute(Attribute::Bold)
}

/// The marks of verdicts in their colors.
fn marked(text: &str) -> Cell {
    let cell = Cell::new(text);
    match text {
        "✓" => cell.fg(Color::Green),
        "!" => cell.fg(Color::Yellow),
        "✗" => cell.fg(Color::Red),
        "–" => cell.add_attribute(Attribute::Dim),
        _ => cell,
    }
}

/// Whether a column holds nothing but a few characters, which are not worth wrapping.
fn is_narrow(grid: &Grid, index: usize) -> bool {
    grid.rows.iter().all(|row| row.get(index).is_none_or(|text| text.chars().count() <= NARROW))
}

/// Figures stand to the right and are never broken; text wraps.
fn align(table: &mut Table, grid: &Grid) {
    let columns = grid.columns.len();
    for (index, column) in table.column_iter_mut().enumerate() {
        let extra = index >= columns;
        let right = grid.columns.get(index).is_some_and(|column| column.right);
        column.set_padding((if index == 0 { 0 } else { 1 }, 1));
        if right {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if right || extra || is_narrow(grid, index) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use farthing::render::grid::GridColumn;

    fn grid() -> Grid {
        let column = |title: &str, right| GridColumn { title: title.into(), right };
        Grid {
            columns: vec![column("Service", false), column("Cost", true)],
            rows: vec![vec!["EC2".into(), "1,000.00".into()], vec!["S3".into(), "5.00".into()]],
            total: Some(vec!["Total".into(), "1,005.00".into()]),
            bars: vec![Some(1.0), Some(0.5)],
            trends: Vec::new(),
        }
    }

    #[test]
    fn a_pipe_gets_plain_columns() {
        let text = table(&grid(), Look { rich: false, color: false, verbose: false });
        assert_eq!(text, "Service      Cost\nEC2      1,000.00\nS3           5.00\nTotal    1,005.00\n");
    }

    #[test]
    fn a_terminal_gets_a_rule_and_bars() {
        let text = table(&grid(), Look { rich: true, color: false, verbose: false });
        assert!(text.contains("────") && text.contains("1,000.00  ████████") && !text.contains('\u{1b}'), "{text}");
        let colored = table(&grid(), Look { rich: true, color: true, verbose: false });
        assert!(colored.contains("\u{1b}["), "{colored}");
    }
}
