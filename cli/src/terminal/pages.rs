//! Results as pages of text: headings, tables, and the certificate that ties the figures to the files.

use farthing::ledger::store::Listed;
use farthing::render::catalog::{self, Known};
use farthing::render::grid::{self, Grid, MONTHS_ABREAST};
use farthing::render::plans::{self, Plans};
use farthing::render::{
    all_skipped, amounts_sentence, bytes_text, costs_headline, costs_title, counted, fleet, headline, kept, printable,
    registry, rightsizing, savings, summaries,
};
use farthing::report::waterfall::waterfall;
use farthing::rightsize::cost_explorer::Advices;
use farthing::rightsize::fleet::Fleet;
use farthing::{Certificate, CostTable, Detector, Inventory, Recommendations, Report, Skipped};

use super::table::table;
use super::{FINDINGS_MAX, Look, Paint};

/// Files whose hashes are shown without being asked for.
const HASHES_MAX: usize = 20;

/// The answer to a cost question. The certificate goes to standard error.
pub(crate) fn costs(answer: &CostTable, look: Look) -> String {
    let mut page = Page::new(look);
    page.title(&costs_title(answer));
    page.line(&costs_headline(answer));
    page.table(&grid::costs(answer));
    page.skipped(&answer.skipped.iter().collect::<Vec<_>>());
    page.text
}

/// The whole certificate.
pub(crate) fn certificate(certificate: &Certificate, look: Look) -> String {
    let mut page = Page::new(look);
    page.title("Certificate");
    page.proof(certificate);
    page.heading("Billing periods");
    page.table(&summaries::billing_periods(certificate));
    page.heading("Invoices");
    page.table(&summaries::invoices(certificate));
    page.skipped(&all_skipped(certificate, &[]));
    if look.verbose {
        page.heading("Files");
        page.table(&summaries::inputs(certificate));
    }
    page.text
}

/// The monthly report.
pub(crate) fn report(report: &Report, look: Look) -> String {
    let mut page = Page::new(look);
    page.title(&report.title);
    if let Some(headline) = headline(report) {
        page.line(&headline);
    }
    page.dimmed(&amounts_sentence(report));
    for section in &report.sections {
        page.heading(&section.title);
        page.dimmed(&section.note);
        let mut grid = grid::section(section);
        if look.rich && grid.keep_last_months(MONTHS_ABREAST) > 0 {
            page.dimmed("Earlier months are in the report's files: -o report.md");
        }
        page.table(&grid);
    }
    page.heading("Certificate");
    page.proof(&report.certificate);
    page.skipped(&all_skipped(&report.certificate, report.skipped()));
    if look.verbose {
        page.heading("Files");
        page.table(&summaries::inputs(&report.certificate));
    }
    page.text
}

/// What to buy.
pub(crate) fn plan(plan: Plans<'_>, look: Look) -> String {
    let mut page = Page::new(look);
    page.title("What to buy");
    page.line(&plan.headline());
    if let Plans::Bill(of_bill) = plan {
        for section in farthing::report::plan(of_bill).sections {
            if section.id != "plan" {
                page.heading(&section.title);
            }
            page.dimmed(&section.note);
            page.table(&grid::section(&section));
        }
        page.skipped(&of_bill.skipped.iter().collect::<Vec<_>>());
        return page.text;
    }
    page.table(&plans::table(plan));
    for note in plan.notes() {
        page.dimmed(&note);
    }
    page.text
}

/// Which instances are too large for what they do.
pub(crate) fn rightsizing(answer: &Advices, look: Look) -> String {
    let mut page = Page::new(look);
    page.title("Rightsizing");
    page.line(&rightsizing::headline(answer));
    page.table(&rightsizing::table(answer));
    rightsizing::notes(answer).iter().for_each(|note| page.dimmed(note));
    page.skipped(&answer.skipped.iter().collect::<Vec<_>>());
    page.text
}

/// Recommendations. The certificate goes to standard error.
pub(crate) fn recommendations(answer: &Recommendations, look: Look) -> String {
    let mut page = Page::new(look);
    page.title("Recommendations");
    page.line(&summaries::savings_sentence(answer));
    page.line(&savings::effort_sentence(answer));
    page.table(&summaries::recommendations(answer));
    if answer.waterfall.is_some() {
        let steps = waterfall(answer);
        page.heading(&steps.title);
        page.dimmed(&steps.note);
        page.table(&grid::section(&steps));
    }
    if let Some(goal) = &answer.goal {
        page.heading("The goal");
        page.line(&savings::goal_sentence(goal, &answer.currency));
        page.table(&savings::goal_grid(answer, goal));
    }
    if let Some(sentence) = savings::history_sentence(answer) {
        page.heading("Since earlier months");
        page.line(&sentence);
        let limit = if look.verbose { usize::MAX } else { HISTORY_ROWS };
        let (grid, more) = savings::history(answer, limit);
        if !grid.rows.is_empty() {
            page.table(&grid);
        }
        if more > 0 {
            page.line(&format!("and {more} more: -v shows all"));
        }
    }
    let notes = savings::exception_notes(answer, &answer.config_name);
    if !notes.is_empty() {
        page.heading("Exceptions");
        notes.iter().for_each(|note| page.line(&format!("- {note}")));
    }
    page.skipped(&answer.skipped.iter().collect::<Vec<_>>());
    page.text
}

/// Rows of earlier advice that are shown unless more is asked for.
const HISTORY_ROWS: usize = 20;

/// The registry.
pub(crate) fn detectors(detectors: &[&'static Detector], look: Look) -> String {
    let mut page = Page::new(look);
    page.table(&registry::detectors(detectors));
    page.text
}

/// What there is to read, and with a certificate what reading it has shown.
pub(crate) fn inventory(inventory: &Inventory, certificate: Option<&Certificate>, look: Look) -> String {
    let mut page = Page::new(look);
    page.title("Inventory");
    page.line(&summaries::inventory_sentence(inventory));
    page.table(&summaries::deliveries(inventory));
    if let Some(certificate) = certificate {
        page.heading("Billing periods");
        page.table(&summaries::statuses(certificate));
        page.heading("Integrity");
        summaries::integrity(inventory, certificate).iter().for_each(|line| page.line(&format!("- {line}")));
    }
    page.heading("What can be computed");
    page.table(&untitled(summaries::capabilities(inventory), &[]));
    if !inventory.notes.is_empty() {
        page.heading("Notes");
        for note in &inventory.notes {
            page.line(&format!("- {note}"));
        }
    }
    if look.verbose {
        page.heading("Files");
        page.table(&summaries::files(inventory));
    }
    if let Some(certificate) = certificate.filter(|read| look.verbose || read.inputs.len() <= HASHES_MAX) {
        page.heading("Hashes");
        page.table(&summaries::inputs(certificate));
    }
    page.text
}

/// The ledgers that a store keeps.
pub(crate) fn kept(all: &[Listed], folder: &str, look: Look) -> String {
    let mut page = Page::new(look);
    page.title("Kept ledgers");
    let bytes = all.iter().map(|listed| listed.bytes).sum();
    page.line(&format!("{} in {folder}, {}", counted(all.len() as u64, "ledger"), bytes_text(bytes)));
    page.table(&kept::grid(all));
    page.text
}

/// Which of a bill's instances are too large or too small.
pub(crate) fn fleet(answer: &Fleet, look: Look) -> String {
    let mut page = Page::new(look);
    page.title("Rightsizing");
    page.line(&fleet::headline(answer));
    page.table(&fleet::table(answer, look.verbose));
    fleet::notes(answer).iter().for_each(|note| page.dimmed(note));
    page.heading("Savings against risk");
    page.table(&fleet::curve(answer));
    page.skipped(&answer.skipped.iter().collect::<Vec<_>>());
    page.text
}

/// What the catalog knows of an instance type.
pub(crate) fn known(known: &Known, look: Look) -> String {
    let mut page = Page::new(look);
    page.title(&format!("{} in {}", known.name, known.region));
    page.line(&known.headline());
    page.table(&catalog::table(known));
    page.text
}

/// A table under a title.
pub(crate) fn titled(title: &str, headline: &str, grid: &Grid, look: Look) -> String {
    let mut page = Page::new(look);
    page.title(title);
    page.line(headline);
    page.table(grid);
    page.text
}

/// Text that grows block by block.
struct Page {
    text: String,
    look: Look,
    paint: Paint,
}

impl Page {
    fn new(look: Look) -> Page {
        Page { text: String::new(), look, paint: Paint { on: look.color } }
    }

    fn title(&mut self, title: &str) {
        self.push(&self.paint.bold(&printable(title)));
    }

    fn heading(&mut self, title: &str) {
        let title = self.paint.bold(&printable(title));
        self.push(&format!("\n{title}"));
    }

    fn line(&mut self, line: &str) {
        self.push(&printable(line));
    }

    fn dimmed(&mut self, line: &str) {
        if !line.is_empty() {
            self.push(&self.paint.dim(&printable(line)));
        }
    }

    fn table(&mut self, grid: &Grid) {
        if grid.rows.is_empty() {
            return self.dimmed("none");
        }
        let text = table(grid, self.look);
        self.text.push_str(&text);
    }

    /// The summary, every check with its mark, and what is at fault.
    fn proof(&mut self, certificate: &Certificate) {
        self.line(&certificate.summary());
        self.dimmed(&summaries::inputs_sentence(certificate));
        self.table(&untitled(summaries::checks(certificate), &["Figure"]));
        let limit = if self.look.verbose { usize::MAX } else { FINDINGS_MAX };
        let findings = summaries::findings(certificate, limit);
        if !findings.rows.is_empty() {
            self.heading("Findings");
            self.table(&untitled(findings, &[]));
        }
    }

    fn skipped(&mut self, entries: &[&Skipped]) {
        if !entries.is_empty() {
            self.heading("Not computed");
            self.table(&untitled(summaries::skipped(entries), &[]));
        }
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// A grid that reads without headings, and without the columns that repeat what its sentences say.
fn untitled(mut grid: Grid, left_out: &[&str]) -> Grid {
    let kept: Vec<bool> = grid.columns.iter().map(|column| !left_out.contains(&column.title.as_str())).collect();
    let keep = |row: &mut Vec<String>| {
        let mut kept = kept.iter();
        row.retain(|_| kept.next() == Some(&true));
    };
    grid.rows.iter_mut().for_each(keep);
    let mut kept = kept.iter();
    grid.columns.retain(|_| kept.next() == Some(&true));
    grid.columns.iter_mut().for_each(|column| column.title.clear());
    grid
}
