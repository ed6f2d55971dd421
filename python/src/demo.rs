//! The bill factory.

use std::path::PathBuf;

use farthing::Error;
use farthing_fixtures::{Config, Dialect, Scale, Waste, WriteOptions, write_bill, write_metrics};
use pyo3::prelude::*;

use crate::errors;

/// Writes a bill from the factory.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "Python names them")]
pub(crate) fn demo(
    py: Python<'_>,
    path: PathBuf,
    months: u32,
    accounts: u32,
    seed: u64,
    scale: &str,
    dialect: &str,
    waste: Option<&str>,
    truth: bool,
    metrics: bool,
) -> PyResult<()> {
    let mut config = Config {
        seed,
        months,
        accounts,
        scale: parse_scale(scale).map_err(errors::engine)?,
        truth,
        ..Config::default()
    };
    config.waste = match waste {
        Some(name) => parse_waste(name).map_err(errors::engine)?,
        // A demonstration has something to find, if there is room for it.
        None if config.fills_months() => Waste::Planted,
        None => Waste::None,
    };
    let options = WriteOptions { dialect: parse_dialect(dialect).map_err(errors::engine)?, ..WriteOptions::default() };
    let written = py.detach(|| -> Result<(), farthing_fixtures::Error> {
        write_bill(&path, &config, &options)?;
        if metrics {
            write_metrics(&path.join("metrics.parquet"), &config)?;
        }
        Ok(())
    });
    written.map_err(errors::factory)
}

fn parse_scale(name: &str) -> farthing::Result<Scale> {
    let rows = name.strip_suffix("-rows").and_then(|rows| rows.replace('_', "").parse().ok());
    match (name, rows) {
        ("small", _) => Ok(Scale::Small),
        ("medium", _) => Ok(Scale::Medium),
        (_, Some(rows)) => Ok(Scale::Rows(rows)),
        _ => {
            let hint = "use small, medium or a number of rows like 100000-rows".to_owned();
            Err(Error::UnknownName { what: "scale", name: name.to_owned(), hint })
        }
    }
}

fn parse_waste(name: &str) -> farthing::Result<Waste> {
    match name {
        "none" => Ok(Waste::None),
        "planted" => Ok(Waste::Planted),
        "removed" => Ok(Waste::Removed),
        _ => {
            let hint = "use none, planted or removed".to_owned();
            Err(Error::UnknownName { what: "waste", name: name.to_owned(), hint })
        }
    }
}

fn parse_dialect(name: &str) -> farthing::Result<Dialect> {
    match name {
        "cur2" => Ok(Dialect::Cur2),
        "legacy" => Ok(Dialect::Legacy),
        "focus1.0" => Ok(Dialect::Focus1_0),
        "focus1.2" => Ok(Dialect::Focus1_2),
        _ => {
            let hint = "use cur2, legacy, focus1.0 or focus1.2".to_owned();
            Err(Error::UnknownName { what: "dialect", name: name.to_owned(), hint })
        }
    }
}
