//! `farthing recommend`: what the bill itself shows could be saved, after the checks.

use farthing::Request;
use farthing::detector::NO_METRICS;
use farthing::render::{csv, json, markdown};

use super::{Outcome, Problem, exit_code, open, withheld};
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
    // Measurements that nobody gave are not missing.
    let is_partial = answer.skipped.iter().any(|entry| entry.reason != NO_METRICS);
    let is_partial = is_partial || answer.has_expired_exceptions();
    Ok(exit_code(&answer.certificate, is_partial, everywhere.strict))
}

fn request(args: &Recommend) -> Result<Request, Problem> {
    Ok(Request {
        only: args.only.clone(),
        kinds: args.kinds.clone(),
        settings: args.settings.clone(),
        as_of: args.as_of.clone(),
        savings_min_monthly: args.min_savings,
        goal: args.goal,
        ..super::request(&args.advice)?
    })
}
