//! A place on S3 that was connected to: the blocking face of this module, over a small runtime of its own.

use std::collections::HashMap;
use std::future::Future;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::types::RequestPayer;

use super::background::Background;
use super::cache::Cache;
use super::client;
use super::endpoint::{self, Service};
use super::fault::About;
use super::fetch::{self, FetchProgress, Fetched};
use super::list::{self, Object};
use super::options::S3Options;
use super::retry::{Deadline, Schedule};
use super::uri::S3Uri;
use crate::error::s3::{Result, S3Error};

const THREADS_MAX: usize = 4;

/// A folder, or an object, in a bucket that was connected to. All calls block.
pub struct Remote {
    background: Background,
    inner: Arc<Inner>,
}

/// What the tasks of a remote share.
pub(super) struct Inner {
    pub(super) client: Client,
    pub(super) uri: S3Uri,
    pub(super) region: String,
    pub(super) endpoint: Option<String>,
    pub(super) options: S3Options,
    pub(super) cache: Cache,
    /// Whether S3 ever answered.
    pub(super) reached: AtomicBool,
    /// How many fetched objects, not released yet, share a content.
    pub(super) in_use: Mutex<HashMap<String, usize>>,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote")
            .field("uri", &self.inner.uri)
            .field("region", &self.inner.region)
            .finish_non_exhaustive()
    }
}

impl Remote {
    /// Prepares the cache, finds the bucket's region, and makes a client.
    ///
    /// Credentials are looked for when the first request is made, which with a region given is a later call's.
    ///
    /// # Errors
    /// [`S3Error::Endpoint`] for an endpoint that is refused, [`S3Error::Cache`] for a cache that cannot be used,
    /// [`S3Error::NoBucket`], [`S3Error::NoCredentials`], [`S3Error::Expired`], [`S3Error::Broken`].
    pub fn connect(uri: &S3Uri, options: S3Options) -> Result<Remote> {
        let endpoint = endpoint::from(&options, Service::S3)?;
        let cache = Cache::open(&options.cache_dir)?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
        let background = Background::start("farthing-s3", threads, &uri.shown())?;
        let connection =
            {
                let (uri, options, endpoint) = (uri.clone(), options.clone(), endpoint.clone());
                let wait = options.on_wait.clone();
                background.run(wait.as_deref(), None, async move {
                    client::connect(&uri, &options, endpoint.as_ref()).await
                })?
            };
        let inner = Inner {
            client: connection.client,
            uri: uri.clone(),
            region: connection.region,
            endpoint: endpoint.map(|endpoint| endpoint.url),
            options,
            cache,
            reached: AtomicBool::new(false),
            in_use: Mutex::default(),
        };
        Ok(Remote { background, inner: Arc::new(inner) })
    }

    /// What was connected to. Its bucket is that of every call.
    pub fn uri(&self) -> &S3Uri {
        &self.inner.uri
    }

    /// The bucket's region.
    pub fn region(&self) -> &str {
        &self.inner.region
    }

    /// The endpoint in use, when it is not AWS's own: a person should see it.
    pub fn endpoint(&self) -> Option<String> {
        self.inner.endpoint.as_deref().map(endpoint::shown)
    }

    /// All objects of the folder, sorted by key; when there are none, the object that has exactly this key.
    ///
    /// A folder ends at its slash: `s3://bills/cur/rep` never lists `cur/rep-2/…`. Where listing is not permitted, an
    /// object of exactly this key is found all the same.
    ///
    /// # Errors
    /// [`S3Error::Denied`], [`S3Error::NoBucket`] and the errors of every request.
    pub fn list(&self) -> Result<Vec<Object>> {
        self.list_at(&self.inner.uri.prefix_or_key)
    }

    /// As [`Remote::list`], of another folder or object of the same bucket.
    ///
    /// # Errors
    /// As [`Remote::list`].
    pub fn list_at(&self, prefix_or_key: &str) -> Result<Vec<Object>> {
        let (inner, named) = (Arc::clone(&self.inner), prefix_or_key.to_owned());
        self.run(None, async move { list::list(&inner, &named).await })
    }

    /// The object of a key as it is now, without its bytes; nothing when there is none.
    ///
    /// # Errors
    /// [`S3Error::Denied`], also for a key that is missing where listing is not permitted, and the errors of every
    /// request.
    pub fn head(&self, key: &str) -> Result<Option<Object>> {
        let (inner, key) = (Arc::clone(&self.inner), key.to_owned());
        self.run(None, async move {
            let deadline = Deadline::after(inner.options.deadline_total);
            list::head(&inner, &key, deadline).await
        })
    }

    /// The bytes and the ETag of a small object, such as a manifest. Read it again at the end: the same bytes mean
    /// that the delivery is the one that was begun with.
    ///
    /// # Errors
    /// [`S3Error::NoSuchKey`], [`S3Error::TooLarge`] and the errors of every request.
    pub fn read_small(&self, key: &str, bytes_max: u64) -> Result<(Vec<u8>, String)> {
        let mut read = self.read_all(&[key.to_owned()], bytes_max)?;
        read.pop().ok_or_else(|| S3Error::NoSuchKey { uri: self.inner.shown(key) })
    }

    /// As [`Remote::read_small`], of several objects, some at a time. What is returned is in the order of `keys`.
    ///
    /// # Errors
    /// As [`Remote::read_small`].
    pub fn read_all(&self, keys: &[String], bytes_max: u64) -> Result<Vec<(Vec<u8>, String)>> {
        let task = fetch::read_all(Arc::clone(&self.inner), keys.to_vec(), bytes_max);
        self.run(None, task)
    }

    /// Brings objects, as they were listed, into the cache; those that are there already stay as they are. What is
    /// returned is in the order of `objects`.
    ///
    /// Of an object that the cache had, only the size was looked at: whoever reads it hashes it, and compares with
    /// [`Fetched::sha256`]; see [`Remote::discard`].
    ///
    /// # Errors
    /// [`S3Error::Changed`] when an object is no longer the one that was listed, [`S3Error::Broken`],
    /// [`S3Error::Deadline`], [`S3Error::Cache`], [`S3Error::Interrupted`] and the errors of every request. Objects
    /// that were complete by then are in the cache, and need not be fetched again.
    pub fn fetch(
        &self,
        objects: &[Object],
        progress: Option<&(dyn Fn(FetchProgress) -> ControlFlow<()> + Sync)>,
    ) -> Result<Vec<Fetched>> {
        let counters = Arc::new(fetch::Counters::of(objects));
        let task = fetch::fetch(Arc::clone(&self.inner), objects.to_vec(), Arc::clone(&counters));
        let tick = || progress.map_or(ControlFlow::Continue(()), |progress| progress(counters.now()));
        let fetched = self.run(progress.is_some().then_some(&tick), task)?;
        match tick() {
            ControlFlow::Continue(()) => Ok(fetched),
            ControlFlow::Break(()) => Err(S3Error::Interrupted),
        }
    }

    /// Lets go of an object once it was read: it leaves the cache, unless another fetched object has the same content
    /// or objects are to be kept.
    ///
    /// Another process that shares the cache may then find its file gone, and fetches it again.
    ///
    /// # Errors
    /// [`S3Error::Cache`].
    pub fn release(&self, fetched: &Fetched) -> Result<()> {
        let unused = {
            let mut in_use = self.inner.in_use.lock().unwrap_or_else(PoisonError::into_inner);
            let left = in_use.get(&fetched.sha256).map_or(0, |uses| uses.saturating_sub(1));
            if left == 0 {
                in_use.remove(&fetched.sha256);
            } else {
                in_use.insert(fetched.sha256.clone(), left);
            }
            left == 0
        };
        if self.inner.options.keep_objects {
            return Ok(());
        }
        self.inner.cache.remove(&fetched.reference, unused.then_some(fetched.sha256.as_str()))
    }

    /// Takes an object out of the cache whose bytes turned out not to be those of [`Fetched::sha256`], so that it can
    /// be fetched again.
    ///
    /// # Errors
    /// [`S3Error::Cache`].
    pub fn discard(&self, fetched: &Fetched) -> Result<()> {
        self.inner.in_use.lock().unwrap_or_else(PoisonError::into_inner).remove(&fetched.sha256);
        self.inner.cache.remove(&fetched.reference, Some(&fetched.sha256))
    }

    fn run<T: Send + 'static>(
        &self,
        tick: Option<&dyn Fn() -> ControlFlow<()>>,
        task: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.background.run(self.inner.options.on_wait.as_deref(), tick, task)
    }
}

impl Inner {
    /// The address of a key, fit to be shown.
    pub(super) fn shown(&self, key: &str) -> String {
        self.uri.at(key).shown()
    }

    /// When to try again.
    pub(super) fn schedule(&self) -> Schedule<'_> {
        Schedule::of(&self.options, &self.reached)
    }

    /// What a request about a key, or a prefix, was for.
    pub(super) fn about(&self, key: &str, action: &'static str) -> About<'_> {
        About {
            service: Service::S3,
            uri: self.shown(key),
            action,
            region: &self.region,
            endpoint: self.endpoint.as_deref(),
            owner: self.options.expected_bucket_owner.as_deref(),
            profile: self.options.profile.as_deref(),
        }
    }

    /// Who pays, in the SDK's words.
    pub(super) fn payer(&self) -> Option<RequestPayer> {
        self.options.requester_pays.then_some(RequestPayer::Requester)
    }

    /// A request for an object.
    pub(super) fn get_object(&self, key: &str) -> GetObjectFluentBuilder {
        self.client
            .get_object()
            .bucket(&self.uri.bucket)
            .key(key)
            .set_request_payer(self.payer())
            .set_expected_bucket_owner(self.options.expected_bucket_owner.clone())
    }
}
