//! Measurements that were fetched, one file a resource: a line that says which metrics over which spans, sealed by its hash,
//! and the values packed after it. What is damaged is as good as not there.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

use super::ask::{Asked, Samples};
use crate::error::s3::{Result, S3Error};
use crate::ingest::digest::{sha256_of_bytes, sha256_of_fields};
use crate::ingest::dirs::Folder;

const VERSION: &str = "farthing-series-1";
/// The first line of a file, at most.
const HEAD_BYTES_MAX: u64 = 1 << 20;
/// A file, at most: 500 metrics of 93 days every five minutes, which pack to a tenth of it.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// Older measurements are of no use to any look-back.
const SECONDS_KEPT: i64 = 100 * 86_400;
/// Bytes of a measurement: its time and its value.
const SAMPLE_BYTES: usize = 16;

/// What is kept of a metric: everything that CloudWatch had in `[start, end)`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub(super) key: String,
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) samples: Samples,
}

/// The first line of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// Key, start, end and number of measurements of each series.
    series: Vec<(String, i64, i64, usize)>,
    /// The SHA-256 of what follows the line.
    body: String,
}

/// Spans by key.
pub(super) type Spans = BTreeMap<String, (i64, i64)>;

/// The folder of what is kept, of one endpoint.
#[derive(Debug)]
pub(super) struct Kept {
    folder: Folder,
    endpoint: String,
}

/// The name of a metric with its statistic and its period.
pub(super) fn key(asked: &Asked) -> String {
    let query = &asked.query;
    let dimensions: Vec<String> = query.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let (dimensions, statistic) = (dimensions.join(","), query.statistic.name());
    format!("{} {} {dimensions} {statistic} {}", query.namespace, query.metric, asked.period)
}

impl Kept {
    /// The folder, which is made when it is not there.
    pub(super) fn open(path: &Path, endpoint: &str) -> Result<Kept> {
        let at = |source| S3Error::Cache { path: path.to_path_buf(), source };
        let folder = Folder::at(path).map_err(at)?.inner("series").map_err(at)?;
        folder.sweep().map_err(at)?;
        Ok(Kept { folder, endpoint: endpoint.to_owned() })
    }

    /// The name of a resource's file.
    pub(super) fn name(&self, account: &str, region: &str, resource: &str) -> String {
        sha256_of_fields(&[VERSION, &self.endpoint, account, region, resource])
    }

    /// Which metrics are kept over which spans.
    pub(super) fn spans(&self, name: &str) -> Result<Spans> {
        let read = || -> io::Result<Option<Head>> {
            let Some(file) = self.folder.file(name)? else { return Ok(None) };
            let mut line = Vec::new();
            BufReader::new(file.take(HEAD_BYTES_MAX)).read_until(b'\n', &mut line)?;
            Ok(Head::parse(name, &line))
        };
        let head = read().map_err(self.at(name))?;
        Ok(head.into_iter().flat_map(|head| head.series).map(|(key, start, end, _)| (key, (start, end))).collect())
    }

    /// The series of a resource; none where there are none or they are damaged.
    pub(super) fn read(&self, name: &str) -> Result<Vec<Series>> {
        let bytes = self.folder.read(name, FILE_BYTES_MAX).map_err(self.at(name))?;
        Ok(bytes.and_then(|bytes| unpacked(name, &bytes)).unwrap_or_default())
    }

    /// Adds to what is kept of a resource, all at once.
    pub(super) fn add(&self, name: &str, new: Vec<Series>) -> Result<()> {
        let mut all: BTreeMap<String, Series> =
            self.read(name)?.into_iter().map(|series| (series.key.clone(), series)).collect();
        for series in new {
            let joined = match all.remove(&series.key) {
                Some(old) => join(old, series),
                None => series,
            };
            all.insert(joined.key.clone(), joined);
        }
        let write = || {
            let mut file = self.folder.temporary()?;
            file.write_all(&packed(name, &all.into_values().collect::<Vec<_>>())?)?;
            file.rename(name)
        };
        write().map_err(self.at(name))
    }

    /// Removes what is kept of a resource, so that it is fetched again.
    pub(super) fn forget(&self, name: &str) -> Result<()> {
        self.folder.remove(name).map_err(self.at(name))
    }

    fn at(&self, name: &str) -> impl Fn(io::Error) -> S3Error + use<> {
        let path = self.folder.path_of(name);
        move |source| S3Error::Cache { path: path.clone(), source }
    }
}

/// Two spans of a metric as one, where they meet; else the later one. Of what both have the newer counts.
fn join(old: Series, new: Series) -> Series {
    if old.end < new.start || new.end < old.start {
        return if old.end > new.end { old } else { new };
    }
    let (start, end) = (old.start.min(new.start), old.end.max(new.end));
    let start = start.max(end - SECONDS_KEPT);
    let is_new = |time: i64| (new.start..new.end).contains(&time);
    let mut samples: Samples =
        old.samples.into_iter().filter(|&(time, _)| time >= start && !is_new(time)).chain(new.samples).collect();
    samples.sort_by_key(|sample| sample.0);
    Series { key: new.key, start, end, samples }
}

fn packed(name: &str, series: &[Series]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    for one in series {
        let mut before = 0;
        for (time, _) in &one.samples {
            encoder.write_all(&(time - before).to_le_bytes())?;
            before = *time;
        }
        for (_, value) in &one.samples {
            encoder.write_all(&value.to_le_bytes())?;
        }
    }
    let body = encoder.finish()?;
    let entry = |one: &Series| (one.key.clone(), one.start, one.end, one.samples.len());
    let head = Head { series: series.iter().map(entry).collect(), body: sha256_of_bytes(&body) };
    let mut bytes = head.line(name)?.into_bytes();
    bytes.extend(body);
    Ok(bytes)
}

fn unpacked(name: &str, bytes: &[u8]) -> Option<Vec<Series>> {
    let end = bytes.iter().position(|&byte| byte == b'\n')? + 1;
    let (line, body) = bytes.split_at(end);
    let head = Head::parse(name, line)?;
    if sha256_of_bytes(body) != head.body {
        return None;
    }
    let count: usize = head.series.iter().map(|one| one.3).sum();
    let mut plain = Vec::new();
    ZlibDecoder::new(body).take(count.checked_mul(SAMPLE_BYTES)? as u64).read_to_end(&mut plain).ok()?;
    let mut rest = plain.as_slice();
    let mut all = Vec::with_capacity(head.series.len());
    for (key, start, end, count) in head.series {
        let (times, after) = rest.split_at_checked(count * SAMPLE_BYTES / 2)?;
        let (values, after) = after.split_at_checked(count * SAMPLE_BYTES / 2)?;
        rest = after;
        let mut time = 0;
        let times = times.as_chunks::<8>().0.iter().map(|bytes| {
            time += i64::from_le_bytes(*bytes);
            time
        });
        let values = values.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes));
        all.push(Series { key, start, end, samples: times.zip(values).collect() });
    }
    Some(all)
}

impl Head {
    /// One line that begins with its own hash; it is bound to the file's name, so that two that are exchanged are both
    /// worthless.
    fn line(&self, name: &str) -> io::Result<String> {
        let text = serde_json::to_string(self)?;
        Ok(format!("{VERSION}\t{}\t{text}\n", sha256_of_fields(&[name, &text])))
    }

    fn parse(name: &str, line: &[u8]) -> Option<Head> {
        let text = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let (seal, text) = text.strip_prefix(VERSION)?.strip_prefix('\t')?.split_once('\t')?;
        (sha256_of_fields(&[name, text]) == seal).then(|| serde_json::from_str(text).ok()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(key: &str, start: i64, end: i64, value: f64) -> Series {
        let samples = (start / 300..end / 300).map(|at| (at * 300, value)).collect();
        Series { key: key.to_owned(), start, end, samples }
    }

    #[test]
    fn spans_that_meet_grow_and_others_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::open(folder.path(), "").unwrap();
        let name = kept.name("1", "eu-west-1", "i-1");
        assert_ne!(name, kept.name("1", "eu-west-2", "i-1"));
        assert!(kept.spans(&name).unwrap().is_empty());
        kept.add(&name, vec![series("cpu", 0, 3_000, 1.0), series("net", 0, 3_000, 7.0)]).unwrap();
        kept.add(&name, vec![series("cpu", 3_000, 6_000, 2.0)]).unwrap();
        assert_eq!(kept.spans(&name).unwrap()["cpu"], (0, 6_000));
        let all = kept.read(&name).unwrap();
        assert_eq!(all[0].samples.len(), 20);
        assert_eq!((all[0].samples[9], all[0].samples[10]), ((2_700, 1.0), (3_000, 2.0)));
        assert_eq!(all[1], series("net", 0, 3_000, 7.0));
        kept.add(&name, vec![series("cpu", 60_000, 63_000, 3.0)]).unwrap();
        assert_eq!(kept.spans(&name).unwrap()["cpu"], (60_000, 63_000), "nothing is known of what lies between");
        kept.add(&name, vec![series("cpu", 61_500, 63_000, 4.0)]).unwrap();
        let values: Vec<f64> = kept.read(&name).unwrap()[0].samples.iter().map(|sample| sample.1).collect();
        assert_eq!(values, [3.0, 3.0, 3.0, 3.0, 3.0, 4.0, 4.0, 4.0, 4.0, 4.0], "the newer counts");
    }

    #[test]
    fn what_is_damaged_is_not_there() {
        let name = "ab".repeat(32);
        let all = vec![series("cpu", 0, 3_000, 1.5)];
        let bytes = packed(&name, &all).unwrap();
        assert_eq!(unpacked(&name, &bytes), Some(all));
        assert_eq!(unpacked(&"ac".repeat(32), &bytes), None, "another's");
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 4;
            assert_eq!(unpacked(&name, &damaged), None, "byte {at}");
            assert_eq!(unpacked(&name, &bytes[..at]), None, "cut at {at}");
        }
    }
}
