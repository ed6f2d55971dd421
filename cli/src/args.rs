//! The command line: every command and option, with examples that run.

mod examples;
mod shell;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};
use farthing::Gate;
use farthing::schema::filter::Filter;
use farthing::{Dimension, Kind, Metric};

use self::examples::{
    COSTS_EXAMPLES, DEMO_EXAMPLES, DETECTORS_EXAMPLES, EXAMPLES, EXPLAIN_EXAMPLES, INSPECT_EXAMPLES,
    RECOMMEND_EXAMPLES, RECONCILE_EXAMPLES, REPORT_EXAMPLES, STORE_EXAMPLES,
};
use self::shell::{COMPLETIONS_EXAMPLES, MAN_EXAMPLES};
pub(crate) use self::shell::{Completions, Man};
use crate::advising::Advice;
use crate::s3::S3;

/// The heading of options that every command has.
const EVERYWHERE: &str = "Everywhere";

/// Accounts for an AWS bill to the last farthing.
#[derive(Debug, Parser)]
#[command(name = "farthing", version, after_help = EXAMPLES, max_term_width = 110)]
pub(crate) struct Farthing {
    #[command(flatten)]
    pub(crate) everywhere: Everywhere,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Everywhere {
    /// Read with so many threads [default: one for each core]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Say nothing but results and errors
    #[arg(short, long, global = true, help_heading = EVERYWHERE, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more: every finding, every file that was read
    #[arg(short, long, global = true, help_heading = EVERYWHERE)]
    pub(crate) verbose: bool,
    /// Color the output
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// Keep ledgers in DIR, so that what did not change is not read again [default: FARTHING_STORE, or farthing/store
    /// in the user's cache folder]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
    /// Read everything anew, and keep nothing
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) no_store: bool,
    /// Exit with 4 on warnings and partial data
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub(crate) strict: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a bill to try things on
    #[command(after_help = DEMO_EXAMPLES)]
    Demo(Demo),
    /// Show what there is to read, and what can and cannot be computed from it
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(Inspect),
    /// Check that no money appears or vanishes, and show every check
    #[command(after_help = RECONCILE_EXAMPLES)]
    Reconcile(Reconcile),
    /// Show costs by any dimensions
    #[command(after_help = COSTS_EXAMPLES)]
    Costs(Costs),
    /// Show every saving that the bill itself proves, ranked, each resource counted once
    #[command(after_help = RECOMMEND_EXAMPLES)]
    Recommend(Recommend),
    /// Say which instances are too large for what they do
    #[command(after_help = crate::rightsizing::EXAMPLES)]
    Rightsize(crate::rightsizing::Rightsize),
    /// Fetch what CloudWatch measured of the bill's resources
    #[command(after_help = crate::measuring::EXAMPLES)]
    Metrics(crate::measuring::Metrics),
    /// List the detectors that look for savings
    #[command(after_help = DETECTORS_EXAMPLES)]
    Detectors(Detectors),
    /// Show a detector's guide: what it finds, how it decides, when not to act
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Show or write the monthly report
    #[command(after_help = REPORT_EXAMPLES)]
    Report(Report),
    /// Show, check or tidy the ledgers that are kept
    #[command(after_help = STORE_EXAMPLES)]
    Store(Store),
    /// Show what commitments are worth: bought, used and unused, coverage, who bought and who benefited
    #[command(after_help = crate::planning::COMMITMENTS_EXAMPLES)]
    Commitments(crate::planning::Commitments),
    /// Choose what to buy: reservations and Savings Plans, with a bound on how much better any choice could be
    #[command(after_help = crate::planning::EXAMPLES)]
    Plan(crate::planning::Plan),
    /// Show, import or list what AWS sells and for how much, from where and as of when
    #[command(after_help = crate::cataloging::EXAMPLES)]
    Catalog(crate::cataloging::Catalog),
    /// Print completions for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Print the manual page, or write those of all commands into a folder
    #[command(after_help = MAN_EXAMPLES)]
    Man(Man),
}

/// Where the bill is.
#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// A parquet or csv file, a folder (a delivery, a month, a whole export) or a manifest, on disk or at
    /// s3://bucket/folder; several are one bill
    #[arg(value_name = "SOURCE", required = true)]
    pub(crate) sources: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) s3: S3,
}

/// How and where a result is written.
#[derive(Debug, Args)]
pub(crate) struct Output {
    /// The form of the result [default: by the ending of FILE, else table]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    /// Write to FILE, which appears whole or not at all
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

impl Output {
    /// The form that was asked for, or that the file's ending says.
    pub(crate) fn format(&self) -> Format {
        self.format.unwrap_or_else(|| {
            let ending = self.file.as_deref().and_then(|file| file.extension()).and_then(|ending| ending.to_str());
            match ending.map(str::to_ascii_lowercase).as_deref() {
                Some("json") => Format::Json,
                Some("csv") => Format::Csv,
                Some("md" | "markdown") => Format::Markdown,
                _ => Format::Table,
            }
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// Exact amounts as text, stable keys
    Json,
    /// Exact amounts, safe in spreadsheets
    Csv,
    /// For documents
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The folder to write; it must be empty or not exist
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Billing periods, the last of which is 2026-10
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=120))]
    pub(crate) months: u32,
    /// Accounts, the payer included
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(4..=1000))]
    pub(crate) accounts: u32,
    /// small (20,000 rows a month), medium (300,000) or a number of rows
    #[arg(long, default_value = "small", value_name = "small|medium|ROWS", value_parser = scale)]
    pub(crate) scale: Scale,
    /// Everything random follows from this number
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// The format of AWS's report
    #[arg(long, default_value = "cur2")]
    pub(crate) dialect: Dialect,
    /// Waste that is to be found; planted by default in bills of 20,000 rows a month or more
    #[arg(long)]
    pub(crate) waste: Option<Waste>,
    /// Write the right answers as JSON beside the bill
    #[arg(long)]
    pub(crate) truth: bool,
    /// Write what CloudWatch would have measured of its resources, as metrics.parquet beside the bill
    #[arg(long)]
    pub(crate) metrics: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Waste {
    /// Nothing is planted
    None,
    /// Waste of every kind, and what only looks like it; adds about 75,000 rows a month; the last account is a sandbox
    Planted,
    /// The same bill once its waste is gone
    Removed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Small,
    Medium,
    Rows(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// CUR 2.0 of Data Exports
    Cur2,
    /// The legacy Cost and Usage Report
    Legacy,
    /// FOCUS 1.0 with AWS columns, of Data Exports
    #[value(name = "focus1.0")]
    Focus1_0,
    /// FOCUS 1.2 with AWS columns, of Data Exports
    #[value(name = "focus1.2")]
    Focus1_2,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Look at footers and headers only: the bill is not read, so statuses, hashes and checksums are not known
    #[arg(long, conflicts_with = "iam")]
    pub(crate) quick: bool,
    /// Print the IAM policy that reading this source on S3 needs, and nothing more; S3 is not asked
    #[arg(long)]
    pub(crate) iam: bool,
    /// The key that encrypts the bucket, for the policy
    #[arg(long, value_name = "ARN", requires = "iam")]
    pub(crate) kms_key: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    #[command(flatten)]
    pub(crate) sources: Sources,
    #[command(flatten)]
    pub(crate) invoice: Invoice,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// What finance was billed.
#[derive(Debug, Args)]
pub(crate) struct Invoice {
    /// Tie the bill to what was invoiced: a csv with the columns payer,invoice_id,amount,currency
    #[arg(id = "invoice", long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Costs {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Charge columns, Tags/KEY or CostCategories/KEY, separated by commas
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = dimension)]
    pub(crate) by: Vec<String>,
    /// The measure of cost
    #[arg(long, default_value = Metric::EffectiveCost.name(), value_parser = metric_parser(), ignore_case = true)]
    pub(crate) metric: Metric,
    /// Only this billing period, like 2026-10
    #[arg(long, value_name = "PERIOD", conflicts_with_all = ["from", "to"])]
    pub(crate) period: Option<String>,
    /// Only charges that start on this UTC day or later
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<String>,
    /// Only charges that start before this UTC day
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<String>,
    /// How time is divided
    #[arg(long, default_value = "total")]
    pub(crate) granularity: Granularity,
    /// Only charges that meet every condition: COLUMN=VALUE,COLUMN!=VALUE; (none) is the missing value
    #[arg(long = "where", value_name = "CONDITIONS", value_parser = conditions)]
    pub(crate) conditions: Vec<String>,
    /// Only the N largest groups; the rest is one row, so that it still adds up
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Granularity {
    /// By UTC day of the charge's start
    Daily,
    /// By billing period
    Monthly,
    /// Not at all
    Total,
}

#[derive(Debug, Args)]
pub(crate) struct Recommend {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Only these detectors, separated by commas
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Only savings of these kinds, separated by commas
    #[arg(long = "kind", value_name = "KINDS", value_delimiter = ',', value_parser = kind_parser())]
    pub(crate) kinds: Vec<Kind>,
    /// Set a threshold: DETECTOR.THRESHOLD=NUMBER; `farthing explain DETECTOR` lists them
    #[arg(long = "set", value_name = "SETTING")]
    pub(crate) settings: Vec<String>,
    #[command(flatten)]
    pub(crate) advice: Advice,
    /// Only billing periods whose usage ends by this UTC day
    #[arg(long, value_name = "DATE")]
    pub(crate) as_of: Option<String>,
    /// Only what saves so much a month
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) min_savings: Option<f64>,
    /// Choose the least risky advice that saves a part of the bill (15%) or an amount a month (500)
    #[arg(long, value_name = "GOAL", value_parser = goal)]
    pub(crate) goal: Option<farthing::Target>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Detectors {
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The detector; `farthing detectors` lists them
    #[arg(value_name = "ID")]
    pub(crate) detector: String,
    /// Write to FILE, which appears whole or not at all
    #[arg(short = 'o', long = "output", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    pub(crate) sources: Sources,
    #[command(flatten)]
    pub(crate) invoice: Invoice,
    /// The form of the result [default: by the ending of FILE, else table]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<ReportFormat>,
    /// Write to these files, after SOURCE; the endings choose the form: .html .xlsx .md .json
    #[arg(short = 'o', long = "output", value_name = "FILE", num_args = 1..)]
    pub(crate) files: Vec<PathBuf>,
    /// Write a message, too: Markdown of at most 3,000 characters, for a chat or a pull request
    #[arg(long, value_name = "FILE")]
    pub(crate) message: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) advice: Advice,
    /// Fail (exit code 5) if this holds for the last month, after the report: 'unused>100', 'coverage<70%',
    /// 'untagged:team>5%', 'month-over-month>10%'; also cost, utilization, savings
    #[arg(long = "fail-if", value_name = "GATE", value_delimiter = ',')]
    pub(crate) gates: Vec<Gate>,
}

/// The forms of the monthly report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Table,
    /// One file for browsers and paper, with charts; it loads nothing
    Html,
    /// An Excel workbook, with charts, tables to pivot and every recommendation
    Xlsx,
    /// Exact amounts as text, stable keys
    Json,
    /// Exact amounts, safe in spreadsheets
    Csv,
    /// For documents
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct Store {
    #[command(subcommand)]
    pub(crate) action: StoreAction,
}

/// What is done with the store.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreAction {
    /// List the ledgers that are kept: their deliveries, months, rows and sizes
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Check every ledger from its first byte to its last, and hash the local files that it was gathered from
    Verify,
    /// Remove ledgers that cannot be used or whose deliveries were read again since, and what a crash left behind
    Prune {
        /// Remove every ledger
        #[arg(long)]
        all: bool,
        /// Only say what would be removed
        #[arg(long)]
        dry_run: bool,
    },
}

fn dimension(text: &str) -> Result<String, farthing::Error> {
    Dimension::parse(text).map(|dimension| dimension.name())
}

fn conditions(text: &str) -> Result<String, farthing::Error> {
    Filter::parse(text).map(|_| text.to_owned())
}

fn metric_parser() -> impl TypedValueParser<Value = Metric> {
    PossibleValuesParser::new(Metric::ALL.iter().map(|metric| metric.name())).try_map(|name| Metric::parse(&name))
}

fn kind_parser() -> impl TypedValueParser<Value = Kind> {
    let known = |name: String| Kind::from_name(&name).ok_or("no such kind");
    PossibleValuesParser::new(Kind::ALL.iter().map(|kind| kind.name())).try_map(known)
}

fn scale(text: &str) -> Result<Scale, String> {
    match text {
        "small" => return Ok(Scale::Small),
        "medium" => return Ok(Scale::Medium),
        _ => {}
    }
    let digits = text.strip_suffix("-rows").unwrap_or(text).replace(['_', ','], "");
    match digits.parse() {
        Ok(rows) if rows > 0 => Ok(Scale::Rows(rows)),
        _ => Err("use small, medium or a number of rows such as 100000".to_owned()),
    }
}

impl Report {
    /// The files to write and their forms: the one that was asked for, else what the ending says.
    pub(crate) fn forms(&self) -> Result<Vec<(&Path, ReportFormat)>, String> {
        self.files.iter().map(|file| Ok((file.as_path(), self.format.map_or_else(|| by_ending(file), Ok)?))).collect()
    }
}

fn by_ending(path: &Path) -> Result<ReportFormat, String> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    Ok(match ending.as_str() {
        "html" | "htm" => ReportFormat::Html,
        "xlsx" => ReportFormat::Xlsx,
        "md" | "markdown" => ReportFormat::Markdown,
        "json" => ReportFormat::Json,
        _ => {
            let file = path.display();
            return Err(format!(
                "{file}: the ending chooses the form; a report is written as .html, .xlsx, .md or .json"
            ));
        }
    })
}

fn goal(text: &str) -> Result<farthing::Target, farthing::Error> {
    text.parse()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Farthing::command().debug_assert();
    }

    #[test]
    fn scales_and_endings_are_read() {
        assert_eq!(scale("100_000"), Ok(Scale::Rows(100_000)));
        assert_eq!(scale("5000-rows"), Ok(Scale::Rows(5000)));
        assert!(scale("huge").is_err() && scale("0").is_err());
        assert_eq!(by_ending(Path::new("a.MD")), Ok(ReportFormat::Markdown));
        assert_eq!(by_ending(Path::new("a.html")), Ok(ReportFormat::Html));
        assert!(by_ending(Path::new("a.pdf")).unwrap_err().contains(".html, .xlsx, .md or .json"));
    }
}
