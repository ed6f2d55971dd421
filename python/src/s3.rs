//! How S3 is reached: what Python hands over, as the engine's options.

use std::path::PathBuf;
use std::sync::Arc;

use farthing::ingest::s3::S3Options;
use pyo3::prelude::*;

use crate::work::Watch;

/// The options of `farthing.open` that are about S3, and where objects are kept.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct S3 {
    cache: PathBuf,
    profile: Option<String>,
    region: Option<String>,
    endpoint_url: Option<String>,
    path_style: bool,
    requester_pays: bool,
    expected_bucket_owner: Option<String>,
}

impl S3 {
    /// The engine's options; a call that waits for S3 stops when the watch says so.
    pub(crate) fn options(self, watch: &Arc<Watch>) -> S3Options {
        let watch = Arc::clone(watch);
        let mut options = S3Options::new(self.cache);
        options.profile = self.profile;
        options.region = self.region;
        options.endpoint_url = self.endpoint_url;
        options.path_style = self.path_style;
        options.requester_pays = self.requester_pays;
        options.expected_bucket_owner = self.expected_bucket_owner;
        // The next session asks the same bill.
        options.keep_objects = true;
        options.on_wait = Some(Arc::new(move || watch.go_on()));
        options
    }
}
