//! What can go wrong between a bucket and the cache: every variant names the object, the cause and the next step.

use std::path::PathBuf;

/// An error about something on S3 or in CloudWatch, or about what is kept of it. No message holds a secret, a token or a signed header.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum S3Error {
    /// A text that is no address of a bucket, a folder or an object.
    #[error("`{text}`: {detail}; write s3://bucket/folder or s3://bucket/key")]
    Uri {
        /// The text as it was given.
        text: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The credential chain ended without credentials.
    #[error(
        "{uri}: no AWS credentials ({detail}); name a profile, set AWS_PROFILE, or sign in with `aws configure` or `aws sso login`"
    )]
    NoCredentials {
        /// What was to be read.
        uri: String,
        /// What the chain said.
        detail: String,
    },
    /// The session's token is no longer good.
    #[error("{uri}: the AWS session has expired ({detail}); sign in again, for instance with `aws sso login`")]
    Expired {
        /// What was to be read.
        uri: String,
        /// S3's code, or what the credential chain said.
        detail: String,
    },
    /// AWS knows neither the access key nor its signature.
    #[error(
        "{uri}: AWS does not accept these credentials ({code}); check the access key, its secret and its session token"
    )]
    BadCredentials {
        /// What was to be read.
        uri: String,
        /// S3's code.
        code: String,
    },
    /// A permission is missing.
    #[error("{uri}: access denied; the credentials need {action}{hint}")]
    Denied {
        /// What was to be read.
        uri: String,
        /// The permission: `s3:ListBucket`, `s3:GetObject` or `kms:Decrypt`.
        action: &'static str,
        /// What else would look the same.
        hint: String,
    },
    /// There is no such bucket.
    #[error("{uri}: there is no such bucket; check its name, and the account and partition of the credentials")]
    NoBucket {
        /// The bucket.
        uri: String,
    },
    /// There is no such object.
    #[error("{uri}: there is no such object; list the folder above it")]
    NoSuchKey {
        /// The object.
        uri: String,
    },
    /// The bucket lives in another region than the one that was asked.
    #[error("{uri}: the bucket is not in {asked}; {next}")]
    WrongRegion {
        /// What was to be read.
        uri: String,
        /// The region that was asked.
        asked: String,
        /// The region to ask, or how to find it.
        next: String,
    },
    /// The delivery was rewritten while it was being read.
    #[error("{uri}: it changed while the delivery was being read ({detail}); start again from the manifest")]
    Changed {
        /// The object.
        uri: String,
        /// What was seen.
        detail: String,
    },
    /// S3, or the way to it, kept failing.
    #[error("{uri}: {detail} (attempts: {attempts}); try again later, or look at the network in between")]
    Broken {
        /// What was to be read.
        uri: String,
        /// The last failure.
        detail: String,
        /// How often it was tried.
        attempts: u32,
    },
    /// A deadline passed.
    #[error("{uri}: not done within {seconds} s ({detail}); try again later, or raise the deadline")]
    Deadline {
        /// What was to be read.
        uri: String,
        /// The deadline in seconds.
        seconds: f64,
        /// What it was doing, or the last failure.
        detail: String,
    },
    /// An endpoint that is not used for safety's sake, or cannot be.
    #[error("endpoint {endpoint}: {detail}")]
    Endpoint {
        /// The endpoint, without user and password.
        endpoint: String,
        /// What is wrong and what to do.
        detail: String,
    },
    /// An object that is larger than a manifest ever is.
    #[error("{uri}: it holds {bytes} bytes where at most {bytes_max} were expected; is it the right object?")]
    TooLarge {
        /// The object.
        uri: String,
        /// Its size.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// The cache cannot be read or written.
    #[error("cache {}: {source}", path.display())]
    Cache {
        /// The file or folder.
        path: PathBuf,
        /// The system's own words.
        #[source]
        source: std::io::Error,
    },
    /// The caller's progress callback asked to stop.
    #[error("stopped before all objects were fetched")]
    Interrupted,
    /// Anything else that S3 or the SDK refused.
    #[error("{uri}: {detail}")]
    Other {
        /// What was to be read.
        uri: String,
        /// What happened and the next step.
        detail: String,
    },
}

/// A result whose error is [`S3Error`].
pub type Result<T> = std::result::Result<T, S3Error>;
