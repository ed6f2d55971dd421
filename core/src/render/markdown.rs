//! Markdown of every result: text from the bill is escaped, so that no tag becomes a link, a heading or a cell.

use super::grid::{self, Grid};
use super::{
    all_skipped, amounts_sentence, costs_headline, costs_title, headline, mark, printable, savings, summaries,
};
use crate::analyze::request::CostTable;
use crate::detector::Detector;
use crate::ingest::Inventory;
use crate::reconcile::certificate::{Certificate, Skipped};
use crate::report::recommendations::Recommendations;
use crate::report::waterfall::waterfall;
use crate::report::{Report, Section};

/// Findings that are listed for a check that did not pass.
const FINDINGS_MAX: usize = 10;

/// The answer to a cost question with the certificate's summary.
pub fn costs(table: &CostTable, certificate: &Certificate) -> String {
    let mut page = Page::titled(&costs_title(table));
    page.paragraph(&escape(&costs_headline(table)));
    page.table(&grid::costs(table));
    page.paragraph(&format!("Certificate: {}.", escape(&certificate.summary())));
    let failures = certificate.failures();
    page.list(
        failures.iter().map(|check| format!("{} {} {}: {}", mark(check.verdict), check.id, check.title, check.detail)),
    );
    page.skipped(&all_skipped(certificate, &table.skipped));
    page.text
}

/// The whole certificate.
pub fn certificate(certificate: &Certificate) -> String {
    let mut page = Page::titled("Certificate");
    page.paragraph(&format!("{}.", escape(&certificate.summary())));
    page.proof(certificate);
    page.heading("Billing periods");
    page.table(&summaries::billing_periods(certificate));
    page.heading("Invoices");
    page.table(&summaries::invoices(certificate));
    page.skipped(&all_skipped(certificate, &[]));
    page.inputs(certificate);
    page.text
}

/// The monthly report.
pub fn report(report: &Report) -> String {
    let mut page = Page::titled(&report.title);
    if let Some(headline) = headline(report) {
        page.paragraph(&format!("**{}**", escape(&headline)));
    }
    page.paragraph(&format!("{}.", escape(&amounts_sentence(report))));
    if report.sections.is_empty() {
        page.paragraph("No figure is shown: see the checks that failed.");
    }
    for section in &report.sections {
        page.heading(&section.title);
        page.paragraph(&escape(&section.note));
        page.table(&grid::section(section));
    }
    page.heading("Certificate");
    page.paragraph(&format!("{}.", escape(&report.certificate.summary())));
    page.proof(&report.certificate);
    page.skipped(&all_skipped(&report.certificate, report.skipped()));
    page.inputs(&report.certificate);
    page.text
}

/// Sections under a title, with what was left out.
pub(super) fn sections(title: &str, headline: &str, sections: &[Section], notes: &[String]) -> String {
    let mut page = Page::titled(title);
    page.paragraph(&format!("**{}**", escape(headline)));
    for (at, section) in sections.iter().enumerate() {
        if at > 0 {
            page.heading(&section.title);
            page.paragraph(&escape(&section.note));
        }
        page.table(&grid::section(section));
    }
    if !notes.is_empty() {
        page.heading("Notes");
        page.list(notes.iter().cloned());
    }
    page.text
}

/// Recommendations with what was skipped and the certificate's summary.
pub fn recommendations(answer: &Recommendations) -> String {
    let mut page = Page::titled("Recommendations");
    page.paragraph(&format!("**{}**", escape(&summaries::savings_sentence(answer))));
    page.paragraph(&format!("{}.", escape(&savings::effort_sentence(answer))));
    page.table(&summaries::recommendations(answer));
    if answer.waterfall.is_some() {
        let steps = waterfall(answer);
        page.heading(&steps.title);
        page.paragraph(&escape(&steps.note));
        page.table(&grid::section(&steps));
    }
    if let Some(goal) = &answer.goal {
        page.heading("The goal");
        page.paragraph(&format!("{}.", escape(&savings::goal_sentence(goal, &answer.currency))));
        page.table(&savings::goal_grid(answer, goal));
    }
    if let Some(history) = savings::history_sentence(answer) {
        page.heading("Since earlier months");
        page.paragraph(&format!("{}.", escape(&history)));
        let (grid, _) = savings::history(answer, usize::MAX);
        if !grid.rows.is_empty() {
            page.table(&grid);
        }
    }
    let notes = savings::exception_notes(answer, &answer.config_name);
    if !notes.is_empty() {
        page.heading("Exceptions");
        page.list(notes.into_iter());
    }
    page.paragraph(&format!("Certificate: {}.", escape(&answer.certificate.summary())));
    page.skipped(&answer.skipped.iter().collect::<Vec<_>>());
    page.text
}

/// The registry.
pub fn detectors(detectors: &[&'static Detector]) -> String {
    let mut page = Page::titled("Detectors");
    page.table(&super::registry::detectors(detectors));
    page.text
}

/// What there is to read, and with a certificate what reading it has shown.
pub fn inventory(inventory: &Inventory, certificate: Option<&Certificate>) -> String {
    let mut page = Page::titled("Inventory");
    page.paragraph(&format!("{}.", escape(&summaries::inventory_sentence(inventory))));
    page.table(&summaries::deliveries(inventory));
    if let Some(certificate) = certificate {
        page.heading("Billing periods");
        page.table(&summaries::statuses(certificate));
        page.heading("Integrity");
        page.list(summaries::integrity(inventory, certificate).into_iter());
    }
    page.heading("What can be computed");
    page.table(&summaries::capabilities(inventory));
    if !inventory.notes.is_empty() {
        page.heading("Notes");
        page.list(inventory.notes.iter().cloned());
    }
    page.heading("Files");
    page.table(&summaries::files(inventory));
    if let Some(certificate) = certificate {
        page.heading("Hashes");
        page.table(&summaries::inputs(certificate));
    }
    page.text
}

/// Text as Markdown shows it unchanged.
///
/// ```
/// use farthing::render::markdown::escape;
/// assert_eq!(escape("a|b <i> [x](y)"), r"a\|b \<i\> \[x\](y)");
/// assert_eq!(escape("snake_case"), "snake_case");
/// ```
pub fn escape(text: &str) -> String {
    let clean = printable(text);
    let mut escaped = String::with_capacity(clean.len());
    let mut before = ' ';
    let mut characters = clean.chars().peekable();
    while let Some(character) = characters.next() {
        let after = characters.peek().copied().unwrap_or(' ');
        let special = match character {
            // Between letters an underscore is only an underscore.
            '_' => !(before.is_alphanumeric() && after.is_alphanumeric()),
            '\\' | '|' | '`' | '*' | '[' | ']' | '<' | '>' | '&' | '~' | '#' | '$' => true,
            _ => false,
        };
        if special {
            escaped.push('\\');
        }
        escaped.push(character);
        before = character;
    }
    escaped
}

/// Markdown that grows block by block.
pub(super) struct Page {
    pub(super) text: String,
}

impl Page {
    pub(super) fn titled(title: &str) -> Page {
        Page { text: format!("# {}\n", escape(title)) }
    }

    fn heading(&mut self, title: &str) {
        self.text.push_str(&format!("\n## {}\n", escape(title)));
    }

    /// A paragraph of Markdown; nothing when it is empty.
    fn paragraph(&mut self, markdown: &str) {
        if !markdown.is_empty() {
            self.text.push_str(&format!("\n{markdown}\n"));
        }
    }

    fn list(&mut self, entries: impl Iterator<Item = String>) {
        for (index, entry) in entries.enumerate() {
            let gap = if index == 0 { "\n" } else { "" };
            self.text.push_str(&format!("{gap}- {}\n", escape(&entry)));
        }
    }

    pub(super) fn table(&mut self, grid: &Grid) {
        if grid.rows.is_empty() {
            self.paragraph("None.");
            return;
        }
        let titles: Vec<&str> = grid.columns.iter().map(|column| column.title.as_str()).collect();
        self.text.push('\n');
        self.row(titles.into_iter());
        let rules: Vec<&str> = grid.columns.iter().map(|column| if column.right { "---:" } else { "---" }).collect();
        self.text.push_str(&format!("| {} |\n", rules.join(" | ")));
        for row in &grid.rows {
            self.row(row.iter().map(String::as_str));
        }
        if let Some(total) = &grid.total {
            let bold = |cell: &String| if cell.is_empty() { String::new() } else { format!("**{}**", escape(cell)) };
            self.text.push_str(&format!("| {} |\n", total.iter().map(bold).collect::<Vec<_>>().join(" | ")));
        }
    }

    fn row<'a>(&mut self, cells: impl Iterator<Item = &'a str>) {
        self.text.push_str(&format!("| {} |\n", cells.map(escape).collect::<Vec<_>>().join(" | ")));
    }

    fn proof(&mut self, certificate: &Certificate) {
        self.table(&summaries::checks(certificate));
        let findings = summaries::findings(certificate, FINDINGS_MAX);
        if !findings.rows.is_empty() {
            self.paragraph("Findings:");
            self.table(&findings);
        }
    }

    fn skipped(&mut self, entries: &[&Skipped]) {
        if !entries.is_empty() {
            self.heading("Not computed");
            self.table(&summaries::skipped(entries));
        }
    }

    fn inputs(&mut self, certificate: &Certificate) {
        self.heading("Files");
        self.paragraph(&format!("{}.", summaries::inputs_sentence(certificate)));
        self.table(&summaries::inputs(certificate));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_stays_in_its_cell() {
        let mut page = Page { text: String::new() };
        let mut grid = Grid::with_columns(&["Tags/team", ">Cost"]);
        grid.push(["a | b\n| evil | 1 |", "1.00"]);
        page.table(&grid);
        assert_eq!(page.text.lines().count(), 4);
        assert_eq!(page.text.lines().last(), Some(r"| a \| b \| evil \| 1 \| | 1.00 |"));
    }

    #[test]
    fn emphasis_and_links_are_shown_as_text() {
        assert_eq!(escape("_x_ *y* `z` ![i](u) &lt;"), r"\_x\_ \*y\* \`z\` !\[i\](u) \&lt;");
        assert_eq!(escape("a_b_c"), "a_b_c");
    }
}
