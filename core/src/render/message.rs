//! The monthly report as a message: Markdown that fits a chat or a pull request.
//!
//! Lists and emphasis only, no tables: chats show what they have in common.

use super::markdown::escape;
use super::{grid, headline, mark, printable};
use crate::report::gates::GateResult;
use crate::report::{Cell, Report};
use crate::schema::filter::OTHER_TEXT;
use crate::schema::money::{display_cents, grouped_cents};
use crate::schema::recommendations::Recommendation;

/// Characters that a message has at most. Slack takes 3,000 in a block of text, a comment on GitHub 65,536.
pub const CHARACTERS_MAX: usize = 3_000;
/// Characters of one line, which names of any length are cut to.
const LINE_MAX: usize = 200;
/// Characters that the last line may need.
const LAST_LINE: usize = 100;
/// Recommendations that are listed, and services with their changes.
const LISTED: usize = 5;

/// The month in figures, gates, what saves most and what changed most, and whether the bill reconciles. At most
/// [`CHARACTERS_MAX`] characters; lines that do not fit are counted.
pub fn report(report: &Report) -> String {
    let mut message = Message::default();
    message.push(&format!("**{}**", escape(&report.title)));
    let certificate = &report.certificate;
    message.push(&format!("{} {}", mark(certificate.verdict()), escape(&certificate.summary())));
    for check in certificate.failures() {
        message.item(&format!("{} {}: {}", check.id, check.title, check.detail));
    }
    if report.sections.is_empty() {
        message.push("No figure is shown: a check failed.");
        return message.text;
    }
    message.push(&headline(report).map_or_else(String::new, |line| escape(&line)));
    gates(&mut message, &report.gates);
    figures(&mut message, report);
    savings(&mut message, report);
    changes(&mut message, report);
    message.end()
}

fn gates(message: &mut Message, results: &[GateResult]) {
    if results.is_empty() {
        return;
    }
    let failed = results.iter().filter(|one| one.failed).count();
    message.heading(&format!("Gates: {failed} of {} failed", results.len()));
    let (failed, passed): (Vec<&GateResult>, Vec<&GateResult>) = results.iter().partition(|one| one.failed);
    for (mark, one) in failed.into_iter().map(|one| ("✗", one)).chain(passed.into_iter().map(|one| ("✓", one))) {
        let gate = printable(&one.gate).replace('`', "'");
        message.line(&format!("- {mark} `{}` {}", cut(&gate), escape(&cut(&one.detail))));
    }
}

fn figures(message: &mut Message, report: &Report) {
    let Some(section) = report.section("key_figures") else { return };
    message.heading("The month in figures");
    for row in &section.rows {
        let unit = if matches!(row[1], Cell::Money(_)) { format!(" {}", report.currency) } else { String::new() };
        message.item(&format!("{}: {}{unit}", grid::cell_text(&row[0]), grid::cell_text(&row[1])));
    }
}

/// What saves most, with the cents that the report's table shows.
fn savings(message: &mut Message, report: &Report) {
    let (Some(savings), Some(section)) = (&report.savings, report.section("recommendations")) else { return };
    // What saves nothing today is in the report, too, and is none of those that are counted.
    let is_counted = |row: &&Recommendation| row.grade.is_in_total() && row.savings_monthly > 0;
    let counted: Vec<_> = savings.rows.iter().filter(is_counted).collect();
    if counted.is_empty() {
        return;
    }
    message.heading("What saves most, a month");
    let cents = grid::section_cents(section, section.columns.len() - 1);
    for (row, cents) in counted.iter().zip(cents).take(LISTED) {
        let saved = cents.map_or_else(|| display_cents(row.savings_monthly), grouped_cents);
        let place = [row.sub_account_id.as_str(), row.region_id.as_str()].join(" ");
        let what = [row.title.as_str(), place.trim()].into_iter().filter(|part| !part.is_empty());
        message.item(&format!("{saved} {}: {}", report.currency, what.collect::<Vec<_>>().join(", ")));
    }
    if let Some(more) = savings.together_count().checked_sub(LISTED).filter(|&more| more > 0) {
        message.item(&format!("{more} more are in the report"));
    }
}

fn changes(message: &mut Message, report: &Report) {
    let Some(section) = report.section("changes") else { return };
    let Some(at) = section.columns.iter().position(|(name, _)| name == "Change") else { return };
    message.heading(&section.title);
    let cents = grid::section_cents(section, at);
    let named = section.rows.iter().zip(cents).filter(|(row, _)| row[0] != Cell::Text(OTHER_TEXT.to_owned()));
    for (row, cents) in named.take(LISTED) {
        let change = cents.map_or_else(String::new, grouped_cents);
        let sign = if change.starts_with('-') { "" } else { "+" };
        let words = section
            .columns
            .iter()
            .zip(row)
            .filter(|(column, _)| ["ServiceName", "SubAccountId"].contains(&column.0.as_str()));
        let words: Vec<String> = words.map(|(_, cell)| grid::cell_text(cell)).collect();
        message.item(&format!("{sign}{change} {}: {}", report.currency, words.join(", ")));
    }
}

/// Lines that are written while there is room.
#[derive(Default)]
struct Message {
    text: String,
    characters: usize,
    left_out: usize,
}

impl Message {
    /// A paragraph of Markdown.
    fn push(&mut self, markdown: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        self.line(&format!("{gap}{markdown}"));
    }

    fn heading(&mut self, plain: &str) {
        self.push(&format!("**{}**", escape(&cut(plain))));
        self.line("");
    }

    fn item(&mut self, plain: &str) {
        self.line(&format!("- {}", escape(&cut(plain))));
    }

    fn line(&mut self, markdown: &str) {
        let characters = markdown.chars().count() + 1;
        if self.left_out > 0 || self.characters + characters > CHARACTERS_MAX - LAST_LINE {
            self.left_out += usize::from(!markdown.is_empty());
            return;
        }
        self.characters += characters;
        self.text.push_str(markdown);
        self.text.push('\n');
    }

    fn end(mut self) -> String {
        if self.left_out > 0 {
            self.text.push_str(&format!("\n{} more lines are in the report.\n", self.left_out));
        }
        self.text
    }
}

/// Text that is cut to a line's length.
fn cut(text: &str) -> String {
    match text.char_indices().nth(LINE_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_length_fit() {
        let mut message = Message::default();
        for at in 0..100 {
            message.item(&format!("{at} {}", "*[x](y)*".repeat(400)));
        }
        let text = message.end();
        assert!(text.chars().count() <= CHARACTERS_MAX, "{}", text.chars().count());
        let shown = text.lines().filter(|line| line.starts_with("- ")).count();
        assert!(shown > 3 && text.ends_with(&format!("{} more lines are in the report.\n", 100 - shown)), "{text}");
        assert!(!text.contains(" *["), "{text}");
    }
}
