//! Measurements from CloudWatch: what is asked for is known and priced before anything is fetched, and what was fetched is
//! kept, so that it is not fetched again.
//!
//! Only the account of the credentials can be asked. Everything here blocks, as in [`crate::ingest::s3`], whose means it
//! shares: credentials from the standard chain, one schedule of attempts, endpoints that are looked at before they are used.

mod agent;
mod ask;
mod fetch;
mod kept;
mod plan;
mod session;

pub use fetch::{MetricsFetched, MetricsProgress};
pub use plan::{Batch, DATAPOINTS_MAX, LeftOut, MetricsPlan, MetricsRequest, QUERIES_MAX, RegionPlan};
pub use session::{CloudWatch, custom_endpoints};
