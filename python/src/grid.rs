//! Tables as people read them, rounded and safe to print, on their way to HTML.

use farthing::render::grid;
use pyo3::prelude::*;

/// Headings, which of them stand to the right, rows, and the sum row.
#[derive(IntoPyObject)]
pub(crate) struct Grid {
    columns: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
    total: Option<Vec<String>>,
}

impl From<grid::Grid> for Grid {
    fn from(grid: grid::Grid) -> Grid {
        let right = grid.columns.iter().map(|column| column.right).collect();
        let columns = grid.columns.into_iter().map(|column| column.title).collect();
        Grid { columns, right, rows: grid.rows, total: grid.total }
    }
}
