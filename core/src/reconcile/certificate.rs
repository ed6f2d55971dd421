//! The certificate: what was checked, with which figure, and with which verdict.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Amounts of 128 bits as text: JSON has no such numbers.
mod as_text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) trait Amounts: Sized {
        fn texts(&self) -> Vec<Option<String>>;
        fn of(texts: Vec<Option<String>>) -> Option<Self>;
    }

    fn number(text: Option<String>) -> Option<Option<i128>> {
        text.map(|text| text.parse().ok()).map_or(Some(None), |amount| amount.map(Some))
    }

    impl Amounts for Vec<Option<i128>> {
        fn texts(&self) -> Vec<Option<String>> {
            self.iter().map(|amount| amount.map(|amount| amount.to_string())).collect()
        }

        fn of(texts: Vec<Option<String>>) -> Option<Self> {
            texts.into_iter().map(number).collect()
        }
    }

    impl Amounts for Option<i128> {
        fn texts(&self) -> Vec<Option<String>> {
            vec![*self].texts()
        }

        fn of(texts: Vec<Option<String>>) -> Option<Self> {
            number(texts.into_iter().next()?)
        }
    }

    impl Amounts for i128 {
        fn texts(&self) -> Vec<Option<String>> {
            vec![Some(*self)].texts()
        }

        fn of(texts: Vec<Option<String>>) -> Option<Self> {
            number(texts.into_iter().next()?)?
        }
    }

    pub(super) fn serialize<T: Amounts, S: Serializer>(amounts: &T, serializer: S) -> Result<S::Ok, S::Error> {
        amounts.texts().serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: Amounts, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        T::of(Vec::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("an amount is no number"))
    }
}

/// How much a failed check weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// Shown.
    Info,
    /// Reported as a warning.
    Warning,
    /// No figure may be trusted.
    Error,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    /// Checked, and it holds.
    Pass,
    /// It could not be checked, or there was nothing to check. Never a pass.
    NotRun,
    /// Checked, and something needs a look.
    Warn,
    /// Checked, and it does not hold.
    Fail,
}

impl Verdict {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::NotRun => "not_run",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

/// One check of the certificate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// `R1` … `R20`.
    pub id: Cow<'static, str>,
    /// What it says, in a few words.
    pub title: Cow<'static, str>,
    /// What a failure means.
    pub severity: Severity,
    /// What came of it.
    pub verdict: Verdict,
    /// One sentence with the numbers, or why it did not run.
    pub detail: String,
    /// The figure the verdict rests on (a difference, a count), as text.
    pub figure: Option<String>,
    /// The groups, files or days at fault, worst first.
    pub findings: Vec<String>,
}

/// Whether a month is still changing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PeriodStatus {
    /// The bill has no invoice ids (FOCUS 1.0, or an export without them).
    NotStated,
    /// No row carries an invoice id, or the period has not ended by the bill's own latest usage.
    Open,
    /// Some rows carry an invoice id.
    PartlyInvoiced,
    /// Every row carries an invoice id, and the period has ended: usage reaches its last day, or a later period has
    /// usage.
    Final,
}

impl PeriodStatus {
    /// The word for people and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            PeriodStatus::NotStated => "not stated",
            PeriodStatus::Open => "open",
            PeriodStatus::PartlyInvoiced => "partly invoiced",
            PeriodStatus::Final => "final",
        }
    }
}

/// One payer's month in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The paying account.
    pub payer: String,
    /// `2026-10`.
    pub period: String,
    /// The currency.
    pub currency: String,
    /// Whether it is still changing.
    pub status: PeriodStatus,
    /// The last day with usage in the period, in days since 1970-01-01.
    pub last_usage_day: Option<i32>,
    /// Rows of the bill, split-cost rows included.
    pub rows: u64,
    /// Sums of each [`crate::schema::charges::Metric`] in units of 1e-12; `None` where not derivable.
    #[serde(with = "as_text")]
    pub costs: Vec<Option<i128>>,
}

/// What one invoice adds up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceTotal {
    /// The paying account.
    pub payer: String,
    /// The invoice's id; `None` for rows that are not invoiced yet.
    pub invoice_id: Option<String>,
    /// The currency.
    pub currency: String,
    /// Rows.
    pub rows: u64,
    /// Sum of `x_UnblendedCost`, or of `BilledCost` of bills in FOCUS, in units of 1e-12.
    #[serde(with = "as_text")]
    pub amount: i128,
    /// The amount that was invoiced, where an invoice file gave one.
    #[serde(with = "as_text")]
    pub invoiced: Option<i128>,
}

/// One file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its path, as it was found.
    pub file: String,
    /// Its rows.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Pages of parquet that were read.
    pub pages: u64,
    /// Those of them that carry a checksum, which was verified.
    pub pages_with_checksum: u64,
}

/// Something that was not computed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// What was not computed.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// What was checked about a bill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The checks in order of number.
    pub checks: Vec<Check>,
    /// Payers' months.
    pub periods: Vec<Period>,
    /// Invoices.
    pub invoices: Vec<InvoiceTotal>,
    /// The files that were read.
    pub inputs: Vec<Input>,
    /// What could not be computed from this bill.
    pub skipped: Vec<Skipped>,
}

impl Certificate {
    /// The worst verdict. [`Verdict::NotRun`] only when no check ran at all.
    pub fn verdict(&self) -> Verdict {
        let ran = self.checks.iter().map(|check| check.verdict).filter(|&verdict| verdict != Verdict::NotRun);
        ran.max().unwrap_or(Verdict::NotRun)
    }

    /// The exit code of a run: 3 when a check failed, 4 when `strict` and something warns or nothing was checked,
    /// else 0.
    pub fn exit_code(&self, strict: bool) -> u8 {
        match self.verdict() {
            Verdict::Fail => 3,
            Verdict::Warn | Verdict::NotRun if strict => 4,
            _ => 0,
        }
    }

    /// Whether figures may be printed: no check of severity error failed.
    pub fn figures_allowed(&self) -> bool {
        !self.checks.iter().any(|check| check.verdict == Verdict::Fail && check.severity == Severity::Error)
    }

    /// The checks that did not pass, worst first.
    pub fn failures(&self) -> Vec<&Check> {
        let mut checks: Vec<&Check> = self.checks.iter().filter(|check| check.verdict >= Verdict::Warn).collect();
        checks.sort_by_key(|check| (std::cmp::Reverse(check.verdict), std::cmp::Reverse(check.severity)));
        checks
    }

    /// One line for people: `15 checks: 13 passed, 1 warning, 0 failed; 2 did not run`.
    pub fn summary(&self) -> String {
        let count = |verdict| self.checks.iter().filter(|check| check.verdict == verdict).count();
        let (passed, warned, failed) = (count(Verdict::Pass), count(Verdict::Warn), count(Verdict::Fail));
        if passed + warned + failed == 0 {
            return "nothing checked".to_owned();
        }
        format!(
            "{} checks: {passed} passed, {warned} warned, {failed} failed; {} did not run",
            self.checks.len(),
            count(Verdict::NotRun)
        )
    }
}
