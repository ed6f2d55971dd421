//! `farthing commitments`: what was bought, used and unused, and what it covered, after the checks.

use farthing::analyze::commitments::Step as EngineStep;
use farthing::render::{csv, json, markdown};
use farthing::replay::bill::WhoShares;
use farthing::report::replay_sections;

use super::{Outcome, exit_code, open, withheld};
use crate::args::{Everywhere, Format};
use crate::planning::{Commitments, Step};
use crate::terminal::progress::ReadingBar;
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &Commitments, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let bar = ReadingBar::new(screen);
    let bill = open(&args.sources, None, everywhere, screen, &bar)?;
    let step = match args.granularity {
        Step::Hourly => EngineStep::Hourly,
        Step::Daily => EngineStep::Daily,
        Step::Monthly => EngineStep::Monthly,
    };
    let mut answer = bill.commitments(step)?;
    if args.replay && answer.certificate.figures_allowed() {
        answer.sections.extend(replay_sections(&bill.replay(&sharing(args.no_sharing.as_deref()))?));
    }
    bar.clear();
    if !answer.certificate.figures_allowed() {
        return Ok(withheld(&answer.certificate, screen));
    }
    let text = match args.output.format() {
        Format::Table => pages::report(&answer, screen.look(args.output.file.is_some())),
        Format::Json => json::text(&json::commitments(&answer)),
        Format::Csv => csv::report(&answer),
        Format::Markdown => markdown::report(&answer),
    };
    screen.emit(&text, args.output.file.as_deref())?;
    Ok(exit_code(&answer.certificate, false, everywhere.strict))
}

fn sharing(apart: Option<&str>) -> WhoShares {
    match apart {
        None => WhoShares::AsBilled,
        Some("") => WhoShares::Nobody,
        Some(accounts) => WhoShares::AllBut(accounts.split(',').map(|account| account.trim().to_owned()).collect()),
    }
}
