//! One object, whole: its length, its checksum and its ETag are all held against what arrived.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::{ChecksumMode, ServerSideEncryption};
use md5::Md5;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout_at};

use super::fault::Fault;
use super::redact;
use super::remote::Inner;
use crate::error::s3::S3Error;
use crate::ingest::digest::{hex, is_md5};

/// What the bytes of an object were held against when they came down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CheckedBy {
    /// S3's CRC-64/NVME of the whole object.
    Crc64Nvme,
    /// S3's CRC-32C of the whole object.
    Crc32C,
    /// S3's CRC-32 of the whole object.
    Crc32,
    /// S3's SHA-1 of the whole object.
    Sha1,
    /// S3's SHA-256 of the whole object.
    Sha256,
    /// An ETag that is the MD5 of the object.
    Md5Etag,
    /// Nothing but the length: S3 keeps no hash of the whole object.
    SizeOnly,
}

const CHECKS: [(CheckedBy, &str); 7] = [
    (CheckedBy::Crc64Nvme, "CRC64NVME of the object"),
    (CheckedBy::Crc32C, "CRC32C of the object"),
    (CheckedBy::Crc32, "CRC32 of the object"),
    (CheckedBy::Sha1, "SHA1 of the object"),
    (CheckedBy::Sha256, "SHA256 of the object"),
    (CheckedBy::Md5Etag, "MD5 ETag"),
    (CheckedBy::SizeOnly, "size only"),
];

impl fmt::Display for CheckedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = CHECKS.iter().find(|(check, _)| check == self).map_or("size only", |(_, words)| words);
        f.write_str(words)
    }
}

impl FromStr for CheckedBy {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<CheckedBy, ()> {
        CHECKS.iter().find(|(_, words)| *words == text).map(|(check, _)| *check).ok_or(())
    }
}

/// What is to come.
pub(super) struct Wanted<'a> {
    pub(super) key: &'a str,
    /// The ETag and the size that were listed.
    pub(super) listed: Option<(&'a str, u64)>,
    /// More than this is refused.
    pub(super) bytes_max: u64,
}

/// What came.
pub(super) struct Received {
    pub(super) etag: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    pub(super) checked_by: CheckedBy,
}

/// Takes the bytes as they come, before they are known to be right.
pub(super) type Sink<'a> = &'a mut (dyn FnMut(&[u8]) -> std::result::Result<(), Fault> + Send);

/// Brings an object down in one attempt.
pub(super) async fn receive(
    inner: &Inner,
    wanted: &Wanted<'_>,
    sink: Sink<'_>,
) -> std::result::Result<Received, Fault> {
    let request = inner.get_object(wanted.key).checksum_mode(ChecksumMode::Enabled);
    let request = match wanted.listed {
        Some((etag, _)) => request.if_match(quoted(etag)),
        None => request,
    };
    let mut answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => return Err(inner.about(wanted.key, "s3:GetObject").fault(&error)),
    };
    let expected = announced(inner, wanted, &answer)?;
    let etag = unquoted(answer.e_tag().unwrap_or_default()).to_owned();
    let mut hashes = Hashes::of(&answer, &etag);
    let mut pace = Pace::new(inner.options.stall, inner.options.bytes_per_second_min);
    loop {
        let next = match timeout_at(pace.until, answer.body.next()).await {
            Ok(next) => next,
            Err(_) => {
                pace.renewed()?;
                continue;
            }
        };
        let Some(block) = next else { break };
        let block = block.map_err(|error| Fault::Again(format!("the body broke off: {}", redact::causes(&error))))?;
        pace.arrived(block.len() as u64)?;
        if pace.bytes > expected {
            return Err(Fault::Again(format!("S3 sent more than the {expected} bytes that it announced")));
        }
        hashes.update(&block);
        sink(&block)?;
    }
    if pace.bytes != expected {
        return Err(Fault::Again(format!("the body ended after {} of {expected} bytes", pace.bytes)));
    }
    hashes.received(etag, pace.bytes)
}

/// The length that the answer states, once it is known to be the answer to what was asked.
fn announced(inner: &Inner, wanted: &Wanted<'_>, answer: &GetObjectOutput) -> std::result::Result<u64, Fault> {
    let uri = || inner.shown(wanted.key);
    let bytes = answer.content_length().and_then(|bytes| u64::try_from(bytes).ok());
    let Some(bytes) = bytes else { return Err(Fault::Again("S3 did not say how long the object is".to_owned())) };
    if answer.content_range().is_some() {
        return Err(Fault::Again("S3 sent a part where the whole was asked for".to_owned()));
    }
    if let Some((etag, size)) = wanted.listed {
        let now = unquoted(answer.e_tag().unwrap_or_default());
        if now != etag {
            let detail = format!("its ETag was {} and is {}", redact::redacted(etag), redact::redacted(now));
            return Err(Fault::Final(S3Error::Changed { uri: uri(), detail }));
        }
        if bytes != size {
            return Err(Fault::Again(format!("S3 offered {bytes} bytes of an object of {size}")));
        }
    }
    if bytes > wanted.bytes_max {
        return Err(Fault::Final(S3Error::TooLarge { uri: uri(), bytes, bytes_max: wanted.bytes_max }));
    }
    Ok(bytes)
}

/// An ETag as listed, without quotes.
pub(super) fn unquoted(etag: &str) -> &str {
    etag.strip_prefix('"').and_then(|etag| etag.strip_suffix('"')).unwrap_or(etag)
}

pub(super) fn quoted(etag: &str) -> String {
    format!("\"{etag}\"")
}

/// The hashes that run along with a body. The SDK holds S3's own checksum against it.
struct Hashes {
    sha256: Sha256,
    md5: Option<Md5>,
    checksum: Option<CheckedBy>,
}

impl Hashes {
    fn of(answer: &GetObjectOutput, etag: &str) -> Hashes {
        // Under KMS, or a key of the customer's, an ETag looks like an MD5 and is none.
        let own_key = answer.sse_customer_algorithm().is_some()
            || matches!(
                answer.server_side_encryption(),
                Some(ServerSideEncryption::AwsKms | ServerSideEncryption::AwsKmsDsse)
            );
        let md5 = (is_md5(etag) && !own_key).then(Md5::new);
        Hashes { sha256: Sha256::new(), md5, checksum: checksum_of_whole(answer) }
    }

    fn update(&mut self, block: &[u8]) {
        self.sha256.update(block);
        if let Some(md5) = &mut self.md5 {
            md5.update(block);
        }
    }

    fn received(self, etag: String, bytes: u64) -> std::result::Result<Received, Fault> {
        let by_etag = self.md5.is_some();
        if let Some(md5) = self.md5 {
            let found = hex(&md5.finalize());
            if !found.eq_ignore_ascii_case(&etag) {
                return Err(Fault::Again(format!("the MD5 of its bytes is {found}, its ETag {etag}")));
            }
        }
        let otherwise = if by_etag { CheckedBy::Md5Etag } else { CheckedBy::SizeOnly };
        let checked_by = self.checksum.unwrap_or(otherwise);
        Ok(Received { etag, bytes, sha256: hex(&self.sha256.finalize()), checked_by })
    }
}

/// The checksum that the SDK verifies: the first in its order, unless it is one over parts (`…-7`) or no Base64, which
/// it passes over in silence.
fn checksum_of_whole(answer: &GetObjectOutput) -> Option<CheckedBy> {
    let (check, value, bytes) = [
        (CheckedBy::Crc64Nvme, answer.checksum_crc64_nvme(), 8),
        (CheckedBy::Crc32C, answer.checksum_crc32_c(), 4),
        (CheckedBy::Crc32, answer.checksum_crc32(), 4),
        (CheckedBy::Sha1, answer.checksum_sha1(), 20),
        (CheckedBy::Sha256, answer.checksum_sha256(), 32),
    ]
    .into_iter()
    .find_map(|(check, value, bytes)| value.map(|value| (check, value, bytes)))?;
    let decoded = aws_smithy_types::base64::decode(value).ok()?;
    (decoded.len() == bytes).then_some(check)
}

/// Cuts a body that trickles: each window must bring its share.
struct Pace {
    until: Instant,
    window: Duration,
    share: u64,
    bytes: u64,
    bytes_before: u64,
}

impl Pace {
    fn new(window: Duration, bytes_per_second_min: u64) -> Pace {
        let share = (window.as_secs_f64() * bytes_per_second_min as f64).ceil() as u64;
        Pace { until: Instant::now() + window, window, share: share.max(1), bytes: 0, bytes_before: 0 }
    }

    fn arrived(&mut self, bytes: u64) -> std::result::Result<(), Fault> {
        self.bytes += bytes;
        if Instant::now() >= self.until { self.renewed() } else { Ok(()) }
    }

    fn renewed(&mut self) -> std::result::Result<(), Fault> {
        let arrived = self.bytes - self.bytes_before;
        if arrived < self.share {
            let seconds = self.window.as_secs_f64();
            return Err(Fault::Again(format!("only {arrived} bytes came in {seconds} s")));
        }
        self.bytes_before = self.bytes;
        self.until = Instant::now() + self.window;
        Ok(())
    }
}
