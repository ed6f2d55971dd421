//! From sources to open files: on disk as they lie there, on S3 after they were fetched.

use std::path::{Path, PathBuf};

use super::csv;
use super::file::{self, BillFile};
use super::objects::Objects;
use super::place::Disk;
use super::source::{Discovery, Found, discover_in, no_bill, nothing_found};
use crate::error::{Error, Result};

#[cfg(feature = "s3")]
use super::objects::OnFetch;
#[cfg(feature = "s3")]
use super::s3::S3Options;

/// How sources are opened.
#[derive(Clone, Default)]
pub(crate) struct Opening {
    /// The billing periods that are wanted; none stands for all.
    pub(crate) periods: Vec<String>,
    /// How S3 is reached.
    #[cfg(feature = "s3")]
    pub(crate) s3: Option<S3Options>,
    /// Called while objects are fetched.
    #[cfg(feature = "s3")]
    pub(crate) on_fetch: Option<OnFetch>,
}

/// What sources hold.
#[derive(Default)]
pub(crate) struct Opened {
    /// Deliveries in order, with their files.
    pub(crate) deliveries: Vec<(Found, Vec<BillFile>)>,
    /// What was seen and left alone, and why.
    pub(crate) notes: Vec<String>,
    /// What was fetched for it.
    pub(crate) objects: Objects,
}

/// What was found, before anything is fetched or read but manifests.
pub(crate) struct Finding {
    sources: Vec<PathBuf>,
    opening: Opening,
    on_disk: Discovery,
    on_s3: Vec<InBucket>,
}

impl Finding {
    /// Finds the deliveries of sources.
    ///
    /// # Errors
    /// As [`crate::ingest::source`], and those of listing S3.
    pub(crate) fn of(sources: Vec<PathBuf>, opening: Opening) -> Result<Finding> {
        let (remote, local): (Vec<PathBuf>, Vec<PathBuf>) =
            sources.iter().cloned().partition(|source| is_remote(source));
        let on_disk = if local.is_empty() && !remote.is_empty() {
            Discovery::default()
        } else {
            discover_in(&mut Disk, &local, &opening.periods)?
        };
        let on_s3 = find_remote(&remote, &opening)?;
        let discoveries: Vec<&Discovery> =
            std::iter::once(&on_disk).chain(on_s3.iter().map(|(_, discovery)| discovery)).collect();
        all_there(&discoveries, &opening.periods)?;
        Ok(Finding { sources, opening, on_disk, on_s3 })
    }

    /// What tells it from any other, when all of it lies on S3 and no delivery is seen to be half-written: addresses,
    /// sizes and ETags, and the bytes of manifests.
    pub(crate) fn identity(&self) -> Option<String> {
        if self.on_s3.is_empty() || self.sources.iter().any(|source| !is_remote(source)) {
            return None;
        }
        let buckets: Vec<String> = self.on_s3.iter().map(identity_of).collect::<Option<_>>()?;
        Some(format!("{:?}", (&self.sources, buckets)))
    }

    /// Fetches what is on S3, and begins with a delivery again that changes meanwhile; reads the footers.
    ///
    /// # Errors
    /// Those of S3, and those of footers.
    pub(crate) fn open(&mut self) -> Result<Opened> {
        let objects = fetch_remote(&mut self.on_s3, &self.opening)?;
        self.footers(objects)
    }

    /// As [`Finding::open`], of what was found and nothing else.
    ///
    /// # Errors
    /// As [`Finding::open`], and [`crate::error::s3::S3Error::Changed`] when it is no longer that.
    pub(crate) fn open_as_found(&self) -> Result<Opened> {
        let objects = fetch_as_found(&self.on_s3, &self.opening)?;
        self.footers(objects)
    }

    fn footers(&self, objects: Objects) -> Result<Opened> {
        let mut found = self.on_disk.clone();
        for (_, discovery) in &self.on_s3 {
            found.deliveries.extend(discovery.deliveries.iter().cloned());
            found.notes.extend(discovery.notes.iter().cloned());
        }
        found.sort();
        let mut opened = Opened { notes: found.notes, objects, ..Opened::default() };
        for delivery in found.deliveries {
            let mut files = Vec::new();
            for path in &delivery.files {
                let Some(place) = opened.objects.place_of(path) else {
                    files.push(file::open(path)?);
                    continue;
                };
                let is_csv = csv::is_csv(&path.to_string_lossy());
                let may_be_none = delivery.manifest.is_none() && !self.sources.contains(path) && is_csv;
                match file::open_as(&place, path.display().to_string()) {
                    Err(Error::NotABill { .. }) if may_be_none => opened.notes.push(no_bill(path)),
                    file => files.push(file.map_err(|error| opened.objects.about_cache(error))?),
                }
            }
            if !files.is_empty() || delivery.files.is_empty() {
                opened.deliveries.push((delivery, files));
            }
        }
        if opened.deliveries.is_empty() {
            return Err(nothing_found(&self.sources, &[]));
        }
        Ok(opened)
    }
}

/// Whether a source is an address on S3.
fn is_remote(source: &Path) -> bool {
    source.to_string_lossy().starts_with("s3://")
}

/// Refuses a period that nothing states, unless something states none.
fn all_there(discoveries: &[&Discovery], periods: &[String]) -> Result<()> {
    let deliveries = || discoveries.iter().flat_map(|discovery| &discovery.deliveries);
    let mut stated: Vec<&String> = deliveries().filter_map(|delivery| delivery.period.as_ref()).collect();
    stated.extend(discoveries.iter().flat_map(|discovery| &discovery.left_out));
    stated.sort();
    stated.dedup();
    let unstated = deliveries().any(|delivery| delivery.period.is_none());
    match periods.iter().find(|period| !stated.contains(period) && !unstated) {
        Some(missing) => Err(Error::UnknownName {
            what: "billing period",
            name: missing.clone(),
            hint: format!("the source has {}", stated.into_iter().cloned().collect::<Vec<_>>().join(", ")),
        }),
        None => Ok(()),
    }
}

#[cfg(feature = "s3")]
use on_s3::{InBucket, fetch_as_found, fetch_remote, find_remote, identity_of};

#[cfg(feature = "s3")]
mod on_s3 {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::Opening;
    use crate::error::s3::S3Error;
    use crate::error::{Error, Result};
    use crate::ingest::bucket::{Bucket, address};
    use crate::ingest::objects::{Kept, Objects, fetch};
    use crate::ingest::source::{Discovery, discover_in};

    /// How often a delivery that changes under the reader is begun with again.
    const RESTARTS_MAX: u32 = 3;

    /// A bucket, its sources, and what they hold.
    pub(super) type InBucket = ((Bucket, Vec<PathBuf>), Discovery);

    /// What there is, bucket by bucket.
    pub(super) fn find_remote(sources: &[PathBuf], opening: &Opening) -> Result<Vec<InBucket>> {
        let mut by_bucket: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for source in sources {
            by_bucket.entry(address(source)?.bucket).or_default().push(source.clone());
        }
        let find = |sources: Vec<PathBuf>| {
            let uri = address(&sources[0])?;
            let options = opening.s3.as_ref().ok_or_else(|| {
                let detail = "nobody said where to keep what is fetched; open with BillOptions::s3".to_owned();
                Error::S3(S3Error::Other { uri: uri.to_string(), detail })
            })?;
            let mut bucket = Bucket::connect(&uri, options)?;
            let discovery = discover_in(&mut bucket, &sources, &opening.periods)?;
            Ok(((bucket, sources), discovery))
        };
        by_bucket.into_values().map(find).collect()
    }

    /// What tells what a bucket holds from anything else; nothing, when a delivery of it is half-written.
    pub(super) fn identity_of(((bucket, _), discovery): &InBucket) -> Option<String> {
        bucket.one_generation(&discovery.deliveries, false).ok()?;
        Some(format!("{}\n{:?}", bucket.identity(&discovery.deliveries)?, discovery.notes))
    }

    /// No objects yet.
    fn none_of(opening: &Opening) -> Objects {
        let mut objects = Objects::default();
        objects.on_fetch = opening.on_fetch.clone();
        objects
    }

    fn keep(opening: &Opening) -> bool {
        opening.s3.as_ref().is_some_and(|options| options.keep_objects)
    }

    /// Fetches the deliveries of every bucket, each of one generation.
    pub(super) fn fetch_remote(buckets: &mut [InBucket], opening: &Opening) -> Result<Objects> {
        let mut objects = none_of(opening);
        for in_bucket in buckets {
            let mut restarts = 0;
            let kept = loop {
                match fetch_once(in_bucket, opening, restarts > 0) {
                    Err(Error::S3(S3Error::Changed { .. })) if restarts < RESTARTS_MAX => restarts += 1,
                    kept => break kept?,
                }
                let ((bucket, sources), discovery) = in_bucket;
                *bucket = bucket.anew();
                *discovery = discover_in(bucket, sources, &opening.periods)?;
            };
            objects.add(kept, keep(opening));
        }
        Ok(objects)
    }

    /// Fetches the deliveries as they were found, or not at all.
    pub(super) fn fetch_as_found(buckets: &[InBucket], opening: &Opening) -> Result<Objects> {
        let mut objects = none_of(opening);
        for in_bucket in buckets {
            objects.add(fetch_once(in_bucket, opening, false)?, keep(opening));
        }
        Ok(objects)
    }

    /// Fetches what was found, and looks again whether it is still that.
    fn fetch_once(((bucket, _), discovery): &InBucket, opening: &Opening, is_again: bool) -> Result<Vec<Kept>> {
        bucket.one_generation(&discovery.deliveries, is_again)?;
        let objects = bucket.objects_of(&discovery.deliveries);
        let kept = fetch(&bucket.remote, objects.clone(), opening.on_fetch.as_ref())?;
        bucket.unchanged(&discovery.deliveries, &objects)?;
        Ok(kept)
    }
}

#[cfg(not(feature = "s3"))]
use without_s3::{InBucket, fetch_as_found, fetch_remote, find_remote, identity_of};

#[cfg(not(feature = "s3"))]
mod without_s3 {
    use std::path::PathBuf;

    use super::Opening;
    use crate::error::{Error, Result};
    use crate::ingest::objects::Objects;
    use crate::ingest::source::Discovery;

    pub(super) type InBucket = ((), Discovery);

    pub(super) fn find_remote(sources: &[PathBuf], _opening: &Opening) -> Result<Vec<InBucket>> {
        match sources.first() {
            Some(source) => Err(Error::NotAvailable {
                what: source.display().to_string(),
                reason: "farthing was built without S3; build it with the feature `s3`".to_owned(),
            }),
            None => Ok(Vec::new()),
        }
    }

    pub(super) fn identity_of(_bucket: &InBucket) -> Option<String> {
        None
    }

    pub(super) fn fetch_remote(_buckets: &mut [InBucket], _opening: &Opening) -> Result<Objects> {
        Ok(Objects)
    }

    pub(super) fn fetch_as_found(_buckets: &[InBucket], _opening: &Opening) -> Result<Objects> {
        Ok(Objects)
    }
}
