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

/// Finds deliveries, fetches those on S3, and reads the footers.
///
/// # Errors
/// As [`crate::ingest::source`], those of S3, and those of footers.
pub(crate) fn open(sources: &[PathBuf], opening: &Opening) -> Result<Opened> {
    let (remote, local): (Vec<PathBuf>, Vec<PathBuf>) = sources.iter().cloned().partition(|source| is_remote(source));
    let on_disk = if local.is_empty() && !remote.is_empty() {
        Discovery::default()
    } else {
        discover_in(&mut Disk, &local, &opening.periods)?
    };
    let mut on_s3 = find_remote(&remote, opening)?;
    let discoveries: Vec<&Discovery> =
        std::iter::once(&on_disk).chain(on_s3.iter().map(|(_, discovery)| discovery)).collect();
    all_there(&discoveries, &opening.periods)?;
    let mut opened = Opened::default();
    let mut found = on_disk;
    fetch_remote(&mut on_s3, opening, &mut opened.objects)?;
    for (_, discovery) in on_s3 {
        found.deliveries.extend(discovery.deliveries);
        found.notes.extend(discovery.notes);
    }
    found.sort();
    opened.notes = found.notes;
    for delivery in found.deliveries {
        let mut files = Vec::new();
        for path in &delivery.files {
            let Some(place) = opened.objects.place_of(path) else {
                files.push(file::open(path)?);
                continue;
            };
            let may_be_none =
                delivery.manifest.is_none() && !sources.contains(path) && csv::is_csv(&path.to_string_lossy());
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
        return Err(nothing_found(sources, &[]));
    }
    Ok(opened)
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
use on_s3::{fetch_remote, find_remote};

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
    type InBucket = ((Bucket, Vec<PathBuf>), Discovery);

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

    /// Fetches the deliveries of every bucket, each of one generation.
    pub(super) fn fetch_remote(buckets: &mut [InBucket], opening: &Opening, objects: &mut Objects) -> Result<()> {
        objects.on_fetch = opening.on_fetch.clone();
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
            objects.add(kept, opening.s3.as_ref().is_some_and(|options| options.keep_objects));
        }
        Ok(())
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
fn find_remote(sources: &[PathBuf], _opening: &Opening) -> Result<Vec<((), Discovery)>> {
    match sources.first() {
        Some(source) => Err(Error::NotAvailable {
            what: source.display().to_string(),
            reason: "farthing was built without S3; build it with the feature `s3`".to_owned(),
        }),
        None => Ok(Vec::new()),
    }
}

#[cfg(not(feature = "s3"))]
fn fetch_remote(_buckets: &mut [((), Discovery)], _opening: &Opening, _objects: &mut Objects) -> Result<()> {
    Ok(())
}
