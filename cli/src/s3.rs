//! How S3 is reached: the options of every command that reads a bill, and what they amount to.

use std::path::PathBuf;

use clap::Args;
use farthing::ingest::s3::{S3Options, custom_endpoint};

use crate::commands::{Problem, user_cache};
use crate::terminal::Screen;

/// The heading of these options.
const ON_S3: &str = "On S3";

/// How sources on S3 are reached. Credentials come from the standard chain alone.
#[derive(Debug, Default, Args)]
pub(crate) struct S3 {
    /// Use this AWS profile [default: AWS_PROFILE, or the default one]
    #[arg(long, help_heading = ON_S3, value_name = "NAME")]
    profile: Option<String>,
    /// The bucket's region [default: the bucket is asked]
    #[arg(long, help_heading = ON_S3)]
    region: Option<String>,
    /// An S3 (of `metrics fetch` a CloudWatch, too) other than AWS's own; it gets the credentials, so it is printed at the
    /// start
    #[arg(long, help_heading = ON_S3, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Write the bucket's name into the path of requests, not into the host's name
    #[arg(long, help_heading = ON_S3)]
    path_style: bool,
    /// Pay for the requests
    #[arg(long, help_heading = ON_S3)]
    requester_pays: bool,
    /// Refuse a bucket that does not belong to this account
    #[arg(long, help_heading = ON_S3, value_name = "ACCOUNT", value_parser = account)]
    expected_bucket_owner: Option<String>,
    /// Keep fetched objects in DIR; it may be deleted at any time [default: farthing/objects in the user's cache folder]
    #[arg(long, help_heading = ON_S3, value_name = "DIR")]
    cache: Option<PathBuf>,
}

impl S3 {
    /// The engine's options. An endpoint that is not AWS's own is told.
    ///
    /// # Errors
    /// An endpoint that is refused, or a user without a folder for caches.
    pub(crate) fn options(&self, screen: &Screen) -> Result<S3Options, Problem> {
        let options = self.reach("objects")?;
        if let Some(endpoint) = custom_endpoint(&options)? {
            screen.note(&format!("S3 endpoint: {endpoint}"));
        }
        Ok(options)
    }

    /// As [`S3::options`], of any service of AWS. What is kept of it lies in a folder of this name in the user's cache folder,
    /// unless it is said where.
    ///
    /// # Errors
    /// A user without a folder for caches.
    pub(crate) fn reach(&self, name: &str) -> Result<S3Options, Problem> {
        let cache = self.cache.clone().or_else(|| user_cache(name)).ok_or_else(|| {
            let message = "neither XDG_CACHE_HOME nor HOME is set; say where to keep what is fetched, with --cache DIR";
            Problem { message: message.to_owned(), code: 1 }
        })?;
        let mut options = S3Options::new(cache);
        options.profile.clone_from(&self.profile);
        options.region.clone_from(&self.region);
        options.endpoint_url.clone_from(&self.endpoint_url);
        options.path_style = self.path_style;
        options.requester_pays = self.requester_pays;
        options.expected_bucket_owner.clone_from(&self.expected_bucket_owner);
        // The next command asks the same bill.
        options.keep_objects = true;
        Ok(options)
    }
}

fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account id has 12 digits".to_owned()),
    }
}
