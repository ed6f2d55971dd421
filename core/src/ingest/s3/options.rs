//! How S3 is reached, how long it is given, and where objects are kept.

use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::config::SharedCredentialsProvider;

use super::endpoint;

/// Asked now and then, on the caller's thread, whether to go on.
pub type OnWait = Arc<dyn Fn() -> ControlFlow<()> + Send + Sync>;

/// How S3 is reached, how long it is given, and where objects are kept.
///
/// Credentials come from the standard chain of the SDK: environment, profiles, SSO, assumed roles,
/// `credential_process`, containers and instances.
#[derive(Clone)]
pub struct S3Options {
    /// The bucket's region; without it the bucket is asked.
    pub region: Option<String>,
    /// The profile in `~/.aws`; without it the environment's or the default one.
    pub profile: Option<String>,
    /// Credentials of an embedding program, in place of the chain.
    pub credentials: Option<SharedCredentialsProvider>,
    /// An S3 other than AWS's own; without it `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL` count, and no file does.
    pub endpoint_url: Option<String>,
    /// Whether that endpoint may lie in a private or link-local range.
    pub allow_private_endpoint: bool,
    /// `endpoint/bucket/key` in place of `bucket.endpoint/key`; always so on loopback.
    pub path_style: bool,
    /// Whether the reader pays for requests.
    pub requester_pays: bool,
    /// The account that must own the bucket, 12 digits.
    pub expected_bucket_owner: Option<String>,
    /// Where objects are kept; nothing is ever written outside.
    pub cache_dir: PathBuf,
    /// Whether objects stay in the cache when they are released.
    pub keep_objects: bool,
    /// How many objects are fetched at a time.
    pub concurrency: usize,
    /// How often a request or an object is tried.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles from there.
    pub backoff_first: Duration,
    /// The longest wait between attempts.
    pub backoff_max: Duration,
    /// The longest silence, before an answer and within one.
    pub stall: Duration,
    /// What must arrive of an object, averaged over each `stall`.
    pub bytes_per_second_min: u64,
    /// The time for one object, all attempts together.
    pub deadline_object: Duration,
    /// The time for one call: a listing, a manifest, or all objects of a fetch.
    pub deadline_total: Duration,
    /// Asked ten times a second while a call waits; `Break` ends the call as interrupted.
    pub on_wait: Option<OnWait>,
}

impl S3Options {
    /// The defaults, with this cache.
    pub fn new(cache_dir: impl Into<PathBuf>) -> S3Options {
        S3Options {
            region: None,
            profile: None,
            credentials: None,
            endpoint_url: None,
            allow_private_endpoint: false,
            path_style: false,
            requester_pays: false,
            expected_bucket_owner: None,
            cache_dir: cache_dir.into(),
            keep_objects: false,
            concurrency: 8,
            attempts: 10,
            backoff_first: Duration::from_millis(500),
            backoff_max: Duration::from_secs(20),
            stall: Duration::from_secs(30),
            bytes_per_second_min: 1024,
            deadline_object: Duration::from_secs(60 * 60),
            deadline_total: Duration::from_secs(6 * 60 * 60),
            on_wait: None,
        }
    }
}

impl fmt::Debug for S3Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Options")
            .field("region", &self.region)
            .field("profile", &self.profile)
            .field("credentials", &self.credentials.as_ref().map(|_| "given, not shown"))
            .field("endpoint_url", &self.endpoint_url.as_deref().map(endpoint::shown))
            .field("allow_private_endpoint", &self.allow_private_endpoint)
            .field("path_style", &self.path_style)
            .field("requester_pays", &self.requester_pays)
            .field("expected_bucket_owner", &self.expected_bucket_owner)
            .field("cache_dir", &self.cache_dir)
            .field("keep_objects", &self.keep_objects)
            .field("concurrency", &self.concurrency)
            .field("attempts", &self.attempts)
            .field("backoff_first", &self.backoff_first)
            .field("backoff_max", &self.backoff_max)
            .field("stall", &self.stall)
            .field("bytes_per_second_min", &self.bytes_per_second_min)
            .field("deadline_object", &self.deadline_object)
            .field("deadline_total", &self.deadline_total)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::config::Credentials;

    use super::*;

    #[test]
    fn no_secret_is_shown() {
        let mut options = S3Options::new("cache");
        let keys = Credentials::new("AKIDEXAMPLE", "sEcReT-key", Some("sEcReT-token".into()), None, "test");
        options.credentials = Some(SharedCredentialsProvider::new(keys));
        options.endpoint_url = Some("https://user:sEcReT@s3.example.com/?token=sEcReT".into());
        let shown = format!("{options:?}");
        assert!(!shown.contains("sEcReT") && shown.contains("s3.example.com"), "{shown}");
    }
}
