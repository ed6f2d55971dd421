//! Manifests: the list of files that are the bill, of legacy reports and of Data Exports.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result};

/// A manifest, whichever kind wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Where it was found.
    pub path: PathBuf,
    /// The report's or export's name, from the manifest or its file name.
    pub export: String,
    /// `2026-10`.
    pub period: Option<String>,
    /// The bucket that it was written to, where it says so.
    pub bucket: Option<String>,
    /// The keys of its files, without scheme and bucket.
    pub keys: Vec<String>,
    /// The delivery's id.
    pub delivery_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    report_name: Option<String>,
    export_name: Option<String>,
    report_keys: Option<Vec<String>>,
    data_files: Option<Vec<String>>,
    assembly_id: Option<String>,
    execution_id: Option<String>,
    billing_period: Option<RawPeriod>,
    bucket: Option<String>,
}

#[derive(Deserialize)]
struct RawPeriod {
    start: Option<String>,
}

/// Whether a file name is a manifest's.
pub fn is_manifest(name: &str) -> bool {
    name.ends_with("Manifest.json")
}

/// Reads a manifest.
///
/// # Errors
/// [`Error::Manifest`] when it is no JSON, lists no files, or lists a key that points outside its delivery.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Manifest> {
    let fail = |detail: String| Error::Manifest { path: path.to_path_buf(), detail };
    let raw: Raw = serde_json::from_slice(bytes)
        .map_err(|error| fail(format!("this manifest is not understood ({error}); deliver the report again")))?;
    let listed = raw.report_keys.or(raw.data_files).ok_or_else(|| {
        fail("it has neither reportKeys nor dataFiles; is it the manifest of a Cost and Usage Report?".to_owned())
    })?;
    let keys = listed.iter().map(|key| relative_key(key).map_err(&fail)).collect::<Result<Vec<_>>>()?;
    let bucket = one_bucket(&listed, raw.bucket).map_err(&fail)?;
    let mut unique = keys.clone();
    unique.sort();
    unique.dedup();
    if unique.len() != keys.len() {
        return Err(fail("it lists the same file twice; deliver the report again".to_owned()));
    }
    let file_name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let export = raw
        .report_name
        .or(raw.export_name)
        .unwrap_or_else(|| file_name.trim_end_matches("Manifest.json").trim_end_matches('-').to_owned());
    let stated = raw.billing_period.and_then(|period| period.start).and_then(|start| month_of(&start));
    Ok(Manifest {
        period: stated.or_else(|| period_in_path(path)),
        path: path.to_path_buf(),
        export,
        bucket,
        keys,
        delivery_id: raw.assembly_id.or(raw.execution_id),
    })
}

/// A listed key without scheme and bucket; refused when it could leave its delivery.
fn relative_key(listed: &str) -> std::result::Result<String, String> {
    let key = match listed.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, key)| key),
        None => listed,
    };
    let unsafe_part = key.split('/').any(|part| part == ".." || part == ".");
    if key.is_empty() || key.starts_with('/') || unsafe_part || key.contains(['\\', '\0']) {
        return Err(format!("it lists `{listed}`, which is no key of a delivery"));
    }
    Ok(key.to_owned())
}

/// The bucket of all its files.
fn one_bucket(listed: &[String], stated: Option<String>) -> std::result::Result<Option<String>, String> {
    let bucket_of = |key: &String| key.split_once("://")?.1.split('/').next().map(str::to_owned);
    let mut buckets = listed.iter().filter_map(bucket_of);
    let Some(first) = buckets.next() else { return Ok(stated) };
    match buckets.find(|other| *other != first) {
        Some(other) => Err(format!("it lists files of two buckets, {first} and {other}; deliver the report again")),
        None => Ok(Some(first)),
    }
}

/// `20261001T000000.000Z` or `2026-10-01T…` as `2026-10`.
fn month_of(start: &str) -> Option<String> {
    let digits: String = start.chars().filter(char::is_ascii_digit).take(6).collect();
    (digits.len() == 6).then(|| format!("{}-{}", &digits[..4], &digits[4..]))
}

/// The period that folder names state: `BILLING_PERIOD=2026-10` or `20261001-20261101`.
pub(super) fn period_in_path(path: &Path) -> Option<String> {
    path.iter().rev().filter_map(|part| part.to_str()).find_map(|part| {
        if let Some(period) = part.strip_prefix("BILLING_PERIOD=") {
            return Some(period.to_owned());
        }
        let (start, end) = part.split_once('-')?;
        let dates = [start, end].iter().all(|date| date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()));
        dates.then(|| format!("{}-{}", &start[..4], &start[4..6]))
    })
}

/// Whether a folder's name states a period.
pub(super) fn states_period(folder: Option<&str>) -> bool {
    folder.is_some_and(|name| period_in_path(Path::new(name)).is_some())
}

impl Manifest {
    /// The local path of each listed key: the longest tail of the key that exists below a folder above the
    /// manifest. A packed file may have been unpacked since.
    ///
    /// # Errors
    /// [`Error::Manifest`] that names the first key that is not there.
    pub fn resolve(&self) -> Result<Vec<PathBuf>> {
        self.keys.iter().map(|key| self.resolve_key(key)).collect()
    }

    fn resolve_key(&self, key: &str) -> Result<PathBuf> {
        let parts: Vec<&str> = key.split('/').collect();
        for skipped in 0..parts.len() {
            let tail: PathBuf = parts[skipped..].iter().collect();
            for folder in self.path.ancestors().skip(1) {
                let candidate = folder.join(&tail);
                if candidate.is_file() {
                    return Ok(candidate);
                }
                let unpacked = candidate.with_extension("");
                if key.contains(".csv.") && unpacked.is_file() {
                    return Ok(unpacked);
                }
            }
        }
        Err(Error::Manifest {
            path: self.path.clone(),
            detail: format!(
                "it lists `{key}`, which is not there; copy the whole delivery, or wait until AWS has written it"
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_read() {
        let legacy = br#"{"reportName":"cur","assemblyId":"a","reportKeys":["p/cur/cur/year=2026/month=8/cur-00001.snappy.parquet"],
            "billingPeriod":{"start":"20260801T000000.000Z","end":"20260901T000000.000Z"}}"#;
        let manifest = parse(Path::new("cur/20260801-20260901/cur-Manifest.json"), legacy).unwrap();
        assert_eq!((manifest.export.as_str(), manifest.period.as_deref()), ("cur", Some("2026-08")));
        let cur2 = br#"{"dataFiles":["s3://bucket/p/e/data/BILLING_PERIOD=2026-09/e-00001.snappy.parquet"]}"#;
        let manifest = parse(Path::new("e/metadata/BILLING_PERIOD=2026-09/e-Manifest.json"), cur2).unwrap();
        assert_eq!((manifest.export.as_str(), manifest.period.as_deref()), ("e", Some("2026-09")));
        assert_eq!(manifest.keys, ["p/e/data/BILLING_PERIOD=2026-09/e-00001.snappy.parquet"]);
    }

    #[test]
    fn keys_stay_inside_the_delivery() {
        let two = br#"{"dataFiles":["s3://one/a","s3://two/b"]}"#;
        assert!(parse(Path::new("m-Manifest.json"), two).unwrap_err().to_string().contains("one and two"));
        for key in ["../../etc/passwd", "/etc/passwd", "s3://bucket", "a/./b", "a\\\\b"] {
            let text = format!(r#"{{"dataFiles":["{key}"]}}"#);
            assert!(parse(Path::new("m-Manifest.json"), text.as_bytes()).is_err(), "{key}");
        }
        assert!(parse(Path::new("m-Manifest.json"), br#"{"dataFiles":["a","a"]}"#).is_err());
        assert!(parse(Path::new("m-Manifest.json"), b"[]").is_err());
    }
}
