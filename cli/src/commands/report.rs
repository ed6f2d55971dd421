//! `farthing report`: the monthly report, on the terminal or in files.

use farthing::render::{csv, html, json, markdown, message, xlsx};
use farthing::{GateResult, Recommendations, Report as MonthlyReport, ReportRequest};

use super::{
    CHECK_FAILED, GATE_FAILED, Outcome, Problem, USAGE, exit_code, open, request, tell_elsewhere, tell_store, withheld,
};
use crate::args::{Everywhere, Report, ReportFormat};
use crate::terminal::progress::ReadingBar;
use crate::terminal::{Look, Screen, pages};

pub(super) fn run(args: &Report, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let files = args.forms().map_err(|message| Problem { message, code: USAGE })?;
    if files.is_empty() && args.format == Some(ReportFormat::Xlsx) && screen.out_is_terminal() {
        let message = "a workbook is no text for a terminal; write it to a file with -o report.xlsx".to_owned();
        return Err(Problem { message, code: USAGE });
    }
    let request =
        ReportRequest { invoice: args.invoice.file.clone(), advice: request(&args.advice)?, gates: args.gates.clone() };
    let bar = ReadingBar::new(screen);
    let bill = open(&args.sources, None, everywhere, screen, &bar)?;
    let report = bill.report(&request)?;
    bar.clear();
    if let Some(file) = &args.message {
        screen.emit(message::report(&report), Some(file))?;
    }
    if !report.certificate.figures_allowed() {
        return Ok(withheld(&report.certificate, screen));
    }
    for (file, format) in &files {
        screen.emit(&bytes(&report, *format, screen.look(true))?, Some(file))?;
    }
    let format = args.format.unwrap_or(ReportFormat::Table);
    if files.is_empty() {
        screen.emit(&bytes(&report, format, screen.look(false))?, None)?;
    }
    tell_elsewhere(&report.certificate, screen, files.is_empty() && format == ReportFormat::Table);
    tell_store(&bill, screen);
    let failed: Vec<&GateResult> = report.gates.iter().filter(|gate| gate.failed).collect();
    failed.iter().for_each(|gate| screen.message(&format!("farthing: gate {}: {}", gate.gate, gate.detail)));
    let has_expired = report.savings.as_ref().is_some_and(Recommendations::has_expired_exceptions);
    // Figures that are in doubt say nothing about gates.
    match exit_code(&report.certificate, has_expired, everywhere.strict) {
        code if failed.is_empty() || code == CHECK_FAILED => Ok(code),
        _ => Ok(GATE_FAILED),
    }
}

fn bytes(report: &MonthlyReport, format: ReportFormat, look: Look) -> Result<Vec<u8>, Problem> {
    let text = match format {
        ReportFormat::Xlsx => return Ok(xlsx::report(report)?),
        ReportFormat::Table => pages::report(report, look),
        ReportFormat::Html => html::report(report)?,
        ReportFormat::Json => json::text(&json::report(report)),
        ReportFormat::Csv => csv::report(report),
        ReportFormat::Markdown => markdown::report(report),
    };
    Ok(text.into_bytes())
}
