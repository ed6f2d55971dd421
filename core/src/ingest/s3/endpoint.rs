//! An S3 (or CloudWatch) other than AWS's own: where it may lie, and a resolver that holds its name to that at every connection.
//!
//! Requests carry a session token, so an endpoint is as trusted as the credentials. None is taken from a file.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use url::{Host, Url};

use super::options::S3Options;
use crate::error::s3::{Result, S3Error};

/// A custom endpoint that was found fit for use.
#[derive(Clone)]
pub(in crate::ingest) struct Endpoint {
    /// Its address.
    pub(in crate::ingest) url: String,
    /// Whether it is on this machine.
    pub(super) loopback: bool,
    /// A client that connects only where the endpoint may lie.
    pub(in crate::ingest) http: SharedHttpClient,
}

/// The endpoint that these options, or else the environment, lead to, fit to be shown; nothing when it is AWS's own.
///
/// # Errors
/// [`S3Error::Endpoint`] for one that is refused.
pub fn custom_endpoint(options: &S3Options) -> Result<Option<String>> {
    Ok(from(options, Service::S3)?.map(|endpoint| shown(&endpoint.url)))
}

/// A service, as people and the environment name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ingest) enum Service {
    S3,
    #[cfg(feature = "cloudwatch")]
    CloudWatch,
    #[cfg(feature = "cloudwatch")]
    Sts,
}

impl Service {
    /// Its name in a sentence.
    pub(in crate::ingest) fn name(self) -> &'static str {
        match self {
            Service::S3 => "S3",
            #[cfg(feature = "cloudwatch")]
            Service::CloudWatch => "CloudWatch",
            #[cfg(feature = "cloudwatch")]
            Service::Sts => "STS",
        }
    }

    /// The variable that leads to another endpoint of it alone.
    pub(in crate::ingest) fn variable(self) -> &'static str {
        match self {
            Service::S3 => "AWS_ENDPOINT_URL_S3",
            #[cfg(feature = "cloudwatch")]
            Service::CloudWatch => "AWS_ENDPOINT_URL_CLOUDWATCH",
            #[cfg(feature = "cloudwatch")]
            Service::Sts => "AWS_ENDPOINT_URL_STS",
        }
    }
}

/// The endpoint of a service that the options or the environment name, if any.
pub(in crate::ingest) fn from(options: &S3Options, service: Service) -> Result<Option<Endpoint>> {
    let Some(url) = options.endpoint_url.clone().or_else(|| in_environment(service)) else { return Ok(None) };
    let (parsed, reach) = check(&url, options.allow_private_endpoint)?;
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    let http = Builder::new().tls_provider(provider).build_with_resolver(Guarded { reach });
    let loopback = match parsed.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    Ok(Some(Endpoint { url: without_end(&parsed), loopback, http }))
}

/// An address that is fit for use, without an end, and a resolver that holds its name to where it may lie.
pub(in crate::ingest) fn guarded(url: &str, allow_private: bool) -> Result<(String, impl ResolveDns + Clone + use<>)> {
    let (parsed, reach) = check(url, allow_private)?;
    Ok((without_end(&parsed), Guarded { reach }))
}

fn without_end(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

fn in_environment(service: Service) -> Option<String> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if set("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return None;
    }
    set(service.variable()).or_else(|| set("AWS_ENDPOINT_URL"))
}

/// An endpoint as it may be shown: without user, password and query.
pub(in crate::ingest) fn shown(endpoint: &str) -> String {
    match Url::parse(endpoint) {
        Ok(url) => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
        }
        Err(_) => "(no address)".to_owned(),
    }
}

/// Where a connection may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// This machine: what plain http is limited to.
    Loopback,
    /// This machine and public addresses.
    Public,
    /// Anywhere.
    Any,
}

fn check(endpoint: &str, allow_private: bool) -> Result<(Url, Reach)> {
    let fail = |detail: &str| S3Error::Endpoint { endpoint: shown(endpoint), detail: detail.to_owned() };
    let url = Url::parse(endpoint).map_err(|_| fail("this is no address; write https://host[:port]"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fail("it holds a user or a password; credentials come from the AWS credential chain alone"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(fail("it holds a query or a fragment; write https://host[:port]"));
    }
    let reach = match (url.scheme(), allow_private) {
        ("https", false) => Reach::Public,
        ("https", true) => Reach::Any,
        ("http", _) => Reach::Loopback,
        _ => return Err(fail("its scheme is neither https nor http")),
    };
    let ip = match url.host() {
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
        Some(Host::Domain(_)) => None,
        None => return Err(fail("the host is missing")),
    };
    if let Some(refusal) = ip.and_then(|ip| reach.refusal(ip)) {
        return Err(fail(refusal));
    }
    // Names are looked up again at every connection, by `Guarded`; a name that says where it leads is refused here.
    if reach == Reach::Loopback && matches!(url.host(), Some(Host::Domain(name)) if name != "localhost") {
        return Err(fail(Refused::PLAIN));
    }
    Ok((url, reach))
}

impl Reach {
    /// Why a connection may not go to this address.
    fn refusal(self, ip: IpAddr) -> Option<&'static str> {
        let ip = unmapped(ip);
        match self {
            Reach::Any => None,
            _ if ip.is_loopback() => None,
            Reach::Loopback => Some(Refused::PLAIN),
            Reach::Public => is_inner(ip).then_some(Refused::INNER),
        }
    }
}

/// An IPv4 address that is written as an IPv6 one, as itself.
fn unmapped(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    let parts = v6.segments();
    let tail = || IpAddr::V4(Ipv4Addr::from((u32::from(parts[6]) << 16) | u32::from(parts[7])));
    match parts {
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => tail(),
        // `::a.b.c.d`, long out of use; `::` and `::1` are themselves.
        [0, 0, 0, 0, 0, 0, _, _] if v6 != Ipv6Addr::UNSPECIFIED && v6 != Ipv6Addr::LOCALHOST => tail(),
        [0x2002, high, low, ..] => IpAddr::V4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))),
        _ => ip,
    }
}

/// Private, link-local (the metadata service lives there), shared, reserved and multicast addresses.
fn is_inner(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            ip.is_private()
                || ip.is_link_local()
                || ip.is_multicast()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && (b == 18 || b == 19))
        }
        IpAddr::V6(ip) => {
            ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.segments()[0] & 0xffc0 == 0xfec0
        }
    }
}

/// The refusal to connect to an address that a name led to.
#[derive(Debug)]
pub(super) struct Refused {
    /// Why.
    pub(super) detail: &'static str,
}

impl Refused {
    const PLAIN: &str = "plain http is for this machine only; use https";
    const INNER: &str = "it lies in a private, link-local or metadata range; allow private endpoints if that is meant";
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail)
    }
}

impl std::error::Error for Refused {}

/// Resolves names, and refuses them when any of their addresses is out of reach: names can be pointed anywhere, and
/// elsewhere the next time.
#[derive(Debug, Clone)]
struct Guarded {
    reach: Reach,
}

impl ResolveDns for Guarded {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let found = tokio::net::lookup_host((name, 0)).await.map_err(ResolveDnsError::new)?;
            let addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
            match addresses.iter().find_map(|ip| self.reach.refusal(*ip)) {
                Some(detail) => Err(ResolveDnsError::new(Refused { detail })),
                None => Ok(addresses),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_addresses_are_refused_however_they_are_written() {
        for host in [
            "169.254.169.254",
            "2852039166",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "[::ffff:169.254.169.254]",
            "[::169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:a9fe:a9fe::1]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "[::]",
            "0.0.0.0",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            let endpoint = format!("https://{host}/");
            let error = check(&endpoint, false).unwrap_err().to_string();
            assert!(error.contains("private, link-local or metadata"), "{host}: {error}");
            assert!(check(&endpoint, true).is_ok(), "{host}");
            assert!(check(&format!("http://{host}/"), true).is_err(), "{host}: plain http");
        }
    }

    #[test]
    fn public_and_loopback_endpoints_are_taken() {
        for endpoint in ["https://s3.example.com", "https://8.8.8.8:9000", "http://127.0.0.1:5000", "http://[::1]:5000"]
        {
            assert!(check(endpoint, false).is_ok(), "{endpoint}");
        }
        for endpoint in [
            "http://s3.example.com",
            "http://8.8.8.8",
            "ftp://s3.example.com",
            "s3.example.com",
            "https://user:sEcReT@s3.example.com",
            "https://s3.example.com/?token=sEcReT",
        ] {
            let error = check(endpoint, false).unwrap_err().to_string();
            assert!(!error.contains("sEcReT"), "{error}");
        }
    }
}
