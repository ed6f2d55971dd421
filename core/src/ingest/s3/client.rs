//! The SDK's client: credentials from the standard chain, the bucket's own region, no retries and no redirects.

use std::sync::atomic::AtomicBool;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Region, ResponseChecksumValidation, StalledStreamProtectionConfig};

use super::endpoint::{Endpoint, Service};
use super::fault::{About, Fault, is_region, region_in};
use super::options::S3Options;
use super::retry::{Deadline, Schedule};
use super::uri::S3Uri;
use crate::error::s3::{Result, S3Error};

/// Where a bucket without any hint is asked first.
const REGION_FIRST: &str = "us-east-1";

/// A client and the region that it asks.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) region: String,
}

/// A client for the bucket of `uri`.
pub(super) async fn connect(uri: &S3Uri, options: &S3Options, endpoint: Option<&Endpoint>) -> Result<Connection> {
    let sdk = configuration(options, endpoint, Service::S3).await?;
    let region = sdk.region().map_or(REGION_FIRST, Region::as_ref).to_owned();
    let client = client(&sdk, &region, options, endpoint);
    if options.region.is_some() {
        return Ok(Connection { client, region });
    }
    let found = bucket_region(&client, &region, uri, options, endpoint).await?;
    if found == region {
        return Ok(Connection { client, region });
    }
    Ok(Connection { client: self::client(&sdk, &found, options, endpoint), region: found })
}

/// The SDK's own configuration: credentials from the standard chain, and no endpoint from a file.
pub(in crate::ingest) async fn configuration(
    options: &S3Options,
    endpoint: Option<&Endpoint>,
    service: Service,
) -> Result<SdkConfig> {
    let mut profile = ProfileFileRegionProvider::builder();
    let mut loader = aws_config::defaults(BehaviorVersion::latest());
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
        // A profile that is named comes before what the environment says, as in AWS's own command.
        let credentials = ProfileFileCredentialsProvider::builder().profile_name(name).build();
        loader = loader.profile_name(name).credentials_provider(credentials);
    }
    // The instance is not asked for its region: the bucket's is found by asking the bucket.
    let region = RegionProviderChain::first_try(options.region.clone().map(Region::new))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(profile.build())
        .or_else(Region::new(REGION_FIRST));
    loader = loader.region(region);
    if let Some(credentials) = &options.credentials {
        loader = loader.credentials_provider(credentials.clone());
    }
    let sdk = loader.load().await;
    if let (None, Some(url)) = (endpoint, sdk.endpoint_url()) {
        return Err(S3Error::Endpoint {
            endpoint: super::endpoint::shown(url),
            detail: format!(
                "it comes from a profile, and endpoints are not taken from files; give it as an option, or set {}",
                service.variable()
            ),
        });
    }
    Ok(sdk)
}

fn client(sdk: &SdkConfig, region: &str, options: &S3Options, endpoint: Option<&Endpoint>) -> Client {
    let timeouts = TimeoutConfig::builder().connect_timeout(options.stall).read_timeout(options.stall).build();
    let mut builder = aws_sdk_s3::config::Builder::from(sdk)
        .region(Region::new(region.to_owned()))
        .force_path_style(options.path_style || endpoint.is_some_and(|endpoint| endpoint.loopback))
        .response_checksum_validation(ResponseChecksumValidation::WhenSupported)
        .disable_multi_region_access_points(true)
        .timeout_config(timeouts)
        // Both are done for whole objects, by `retry` and `body`.
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    // Also unsets what the SDK may have found in a profile's section of services.
    builder.set_endpoint_url(endpoint.map(|endpoint| endpoint.url.clone()));
    if let Some(endpoint) = endpoint {
        builder.set_http_client(Some(endpoint.http.clone()));
    }
    Client::from_conf(builder.build())
}

/// The region of a bucket, which S3 names even to those whom it lets do nothing else.
async fn bucket_region(
    client: &Client,
    asked: &str,
    uri: &S3Uri,
    options: &S3Options,
    endpoint: Option<&Endpoint>,
) -> Result<String> {
    let bucket = uri.at("").shown();
    let about = About {
        service: Service::S3,
        uri: bucket.clone(),
        action: "s3:ListBucket",
        region: asked,
        endpoint: endpoint.map(|endpoint| endpoint.url.as_str()),
        owner: options.expected_bucket_owner.as_deref(),
        profile: options.profile.as_deref(),
    };
    let about = &about;
    let ask = || async move {
        let error = match client.head_bucket().bucket(&uri.bucket).send().await {
            Ok(answer) => return Ok(answer.bucket_region().filter(|region| is_region(region)).map(str::to_owned)),
            Err(error) => error,
        };
        if let Some(region) = region_in(&error) {
            return Ok(Some(region));
        }
        match about.fault(&error) {
            Fault::Final(S3Error::NoSuchKey { uri }) => Err(Fault::Final(S3Error::NoBucket { uri })),
            // Whatever else it refuses, it will refuse again, and then with a reason: HEAD has no body for one.
            Fault::Final(_) if error.raw_response().is_some_and(|answer| answer.status().is_client_error()) => Ok(None),
            fault => Err(fault),
        }
    };
    let found = Schedule::of(options, &AtomicBool::new(false))
        .run(&bucket, Deadline::after(options.deadline_total), ask)
        .await?;
    Ok(found.unwrap_or_else(|| asked.to_owned()))
}
