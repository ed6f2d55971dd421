//! From the SDK's errors to ours: what is final and what to do about it, and what may be tried again.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::endpoint::{self, Refused, Service};
use super::redact;
use crate::error::s3::S3Error;

/// How an attempt failed.
pub(in crate::ingest) enum Fault {
    /// For good.
    Final(S3Error),
    /// It may succeed the next time.
    Again(String),
    /// As `Again`, but it has the look of a mistake: patience is short unless S3 was reached before.
    Briefly(String),
}

/// What a request was about.
pub(in crate::ingest) struct About<'a> {
    /// Who was asked.
    pub(in crate::ingest) service: Service,
    /// The object or folder, fit to be shown.
    pub(in crate::ingest) uri: String,
    /// The permission that it needs.
    pub(in crate::ingest) action: &'static str,
    /// The region that was asked.
    pub(in crate::ingest) region: &'a str,
    /// The endpoint, when it is not AWS's own.
    pub(in crate::ingest) endpoint: Option<&'a str>,
    /// The account that was said to own the bucket.
    pub(in crate::ingest) owner: Option<&'a str>,
    /// The profile that was named for the credentials.
    pub(in crate::ingest) profile: Option<&'a str>,
}

/// The region that S3 names in its refusal.
pub(in crate::ingest) fn region_in<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let region = error.raw_response()?.headers().get("x-amz-bucket-region")?;
    is_region(region).then(|| region.to_owned())
}

/// Whether a text can stand in a host name as a region.
pub(in crate::ingest) fn is_region(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 32
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// A connection to an endpoint that was not made, or broke.
pub(in crate::ingest) fn of_connection(error: &(dyn Error + 'static), endpoint: &str) -> Fault {
    if let Some(refused) = cause_of::<Refused>(error) {
        let endpoint = if endpoint.is_empty() { String::new() } else { endpoint::shown(endpoint) };
        return Fault::Final(S3Error::Endpoint { endpoint, detail: refused.detail.to_owned() });
    }
    let causes = redact::causes(error);
    let causes = causes.strip_prefix("dispatch failure: ").unwrap_or(&causes).to_owned();
    if ["(Connect)", "connect timeout", "dns error"].iter().any(|words| causes.contains(words)) {
        return Fault::Briefly(causes);
    }
    Fault::Again(causes)
}

impl About<'_> {
    /// What an error of the SDK amounts to.
    pub(in crate::ingest) fn fault<E>(&self, error: &SdkError<E, HttpResponse>) -> Fault
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(service) => {
                let status = service.raw().status().as_u16();
                self.refusal(status, service.err(), region_in(error))
            }
            SdkError::ResponseError(response) => {
                let status = response.raw().status().as_u16();
                Fault::Briefly(format!(
                    "{}'s answer ({status}) is not understood: {}",
                    self.name(),
                    redact::causes(error)
                ))
            }
            SdkError::TimeoutError(_) => Fault::Again("no answer in time".to_owned()),
            SdkError::ConstructionFailure(_) => self.undelivered(error, false),
            _ => self.undelivered(error, true),
        }
    }

    /// A request that got no answer.
    fn undelivered(&self, error: &(dyn Error + 'static), sent: bool) -> Fault {
        let causes = redact::causes(error);
        let causes = causes.strip_prefix("dispatch failure: ").unwrap_or(&causes).to_owned();
        if let Some(credentials) = cause_of::<CredentialsError>(error) {
            return Fault::Final(self.credentials(credentials));
        }
        if !sent && cause_of::<Refused>(error).is_none() {
            return Fault::Final(self.other(causes));
        }
        of_connection(error, self.endpoint.unwrap_or_default())
    }

    fn credentials(&self, error: &CredentialsError) -> S3Error {
        let detail = redact::causes(error);
        let uri = self.uri.clone();
        if detail.to_ascii_lowercase().contains("expired") {
            return S3Error::Expired { uri, detail };
        }
        let detail = match self.profile {
            Some(profile) => format!("the profile `{profile}` does not exist or has none: {detail}"),
            None => detail,
        };
        S3Error::NoCredentials { uri, detail }
    }

    /// An answer that says no.
    fn refusal(&self, status: u16, error: &impl ProvideErrorMetadata, region: Option<String>) -> Fault {
        let code = redact::code(error.code());
        let said = match &code {
            Some(code) => format!("{status} {code}"),
            None => status.to_string(),
        };
        let code = code.unwrap_or_default();
        let uri = || self.uri.clone();
        let elsewhere = region.as_deref().is_some_and(|region| region != self.region);
        Fault::Final(match code.as_str() {
            "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" | "RequestExpired" => {
                S3Error::Expired { uri: uri(), detail: code }
            }
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "InvalidToken"
            | "InvalidSecurity"
            | "AuthFailure"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException" => S3Error::BadCredentials { uri: uri(), code },
            "NoSuchBucket" => S3Error::NoBucket { uri: uri() },
            "RequestTimeTooSkewed" => self.other("the clock of this machine is wrong; set it".to_owned()),
            "InvalidObjectState" => self.other("the object is archived; restore it first".to_owned()),
            "" if status < 300 => {
                return Fault::Briefly(format!("{}'s answer ({status}) is not understood", self.name()));
            }
            _ if is_passing(status, &code) => return Fault::Again(format!("{} answered {said}", self.name())),
            "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => self.wrong_region(region),
            _ if (300..400).contains(&status) || (elsewhere && status != 403) => self.wrong_region(region),
            _ if status == 403 || code.starts_with("KMS.") => self.denied(&code, error.message()),
            _ if status == 404 => S3Error::NoSuchKey { uri: uri() },
            _ if status == 412 => S3Error::Changed { uri: uri(), detail: "its ETag is another one".to_owned() },
            _ => self
                .other(format!("{} answered {said}; check the address, the credentials and the endpoint", self.name())),
        })
    }

    fn wrong_region(&self, region: Option<String>) -> S3Error {
        let next = match region {
            Some(region) if region != self.region => format!("set the region to {region}, or leave it out"),
            _ => format!("{} points elsewhere, which is not followed; check the region and the endpoint", self.name()),
        };
        S3Error::WrongRegion { uri: self.uri.clone(), asked: self.region.to_owned(), next }
    }

    /// S3's own words are only looked at: they may repeat what was sent.
    fn denied(&self, code: &str, message: Option<&str>) -> S3Error {
        let encrypted = code.starts_with("KMS.") || message.is_some_and(|words| words.contains("kms:"));
        let action = if encrypted { "kms:Decrypt" } else { self.action };
        let mut hint = match action {
            "kms:Decrypt" => " on the key that encrypts it; ask the key's owner".to_owned(),
            "s3:ListBucket" => " on the bucket, for this prefix".to_owned(),
            _ if self.action.starts_with("cloudwatch:") => "; the policy CloudWatchReadOnlyAccess has it".to_owned(),
            _ => " on it (without s3:ListBucket, a key that is missing looks the same)".to_owned(),
        };
        if let Some(owner) = self.owner {
            hint.push_str(&format!("; or the bucket does not belong to account {owner}"));
        }
        S3Error::Denied { uri: self.uri.clone(), action, hint }
    }

    fn name(&self) -> &'static str {
        self.service.name()
    }

    fn other(&self, detail: String) -> S3Error {
        S3Error::Other { uri: self.uri.clone(), detail }
    }
}

/// Whether S3 means "not now".
fn is_passing(status: u16, code: &str) -> bool {
    let codes = ["SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "OperationAborted"];
    status == 429
        || (status >= 500 && status != 501)
        || codes.contains(&code)
        || code.contains("Throttl")
        || code.contains("TooManyRequests")
        || code.contains("LimitExceeded")
}

fn cause_of<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref::<T>() {
            return Some(found);
        }
        next = cause.source();
    }
    None
}
