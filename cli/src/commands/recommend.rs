//! `farthing recommend`: what the bill itself shows could be saved, after the checks.

use farthing::Request;
use farthing::render::{csv, json, markdown};

use super::{Outcome, exit_code, open, withheld};
use crate::args::{Everywhere, Format, Recommend};
use crate::terminal::progress::ReadingBar;
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &Recommend, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let request = request(args);
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
    Ok(exit_code(&answer.certificate, !answer.skipped.is_empty(), everywhere.strict))
}

fn request(args: &Recommend) -> Request {
    Request {
        only: args.only.clone(),
        kinds: args.kinds.clone(),
        settings: args.settings.clone(),
        as_of: args.as_of.clone(),
        savings_min_monthly: args.min_savings,
        plan: true,
    }
}
