//! In place of `objects` where the crate is built without S3: nothing was fetched.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::FetchedObject;
use crate::error::{Error, Result};

/// No objects.
#[derive(Default)]
pub(crate) struct Objects;

impl Objects {
    pub(crate) fn place_of(&self, _uri: &Path) -> Option<PathBuf> {
        None
    }

    pub(crate) fn facts(&self) -> BTreeMap<String, FetchedObject> {
        BTreeMap::new()
    }

    pub(crate) fn leave_once_folded(&self) -> bool {
        false
    }

    pub(crate) fn folded(&self) {}

    pub(crate) fn about_cache(&self, error: Error) -> Error {
        error
    }

    pub(crate) fn while_here<T>(&self, read: impl Fn() -> Result<T>) -> Result<T> {
        read()
    }
}

pub(crate) fn same_objects(
    _before: &BTreeMap<String, FetchedObject>,
    _now: &BTreeMap<String, FetchedObject>,
) -> Result<()> {
    Ok(())
}
