//! `farthing demo`: a bill from the factory.

use std::fs;
use std::io;
use std::path::Path;

use farthing::render::counted;
use farthing_fixtures::{Config, WriteOptions, write_bill, write_metrics};

use super::{Outcome, Problem};
use crate::args::{Demo, Dialect, Everywhere, Scale, Waste};
use crate::terminal::Screen;
use crate::terminal::staged::Staged;

pub(super) fn run(args: &Demo, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let folder = args.folder.as_path();
    refuse_what_is_there(folder)?;
    let said = |error: io::Error| Problem { message: format!("{}: {error}", folder.display()), code: 1 };
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).map_err(said)?;
    }
    let staged = Staged::beside(folder).map_err(said)?;
    let written = write_bill(staged.place(), &config(args), &options(args, everywhere))?;
    if args.metrics {
        write_metrics(&staged.place().join("metrics.parquet"), &config(args))?;
    }
    staged.finish().map_err(said)?;
    screen.note(&format!(
        "wrote {} in {} to {}",
        counted(written.rows, "row"),
        counted(u64::from(args.months), "billing period"),
        folder.display()
    ));
    screen.note(&format!("try: farthing report {}", folder.display()));
    Ok(0)
}

/// A bill is written to a folder of its own, so that nothing that is there becomes part of it.
fn refuse_what_is_there(folder: &Path) -> Result<(), Problem> {
    let fault = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().map(|_| "is not empty; choose a new folder"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(_) => Some("is no folder that can be written"),
    };
    match fault {
        Some(fault) => Err(Problem { message: format!("{} {fault}", folder.display()), code: 1 }),
        None => Ok(()),
    }
}

fn config(args: &Demo) -> Config {
    let config = Config {
        seed: args.seed,
        months: args.months,
        accounts: args.accounts,
        scale: match args.scale {
            Scale::Small => farthing_fixtures::Scale::Small,
            Scale::Medium => farthing_fixtures::Scale::Medium,
            Scale::Rows(rows) => farthing_fixtures::Scale::Rows(rows),
        },
        truth: args.truth,
        ..Config::default()
    };
    let waste = match args.waste {
        Some(Waste::None) => farthing_fixtures::Waste::None,
        Some(Waste::Planted) => farthing_fixtures::Waste::Planted,
        Some(Waste::Removed) => farthing_fixtures::Waste::Removed,
        // A demonstration has something to find, if there is room for it.
        None if config.fills_months() => farthing_fixtures::Waste::Planted,
        None => farthing_fixtures::Waste::None,
    };
    Config { waste, ..config }
}

fn options(args: &Demo, everywhere: &Everywhere) -> WriteOptions {
    WriteOptions {
        dialect: match args.dialect {
            Dialect::Cur2 => farthing_fixtures::Dialect::Cur2,
            Dialect::Legacy => farthing_fixtures::Dialect::Legacy,
            Dialect::Focus1_0 => farthing_fixtures::Dialect::Focus1_0,
            Dialect::Focus1_2 => farthing_fixtures::Dialect::Focus1_2,
        },
        threads: everywhere.threads.map_or(0, |threads| threads.get()),
        ..WriteOptions::default()
    }
}
