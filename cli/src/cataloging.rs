//! Options of `farthing catalog`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::Output;
use crate::s3::S3;

/// Examples at the end of the command's help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  farthing catalog show m7g.large --region eu-west-1
  farthing catalog show cache.m6g.large --region us-east-1 --format json
  farthing catalog show m5.2xlarge --region us-east-1 --bill bill/
  farthing catalog update bill/
  farthing catalog update --services AmazonEC2,AmazonRDS --regions eu-west-1
  farthing catalog list";

#[derive(Debug, Args)]
pub(crate) struct Catalog {
    #[command(subcommand)]
    pub(crate) action: Action,
}

/// Where imported price lists are kept.
#[derive(Debug, Args)]
pub(crate) struct Folder {
    /// Keep imported price lists in DIR [default: FARTHING_CATALOG, or farthing/catalog in the user's cache folder]
    #[arg(long = "catalog", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

/// Which price lists are downloaded, and from where. They are public: no credentials are sent.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// A bill, whose services and regions are meant
    #[arg(value_name = "SOURCE", required_unless_present_all = ["services", "regions"])]
    pub(crate) sources: Vec<PathBuf>,
    /// These services, with commas between, by the codes of bills: AmazonEC2,AmazonRDS [default: those of the bill]
    #[arg(long, value_name = "CODES", value_delimiter = ',')]
    pub(crate) services: Vec<String>,
    /// These regions, with commas between: eu-west-1,us-east-1 [default: those of the bill]
    #[arg(long, value_name = "REGIONS", value_delimiter = ',')]
    pub(crate) regions: Vec<String>,
    /// Where they are published, for a mirror of one's own [default: https://pricing.us-east-1.amazonaws.com]
    #[arg(long, value_name = "URL")]
    pub(crate) published_at: Option<String>,
    #[command(flatten)]
    pub(crate) s3: S3,
    #[command(flatten)]
    pub(crate) folder: Folder,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// Of what prices are shown.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// m7g.large, cache.m6g.large, m6g.large.search, db.m6g.large
    #[arg(value_name = "TYPE")]
    pub(crate) name: String,
    /// The region
    #[arg(long, value_name = "REGION")]
    pub(crate) region: String,
    /// A bill, whose own rates come first; on S3, it is reached by what the environment says
    #[arg(long = "bill", value_name = "SOURCE")]
    pub(crate) sources: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) folder: Folder,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// What is done with the catalog.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Show what is known of an instance type: what it is, every price, from where and as of when
    Show(Show),
    /// Show the rates of anything that is billed, from imported price lists
    Rates {
        /// As bills have it, with or without the region before it: BoxUsage:m7g.large
        #[arg(value_name = "USAGE_TYPE")]
        usage_type: String,
        /// As bills have it: RunInstances:0002 [default: any]
        #[arg(long, value_name = "OPERATION")]
        operation: Option<String>,
        /// The region
        #[arg(long, value_name = "REGION")]
        region: String,
        #[command(flatten)]
        folder: Folder,
        #[command(flatten)]
        output: Output,
    },
    /// Keep the rates of price list files that AWS publishes: csv or JSON, of any size, packed by gzip or not
    Import {
        /// Offers' price lists, Savings Plan rates, or their indexes
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        folder: Folder,
        #[command(flatten)]
        output: Output,
    },
    /// Download AWS's price lists, of the services and regions that a bill uses, and keep their rates. What is kept in its
    /// current version is not fetched again, and what was interrupted goes on
    Update(Update),
    /// List the imported price lists that are kept
    List {
        #[command(flatten)]
        folder: Folder,
        #[command(flatten)]
        output: Output,
    },
}
