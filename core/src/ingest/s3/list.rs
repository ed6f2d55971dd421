//! What lies below a prefix, page after page.

use std::collections::HashSet;

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::EncodingType;
use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;

use super::body::unquoted;
use super::fault::Fault;
use super::remote::Inner;
use super::retry::Deadline;
use crate::error::s3::{Result, S3Error};

/// An object as it was listed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// Its ETag, without quotes: it pins the object's content.
    pub etag: String,
    /// When it was written.
    pub last_modified: Option<DateTime<Utc>>,
}

/// All objects below a folder, or else the object of this name.
pub(super) async fn list(inner: &Inner, named: &str) -> Result<Vec<Object>> {
    let deadline = Deadline::after(inner.options.deadline_total);
    if named.is_empty() || named.ends_with('/') {
        return pages(inner, named, deadline).await;
    }
    match pages(inner, &format!("{named}/"), deadline).await {
        Ok(below) if !below.is_empty() => Ok(below),
        // Without s3:ListBucket on the bare key, one that is missing looks as if it were denied.
        Ok(_) => match head(inner, named, deadline).await {
            Ok(object) => Ok(object.into_iter().collect()),
            Err(S3Error::Denied { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        },
        // With s3:GetObject alone, an object can still be read by its name.
        Err(denied @ S3Error::Denied { .. }) => match head(inner, named, deadline).await {
            Ok(Some(object)) => Ok(vec![object]),
            _ => Err(denied),
        },
        Err(error) => Err(error),
    }
}

async fn pages(inner: &Inner, prefix: &str, deadline: Deadline) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    let mut tokens = HashSet::new();
    let mut token = None;
    let broken = |detail: &str| S3Error::Broken { uri: inner.shown(prefix), detail: detail.to_owned(), attempts: 1 };
    loop {
        let page = page(inner, prefix, token.take(), deadline).await?;
        objects.extend(objects_of(inner, &page)?);
        if !page.is_truncated().unwrap_or(false) {
            break;
        }
        let next = page.next_continuation_token().map(str::to_owned);
        let next = next.ok_or_else(|| broken("the listing breaks off: it says that there is more, and not where"))?;
        if !tokens.insert(next.clone()) {
            return Err(broken("the listing goes in circles"));
        }
        token = Some(next);
    }
    objects.sort_by(|a, b| a.key.cmp(&b.key));
    if let Some(pair) = objects.windows(2).find(|pair| pair[0].key == pair[1].key) {
        return Err(broken(&format!("the listing names {} twice", inner.shown(&pair[0].key))));
    }
    if let Some(object) = objects.iter().find(|object| !object.key.starts_with(prefix)) {
        return Err(broken(&format!("the listing names {}, which is elsewhere", inner.shown(&object.key))));
    }
    Ok(objects)
}

async fn page(inner: &Inner, prefix: &str, token: Option<String>, deadline: Deadline) -> Result<ListObjectsV2Output> {
    let token = &token;
    let attempt = || async move {
        inner
            .client
            .list_objects_v2()
            .bucket(&inner.uri.bucket)
            .prefix(prefix)
            // Keys may hold characters that XML cannot.
            .encoding_type(EncodingType::Url)
            .set_continuation_token(token.clone())
            .set_request_payer(inner.payer())
            .set_expected_bucket_owner(inner.options.expected_bucket_owner.clone())
            .send()
            .await
            .map_err(|error| match inner.about(prefix, "s3:ListBucket").fault(&error) {
                // What is not there, of a listing, is the bucket.
                Fault::Final(S3Error::NoSuchKey { uri }) => Fault::Final(S3Error::NoBucket { uri }),
                fault => fault,
            })
    };
    inner.schedule().run(&inner.shown(prefix), deadline, attempt).await
}

fn objects_of(inner: &Inner, page: &ListObjectsV2Output) -> Result<Vec<Object>> {
    let encoded = page.encoding_type() == Some(&EncodingType::Url);
    let fail = |key: &str, detail: &str| S3Error::Other { uri: inner.shown(key), detail: detail.to_owned() };
    let one = |listed: &aws_sdk_s3::types::Object| {
        let key = listed.key().unwrap_or_default();
        let key = if encoded { decoded(key) } else { Some(key.to_owned()) };
        let key = key.ok_or_else(|| fail(listed.key().unwrap_or_default(), "a key in the listing is no UTF-8"))?;
        let bytes = listed.size().and_then(|bytes| u64::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| fail(&key, "the listing does not state its size"))?;
        let etag = unquoted(listed.e_tag().unwrap_or_default()).to_owned();
        if key.is_empty() || etag.is_empty() {
            return Err(fail(&key, "the listing does not state its key or its ETag"));
        }
        Ok(Object { key, bytes, etag, last_modified: instant(listed.last_modified()) })
    };
    page.contents().iter().map(one).collect()
}

/// A key of a listing, decoded once: S3 writes a space as `+`, and `+` as `%2B`.
fn decoded(key: &str) -> Option<String> {
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn instant(time: Option<&aws_sdk_s3::primitives::DateTime>) -> Option<DateTime<Utc>> {
    time.and_then(|time| DateTime::from_timestamp(time.secs(), time.subsec_nanos()))
}

/// The object of a key, without its bytes.
pub(super) async fn head(inner: &Inner, key: &str, deadline: Deadline) -> Result<Option<Object>> {
    let attempt = || async move {
        let request = inner.client.head_object().bucket(&inner.uri.bucket).key(key);
        let answer = request
            .set_request_payer(inner.payer())
            .set_expected_bucket_owner(inner.options.expected_bucket_owner.clone())
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                return match inner.about(key, "s3:GetObject").fault(&error) {
                    Fault::Final(S3Error::NoSuchKey { .. }) => Ok(None),
                    fault => Err(fault),
                };
            }
        };
        let bytes = answer.content_length().and_then(|bytes| u64::try_from(bytes).ok());
        let etag = unquoted(answer.e_tag().unwrap_or_default()).to_owned();
        match bytes {
            Some(bytes) if !etag.is_empty() => {
                let last_modified = instant(answer.last_modified());
                Ok(Some(Object { key: key.to_owned(), bytes, etag, last_modified }))
            }
            _ => Err(Fault::Again("S3 stated neither size nor ETag".to_owned())),
        }
    };
    inner.schedule().run(&inner.shown(key), deadline, attempt).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_decoded_once() {
        for (listed, key) in [
            ("a/we+ird/%C3%A9%2B%252F%26%3D.parquet", "a/we ird/é+%2F&=.parquet"),
            ("a%20b", "a b"),
            ("plain/key_00001.snappy.parquet", "plain/key_00001.snappy.parquet"),
        ] {
            assert_eq!(decoded(listed).as_deref(), Some(key), "{listed}");
        }
        assert_eq!(decoded("%FF"), None);
    }
}
