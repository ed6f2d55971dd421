//! `farthing rightsize`: which instances are too large for what they do, by a bill and its metrics or by a table.

use std::collections::BTreeSet;
use std::path::Path;

use farthing::catalog::quotes::Catalog;
use farthing::ingest::metrics::Metrics;
use farthing::render::{fleet, json, rightsizing};
use farthing::rightsize::cost_explorer::{Observed, advise, read_table};

use super::catalog::with_lists;
use super::{NOT_STRICT, Outcome, Problem, exit_code, open_paths, withheld};
use crate::args::{Everywhere, Format};
use crate::rightsizing::{Mode, Rightsize};
use crate::terminal::progress::ReadingBar;
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &Rightsize, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    match (&args.table, args.mode) {
        (Some(table), Some(Mode::CostExplorer)) => of_table(args, table, everywhere, screen),
        _ => of_bill(args, everywhere, screen),
    }
}

/// The catalog: a table of rates where one is given, else imported lists before the bundled ones.
fn catalog(args: &Rightsize) -> Result<Catalog, Problem> {
    Ok(match &args.prices {
        Some(file) => Catalog::bundled().with_table(file)?,
        None => with_lists(&args.folder),
    })
}

fn of_bill(args: &Rightsize, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let metrics = Metrics::read(&args.metrics, args.look_back_days)?;
    let bar = ReadingBar::new(screen);
    let bill = open_paths(&args.sources, &args.s3, None, everywhere, screen, &bar)?;
    let answer = bill.rightsize(&metrics, &catalog(args)?, args.preferences())?;
    bar.clear();
    if !answer.certificate.figures_allowed() {
        return Ok(withheld(&answer.certificate, screen));
    }
    let text = match args.output.format() {
        Format::Table => pages::fleet(&answer, screen.look(args.output.file.is_some())),
        Format::Json => json::text(&fleet::json(&answer)),
        Format::Csv => fleet::csv(&answer),
        Format::Markdown => fleet::markdown(&answer),
    };
    screen.emit(&text, args.output.file.as_deref())?;
    screen.certificate(&answer.certificate);
    Ok(exit_code(&answer.certificate, !answer.skipped.is_empty(), everywhere.strict))
}

fn of_table(args: &Rightsize, table: &Path, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let instances = read_table(table)?;
    let catalog = catalog(args)?.prepared_for(regions(&instances))?;
    let answer = advise(instances, &catalog);
    let text = match args.output.format() {
        Format::Table => pages::rightsizing(&answer, screen.look(args.output.file.is_some())),
        Format::Json => json::text(&rightsizing::json(&answer)),
        Format::Csv => rightsizing::csv(&answer),
        Format::Markdown => rightsizing::markdown(&answer),
    };
    screen.emit(&text, args.output.file.as_deref())?;
    let is_partial = answer.rows.iter().any(|row| row.savings_monthly.is_none());
    Ok(if is_partial && everywhere.strict { NOT_STRICT } else { 0 })
}

/// The regions of a table, each once.
fn regions(instances: &[Observed]) -> BTreeSet<&str> {
    instances.iter().map(|instance| instance.region_id.as_str()).collect()
}
