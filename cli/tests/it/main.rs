//! The command as its users run it: files, pipes, exit codes.

#![allow(clippy::unwrap_used)]

mod bill;
mod catalog;
mod figures;
mod files;
mod guides;
mod plan;
<<<<<<< HEAD
mod rightsize;
=======
mod report;
>>>>>>> 20e6bb8 (report: HTML with charts, Excel workbook; key figures, changes, tags, savings)
#[cfg(unix)]
mod s3;
mod store;
mod usage;
