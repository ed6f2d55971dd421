//! Options of commands that give advice.

use std::path::PathBuf;

use clap::Args;

use crate::cataloging::Folder;

/// What advice rests on beside the bill.
#[derive(Debug, Args)]
pub(crate) struct Advice {
    /// Find what CloudWatch's measurements show, too: csv or parquet tables in long form, or answers of get-metric-data as
    /// JSON, after SOURCE
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) metrics: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) folder: Folder,
    /// What the team has agreed on: thresholds, least savings, owners, exceptions [default: farthing.toml in the
    /// current folder, where there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}
