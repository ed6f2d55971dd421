//! Tests of the engine on bills whose truth is known.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad_csv;
mod bad_parquet;
mod certificate;
mod commitments;
mod continuity;
mod detectors;
mod encodings;
mod floors;
mod focus;
mod formats;
mod gates;
mod messages;
mod pages;
mod plan_bill;
mod planner;
mod price_lists;
mod properties;
mod questions;
mod rightsize;
#[cfg(feature = "s3")]
mod s3;
mod sameness;
mod simplex;
mod split_costs;
mod statuses;
mod store;
mod support;
mod truth;
mod waterfall;
