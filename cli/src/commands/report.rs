//! `farthing report`: the monthly report, on the terminal or in files.

use farthing::render::{csv, json, markdown};
use farthing::{GateResult, Report as MonthlyReport};

use super::{GATE_FAILED, Outcome, exit_code, open, tell_elsewhere, tell_store, withheld};
use crate::args::{Everywhere, Format, Report};
use crate::terminal::progress::ReadingBar;
use crate::terminal::{Look, Screen, pages};

pub(super) fn run(args: &Report, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let bar = ReadingBar::new(screen);
    let bill = open(&args.sources, None, everywhere, screen, &bar)?;
    let report = bill.report(args.invoice.file.as_deref())?;
    let gates = if report.certificate.figures_allowed() { bill.gates(&args.gates)? } else { Vec::new() };
    bar.clear();
    if !report.certificate.figures_allowed() {
        return Ok(withheld(&report.certificate, screen));
    }
    for file in &args.files {
        screen.emit(&text(&report, file.format, screen.look(true)), Some(&file.path))?;
    }
    let format = args.format.unwrap_or(Format::Table);
    if args.files.is_empty() {
        screen.emit(&text(&report, format, screen.look(false)), None)?;
    }
    tell_elsewhere(&report.certificate, screen, args.files.is_empty() && format == Format::Table);
    tell_store(&bill, screen);
    let failed: Vec<&GateResult> = gates.iter().filter(|gate| gate.failed).collect();
    failed.iter().for_each(|gate| screen.message(&format!("farthing: gate {}: {}", gate.gate, gate.detail)));
    match failed.len() {
        0 => Ok(exit_code(&report.certificate, false, everywhere.strict)),
        _ => Ok(GATE_FAILED),
    }
}

fn text(report: &MonthlyReport, format: Format, look: Look) -> String {
    match format {
        Format::Table => pages::report(report, look),
        Format::Json => json::text(&json::report(report)),
        Format::Csv => csv::report(report),
        Format::Markdown => markdown::report(report),
    }
}
