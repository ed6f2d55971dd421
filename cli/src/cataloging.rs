//! Options of `farthing catalog`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::args::Output;

/// Examples at the end of the command's help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  farthing catalog show m7g.large --region eu-west-1
  farthing catalog show cache.m6g.large --region us-east-1 --format json
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

/// What is done with the catalog.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Show what is known of an instance type: what it is, every price, from where and as of when
    Show {
        /// m7g.large, cache.m6g.large, m6g.large.search, db.m6g.large
        #[arg(value_name = "TYPE")]
        name: String,
        /// The region
        #[arg(long, value_name = "REGION")]
        region: String,
        #[command(flatten)]
        folder: Folder,
        #[command(flatten)]
        output: Output,
    },
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
    /// List the imported price lists that are kept
    List {
        #[command(flatten)]
        folder: Folder,
        #[command(flatten)]
        output: Output,
    },
}
