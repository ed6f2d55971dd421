//! `farthing.toml`: thresholds, least savings, owners and exceptions that a team has agreed on, in a file that is
//! reviewed. What is wrong in it is named with its line and key.

mod apply;
mod written;

pub use apply::{Excepted, ExceptionState, ExceptionUse};
pub(super) use apply::{Judged, detect};

use crate::error::Result;
use crate::schema::recommendations::Kind;

/// What a row must be to be meant. What is not stated may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// The detector's id.
    pub detector: Option<&'static str>,
    /// The kind of saving.
    pub kind: Option<Kind>,
    /// The account's id.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The resource's id, or what follows its last `/` or `:`; `*` stands for any text.
    pub resource: Option<String>,
    /// A tag: its key, with a value or with any.
    pub tag: Option<(String, Option<String>)>,
}

/// Rows that are not to be proposed until a day, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Its line in the file, counted from 1.
    pub line: usize,
    /// What it is about.
    pub rows: Selector,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Its last UTC day, in days since 1970-01-01; none for what tags protect.
    pub until: Option<i32>,
}

/// What holds for an account, a region or a tag.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// What it holds for: account, region and tag count.
    pub rows: Selector,
    /// Who owns what is there.
    pub owner: Option<String>,
    /// Rows that save less a month are left out, in units of 1e-12.
    pub savings_min_monthly: Option<i128>,
    /// Thresholds: `idle-nat-gateway.HOURS_MIN=168`.
    pub(super) settings: Vec<String>,
    /// The detectors whose thresholds differ here.
    pub(super) detectors: Vec<&'static str>,
}

/// A configuration.
///
/// ```
/// use farthing::Config;
/// let text = r#"
/// min_savings = 5
/// [[exception]]
/// resource = "nat-0abc*"
/// reason = "stands by for the recovery test"
/// until = 2027-03-31
/// "#;
/// assert_eq!(Config::parse("farthing.toml", text)?.exceptions[0].line, 3);
/// let error = Config::parse("farthing.toml", "min_saving = 5").unwrap_err().to_string();
/// assert!(error.starts_with("farthing.toml, line 1, min_saving: "), "{error}");
/// # Ok::<(), farthing::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The file's name, for messages.
    pub name: String,
    /// Rows that save less a month are left out, in units of 1e-12.
    pub savings_min_monthly: Option<i128>,
    /// Parts of the organization where something else holds; the first that fits a row counts.
    pub scopes: Vec<Scope>,
    /// What is not to be proposed; the first that fits a row counts.
    pub exceptions: Vec<Exception>,
    /// Thresholds of all.
    pub(super) settings: Vec<String>,
}

impl Config {
    /// Reads a configuration; `name` is what messages call it.
    ///
    /// # Errors
    /// [`crate::Error::Config`] with the line and key of what is not understood.
    pub fn parse(name: &str, text: &str) -> Result<Config> {
        written::read(name, text)
    }
}
