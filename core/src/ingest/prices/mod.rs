//! AWS's price lists from where AWS publishes them: indexes say which there are, files come down in parts that can be
//! resumed. They are public: no credentials are used.
//!
//! Indexes lead from offers to regions to versions, as the guide "Using the bulk API" of AWS's price list says; a version
//! never changes, and every file is there as csv, too.

mod download;
mod index;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::download::DownloadProgress;
use self::download::Publisher;
use super::s3::S3Options;
use super::s3::background::Background;
use crate::error::s3::Result;

/// Where AWS publishes its price lists.
pub const PUBLISHED_AT: &str = "https://pricing.us-east-1.amazonaws.com";
const THREADS: usize = 2;

/// Which price lists are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PricesWanted {
    /// Service codes as bills have them, which are AWS's offer codes: `AmazonEC2`.
    pub services: BTreeSet<String>,
    /// Regions: `eu-west-1`.
    pub regions: BTreeSet<String>,
}

/// A price list that AWS publishes: an offer, or the rates of a kind of Savings Plans, in one region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublishedList {
    /// `AmazonEC2`, `AWSComputeSavingsPlan`.
    pub offer: String,
    /// `eu-west-1`.
    pub region: String,
    /// AWS's name of the version: `20260422194203`.
    pub version: String,
    /// The csv file, after the publisher's address.
    pub path: String,
}

impl PublishedList {
    /// The name of its file, which says everything of it.
    pub fn file_name(&self) -> String {
        format!("{}-{}-{}.csv", self.offer, self.version, self.region)
    }
}

/// What is published of what is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Lists, by offer and region.
    pub lists: Vec<PublishedList>,
    /// What is wanted and not published, in words.
    pub missing: Vec<String>,
}

/// The publisher of price lists. All calls block.
#[derive(Debug)]
pub struct Prices {
    background: Background,
    publisher: Arc<Publisher>,
    options: S3Options,
}

impl Prices {
    /// The publisher at the endpoint of the options, [`PUBLISHED_AT`] when none is given. Of the options those about
    /// credentials, buckets and objects do not count, and the environment's endpoints do not either.
    ///
    /// # Errors
    /// [`crate::error::s3::S3Error::Endpoint`] for an endpoint that is refused.
    pub fn at(options: S3Options) -> Result<Prices> {
        let publisher = Arc::new(Publisher::at(&options)?);
        Ok(Prices { background: Background::start("farthing-prices", THREADS, "price lists")?, publisher, options })
    }

    /// The lists that are published of what is wanted, in their current versions, with those of the Savings Plans that cover
    /// the services.
    ///
    /// # Errors
    /// [`crate::error::s3::S3Error`]: `Broken`, `Other` for an index that is not understood, `Interrupted`.
    pub fn published(&self, wanted: &PricesWanted, tick: Option<&dyn Fn() -> ControlFlow<()>>) -> Result<Published> {
        let (publisher, wanted) = (Arc::clone(&self.publisher), wanted.clone());
        self.background
            .run(self.options.on_wait.as_deref(), tick, async move { index::published(&publisher, &wanted).await })
    }

    /// Brings a list into a folder, which is made where there is none, and returns its place there. What came before an
    /// interruption is there the next time.
    ///
    /// # Errors
    /// [`crate::error::s3::S3Error`]: `Broken`, `Changed` for a file that is not as long as was said, `Cache`, `Interrupted`.
    pub fn download(
        &self,
        list: &PublishedList,
        folder: &Path,
        tick: Option<&dyn Fn(DownloadProgress) -> ControlFlow<()>>,
    ) -> Result<PathBuf> {
        let job = download::Job::new(list, folder);
        let (publisher, progress) = (Arc::clone(&self.publisher), Arc::clone(&job.progress));
        let tick = tick.map(|tick| move || tick(progress.now()));
        let tick = tick.as_ref().map(|tick| tick as &dyn Fn() -> ControlFlow<()>);
        self.background.run(self.options.on_wait.as_deref(), tick, async move { publisher.download(job).await })
    }
}
