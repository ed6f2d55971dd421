//! `farthing costs`: the sum of a metric by any dimensions, after the checks.

use farthing::render::{csv, json, markdown};
use farthing::{AnsweredFrom, CostTable};

use super::{Outcome, exit_code, open, tell_store, withheld};
use crate::args::{Costs, Everywhere, Format, Granularity};
use crate::terminal::progress::ReadingBar;
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &Costs, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let bar = ReadingBar::new(screen);
    let bill = open(&args.sources, args.period.as_deref(), everywhere, screen, &bar)?;
    let certificate = bill.reconcile(None)?;
    if !certificate.figures_allowed() {
        bar.clear();
        return Ok(withheld(&certificate, screen));
    }
    let answer = bill.costs(&question(args))?;
    bar.clear();
    let text = match args.output.format() {
        Format::Table => pages::costs(&answer, screen.look(args.output.file.is_some())),
        Format::Json => json::text(&json::costs(&answer, &certificate)),
        Format::Csv => csv::costs(&answer),
        Format::Markdown => markdown::costs(&answer, &certificate),
    };
    screen.emit(&text, args.output.file.as_deref())?;
    if answer.answered_from == AnsweredFrom::Bill {
        screen.note(&read_again(&answer, args));
    }
    screen.certificate(&certificate);
    tell_store(&bill, screen);
    Ok(exit_code(&certificate, !answer.skipped.is_empty(), everywhere.strict))
}

fn question(args: &Costs) -> farthing::Costs {
    let granularity = match args.granularity {
        Granularity::Daily => farthing::Granularity::Daily,
        Granularity::Monthly => farthing::Granularity::Monthly,
        Granularity::Total => farthing::Granularity::Total,
    };
    farthing::Costs {
        by: args.by.clone(),
        metric: args.metric,
        granularity,
        period: args.period.clone(),
        from: args.from.clone(),
        to: args.to.clone(),
        filter: args.conditions.join(","),
        top: args.top.map(|top| top.get()),
    }
}

/// Says which question the ledger alone could not answer.
fn read_again(answer: &CostTable, args: &Costs) -> String {
    let mut asked: Vec<String> = Vec::new();
    if !answer.by.is_empty() {
        asked.push(answer.by.join(", "));
    }
    if !args.conditions.is_empty() {
        asked.push(format!("where {}", args.conditions.join(",")));
    }
    format!("read the bill again for {}", if asked.is_empty() { "this question".to_owned() } else { asked.join(" ") })
}
