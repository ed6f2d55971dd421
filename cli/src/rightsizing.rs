//! Options of `farthing rightsize`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::Output;
use crate::cataloging::Folder;

/// Examples at the end of the command's help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  farthing rightsize --table instances.csv --mode cost-explorer
  farthing rightsize --table instances.csv --mode cost-explorer --prices prices.csv --format json

Tables:
  instances, over 14 days: resource_id,instance_type,region_id,operating_system,running_hours,reserved_hours,
  on_demand_hours,cpu_percent_max; no figure of CPU is an empty cell
  prices: instance_type,region_id,operating_system,vcpus,on_demand_rate; region, system (Linux) and vcpus may be left out";

#[derive(Debug, Args)]
pub(crate) struct Rightsize {
    /// Instances over 14 days: a csv or parquet table with the columns
    /// resource_id,instance_type,region_id,operating_system,running_hours,reserved_hours,on_demand_hours,cpu_percent_max
    #[arg(long, value_name = "FILE")]
    pub(crate) table: PathBuf,
    /// Whose rules
    #[arg(long)]
    pub(crate) mode: Mode,
    /// On-demand rates, from here and nowhere else: a csv or parquet table with the columns
    /// instance_type,region_id,operating_system,on_demand_rate [default: imported price lists, else the bundled one]
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) folder: Folder,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// As AWS's Cost Explorer recommends: the same family, up to three smaller sizes, at most 80 % CPU; terminate at 1 %
    CostExplorer,
}
