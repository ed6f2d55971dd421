//! Several objects at a time, from S3 into the cache.

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};

use tokio::task::JoinSet;

use super::body::{self, CheckedBy, Wanted};
use super::cache::{Entry, Temporary};
use super::fault::Fault;
use super::list::Object;
use super::remote::Inner;
use super::retry::Deadline;
use crate::error::s3::{Result, S3Error};

/// How far a fetch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchProgress {
    /// Objects that are in the cache.
    pub objects_done: usize,
    /// All objects.
    pub objects: usize,
    /// Bytes that came, or were in the cache; an object that is begun again gives its bytes back.
    pub bytes_done: u64,
    /// All bytes.
    pub bytes: u64,
}

/// An object that is in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    /// Where it came from: `s3://bucket/key`.
    pub uri: String,
    /// Its key.
    pub key: String,
    /// Where its bytes are.
    pub path: PathBuf,
    /// How many they are.
    pub bytes: u64,
    /// Its ETag, without quotes.
    pub etag: String,
    /// The SHA-256 of its bytes when they came down.
    pub sha256: String,
    /// What they were held against then.
    pub checked_by: CheckedBy,
    /// Whether it was in the cache already.
    pub cached: bool,
    /// The name under which the cache refers to it.
    pub(super) reference: String,
}

/// Progress as the tasks of a fetch write it.
pub(super) struct Counters {
    objects_done: AtomicUsize,
    objects: usize,
    bytes_done: AtomicU64,
    bytes: u64,
}

impl Counters {
    pub(super) fn of(objects: &[Object]) -> Counters {
        Counters {
            objects_done: AtomicUsize::new(0),
            objects: objects.len(),
            bytes_done: AtomicU64::new(0),
            bytes: objects.iter().map(|object| object.bytes).sum(),
        }
    }

    pub(super) fn now(&self) -> FetchProgress {
        FetchProgress {
            objects_done: self.objects_done.load(Ordering::Relaxed),
            objects: self.objects,
            bytes_done: self.bytes_done.load(Ordering::Relaxed),
            bytes: self.bytes,
        }
    }

    fn begin(&self) -> Attempt<'_> {
        Attempt { counters: self, bytes: 0 }
    }
}

/// The bytes of one attempt, given back unless it succeeds.
struct Attempt<'a> {
    counters: &'a Counters,
    bytes: u64,
}

impl Attempt<'_> {
    fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.counters.bytes_done.fetch_add(bytes, Ordering::Relaxed);
    }

    fn succeed(mut self) {
        self.bytes = 0;
        self.counters.objects_done.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.counters.bytes_done.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Brings all objects into the cache, or stops at the first that cannot be had.
pub(super) async fn fetch(inner: Arc<Inner>, objects: Vec<Object>, counters: Arc<Counters>) -> Result<Vec<Fetched>> {
    let deadline = Deadline::after(inner.options.deadline_total);
    let job = |inner: Arc<Inner>, object: Object| {
        let counters = Arc::clone(&counters);
        async move { one(&inner, object, deadline, &counters).await }
    };
    let fetched: Vec<Fetched> = several(Arc::clone(&inner), objects, job).await?;
    let mut in_use = inner.in_use.lock().unwrap_or_else(PoisonError::into_inner);
    for object in &fetched {
        *in_use.entry(object.sha256.clone()).or_default() += 1;
    }
    Ok(fetched)
}

/// The bytes and ETags of small objects, several at a time.
pub(super) async fn read_all(inner: Arc<Inner>, keys: Vec<String>, bytes_max: u64) -> Result<Vec<(Vec<u8>, String)>> {
    let deadline = Deadline::after(inner.options.deadline_total);
    let read = |inner: Arc<Inner>, key: String| async move { small(&inner, &key, bytes_max, deadline).await };
    several(inner, keys, read).await
}

async fn small(inner: &Inner, key: &str, bytes_max: u64, deadline: Deadline) -> Result<(Vec<u8>, String)> {
    let attempt = || async move {
        let mut bytes = Vec::new();
        let wanted = Wanted { key, listed: None, bytes_max };
        let mut sink = |block: &[u8]| -> std::result::Result<(), Fault> {
            bytes.extend_from_slice(block);
            Ok(())
        };
        let received = body::receive(inner, &wanted, &mut sink).await?;
        Ok((bytes, received.etag))
    };
    let deadline = deadline.or_earlier(inner.options.deadline_object);
    inner.schedule().run(&inner.shown(key), deadline, attempt).await
}

/// Does the same to each of several things, some at a time, and returns what comes of it in their order; stops at the
/// first error.
async fn several<T, U, F>(inner: Arc<Inner>, things: Vec<T>, job: impl Fn(Arc<Inner>, T) -> F) -> Result<Vec<U>>
where
    U: Send + 'static,
    F: Future<Output = Result<U>> + Send + 'static,
{
    let mut done: Vec<Option<U>> = things.iter().map(|_| None).collect();
    let mut waiting = things.into_iter().enumerate();
    let mut running = JoinSet::new();
    loop {
        while running.len() < inner.options.concurrency.max(1) {
            let Some((at, thing)) = waiting.next() else { break };
            let job = job(Arc::clone(&inner), thing);
            running.spawn(async move { (at, job.await) });
        }
        // Dropping the set, at an error, ends the others.
        match running.join_next().await {
            Some(Ok((at, result))) => done[at] = Some(result?),
            Some(Err(error)) => {
                let detail = format!("reading ended unexpectedly: {error}");
                return Err(S3Error::Other { uri: inner.uri.shown(), detail });
            }
            None => return Ok(done.into_iter().flatten().collect()),
        }
    }
}

async fn one(inner: &Arc<Inner>, object: Object, deadline: Deadline, counters: &Counters) -> Result<Fetched> {
    let place = inner.endpoint.as_deref().unwrap_or("aws");
    let size = object.bytes.to_string();
    let reference =
        crate::ingest::digest::sha256_of_fields(&[place, &inner.uri.bucket, &object.key, &object.etag, &size]);
    if let Some(entry) = inner.cache.find(&reference, object.bytes)? {
        let mut attempt = counters.begin();
        attempt.add(object.bytes);
        attempt.succeed();
        return Ok(found(inner, object, reference, entry, true));
    }
    let deadline = deadline.or_earlier(inner.options.deadline_object);
    let shown = inner.shown(&object.key);
    let attempt = || download(inner, &object, &reference, counters);
    let entry = inner.schedule().run(&shown, deadline, attempt).await.map_err(|error| match error {
        S3Error::NoSuchKey { uri } => S3Error::Changed { uri, detail: "it is gone".to_owned() },
        error => error,
    })?;
    Ok(found(inner, object, reference, entry, false))
}

fn found(inner: &Inner, object: Object, reference: String, entry: Entry, cached: bool) -> Fetched {
    Fetched {
        uri: inner.uri.at(&object.key).to_string(),
        path: inner.cache.object_path(&entry.sha256),
        key: object.key,
        bytes: entry.bytes,
        etag: object.etag,
        sha256: entry.sha256,
        checked_by: entry.checked_by,
        cached,
        reference,
    }
}

/// One attempt, from the first byte to the name in the cache.
async fn download(
    inner: &Arc<Inner>,
    object: &Object,
    reference: &str,
    counters: &Counters,
) -> std::result::Result<Entry, Fault> {
    let mut file = inner.cache.begin().map_err(Fault::Final)?;
    let mut attempt = counters.begin();
    let wanted = Wanted { key: &object.key, listed: Some((&object.etag, object.bytes)), bytes_max: object.bytes };
    let mut sink = |block: &[u8]| {
        file.write(block).map_err(Fault::Final)?;
        attempt.add(block.len() as u64);
        Ok(())
    };
    let received = body::receive(inner, &wanted, &mut sink).await?;
    let entry = Entry { sha256: received.sha256, bytes: received.bytes, checked_by: received.checked_by };
    let entry = store(inner, file, entry, reference).await?;
    attempt.succeed();
    Ok(entry)
}

/// Waits for the disk on a thread that may wait.
async fn store(
    inner: &Arc<Inner>,
    file: Temporary,
    entry: Entry,
    reference: &str,
) -> std::result::Result<Entry, Fault> {
    let (cache, reference) = (inner.cache.clone(), reference.to_owned());
    let stored = tokio::task::spawn_blocking(move || cache.store(file, &reference, &entry).map(|()| entry)).await;
    match stored {
        Ok(stored) => stored.map_err(Fault::Final),
        Err(error) => Err(Fault::Again(format!("writing it ended unexpectedly: {error}"))),
    }
}
