//! The ledger: a handful of small exact tables that a single pass over the bill fills, and that add up.

pub(crate) mod archive;
pub mod by_day;
pub mod by_hour;
mod canonical;
pub mod cells;
mod columns;
mod covered;
mod dialects;
pub mod frames;
pub mod gather;
mod keyed;
mod lines;
mod load;
mod load_commitments;
mod load_names;
mod merge;
pub mod pass;
pub mod polars_frames;
mod repeats;
mod save;
pub mod split_costs;
mod split_kept;
mod spread;
pub mod store;
pub mod tables;
pub(crate) mod view;

pub use tables::Ledger;
