//! `farthing recommend`: what the bill itself shows could be saved, after the checks.

use std::sync::Arc;

use farthing::Request;
use farthing::detector::NO_METRICS;
use farthing::ingest::metrics::{LOOK_BACK_DAYS, Metrics};
use farthing::planner::proposal::Conditions;
use farthing::render::{csv, json, markdown};
use farthing::report::config::{ExceptionState, ExceptionUse};

use super::catalog::with_lists;
use super::{Outcome, Problem, config, exit_code, open, withheld};
use crate::args::{Everywhere, Format, Recommend};
use crate::terminal::progress::ReadingBar;
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &Recommend, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let request = request(args)?;
    request.check()?;
    let bar = ReadingBar::new(screen);
    let bill = open(&args.sources, None, everywhere, screen, &bar)?;
    let answer = bill.recommend(&request)?;
    bar.clear();
    if !answer.certificate.figures_allowed() {
        return Ok(withheld(&answer.certificate, screen));
    }
    let text = match args.output.format() {
        Format::Table => pages::recommendations(&answer, screen.look(args.output.file.is_some())),
        Format::Json => json::text(&json::recommendations(&answer)),
        Format::Csv => csv::recommendations(&answer),
        Format::Markdown => markdown::recommendations(&answer),
    };
    screen.emit(&text, args.output.file.as_deref())?;
    screen.certificate(&answer.certificate);
    let is_over = |one: &ExceptionUse| one.state == ExceptionState::Expired;
    // Measurements that nobody gave are not missing.
    let is_partial = answer.skipped.iter().any(|entry| entry.reason != NO_METRICS);
    let is_partial = is_partial || answer.exceptions.iter().any(is_over);
    Ok(exit_code(&answer.certificate, is_partial, everywhere.strict))
}

fn request(args: &Recommend) -> Result<Request, Problem> {
    let metrics = match args.metrics.as_slice() {
        [] => None,
        files => Some(Arc::new(Metrics::read(files, LOOK_BACK_DAYS)?)),
    };
    Ok(Request {
        metrics,
        catalog: Some(Arc::new(with_lists(&args.folder))),
        only: args.only.clone(),
        kinds: args.kinds.clone(),
        settings: args.settings.clone(),
        as_of: args.as_of.clone(),
        savings_min_monthly: args.min_savings,
        plan: true,
        buy: Conditions::default(),
        config: config(args.config.as_deref())?,
        goal: args.goal,
    })
}
