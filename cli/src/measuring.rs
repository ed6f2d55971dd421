//! Options of `farthing metrics`.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use crate::args::Sources;

/// Examples at the end of the command's help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  farthing metrics fetch bill/
  farthing metrics fetch bill/ --look-back 32 --yes -o metrics.parquet
  farthing recommend bill/ --metrics metrics.parquet

GetMetricData is billed: 0.01 USD for 1,000 metrics. What will be asked, and what it costs, is shown first. The credentials need
cloudwatch:GetMetricData and cloudwatch:ListMetrics; only their own account can be asked.";

#[derive(Debug, Args)]
pub(crate) struct Metrics {
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// What is done about metrics.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Fetch what CloudWatch measured of the resources that cost money, for `recommend` and `rightsize`
    #[command(after_help = EXAMPLES)]
    Fetch(Fetch),
}

#[derive(Debug, Args)]
pub(crate) struct Fetch {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Whole days up to today: 14 and 32 by five minutes, 93 by the hour, for AWS keeps no finer values so long
    #[arg(long, value_name = "DAYS", default_value = "14", value_parser = days())]
    pub(crate) look_back: u32,
    /// Do not ask before what is billed
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Write the table to FILE, which appears whole or not at all
    #[arg(short = 'o', long = "output", value_name = "FILE", default_value = "metrics.parquet")]
    pub(crate) file: PathBuf,
}

fn days() -> impl TypedValueParser<Value = u32> {
    PossibleValuesParser::new(["14", "32", "93"]).try_map(|days| days.parse::<u32>())
}
