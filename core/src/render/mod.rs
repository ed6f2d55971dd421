//! Results as JSON, Markdown, CSV, HTML and Excel workbooks, and as the text tables that the terminal prints; pure, no file is written.
//!
//! JSON and CSV carry exact amounts. [`grid`] is what people read: amounts are rounded once, to cents, in a way that
//! printed parts add up to the printed sum.

pub mod catalog;
#[cfg(feature = "html")]
pub mod charts;
pub mod csv;
pub mod fleet;
pub mod grid;
#[cfg(feature = "html")]
pub mod html;
pub mod json;
pub mod kept;
pub mod markdown;
pub mod message;
pub mod plans;
pub mod registry;
pub mod rightsizing;
pub mod savings;
pub mod summaries;
#[cfg(feature = "xlsx")]
pub mod xlsx;

use std::borrow::Cow;

use crate::analyze::request::{CostTable, Granularity};
use crate::reconcile::certificate::{Certificate, Period, Skipped, Verdict};
use crate::report::Report;
use crate::schema::charges::{CHARGE_PERIOD_START, Metric};
use crate::schema::money::{MONEY_SCALE, display_cents, divide_half_even, to_text};

/// The column with the billing period of a monthly answer.
pub const BILLING_PERIOD: &str = "BillingPeriod";
/// What stands where a figure is not known.
pub const UNKNOWN: &str = "n/a";

/// Name of the column that says when, or `None` when time is not divided or a dimension says it already.
pub fn period_column(table: &CostTable) -> Option<&'static str> {
    let name = match table.granularity {
        Granularity::Daily => CHARGE_PERIOD_START.name,
        Granularity::Monthly => BILLING_PERIOD,
        Granularity::Total => return None,
    };
    (!table.by.iter().any(|dimension| dimension == name)).then_some(name)
}

/// The mark of a verdict: `✓`, `!`, `✗`, or `–` for what did not run.
pub const fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Warn => "!",
        Verdict::Fail => "✗",
        Verdict::NotRun => "–",
    }
}

/// Text that is safe to show: terminal sequences, control characters and bidirectional overrides are removed, and
/// line breaks become spaces. Tags and names are written by many hands; none of them may move the reader's cursor.
///
/// ```
/// use farthing::render::printable;
/// assert_eq!(printable("plain"), "plain");
/// assert_eq!(printable("red\u{1b}[31m alert\u{1b}]0;title\u{7}\u{202e}!\n"), "red alert! ");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_control) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let mut taken = first.len_utf8();
        match first {
            '\u{1b}' => taken = sequence_length(rest),
            '\n' | '\r' | '\t' => clean.push(' '),
            _ if is_control(first) => {}
            _ => clean.push(first),
        }
        rest = &rest[taken..];
    }
    Cow::Owned(clean)
}

/// Whether a character steers a terminal or the direction of text instead of showing something.
pub fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Bytes of the escape sequence that `text` begins with; one, the escape itself, when it is not closed.
fn sequence_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let length = match bytes.get(1) {
        Some(b'[') => bytes[2..].iter().position(|byte| (0x40..=0x7e).contains(byte)).map(|at| at + 3),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let bell = text.find('\u{7}').map(|at| at + 1);
            let string_end = text.find("\u{1b}\\").map(|at| at + 2);
            [bell, string_end].into_iter().flatten().min()
        }
        Some(byte) if (0x20..0x7f).contains(byte) => Some(2),
        _ => None,
    };
    length.filter(|&length| text.is_char_boundary(length)).unwrap_or(1)
}

/// A count with thousands separated.
pub fn count_text(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A quantity (units of 1e-15) rounded to three decimals.
pub fn quantity_text(units: i128) -> String {
    to_text(divide_half_even(units, 10_i128.pow(MONEY_SCALE)), 3, 0)
}

/// A share in percent with one decimal: `12.3%`.
pub fn percent_text(ratio: f64) -> String {
    if !ratio.is_finite() {
        return UNKNOWN.to_owned();
    }
    let text = format!("{:.1}%", ratio * 100.0);
    if text == "-0.0%" { "0.0%".to_owned() } else { text }
}

/// A size in bytes for people: `1.2 MB`.
pub fn bytes_text(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if size < 999.95 {
            return if unit == "B" { format!("{bytes} B") } else { format!("{size:.1} {unit}") };
        }
        size /= 1000.0;
    }
    format!("{size:.1} TB")
}

/// `1 file`, `1,200 files`.
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count_text(count)) }
}

/// Billing periods in words: `2026-10`, `2026-08 to 2026-10`, or `no billing period`.
pub fn periods_text(periods: &[String]) -> String {
    match (periods.iter().min(), periods.iter().max()) {
        (Some(first), Some(last)) if first == last => first.clone(),
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => "no billing period".to_owned(),
    }
}

/// What a cost answer is about: `EffectiveCost by ServiceName, Tags/team`.
pub fn costs_title(table: &CostTable) -> String {
    let when = match table.granularity {
        Granularity::Daily => ", by day",
        Granularity::Monthly => ", by month",
        Granularity::Total => "",
    };
    if table.by.is_empty() {
        return format!("{}{when}", table.metric.name());
    }
    format!("{} by {}{when}", table.metric.name(), table.by.join(", "))
}

/// One sentence on a cost answer: the sum, the currency and the billing periods.
pub fn costs_headline(table: &CostTable) -> String {
    let sum = table.total.map_or_else(|| UNKNOWN.to_owned(), display_cents);
    let groups = if table.rows.is_empty() { "; no charge meets these conditions" } else { "" };
    format!("{sum} {} in {}{groups}", table.currency, periods_text(&table.periods))
}

/// One sentence on the report's last billing period: its cost, the change on the period before, what was billed and
/// whether it is final. `None` when the certificate has no such figures.
pub fn headline(report: &Report) -> Option<String> {
    if report.sections.is_empty() {
        return None;
    }
    let last = report.periods.iter().max()?;
    let months = in_currency(report);
    let effective = period_sum(&months, last, Metric::EffectiveCost)?;
    // Rounded by itself, as every figure that stands alone: the same as the key figures' and a gate's.
    let mut text = format!("{last}: {} {} effective cost", display_cents(effective), report.currency);
    if let Some(before) = report.periods.iter().filter(|period| *period < last).max()
        && let Some(earlier) = period_sum(&months, before, Metric::EffectiveCost)
        && let Some(change) = change_text(earlier, effective)
    {
        text.push_str(&format!(" ({change} on {before})"));
    }
    if let Some(billed) = period_sum(&months, last, Metric::BilledCost) {
        text.push_str(&format!(", {} billed", display_cents(billed)));
    }
    let status = months.iter().filter(|month| month.period == *last).map(|month| month.status).min()?;
    Some(format!("{text}; the month is {}", status.name()))
}

/// One sentence on the amounts of a report.
pub fn amounts_sentence(report: &Report) -> String {
    let periods = periods_text(&report.periods);
    format!("{periods}; all amounts in {}, rounded to cents so that each table adds up", report.currency)
}

/// The report's payers' months in order of time.
fn in_currency(report: &Report) -> Vec<&Period> {
    let periods = report.certificate.periods.iter();
    let mut months: Vec<&Period> = periods.filter(|month| month.currency == report.currency).collect();
    months.sort_by_key(|month| (&month.period, &month.payer));
    months
}

/// A billing period's sum of a metric; `None` without such a month or when one does not know it.
fn period_sum(months: &[&Period], period: &str, metric: Metric) -> Option<i128> {
    let mut costs =
        months.iter().filter(|month| month.period == period).map(|month| period_cost(month, metric)).peekable();
    costs.peek()?;
    costs.sum()
}

/// A payer's month in one metric; `None` where the bill does not say.
pub fn period_cost(month: &Period, metric: Metric) -> Option<i128> {
    month.costs.get(metric as usize).copied().flatten()
}

/// A change in percent with its sign; `None` from nothing.
pub fn change_text(before: i128, after: i128) -> Option<String> {
    let change = crate::schema::money::ratio(after - before, before.abs())?;
    let text = percent_text(change);
    Some(if text.starts_with('-') || text == "0.0%" { text } else { format!("+{text}") })
}

/// What was not computed: the certificate's and the answer's own, each once.
pub fn all_skipped<'a>(certificate: &'a Certificate, own: &'a [Skipped]) -> Vec<&'a Skipped> {
    let mut skipped: Vec<&Skipped> = own.iter().collect();
    for entry in &certificate.skipped {
        if !skipped.contains(&entry) {
            skipped.push(entry);
        }
    }
    skipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        for (text, shown) in [
            ("a\u{1b}[1;31mb", "ab"),
            ("a\u{1b}]8;;http://x\u{1b}\\b", "ab"),
            ("a\u{1b}Pq\u{7}b", "ab"),
            ("a\u{1b}", "a"),
            ("a\u{1b}[31", "a[31"),
            ("a\u{9b}31mb", "a31mb"),
            ("a\u{1b}éb", "aéb"),
            ("a\u{1b}[é", "a[é"),
            ("ab\u{2066}c\u{200b}", "abc"),
            ("two\r\nlines\t", "two  lines "),
        ] {
            assert_eq!(printable(text), shown, "{text:?}");
            assert!(!printable(text).chars().any(is_control));
        }
    }

    #[test]
    fn figures_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count_text), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0, 999, 1_000, 999_960, 1_500_000_000].map(bytes_text),
            ["0 B", "999 B", "1.0 kB", "1.0 MB", "1.5 GB"]
        );
        assert_eq!(quantity_text(1_234_500_000_000_000), "1.234");
        assert_eq!([0.1234, -0.0001, f64::NAN].map(percent_text), ["12.3%", "0.0%", "n/a"]);
        assert_eq!(change_text(100, 110).as_deref(), Some("+10.0%"));
        assert_eq!(change_text(-100, -110).as_deref(), Some("-10.0%"));
        assert_eq!(change_text(0, 5), None);
    }
}
