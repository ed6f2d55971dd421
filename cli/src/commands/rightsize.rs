//! `farthing rightsize`: which instances are too large for what they do.

use std::collections::BTreeSet;

use farthing::catalog::quotes::Catalog;
use farthing::render::{json, rightsizing};
use farthing::rightsize::cost_explorer::{Observed, advise, read_table};

use super::catalog::with_lists;
use super::{NOT_STRICT, Outcome};
use crate::args::{Everywhere, Format};
use crate::rightsizing::{Mode, Rightsize};
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &Rightsize, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let instances = read_table(&args.table)?;
    let catalog = match &args.prices {
        Some(file) => Catalog::bundled().with_table(file)?,
        None => with_lists(&args.folder).prepared_for(regions(&instances))?,
    };
    let answer = match args.mode {
        Mode::CostExplorer => advise(instances, &catalog),
    };
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
