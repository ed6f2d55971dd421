//! `farthing inspect`: what there is to read, from names, manifests, footers and headers.

use farthing::render::{csv, json, markdown};

use super::{NOT_STRICT, Outcome, open};
use crate::args::{Everywhere, Format, Inspect};
use crate::terminal::progress::ReadingBar;
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &Inspect, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let bill = open(&args.sources, None, everywhere, &ReadingBar::new(screen))?;
    let inventory = bill.inventory();
    let text = match args.output.format() {
        Format::Table => pages::inventory(inventory, screen.look(args.output.file.is_some())),
        Format::Json => json::text(&json::inventory(inventory)),
        Format::Csv => csv::inventory(inventory),
        Format::Markdown => markdown::inventory(inventory),
    };
    screen.emit(&text, args.output.file.as_deref())?;
    Ok(if everywhere.strict && !inventory.notes.is_empty() { NOT_STRICT } else { 0 })
}
