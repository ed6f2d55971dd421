//! The monthly report: sections of figures with the certificate, in a form that every renderer can walk.

mod agreed;
mod changes;
mod commit_row;
mod commitment_terms;
mod commitments;
pub mod config;
pub mod continuity;
mod detail;
pub mod gates;
pub mod goal;
mod month;
mod names;
mod plan;
pub mod recommendations;
mod replay;
mod request;
mod sections;
pub mod waterfall;

pub use commitments::commitments;
pub use plan::plan;
pub use replay::replay_sections;
pub use request::ReportRequest;
pub use sections::report;

use crate::reconcile::certificate::{Certificate, Skipped};

/// One value of a section's row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// Money in units of 1e-12.
    Money(i128),
    /// A share, 1.0 being all.
    Ratio(f64),
    /// A count.
    Count(u64),
    /// A quantity in units of 1e-15.
    Quantity(i128),
    /// Not known, or not derivable.
    Missing,
}

/// How a column's cells read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, to the left.
    Text,
    /// Money, to the right, in the report's currency.
    Money,
    /// A share in percent.
    Ratio,
    /// A count or quantity.
    Number,
    /// Figures of several kinds, each in its own way.
    Figure,
}

/// A table of the report.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its key in JSON: `costs_by_service`.
    pub id: &'static str,
    /// Its title.
    pub title: String,
    /// One sentence on what the figures mean, or what is not in them.
    pub note: String,
    /// Column names and kinds. Names are stable keys in JSON.
    pub columns: Vec<(String, ColumnKind)>,
    /// Rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
    /// The sum row, when the rows add up to something.
    pub total: Option<Vec<Cell>>,
}

/// The report of a bill.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Its title.
    pub title: String,
    /// The billing periods, in order.
    pub periods: Vec<String>,
    /// The currency of every amount.
    pub currency: String,
    /// The sections in reading order; none when the certificate forbids figures.
    pub sections: Vec<Section>,
    /// Costs by month, account, service, region and category, exact and without sums; in the monthly report only.
    pub detail: Option<Section>,
    /// What could be saved, with what it rests on; in the monthly report only.
    pub savings: Option<recommendations::Recommendations>,
    /// What came of the gates that were asked about; in the monthly report only.
    pub gates: Vec<gates::GateResult>,
    /// What was checked.
    pub certificate: Certificate,
}

impl Report {
    /// What could not be computed, beside what the certificate says: detectors that did not run.
    pub fn skipped(&self) -> &[Skipped] {
        self.savings.as_ref().map_or(&[], |savings| &savings.skipped)
    }

    /// The section with this key.
    pub fn section(&self, id: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == id)
    }
}
