//! A bucket on moto, options with a secret that must never be seen again, and what every error owes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation, SharedCredentialsProvider};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, ServerSideEncryption};
use tokio::runtime::{Builder, Runtime};

use super::moto::{Moto, moto};
use super::s3::{S3Error, S3Options};

/// What stands in for a secret access key.
pub(super) const SECRET: &str = "sEcReTkey0123456789/abcdefghijklmnopqrst";
/// What stands in for a session token.
pub(super) const TOKEN: &str = "sEcReTtoken0123456789abcdefghijklmnopqrstuvwxyz";

/// A bucket of its own for each test.
pub(super) struct Bucket {
    pub(super) moto: Arc<Moto>,
    pub(super) name: String,
    client: Client,
    runtime: Runtime,
}

/// How an object is stored, and so what there is to check it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    /// With a checksum of this kind, and an ETag that is its MD5.
    With(Checksum),
    /// Only with that ETag.
    Plain,
    /// In two parts, without any hash of the whole.
    Parts,
    /// Under KMS: an ETag in the form of an MD5 that is said not to be one.
    Kms,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checksum {
    Crc32,
    Sha256,
}

impl Bucket {
    pub(super) fn new() -> Bucket {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        Bucket::named(moto(), &format!("bills-{}", COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    /// The bucket of this name, which may be there.
    pub(super) fn named(moto: Arc<Moto>, name: &str) -> Bucket {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(moto.url())
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .credentials_provider(Credentials::new("AKIDTEST", "other", None, None, "test"))
            .build();
        let client = Client::from_conf(config);
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        // One that an earlier test left is as good as a new one.
        let _ = runtime.block_on(client.create_bucket().bucket(name).send());
        Bucket { moto, name: name.to_owned(), client, runtime }
    }

    pub(super) fn uri(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }

    pub(super) fn put(&self, key: &str, bytes: &[u8]) {
        self.put_as(Stored::With(Checksum::Crc32), key, bytes);
    }

    pub(super) fn put_as(&self, stored: Stored, key: &str, bytes: &[u8]) {
        if stored == Stored::Parts {
            return self.runtime.block_on(self.put_parts(key, bytes));
        }
        let request = self.client.put_object().bucket(&self.name).key(key).body(ByteStream::from(bytes.to_vec()));
        let request = match stored {
            Stored::With(checksum) => request.checksum_algorithm(match checksum {
                Checksum::Crc32 => ChecksumAlgorithm::Crc32,
                Checksum::Sha256 => ChecksumAlgorithm::Sha256,
            }),
            Stored::Kms => request.server_side_encryption(ServerSideEncryption::AwsKms),
            _ => request,
        };
        self.runtime.block_on(request.send()).unwrap_or_else(|error| panic!("{key}: {error}"));
    }

    pub(super) fn remove(&self, key: &str) {
        self.runtime.block_on(self.client.delete_object().bucket(&self.name).key(key).send()).unwrap();
    }

    async fn put_parts(&self, key: &str, bytes: &[u8]) {
        let upload = self.client.create_multipart_upload().bucket(&self.name).key(key).send().await.unwrap();
        let id = upload.upload_id().unwrap();
        let mut parts = CompletedMultipartUpload::builder();
        // S3 wants at least 5 MiB in all parts but the last.
        for (number, part) in (1..).zip(bytes.chunks(5 << 20)) {
            let sent = self.client.upload_part().bucket(&self.name).key(key).upload_id(id).part_number(number);
            let sent = sent.body(ByteStream::from(part.to_vec())).send().await.unwrap();
            parts = parts.parts(CompletedPart::builder().part_number(number).e_tag(sent.e_tag().unwrap()).build());
        }
        let done = self.client.complete_multipart_upload().bucket(&self.name).key(key).upload_id(id);
        done.multipart_upload(parts.build()).send().await.unwrap();
    }
}

/// Options with short waits, for an endpoint on this machine.
pub(super) fn options(endpoint: &str, cache: &Path) -> S3Options {
    let mut options = S3Options::new(cache);
    let keys = Credentials::new("AKIDTEST", SECRET, Some(TOKEN.into()), None, "test");
    options.credentials = Some(SharedCredentialsProvider::new(keys));
    options.region = Some("us-east-1".to_owned());
    options.endpoint_url = Some(endpoint.to_owned());
    options.attempts = 4;
    options.backoff_first = Duration::from_millis(20);
    options.backoff_max = Duration::from_millis(100);
    options.stall = Duration::from_secs(3);
    options.deadline_object = Duration::from_secs(8);
    options.deadline_total = Duration::from_secs(20);
    options
}

/// Bytes that compress badly and differ by seed.
pub(super) fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    })
    .take(bytes)
    .collect()
}

/// An error in all the forms in which it may come before a person.
pub(super) fn told(error: &S3Error) -> String {
    let mut told = format!("{error}\n{error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        told.push_str(&format!("\n{cause}\n{cause:?}"));
        source = cause.source();
    }
    assert!(!told.contains("sEcReT"), "a secret was told: {told}");
    assert!(!told.contains("AWS4-HMAC"), "a signature was told: {told}");
    told
}
