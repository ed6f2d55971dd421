//! Options of `farthing commitments` and `farthing plan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::advising::Advice;
use crate::args::{Output, Sources};
use crate::s3::S3;

/// Examples at the end of the command's help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  farthing plan bill/
  farthing plan bill/ --term 1 3 --payment no partial --exclude-family t3 --format json
  farthing plan bill/ --backtest --after recommend
  farthing plan --demand demand.csv --offers offers.csv --capital-cost 0.08
  farthing plan --demand demand.csv --offers offers.csv --method aws --format json

Tables:
  demand: pool,hour,quantity
  offers: pool,kind,term_years,payment,on_demand_rate,upfront,hourly
  kind is reservation, compute_sp, ec2_sp:FAMILY, sagemaker_sp or database_sp; the hourly of a plan is its rate";

/// Examples at the end of the command's help.
pub(crate) const COMMITMENTS_EXAMPLES: &str = "\
Examples:
  farthing commitments bill/
  farthing commitments bill/ --granularity daily --format json
  farthing commitments bill/ --replay";

#[derive(Debug, Args)]
pub(crate) struct Commitments {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Steps of time of Savings Plans and coverage
    #[arg(long, default_value = "monthly")]
    pub(crate) granularity: Step,
    /// Replay reservations and Savings Plans hour by hour and compare with the bill, which is read once more
    #[arg(long)]
    pub(crate) replay: bool,
    /// Accounts, with commas between, that do not share commitments with the others; all when none is named. Else as the bill
    /// shows
    #[arg(
        long,
        requires = "replay",
        value_name = "ACCOUNTS",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    pub(crate) no_sharing: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// By hour
    Hourly,
    /// By UTC day
    Daily,
    /// By billing period
    Monthly,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The bill to plan for: files, folders or manifests, on disk or at s3://bucket/folder
    #[arg(value_name = "SOURCE", required_unless_present = "demand", conflicts_with_all = ["demand", "offers"])]
    pub(crate) sources: Vec<PathBuf>,
    /// Instead of a bill, hourly usage: a csv or parquet table with the columns pool,hour,quantity
    #[arg(long, value_name = "FILE", requires = "offers")]
    pub(crate) demand: Option<PathBuf>,
    /// What can be bought: a csv or parquet table with the columns
    /// pool,kind,term_years,payment,on_demand_rate,upfront,hourly
    #[arg(long, value_name = "FILE", requires = "demand")]
    pub(crate) offers: Option<PathBuf>,
    /// Plan jointly with a certificate, or offer by offer as AWS recommends
    #[arg(long, default_value = "optimal")]
    pub(crate) method: Method,
    /// Terms that may be bought, in years [default: 1 to plan, every term as AWS recommends]
    #[arg(long = "term", value_name = "YEARS", num_args = 1.., value_parser = clap::value_parser!(u32).range(1..=5))]
    pub(crate) terms: Vec<u32>,
    /// Payment options that may be bought [default: all]
    #[arg(long = "payment", value_name = "PAYMENT", num_args = 1..)]
    pub(crate) payments: Vec<Payment>,
    /// What may be bought [default: everything]
    #[arg(long = "buy", value_name = "KIND", num_args = 1..)]
    pub(crate) sorts: Vec<Sort>,
    /// Yearly cost of capital, 0.08 being 8 %: payments of later months are discounted by it
    #[arg(long, value_name = "RATE", default_value_t = 0.0, value_parser = capital_cost)]
    pub(crate) capital_cost: f64,
    /// No Savings Plan may commit more for an hour
    #[arg(long, value_name = "USD", value_parser = commitment)]
    pub(crate) max_commitment: Option<f64>,
    /// All commitments together may cost no more for an hour
    #[arg(long, value_name = "USD", value_parser = commitment)]
    pub(crate) max_spend: Option<f64>,
    /// No greater share of what could be covered may be covered, 0.8 being 80 %
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) max_coverage: Option<f64>,
    /// Every purchase must pay for itself within so many months of usage as it is
    #[arg(long, value_name = "MONTHS", value_parser = months)]
    pub(crate) max_break_even: Option<f64>,
    /// Leave out usage of these accounts
    #[arg(long = "exclude-account", value_name = "ID", num_args = 1.., conflicts_with = "demand")]
    pub(crate) accounts_excluded: Vec<String>,
    /// Leave out these instance families (m5) and services (AmazonRDS)
    #[arg(long = "exclude-family", value_name = "FAMILY", num_args = 1.., conflicts_with = "demand")]
    pub(crate) families_excluded: Vec<String>,
    /// Size purchases on the last so many days of the bill [default: 28; 30 of --method aws; all of it with --outlook]
    #[arg(long, value_name = "DAYS", conflicts_with = "demand", value_parser = clap::value_parser!(u32).range(1..=1_096))]
    pub(crate) look_back: Option<u32>,
    /// Plan for usage along its trend over the next so many weeks, and not for usage as it was (a heuristic)
    #[arg(long, value_name = "WEEKS", conflicts_with = "demand", value_parser = clap::value_parser!(u32).range(1..=156))]
    pub(crate) outlook: Option<u32>,
    /// Show what the months that came would have cost had the plan been followed, against other ways of buying
    #[arg(long, conflicts_with = "demand")]
    pub(crate) backtest: bool,
    /// Leave out usage of what `farthing recommend` advises to stop or change
    #[arg(long, value_name = "COMMAND", conflicts_with = "demand")]
    pub(crate) after: Option<After>,
    #[command(flatten)]
    pub(crate) advice: Advice,
    #[command(flatten)]
    pub(crate) s3: S3,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum After {
    /// Its advice was followed
    Recommend,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// The purchase that costs least, jointly, with a bound
    Optimal,
    /// Every offer by itself, with AWS's formulas
    Aws,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// Reserved instances, nodes and capacity
    Reservation,
    /// EC2 Instance Savings Plans
    Ec2Sp,
    /// Compute Savings Plans
    ComputeSp,
    /// SageMaker Savings Plans
    SagemakerSp,
    /// Database Savings Plans
    DatabaseSp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Payment {
    /// By the hour
    No,
    /// Half at once
    Partial,
    /// All at once
    All,
}

fn capital_cost(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.0..=1.0).contains(&rate) => Ok(rate),
        _ => Err("use a yearly rate such as 0.08".to_owned()),
    }
}

fn commitment(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(amount) if (0.0..=1_000_000.0).contains(&amount) => Ok(amount),
        _ => Err("use an amount for an hour such as 12.5".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("use a share between 0 and 1 such as 0.8".to_owned()),
    }
}

fn months(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(months) if (0.0..=60.0).contains(&months) => Ok(months),
        _ => Err("use a number of months such as 9".to_owned()),
    }
}
