//! Options of commands that give advice, and the request that they make.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use farthing::Request;
use farthing::ingest::metrics::{LOOK_BACK_DAYS, Metrics};

use crate::cataloging::Folder;
use crate::commands::{Problem, config, with_lists};

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

impl Advice {
    /// All advice, followed together.
    pub(crate) fn request(&self) -> Result<Request, Problem> {
        let metrics = match self.metrics.as_slice() {
            [] => None,
            files => Some(Arc::new(Metrics::read(files, LOOK_BACK_DAYS)?)),
        };
        Ok(Request {
            metrics,
            catalog: Some(Arc::new(with_lists(&self.folder))),
            plan: true,
            config: config(self.config.as_deref())?,
            ..Request::default()
        })
    }
}
