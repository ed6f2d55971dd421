#![doc = include_str!("../ARCHITECTURE.md")]

pub mod analyze;
mod bill;
pub mod catalog;
pub mod detector;
pub mod detectors;
pub mod error;
pub mod ingest;
pub mod ledger;
pub mod normalize;
pub mod planner;
pub mod reconcile;
pub mod render;
pub mod replay;
pub mod report;
pub mod rightsize;
pub mod schema;
pub mod simulate;

pub use analyze::request::{AnsweredFrom, CostRow, CostTable, Costs, Granularity};
pub use bill::{Bill, BillOptions};
pub use detector::{Detector, Need};
pub use error::{Error, Result};
pub use ingest::{Capability, DeliveredFile, Delivery, Inventory};
pub use ledger::Ledger;
pub use ledger::pass::Progress;
pub use ledger::store::Store;
pub use planner::bill::{BillPlan, PlanRequest};
pub use reconcile::certificate::{
    Certificate, Check, Input, InvoiceTotal, Period, PeriodStatus, Severity, Skipped, Verdict,
};
pub use report::config::Config;
pub use report::gates::{Gate, GateResult};
pub use report::goal::{Goal, Target};
pub use report::recommendations::{Recommendations, Request};
pub use report::{Cell, ColumnKind, Report, ReportRequest, Section};
pub use schema::charges::{Dimension, Metric};
pub use schema::money;
pub use schema::recommendations::{Effort, Grade, Kind, PriceSource, Recommendation};
pub use simulate::waterfall::{Step, Waterfall};

/// The examples of the guide for programs compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embedding.md")]
pub struct EmbeddingGuide;
