//! `farthing detectors`: the registry.

use farthing::detectors::ALL;
use farthing::render::{csv, json, markdown};

use super::Outcome;
use crate::args::{Detectors, Format};
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &Detectors, screen: &Screen) -> Outcome {
    let text = match args.output.format() {
        Format::Table => pages::detectors(ALL, screen.look(args.output.file.is_some())),
        Format::Json => json::text(&json::detectors(ALL)),
        Format::Csv => csv::detectors(ALL),
        Format::Markdown => markdown::detectors(ALL),
    };
    screen.emit(&text, args.output.file.as_deref())?;
    Ok(0)
}
