//! CloudWatch as the credentials' account sees it: one client a region, made when it is needed.

use std::collections::BTreeMap;
use std::future::Future;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use aws_config::{Region, SdkConfig};
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::config::timeout::TimeoutConfig;

use super::kept::Kept;
use crate::error::s3::{Result, S3Error};
use crate::ingest::s3::S3Options;
use crate::ingest::s3::background::Background;
use crate::ingest::s3::client::configuration;
use crate::ingest::s3::endpoint::{self, Endpoint, Service};
use crate::ingest::s3::fault::About;
use crate::ingest::s3::retry::{Deadline, Schedule};

const THREADS: usize = 2;

/// CloudWatch, asked with one set of credentials. All calls block.
pub struct CloudWatch {
    background: Background,
    pub(super) inner: Arc<Inner>,
}

/// What the tasks of a session share.
pub(super) struct Inner {
    sdk: SdkConfig,
    pub(super) options: S3Options,
    endpoint: Option<Endpoint>,
    pub(super) account: String,
    pub(super) kept: Kept,
    /// Whether AWS ever answered.
    reached: AtomicBool,
    clients: Mutex<BTreeMap<String, Client>>,
}

impl std::fmt::Debug for CloudWatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CloudWatch").field("account", &self.inner.account).finish_non_exhaustive()
    }
}

/// The endpoints that these options, or else the environment, lead to, fit to be shown, each with whose it is; none where all
/// are AWS's own. They get the credentials, so a person should see them before.
///
/// # Errors
/// [`S3Error::Endpoint`] for one that is refused.
pub fn custom_endpoints(options: &S3Options) -> Result<Vec<(&'static str, String)>> {
    let mut found = Vec::new();
    for service in [Service::CloudWatch, Service::Sts] {
        if let Some(endpoint) = endpoint::from(options, service)? {
            found.push((service.name(), endpoint::shown(&endpoint.url)));
        }
    }
    Ok(found)
}

impl CloudWatch {
    /// Opens the folder where measurements are kept, and asks whose the credentials are, in this region. Of the options those
    /// about buckets and objects do not count.
    ///
    /// # Errors
    /// [`S3Error::Endpoint`] for an endpoint that is refused, [`S3Error::Cache`] for a folder that cannot be used,
    /// [`S3Error::NoCredentials`], [`S3Error::Expired`], [`S3Error::BadCredentials`], [`S3Error::Broken`].
    pub fn connect(region: &str, folder: &Path, options: S3Options) -> Result<CloudWatch> {
        let endpoint = endpoint::from(&options, Service::CloudWatch)?;
        let sts = endpoint::from(&options, Service::Sts)?;
        let place = endpoint.as_ref().map_or("", |endpoint| endpoint.url.as_str());
        let kept = Kept::open(folder, place)?;
        let background = Background::start("farthing-cloudwatch", THREADS, "CloudWatch")?;
        let reached = AtomicBool::new(false);
        let (sdk, account) = {
            let (region, options, endpoint) = (region.to_owned(), options.clone(), endpoint.clone());
            let wait = options.on_wait.clone();
            background.run(wait.as_deref(), None, async move {
                let sdk = configuration(&options, endpoint.as_ref(), Service::CloudWatch).await?;
                let account = account(&sdk, &region, &options, sts.as_ref()).await?;
                Ok((sdk, account))
            })?
        };
        let clients = Mutex::default();
        let inner = Inner { sdk, options, endpoint, account, kept, reached, clients };
        Ok(CloudWatch { background, inner: Arc::new(inner) })
    }

    /// The account that can be asked: that of the credentials.
    pub fn account(&self) -> &str {
        &self.inner.account
    }

    pub(super) fn run<T: Send + 'static>(
        &self,
        tick: Option<&dyn Fn() -> ControlFlow<()>>,
        task: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.background.run(self.inner.options.on_wait.as_deref(), tick, task)
    }
}

impl Inner {
    /// The client of a region.
    pub(super) fn client(&self, region: &str) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let mut builder = aws_sdk_cloudwatch::config::Builder::from(&self.sdk)
                .region(Region::new(region.to_owned()))
                .timeout_config(timeouts(&self.options))
                // By `Schedule`, as for S3: so that every attempt is counted and an interrupt is heard.
                .retry_config(RetryConfig::disabled());
            // Also unsets what the SDK may have found in a profile's section of services.
            builder.set_endpoint_url(self.endpoint.as_ref().map(|endpoint| endpoint.url.clone()));
            if let Some(endpoint) = &self.endpoint {
                builder.set_http_client(Some(endpoint.http.clone()));
            }
            Client::from_conf(builder.build())
        };
        clients.entry(region.to_owned()).or_insert_with(make).clone()
    }

    /// When to try again.
    pub(super) fn schedule(&self) -> Schedule<'_> {
        Schedule::of(&self.options, &self.reached)
    }

    /// By when a call must be done.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after(self.options.deadline_total)
    }

    /// What a request in a region was for.
    pub(super) fn about<'a>(&'a self, region: &'a str, action: &'static str) -> About<'a> {
        About {
            service: Service::CloudWatch,
            uri: place(region),
            action,
            region,
            endpoint: self.endpoint.as_ref().map(|endpoint| endpoint.url.as_str()),
            owner: None,
            profile: self.options.profile.as_deref(),
        }
    }
}

/// CloudWatch in a region, as errors name it.
pub(super) fn place(region: &str) -> String {
    format!("CloudWatch in {region}")
}

fn timeouts(options: &S3Options) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(options.stall).read_timeout(options.stall).build()
}

/// Whose the credentials are. Nobody can be forbidden to ask.
async fn account(sdk: &SdkConfig, region: &str, options: &S3Options, endpoint: Option<&Endpoint>) -> Result<String> {
    let mut builder = aws_sdk_sts::config::Builder::from(sdk)
        .region(Region::new(region.to_owned()))
        .timeout_config(timeouts(options))
        .retry_config(RetryConfig::disabled());
    builder.set_endpoint_url(endpoint.map(|endpoint| endpoint.url.clone()));
    if let Some(endpoint) = endpoint {
        builder.set_http_client(Some(endpoint.http.clone()));
    }
    let client = aws_sdk_sts::Client::from_conf(builder.build());
    let about = About {
        service: Service::Sts,
        uri: format!("STS in {region}"),
        action: "sts:GetCallerIdentity",
        region,
        endpoint: endpoint.map(|endpoint| endpoint.url.as_str()),
        owner: None,
        profile: options.profile.as_deref(),
    };
    let (about, client) = (&about, &client);
    let ask = || async move { client.get_caller_identity().send().await.map_err(|error| about.fault(&error)) };
    let reached = AtomicBool::new(false);
    let deadline = Deadline::after(options.deadline_total);
    let answer = Schedule::of(options, &reached).run(&about.uri, deadline, ask).await?;
    let known = answer.account().filter(|account| account.bytes().all(|byte| byte.is_ascii_digit()));
    known.map(str::to_owned).ok_or_else(|| S3Error::Other {
        uri: about.uri.clone(),
        detail: "its answer names no account; check the endpoint".to_owned(),
    })
}
