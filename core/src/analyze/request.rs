//! A cost question and its answer.

use std::sync::Arc;

use crate::error::Result;
use crate::reconcile::certificate::Skipped;
use crate::schema::charges::{Dimension, Metric};
use crate::schema::filter::Filter;

/// How time is divided in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Granularity {
    /// By UTC day of the charge's start.
    Daily,
    /// By billing period.
    Monthly,
    /// Not at all.
    #[default]
    Total,
}

/// What `costs` asks: the sum of one metric by some dimensions.
///
/// ```
/// use farthing::{Costs, Metric};
/// let question = Costs::by(["ServiceName", "Tags/team"]).metric(Metric::BilledCost).monthly().top(10);
/// assert_eq!(question.by, ["ServiceName", "Tags/team"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Costs {
    /// Charge columns, `Tags/KEY` or `CostCategories/KEY`.
    pub by: Vec<String>,
    /// The metric.
    pub metric: Metric,
    /// How time is divided.
    pub granularity: Granularity,
    /// Only this billing period, `2026-10`.
    pub period: Option<String>,
    /// Only charges that start on or after this UTC day, `2026-10-01`.
    pub from: Option<String>,
    /// Only charges that start before this UTC day.
    pub to: Option<String>,
    /// Conditions in the filter grammar ([`Filter::parse`]).
    pub filter: String,
    /// Only the largest so many groups; the rest is one row `(other)`, so that it still adds up.
    pub top: Option<usize>,
}

impl Default for Costs {
    fn default() -> Self {
        Costs::by(Vec::<String>::new())
    }
}

impl Costs {
    /// A question by these dimensions, in effective cost over everything.
    pub fn by<I: IntoIterator<Item = S>, S: Into<String>>(by: I) -> Costs {
        Costs {
            by: by.into_iter().map(Into::into).collect(),
            metric: Metric::EffectiveCost,
            granularity: Granularity::Total,
            period: None,
            from: None,
            to: None,
            filter: String::new(),
            top: None,
        }
    }

    /// Asks for another metric.
    pub fn metric(self, metric: Metric) -> Costs {
        Costs { metric, ..self }
    }

    /// Asks day by day.
    pub fn daily(self) -> Costs {
        Costs { granularity: Granularity::Daily, ..self }
    }

    /// Asks month by month.
    pub fn monthly(self) -> Costs {
        Costs { granularity: Granularity::Monthly, ..self }
    }

    /// Asks only about charges that meet these conditions.
    pub fn filter(self, filter: impl Into<String>) -> Costs {
        Costs { filter: filter.into(), ..self }
    }

    /// Asks only about one billing period.
    pub fn period(self, period: impl Into<String>) -> Costs {
        Costs { period: Some(period.into()), ..self }
    }

    /// Asks for the largest groups only.
    pub fn top(self, count: usize) -> Costs {
        Costs { top: Some(count), ..self }
    }

    /// The dimensions, parsed.
    pub(crate) fn dimensions(&self) -> Result<Vec<Dimension>> {
        self.by.iter().map(|name| Dimension::parse(name)).collect()
    }

    /// The filter, parsed.
    pub(crate) fn conditions(&self) -> Result<Filter> {
        Filter::parse(&self.filter)
    }
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnsweredFrom {
    /// The ledger, gathered already.
    Ledger,
    /// Another pass over the bill, because the ledger does not keep these columns together.
    Bill,
}

/// One group of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRow {
    /// The day (`2026-10-31`) or billing period (`2026-10`); `None` for a total.
    pub period: Option<Arc<str>>,
    /// The members, one for each dimension; `None` is the missing value. Rows share their texts.
    pub keys: Vec<Option<Arc<str>>>,
    /// The sum in units of 1e-12; `None` where the bill does not say.
    pub cost: Option<i128>,
}

/// The answer to [`Costs`]: groups in order of time, then largest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostTable {
    /// Names of the dimensions.
    pub by: Vec<String>,
    /// The metric.
    pub metric: Metric,
    /// How time is divided.
    pub granularity: Granularity,
    /// The currency of every amount.
    pub currency: String,
    /// The billing periods that were asked about.
    pub periods: Vec<String>,
    /// The groups.
    pub rows: Vec<CostRow>,
    /// Their sum.
    pub total: Option<i128>,
    /// Where the answer came from.
    pub answered_from: AnsweredFrom,
    /// What the bill does not say.
    pub skipped: Vec<Skipped>,
}
