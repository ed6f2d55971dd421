//! `farthing._farthing`: the engine, for the Python modules beside it. Thin: convert, call, map the error.

mod answers;
mod bill;
mod certificate;
mod demo;
mod errors;
mod frames;
mod grid;
mod plan;
mod question;
mod recommend;
mod report;
mod s3;
mod work;

#[pyo3::pymodule]
mod _farthing {
    #[pymodule_export]
    use crate::bill::{Bill, open, tables};
    #[pymodule_export]
    use crate::certificate::Certificate;
    #[pymodule_export]
    use crate::demo::demo;
    #[pymodule_export]
    use crate::frames::Batches;
    #[pymodule_export]
    use crate::question::Costs;
    #[pymodule_export]
    use crate::recommend::{Recommendations, detectors};
    #[pymodule_export]
    use crate::report::Report;

    use pyo3::prelude::*;

    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// Every charge column: its name, what it means, and the line item columns it is made from.
    #[pyfunction]
    fn columns() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
        let columns = farthing::schema::charges::all_columns();
        columns
            .map(|column| (column.name, column.description, column.from.iter().map(|from| from.name()).collect()))
            .collect()
    }
}
