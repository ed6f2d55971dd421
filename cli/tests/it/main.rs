//! The command as its users run it: files, pipes, exit codes.

#![allow(clippy::unwrap_used)]

mod agreed;
mod bill;
mod catalog;
mod figures;
mod files;
mod guides;
#[cfg(unix)]
mod metrics;
mod plan;
mod report;
mod rightsize;
#[cfg(unix)]
mod s3;
mod store;
mod usage;
