//! Bills on S3: lists a delivery, brings its objects down whole and checked, and keeps them in a cache named by content.
//!
//! Objects are never read in ranges: only a whole object can be held against the checksum that S3 keeps of it. What is
//! handed out is a local path, with the SHA-256 of its bytes and the name of the check that they passed.
//!
//! Everything here blocks. A small runtime of its own lives inside each [`Remote`]; it may be used from within another
//! one, and it neither prints nor keeps global state.

pub(super) mod background;
mod body;
mod cache;
pub(super) mod client;
pub(super) mod endpoint;
pub(super) mod fault;
mod fetch;
mod list;
mod options;
mod policy;
mod redact;
mod remote;
pub(super) mod retry;
mod uri;

pub use crate::error::s3::{Result, S3Error};
pub use body::CheckedBy;
pub use endpoint::custom_endpoint;
pub use fetch::{FetchProgress, Fetched};
pub use list::Object;
pub use options::{OnWait, S3Options};
pub use policy::iam_policy;
pub use remote::Remote;
pub use uri::S3Uri;
