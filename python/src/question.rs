//! A cost question, whose words are checked before anything is read.

use farthing::schema::filter::Filter;
use farthing::{Dimension, Error, Granularity, Metric};
use pyo3::prelude::*;

use crate::errors;

/// A cost question that is understood.
#[pyclass(frozen, module = "farthing._farthing")]
pub(crate) struct Costs(pub(crate) farthing::Costs);

#[pymethods]
impl Costs {
    #[new]
    #[expect(clippy::too_many_arguments, reason = "Python names them")]
    fn new(
        by: Vec<String>,
        metric: &str,
        granularity: &str,
        period: Option<String>,
        from_: Option<String>,
        to: Option<String>,
        filter: String,
        top: Option<usize>,
    ) -> PyResult<Costs> {
        check(&by, &filter).map_err(errors::engine)?;
        let metric = Metric::parse(metric).map_err(errors::engine)?;
        let granularity = parse_granularity(granularity).map_err(errors::engine)?;
        Ok(Costs(farthing::Costs { by, metric, granularity, period, from: from_, to, filter, top }))
    }
}

fn check(by: &[String], filter: &str) -> farthing::Result<()> {
    for name in by {
        Dimension::parse(name)?;
    }
    Filter::parse(filter).map(drop)
}

fn parse_granularity(name: &str) -> farthing::Result<Granularity> {
    match name {
        "total" => Ok(Granularity::Total),
        "monthly" => Ok(Granularity::Monthly),
        "daily" => Ok(Granularity::Daily),
        _ => {
            let hint = "use one of total, monthly, daily".to_owned();
            Err(Error::UnknownName { what: "granularity", name: name.to_owned(), hint })
        }
    }
}
