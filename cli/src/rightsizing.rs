//! Options of `farthing rightsize`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use farthing::rightsize::preferences;

use crate::args::Output;
use crate::cataloging::Folder;
use crate::s3::S3;

/// Examples at the end of the command's help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  farthing rightsize bill/ --metrics metrics.csv
  farthing rightsize bill/ --metrics metrics.csv --preset balanced --format json
  farthing rightsize bill/ --metrics metrics.csv --percentile 95 --cpu-headroom 10
  farthing rightsize --table instances.csv --mode cost-explorer
  farthing rightsize --table instances.csv --mode cost-explorer --prices prices.csv --format json

Tables:
  metrics: resource_id,timestamp,metric,statistic,value,unit; CloudWatch's names (CPUUtilization, mem_used_percent, …)
  instances, over 14 days: resource_id,instance_type,region_id,operating_system,running_hours,reserved_hours,
  on_demand_hours,cpu_percent_max; no figure of CPU is an empty cell
  prices: instance_type,region_id,operating_system,vcpus,on_demand_rate; region, system (Linux) and vcpus may be left out";

#[derive(Debug, Args)]
pub(crate) struct Rightsize {
    /// The bill: a parquet or csv file, a folder or a manifest, on disk or at s3://bucket/folder; several are one bill
    #[arg(value_name = "SOURCE", required_unless_present = "table", requires = "metrics")]
    pub(crate) sources: Vec<PathBuf>,
    /// What CloudWatch measured: csv or parquet tables in long form, or answers of get-metric-data as JSON
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "sources")]
    pub(crate) metrics: Vec<PathBuf>,
    /// Compute Optimizer's settings by name [default: default]
    #[arg(long, value_name = "PRESET", requires = "metrics")]
    pub(crate) preset: Option<Preset>,
    /// The percentile of the measurements that counts, in steps of 0.5 [default: 99.5]
    #[arg(long, value_name = "PERCENT", value_parser = percentile, requires = "metrics")]
    pub(crate) percentile: Option<f64>,
    /// Percent of the processors that stay free at that percentile [default: 20]
    #[arg(long, value_name = "PERCENT", value_parser = headroom, requires = "metrics")]
    pub(crate) cpu_headroom: Option<f64>,
    /// Percent of the memory that stays free [default: 20]
    #[arg(long, value_name = "PERCENT", value_parser = headroom, requires = "metrics")]
    pub(crate) memory_headroom: Option<f64>,
    /// Days of measurements that count, of each series before its last one
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u32).range(2..=366))]
    pub(crate) look_back_days: u32,
    /// Instances over 14 days, instead of a bill: a csv or parquet table with the columns
    /// resource_id,instance_type,region_id,operating_system,running_hours,reserved_hours,on_demand_hours,cpu_percent_max
    #[arg(long, value_name = "FILE", conflicts_with = "sources", requires = "mode")]
    pub(crate) table: Option<PathBuf>,
    /// Whose rules the table is read by
    #[arg(long, requires = "table")]
    pub(crate) mode: Option<Mode>,
    /// On-demand rates, from here and nowhere else: a csv or parquet table with the columns
    /// instance_type,region_id,operating_system,on_demand_rate [default: imported price lists, else the bundled one]
    #[arg(long, value_name = "FILE")]
    pub(crate) prices: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) folder: Folder,
    #[command(flatten)]
    pub(crate) s3: S3,
    #[command(flatten)]
    pub(crate) output: Output,
}

impl Rightsize {
    /// What is asked of a smaller machine: the preset, and what is said beside it.
    pub(crate) fn preferences(&self) -> preferences::Preferences {
        let preset = match self.preset.unwrap_or(Preset::Default) {
            Preset::MaxSavings => preferences::Preset::MaxSavings,
            Preset::Balanced => preferences::Preset::Balanced,
            Preset::Default => preferences::Preset::Default,
            Preset::MaxPerformance => preferences::Preset::MaxPerformance,
        };
        let named = preset.preferences();
        preferences::Preferences {
            percentile: self.percentile.unwrap_or(named.percentile),
            cpu_headroom: self.cpu_headroom.unwrap_or(named.cpu_headroom),
            memory_headroom: self.memory_headroom.unwrap_or(named.memory_headroom),
            look_back_days: self.look_back_days,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// As AWS's Cost Explorer recommends: the same family, up to three smaller sizes, at most 80 % CPU; terminate at 1 %
    CostExplorer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// P90, no headroom of processors and 10 % of memory
    MaxSavings,
    /// P95, 30 % of both
    Balanced,
    /// P99.5, 20 % of both
    Default,
    /// P99.5, 30 % of both
    MaxPerformance,
}

fn percentile(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(percent) if (50.0..=100.0).contains(&percent) && (percent * 2.0).fract() == 0.0 => Ok(percent),
        _ => Err("use a percentile from 50 to 100 in steps of 0.5, such as 99.5".to_owned()),
    }
}

fn headroom(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(percent) if (0.0..=90.0).contains(&percent) => Ok(percent),
        _ => Err("use percent from 0 to 90, such as 20".to_owned()),
    }
}
