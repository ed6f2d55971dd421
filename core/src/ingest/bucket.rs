//! A bucket as a place where bills lie: listings and manifests, and whether a delivery stayed the one that was begun
//! with.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::TimeDelta;

use super::digest::sha256_of_bytes;
use super::manifest::{self, Manifest};
use super::place::{Entry, Place};
use super::s3::{Object, Remote, S3Options, S3Uri};
use super::source::Found;
use crate::error::s3::S3Error;
use crate::error::{Error, Result};

/// A manifest names its columns and files; the longest are below a megabyte.
const MANIFEST_BYTES_MAX: u64 = 64 << 20;
/// A delivery is rewritten hours after it was written; copying one takes minutes, in any order.
const WRITTEN_TOGETHER: TimeDelta = TimeDelta::minutes(10);

/// A bucket that was connected to, and what was seen in it.
pub(super) struct Bucket {
    pub(super) remote: Arc<Remote>,
    /// The folders and objects that were listed.
    listed: Vec<String>,
    objects: HashMap<String, Object>,
    manifests: HashMap<String, Vec<u8>>,
}

impl Bucket {
    /// The bucket of an address.
    pub(super) fn connect(uri: &S3Uri, options: &S3Options) -> Result<Bucket> {
        let remote = Remote::connect(uri, options.clone()).map_err(Error::s3)?;
        Ok(Bucket::of(Arc::new(remote)))
    }

    fn of(remote: Arc<Remote>) -> Bucket {
        Bucket { remote, listed: Vec::new(), objects: HashMap::new(), manifests: HashMap::new() }
    }

    /// The same bucket, with nothing seen yet.
    pub(super) fn anew(&self) -> Bucket {
        Bucket::of(Arc::clone(&self.remote))
    }

    /// The objects of deliveries, each once, as they were when they were found.
    pub(super) fn objects_of(&self, deliveries: &[Found]) -> Vec<Object> {
        let files = deliveries.iter().flat_map(|delivery| &delivery.files);
        let mut objects: Vec<Object> =
            files.filter_map(|file| self.objects.get(&self.key(file).ok()?).cloned()).collect();
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        objects.dedup();
        objects
    }

    /// What deliveries are: their manifests' bytes, and of each object the address, size and ETag.
    pub(super) fn identity(&self, deliveries: &[Found]) -> Option<String> {
        let manifest = |path: &PathBuf| {
            let bytes = self.manifests.get(&self.key(path).ok()?)?;
            Some((path.clone(), sha256_of_bytes(bytes)))
        };
        let object = |path: &PathBuf| {
            let object = self.objects.get(&self.key(path).ok()?)?;
            Some((path.clone(), object.bytes, object.etag.clone()))
        };
        let delivery = |found: &Found| {
            let manifest = match &found.manifest {
                Some(path) => Some(manifest(path)?),
                None => None,
            };
            let objects: Vec<_> = found.files.iter().map(object).collect::<Option<_>>()?;
            Some(format!("{:?}", (&found.export, &found.period, manifest, objects)))
        };
        let deliveries: Vec<String> = deliveries.iter().map(delivery).collect::<Option<_>>()?;
        Some(format!("{}\n{}", self.remote.region(), deliveries.join("\n")))
    }

    /// Refuses deliveries that were caught while AWS rewrites them in place: AWS writes the manifest last, so files on
    /// both sides of its time belong to two generations. Copies are written in any order, so some minutes count for
    /// nothing, unless something was `seen_to_change`.
    ///
    /// # Errors
    /// [`S3Error::Changed`] that names the manifest.
    pub(super) fn one_generation(&self, deliveries: &[Found], seen_to_change: bool) -> Result<()> {
        let together = if seen_to_change { TimeDelta::zero() } else { WRITTEN_TOGETHER };
        for delivery in deliveries {
            let written = |path: &PathBuf| self.objects.get(&self.key(path).ok()?)?.last_modified;
            let (Some(manifest), Some(at)) = (&delivery.manifest, delivery.manifest.as_ref().and_then(written)) else {
                continue;
            };
            let is_later = |file: &&PathBuf| written(file).is_some_and(|time| time > at + together);
            let is_earlier = |file: &PathBuf| written(file).is_some_and(|time| time <= at);
            let later = delivery.files.iter().find(is_later);
            if let Some(later) = later.filter(|_| delivery.files.iter().any(is_earlier)) {
                let detail = format!(
                    "{} was written after this manifest and other files before it; AWS writes the manifest last, so \
                     wait for it, and of a copy, copy the manifest again",
                    later.display()
                );
                return Err(self.changed(&self.key(manifest)?, detail));
            }
        }
        Ok(())
    }

    /// Refuses what changed since it was found: a manifest, or an object that was fetched.
    ///
    /// # Errors
    /// [`S3Error::Changed`], and the errors of every request.
    pub(super) fn unchanged(&self, deliveries: &[Found], fetched: &[Object]) -> Result<()> {
        let manifests: Vec<String> = deliveries
            .iter()
            .filter_map(|delivery| delivery.manifest.as_ref().map(|path| self.key(path)))
            .collect::<Result<_>>()?;
        let again = self.remote.read_all(&manifests, MANIFEST_BYTES_MAX).map_err(|error| match error {
            S3Error::NoSuchKey { uri } => Error::s3(S3Error::Changed { uri, detail: "it is gone".to_owned() }),
            error => Error::s3(error),
        })?;
        for (key, (bytes, _)) in manifests.iter().zip(again) {
            if self.manifests.get(key) != Some(&bytes) {
                return Err(self.changed(key, "it lists another delivery".to_owned()));
            }
        }
        let mut now: HashMap<String, Object> = HashMap::new();
        for named in &self.listed {
            let listing = self.remote.list_at(named).map_err(Error::s3)?;
            now.extend(listing.into_iter().map(|object| (object.key.clone(), object)));
        }
        for object in fetched {
            let etag = match now.get(&object.key) {
                Some(now) => Some(now.etag.clone()),
                None => self.remote.head(&object.key).map_err(Error::s3)?.map(|now| now.etag),
            };
            match etag {
                Some(etag) if etag == object.etag => {}
                Some(_) => return Err(self.changed(&object.key, "its ETag is another one".to_owned())),
                None => return Err(self.changed(&object.key, "it is gone".to_owned())),
            }
        }
        Ok(())
    }

    fn changed(&self, key: &str, detail: String) -> Error {
        Error::S3(S3Error::Changed { uri: self.path(key).display().to_string(), detail })
    }

    /// The key of an address in this bucket.
    fn key(&self, path: &Path) -> Result<String> {
        address(path).map(|uri| uri.prefix_or_key)
    }

    fn path(&self, key: &str) -> PathBuf {
        PathBuf::from(self.remote.uri().at(key).to_string())
    }

    /// The object of a key, as it was listed, or as it is where it was not.
    fn find(&mut self, key: &str) -> Result<Option<Object>> {
        if let Some(object) = self.objects.get(key) {
            return Ok(Some(object.clone()));
        }
        let object = self.remote.head(key).map_err(Error::s3)?;
        if let Some(object) = &object {
            self.objects.insert(key.to_owned(), object.clone());
        }
        Ok(object)
    }

    /// Of a delivery that was copied from another bucket: its key here, which ends as in that bucket.
    fn copied(&mut self, root: &str, listed: &str) -> Result<Option<String>> {
        let parts: Vec<&str> = listed.split('/').collect();
        for skipped in 0..parts.len() {
            let key = format!("{root}{}", parts[skipped..].join("/"));
            match self.find(&key) {
                Ok(Some(_)) => return Ok(Some(key)),
                // Without s3:ListBucket, a key that is missing looks like this.
                Ok(None) | Err(Error::S3(S3Error::Denied { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    fn resolve_key(&mut self, manifest: &Manifest, root: &str, listed: &str) -> Result<PathBuf> {
        let fail = |detail: String| Error::Manifest { path: manifest.path.clone(), detail };
        let own = self.remote.uri().bucket.clone();
        let is_copy = manifest.bucket.as_ref().is_some_and(|bucket| *bucket != own);
        let shown = format!("s3://{}/{listed}", manifest.bucket.as_ref().unwrap_or(&own));
        let missing = || {
            fail(format!(
                "it lists `{shown}`, which is not there; wait until AWS has written it, or copy the whole delivery"
            ))
        };
        if !is_copy && !listed.starts_with(root) {
            let root = self.path(root);
            return Err(fail(format!(
                "it lists `{shown}`, which lies outside of its export {}, and nothing else is read; deliver the report again",
                root.display()
            )));
        }
        let key = if is_copy { self.copied(root, listed)?.ok_or_else(missing)? } else { listed.to_owned() };
        match self.find(&key)? {
            Some(object) if object.bytes > 0 => Ok(self.path(&key)),
            Some(_) => Err(fail(format!("it lists `{shown}`, which is empty (0 bytes); deliver the report again"))),
            None => Err(missing()),
        }
    }
}

impl Place for Bucket {
    fn entries(&mut self, source: &Path) -> Result<Vec<Entry>> {
        let named = self.key(source)?;
        let objects = self.remote.list_at(&named).map_err(Error::s3)?;
        if objects.is_empty() {
            let detail = "nothing is here; check the address, or list the folder above it".to_owned();
            return Err(Error::NoBill { path: source.to_path_buf(), detail });
        }
        let mut entries = Vec::new();
        for object in &objects {
            let below = object.key.strip_prefix(&named).unwrap_or(&object.key);
            // Consoles mark folders by empty objects whose keys end like this.
            if object.key.ends_with('/') || below.split('/').any(|part| part.starts_with('.')) {
                continue;
            }
            let written = object.last_modified.map(|time| time.timestamp());
            entries.push(Entry { path: self.path(&object.key), written, named: object.key == named });
        }
        self.objects.extend(objects.into_iter().map(|object| (object.key.clone(), object)));
        self.listed.push(named);
        Ok(entries)
    }

    fn read(&mut self, manifests: &[PathBuf]) -> Result<Vec<Vec<u8>>> {
        let keys = manifests.iter().map(|path| self.key(path)).collect::<Result<Vec<String>>>()?;
        let read = self.remote.read_all(&keys, MANIFEST_BYTES_MAX).map_err(Error::s3)?;
        let bytes: Vec<Vec<u8>> = read.into_iter().map(|(bytes, _)| bytes).collect();
        self.manifests.extend(keys.into_iter().zip(bytes.iter().cloned()));
        Ok(bytes)
    }

    fn resolve(&mut self, manifest: &Manifest, notes: &mut Vec<String>) -> Result<Vec<PathBuf>> {
        let key = self.key(&manifest.path)?;
        let root = export_root(&key);
        if let Some(bucket) = manifest.bucket.as_ref().filter(|bucket| **bucket != self.remote.uri().bucket) {
            notes.push(format!(
                "{} was written to the bucket {bucket}; its files are read from the copy here",
                manifest.path.display()
            ));
        }
        manifest.keys.iter().map(|listed| self.resolve_key(manifest, root, listed)).collect()
    }

    fn is_bill(&self, _path: &Path) -> bool {
        true
    }

    fn real(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }
}

/// Whether a source is an address on S3.
pub(super) fn address(path: &Path) -> Result<S3Uri> {
    S3Uri::parse(&path.to_string_lossy()).map_err(Error::s3)
}

/// The folder of the export that a manifest is part of, with its slash: above the folder of the period, and of
/// `metadata`; of a manifest that lies elsewhere, its own. Nothing outside of it is read on the manifest's word.
pub(super) fn export_root(manifest: &str) -> &str {
    let own = manifest.rfind('/').map_or(0, |slash| slash + 1);
    let mut start = 0;
    for part in manifest[..own].split_inclusive('/') {
        if manifest::states_period(Some(part.trim_end_matches('/'))) {
            let above = &manifest[..start];
            return above
                .strip_suffix("metadata/")
                .filter(|root| root.is_empty() || root.ends_with('/'))
                .unwrap_or(above);
        }
        start += part.len();
    }
    &manifest[..own]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_is_the_folder_above_its_periods() {
        for (manifest, root) in [
            ("p/e/metadata/BILLING_PERIOD=2026-10/e-Manifest.json", "p/e/"),
            ("p/e/metadata/BILLING_PERIOD=2026-10/2026-10-03T07:15:12.000Z-0f/e-Manifest.json", "p/e/"),
            ("p/cur/20261001-20261101/cur-Manifest.json", "p/cur/"),
            ("/p//cur/20261001-20261101/0f/cur-Manifest.json", "/p//cur/"),
            ("metadata/BILLING_PERIOD=2026-10/e-Manifest.json", ""),
            ("p/mymetadata/BILLING_PERIOD=2026-10/e-Manifest.json", "p/mymetadata/"),
            ("p/cur-Manifest.json", "p/"),
            ("cur-Manifest.json", ""),
        ] {
            assert_eq!(export_root(manifest), root, "{manifest}");
        }
    }
}
