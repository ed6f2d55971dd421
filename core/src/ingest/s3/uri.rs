//! Addresses on S3: `s3://bucket/folder` and `s3://bucket/key`.

use std::fmt;
use std::str::FromStr;

use crate::error::s3::{Result, S3Error};

const KEY_BYTES_MAX: usize = 1024;

/// A bucket and, in it, a folder or an object.
///
/// The key is taken literally: `%20` in it stands for those three characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct S3Uri {
    /// The bucket.
    pub bucket: String,
    /// The folder's prefix or the object's key; empty for the whole bucket.
    pub prefix_or_key: String,
}

impl S3Uri {
    /// Reads `s3://bucket/prefix`.
    ///
    /// # Errors
    /// [`S3Error::Uri`] that says what is wrong with it.
    pub fn parse(text: &str) -> Result<S3Uri> {
        let fail = |detail: &str| S3Error::Uri { text: printable(text), detail: detail.to_owned() };
        let Some(rest) = text.strip_prefix("s3://") else {
            let detail = match text.split_once("://") {
                Some(("s3a" | "s3n" | "S3", _)) => "this is Hadoop's or another spelling of an S3 address",
                Some(("http" | "https", _)) => "this is a web address, not an S3 address",
                _ => "it does not begin with s3://",
            };
            return Err(fail(detail));
        };
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.starts_with("arn:") {
            return Err(fail("it holds an ARN; give the bucket's name or the access point's alias"));
        }
        let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if bucket.is_empty() {
            return Err(fail("the bucket's name is missing"));
        }
        if !(3..=255).contains(&bucket.len()) || !bucket.bytes().all(named) || bucket.contains("..") {
            return Err(fail("no bucket can have this name"));
        }
        if !bucket.as_bytes()[0].is_ascii_alphanumeric() {
            return Err(fail("a bucket's name begins with a letter or a digit"));
        }
        if key.len() > KEY_BYTES_MAX {
            return Err(fail("its key is longer than the 1,024 bytes that S3 allows"));
        }
        if key.contains('\0') {
            return Err(fail("its key holds a NUL character"));
        }
        Ok(S3Uri { bucket: bucket.to_owned(), prefix_or_key: key.to_owned() })
    }

    /// The address of a key in the same bucket.
    pub fn at(&self, key: &str) -> S3Uri {
        S3Uri { bucket: self.bucket.clone(), prefix_or_key: key.to_owned() }
    }

    /// As text for a message: a key may hold characters that move the cursor or turn the writing around.
    pub(super) fn shown(&self) -> String {
        printable(&self.to_string())
    }
}

impl fmt::Display for S3Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.prefix_or_key)
    }
}

impl FromStr for S3Uri {
    type Err = S3Error;

    fn from_str(text: &str) -> Result<S3Uri> {
        S3Uri::parse(text)
    }
}

fn printable(text: &str) -> String {
    let unsafe_in_terminals = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().fold(String::with_capacity(text.len()), |mut shown, c| {
        if unsafe_in_terminals(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
        shown
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_literally() {
        for (text, bucket, key) in [
            ("s3://bills", "bills", ""),
            ("s3://bills/", "bills", ""),
            ("s3://bills/cur/rep/", "bills", "cur/rep/"),
            ("s3://a.b-c/we ird/é+%2F&=.parquet", "a.b-c", "we ird/é+%2F&=.parquet"),
            ("s3://bills//double", "bills", "/double"),
        ] {
            let uri: S3Uri = text.parse().unwrap();
            assert_eq!((uri.bucket.as_str(), uri.prefix_or_key.as_str()), (bucket, key), "{text}");
        }
        assert_eq!(S3Uri::parse("s3://bills/a").unwrap().at("b/c").to_string(), "s3://bills/b/c");
    }

    #[test]
    fn wrong_addresses_say_what_is_wrong() {
        for (text, words) in [
            ("bills/cur", "does not begin with s3://"),
            ("s3a://bills/cur", "Hadoop"),
            ("https://bills.s3.amazonaws.com/cur", "web address"),
            ("s3://", "name is missing"),
            ("s3:///cur", "name is missing"),
            ("s3://user:pass@bills/cur", "no bucket can have this name"),
            ("s3://bi..lls/cur", "no bucket can have this name"),
            ("s3://-bills/cur", "begins with"),
            ("s3://arn:aws:s3:eu-west-1:123456789012:accesspoint/x", "ARN"),
            ("s3://bills/a\0b", "NUL"),
        ] {
            let message = S3Uri::parse(text).unwrap_err().to_string();
            assert!(message.contains(words) && message.contains("write s3://"), "{message}");
        }
        assert!(S3Uri::parse(&format!("s3://bills/{}", "k".repeat(1025))).is_err());
    }

    #[test]
    fn messages_hold_no_control_characters() {
        let shown = S3Uri::parse("s3://bills/a\u{1b}[31m\u{202e}b").unwrap().shown();
        assert_eq!(shown, "s3://bills/a\\u{1b}[31m\\u{202e}b");
    }
}
