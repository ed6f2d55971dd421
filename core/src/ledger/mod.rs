//! The ledger: a handful of small exact tables that a single pass over the bill fills, and that add up.

pub mod by_day;
pub mod by_hour;
pub mod cells;
mod covered;
mod dialects;
pub mod frames;
pub mod gather;
mod keyed;
mod lines;
mod merge;
pub mod pass;
pub mod polars_frames;
pub mod split_costs;
mod spread;
pub mod tables;

pub use tables::Ledger;
