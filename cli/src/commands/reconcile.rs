//! `farthing reconcile`: the certificate.

use farthing::render::{csv, json, markdown};

use super::{Outcome, exit_code, open, tell_elsewhere, tell_store};
use crate::args::{Everywhere, Format, Reconcile};
use crate::terminal::progress::ReadingBar;
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &Reconcile, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let bar = ReadingBar::new(screen);
    let bill = open(&args.sources, None, everywhere, screen, &bar)?;
    let certificate = bill.reconcile(args.invoice.file.as_deref())?;
    bar.clear();
    let text = match args.output.format() {
        Format::Table => pages::certificate(&certificate, screen.look(args.output.file.is_some())),
        Format::Json => json::text(&json::certificate(&certificate)),
        Format::Csv => csv::certificate(&certificate),
        Format::Markdown => markdown::certificate(&certificate),
    };
    screen.emit(&text, args.output.file.as_deref())?;
    tell_elsewhere(&certificate, screen, args.output.file.is_none() && args.output.format() == Format::Table);
    tell_store(&bill, screen);
    Ok(exit_code(&certificate, false, everywhere.strict))
}
