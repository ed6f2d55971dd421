//! Files from the publisher, over HTTP: small ones at once, large ones in parts that are kept.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use aws_smithy_http_client::{Connector, proxy::ProxyConfig, tls};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::Bytes;

use super::{PUBLISHED_AT, PublishedList};
use crate::error::s3::{Result, S3Error};
use crate::ingest::s3::S3Options;
use crate::ingest::s3::endpoint;
use crate::ingest::s3::fault::{Fault, of_connection};
use crate::ingest::s3::retry::{Deadline, Schedule};

/// Indexes are some hundred kilobytes.
const INDEX_BYTES_MAX: u64 = 64 << 20;
/// The ending of what is not whole yet, and of what says which version of the file it is of.
const PART: &str = "part";
const TAG: &str = "etag";
/// The answer that there is nothing after so many bytes.
const NO_SUCH_PART: u16 = 416;

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadProgress {
    /// Bytes that are there.
    pub bytes_done: u64,
    /// All bytes; 0 until the publisher has said it.
    pub bytes: u64,
}

/// Progress as the task writes it.
#[derive(Debug, Default)]
pub(super) struct Counters {
    done: AtomicU64,
    all: AtomicU64,
}

impl Counters {
    pub(super) fn now(&self) -> DownloadProgress {
        DownloadProgress { bytes_done: self.done.load(Ordering::Relaxed), bytes: self.all.load(Ordering::Relaxed) }
    }
}

/// A list on its way into a folder.
#[derive(Debug)]
pub(super) struct Job {
    path: String,
    target: PathBuf,
    pub(super) progress: Arc<Counters>,
}

impl Job {
    pub(super) fn new(list: &PublishedList, folder: &Path) -> Job {
        Job { path: list.path.clone(), target: folder.join(list.file_name()), progress: Arc::default() }
    }
}

/// An answer whose body is still to come.
struct Answer {
    status: u16,
    etag: String,
    /// Of the body.
    bytes: Option<u64>,
    /// Of a part: the first byte, and how many the whole file has.
    range: Option<(u64, u64)>,
    body: ByteStream,
}

/// The publisher, and how it is reached.
#[derive(Debug)]
pub(super) struct Publisher {
    url: String,
    http: Connector,
    options: S3Options,
    reached: AtomicBool,
}

impl Publisher {
    pub(super) fn at(options: &S3Options) -> Result<Publisher> {
        let connector =
            Connector::builder().tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc));
        let (url, http) = match &options.endpoint_url {
            // A proxy of the environment is asked for the name; an endpoint of one's own is held to where it may lie.
            None => (PUBLISHED_AT.to_owned(), connector.proxy_config(ProxyConfig::from_env()).build()),
            Some(url) => {
                let (url, guard) = endpoint::guarded(url, options.allow_private_endpoint)?;
                (url, connector.build_with_resolver(guard))
            }
        };
        Ok(Publisher { url, http, options: options.clone(), reached: AtomicBool::new(false) })
    }

    /// The address of a path, fit to be shown.
    pub(super) fn shown(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// A small file.
    pub(super) async fn read(&self, path: &str) -> Result<Vec<u8>> {
        let attempt = || async move {
            let mut answer = self.ask(path, None).await?;
            let mut bytes = Vec::new();
            while let Some(block) = self.next(&mut answer.body).await? {
                bytes.extend_from_slice(&block);
                if bytes.len() as u64 > INDEX_BYTES_MAX {
                    let (bytes, bytes_max) = (bytes.len() as u64, INDEX_BYTES_MAX);
                    return Err(Fault::Final(S3Error::TooLarge { uri: self.shown(path), bytes, bytes_max }));
                }
            }
            match answer.bytes {
                Some(said) if said != bytes.len() as u64 => Err(Fault::Again("the answer broke off".to_owned())),
                _ => Ok(bytes),
            }
        };
        self.schedule().run(&self.shown(path), Deadline::after(self.options.deadline_object), attempt).await
    }

    /// Brings a file to its place. What an attempt brought, the next one goes on from.
    pub(super) async fn download(&self, job: Job) -> Result<PathBuf> {
        let part = Part::open(&job.target)?;
        let (job, part) = (&job, &part);
        let attempt = || async move { self.go_on(job, part).await };
        self.schedule().run(&self.shown(&job.path), Deadline::after(self.options.deadline_total), attempt).await?;
        part.finish(&job.target)
    }

    fn schedule(&self) -> Schedule<'_> {
        Schedule::of(&self.options, &self.reached)
    }

    async fn go_on(&self, job: &Job, part: &Part) -> std::result::Result<(), Fault> {
        let have = part.bytes()?;
        let asked = part.tag().filter(|_| have > 0);
        let mut answer = self.ask(&job.path, asked.as_deref().map(|tag| (have, tag))).await?;
        if answer.status == NO_SUCH_PART {
            part.begin(0, "")?;
            return Err(Fault::Again("what came before is no part of the file".to_owned()));
        }
        // An answer with all of it means that the file is another than the one that was begun.
        let (from, all) = match answer.range {
            Some((from, all)) if answer.status == 206 && from == have => (from, Some(all)),
            None if answer.status == 200 => (0, answer.bytes),
            _ => return Err(Fault::Again("the answer is of another part than was asked for".to_owned())),
        };
        part.begin(from, &answer.etag)?;
        job.progress.done.store(from, Ordering::Relaxed);
        job.progress.all.store(all.unwrap_or(0), Ordering::Relaxed);
        while let Some(block) = self.next(&mut answer.body).await? {
            part.write(&block)?;
            job.progress.done.fetch_add(block.len() as u64, Ordering::Relaxed);
        }
        match (part.bytes()?, all) {
            (have, Some(all)) if have < all => Err(Fault::Again("the answer broke off".to_owned())),
            (have, Some(all)) if have > all => {
                part.begin(0, "")?;
                Err(Fault::Again("more came than was announced".to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Asks for a file, or for what comes after so many bytes of it.
    async fn ask(&self, path: &str, after: Option<(u64, &str)>) -> std::result::Result<Answer, Fault> {
        let fail = |detail: String| Fault::Final(S3Error::Other { uri: self.shown(path), detail });
        let mut request = HttpRequest::empty();
        request.set_uri(self.shown(path)).map_err(|error| fail(format!("this is no address: {error}")))?;
        if let Some((bytes, tag)) = after {
            request.headers_mut().insert("range", format!("bytes={bytes}-"));
            request.headers_mut().insert("if-range", tag.to_owned());
        }
        let answered = tokio::time::timeout(self.options.stall, self.http.call(request)).await;
        let response = match answered {
            Err(_) => return Err(Fault::Again("no answer in time".to_owned())),
            Ok(Err(error)) => return Err(of_connection(&error, &self.url)),
            Ok(Ok(response)) => response,
        };
        let header = |name: &str| response.headers().get(name).map(str::to_owned);
        let status = response.status().as_u16();
        match status {
            200 | 206 | NO_SUCH_PART => {}
            403 | 404 => {
                return Err(fail(format!("AWS has no such price list ({status}); look at the region and the service")));
            }
            408 | 429 | 500.. => return Err(Fault::Again(format!("the answer is {status}"))),
            _ => return Err(fail(format!("the answer is {status}; is something else in between?"))),
        }
        let range = header("content-range").and_then(|text| {
            let (part, all) = text.strip_prefix("bytes ")?.split_once('/')?;
            Some((part.split_once('-')?.0.parse().ok()?, all.parse().ok()?))
        });
        let bytes = header("content-length").and_then(|text| text.parse().ok());
        let etag = header("etag").unwrap_or_default();
        Ok(Answer { status, etag, bytes, range, body: ByteStream::new(response.into_body()) })
    }

    /// The next block of a body, none at its end.
    async fn next(&self, body: &mut ByteStream) -> std::result::Result<Option<Bytes>, Fault> {
        match tokio::time::timeout(self.options.stall, body.next()).await {
            Err(_) => Err(Fault::Again(format!("nothing came for {} s", self.options.stall.as_secs()))),
            Ok(None) => Ok(None),
            Ok(Some(Ok(block))) => Ok(Some(block)),
            Ok(Some(Err(error))) => Err(of_connection(&error, &self.url)),
        }
    }
}

/// A file that is not whole yet. It is one process's alone.
#[derive(Debug)]
struct Part {
    file: File,
    path: PathBuf,
    tag: PathBuf,
}

impl Part {
    fn open(target: &Path) -> Result<Part> {
        let path = target.with_added_extension(PART);
        let at = |source| S3Error::Cache { path: path.clone(), source };
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).map_err(at)?;
        }
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(at)?;
        match file.try_lock() {
            Ok(()) => Ok(Part { file, tag: target.with_added_extension(TAG), path }),
            Err(TryLockError::WouldBlock) => {
                let detail = "another process is bringing it; wait for its end".to_owned();
                Err(S3Error::Other { uri: path.display().to_string(), detail })
            }
            Err(TryLockError::Error(source)) => Err(at(source)),
        }
    }

    fn fault(&self, source: std::io::Error) -> Fault {
        Fault::Final(S3Error::Cache { path: self.path.clone(), source })
    }

    fn bytes(&self) -> std::result::Result<u64, Fault> {
        self.file.metadata().map(|about| about.len()).map_err(|error| self.fault(error))
    }

    /// The version of the file that it is of.
    fn tag(&self) -> Option<String> {
        std::fs::read_to_string(&self.tag).ok().filter(|tag| !tag.is_empty())
    }

    /// Keeps so many bytes, of this version of the file.
    fn begin(&self, bytes: u64, tag: &str) -> std::result::Result<(), Fault> {
        self.file.set_len(bytes).map_err(|error| self.fault(error))?;
        std::fs::write(&self.tag, tag).map_err(|error| self.fault(error))
    }

    fn write(&self, block: &[u8]) -> std::result::Result<(), Fault> {
        (&self.file).write_all(block).map_err(|error| self.fault(error))
    }

    /// Gives it the name of the whole file.
    fn finish(&self, target: &Path) -> Result<PathBuf> {
        let renamed = std::fs::rename(&self.path, target).and_then(|()| std::fs::remove_file(&self.tag));
        renamed.map_err(|source| S3Error::Cache { path: target.to_path_buf(), source })?;
        Ok(target.to_path_buf())
    }
}
