//! What CloudWatch measured: read from a table in long form or from the JSON of `get-metric-data`, kept as distributions.

mod read_csv;
mod read_json;
mod read_parquet;
pub mod series;
mod summing;
pub mod wanted;
pub mod write_parquet;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use self::series::{Sample, Series, Statistic};
use self::summing::{Summed, Summing};
use crate::error::{Error, Result};

/// The columns of a table of metrics. `unit` may be missing.
pub const METRIC_COLUMNS: [&str; 6] = ["resource_id", "timestamp", "metric", "statistic", "value", "unit"];
/// Days of measurements that count, unless said otherwise: AWS's shortest look-back.
pub const LOOK_BACK_DAYS: u32 = 14;

/// What was found while reading.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// Rows that hold a measurement.
    pub rows: u64,
    /// Rows whose value is no number.
    pub not_numbers: u64,
    /// Measurements older than the look-back.
    pub too_old: u64,
    /// Series with a time that is there more than once, and how many times that is so.
    pub repeated: (u64, u64),
    /// Series in which measurements are missing between the first and the last, and how many are.
    pub missing: (u64, u64),
    /// Whether rows of a resource were scattered, so that all had to be held at once.
    pub is_scattered: bool,
}

/// Measurements by resource, as distributions over the look-back of each series.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    resources: BTreeMap<String, Vec<Series>>,
    /// Resources by what follows the last `/` or `:` of their id; none where that is not unique.
    short: BTreeMap<String, Option<String>>,
    /// Days that count.
    pub look_back_days: u32,
    /// The first and the last time of any measurement, in seconds since 1970.
    pub span: Option<(i64, i64)>,
    /// What was found while reading.
    pub notes: Notes,
    /// The files.
    pub files: Vec<String>,
}

impl Metrics {
    /// Reads tables (csv or parquet, long form, the columns [`METRIC_COLUMNS`]) and `get-metric-data` answers (JSON). A
    /// series counts over the given days before its own last measurement. Rows sorted by resource are held one resource
    /// at a time, others all at once.
    ///
    /// A time that is there more than once counts once, with the greater value (of a minimum the smaller).
    ///
    /// # Errors
    /// [`Error::Table`] that names the file, the line and what is wrong with it; [`Error::Unreadable`],
    /// [`Error::NotFound`], [`Error::Io`].
    pub fn read<P: AsRef<Path>>(files: &[P], look_back_days: u32) -> Result<Metrics> {
        match Gathering::new(look_back_days, false).read(files) {
            Err(Stopped::Scattered) => Gathering::new(look_back_days, true).read(files),
            other => other,
        }
        .map_err(|stopped| match stopped {
            Stopped::Failed(error) => error,
            Stopped::Scattered => Error::NotAvailable {
                what: "an answer from these metrics".to_owned(),
                reason: "their rows are scattered".to_owned(),
            },
        })
    }

    /// The series of a resource, by its id as the bill spells it, or by the last part of it where only one of the two is
    /// a whole ARN: of two, places and accounts count.
    pub fn of(&self, resource: &str) -> &[Series] {
        let is_arn = |id: &str| id.starts_with("arn:");
        let by_short = || {
            let name = resource.rsplit(['/', ':']).next().unwrap_or(resource);
            let id = self.short.get(name)?.as_deref()?;
            self.resources.get(id).filter(|_| !(is_arn(id) && is_arn(resource)))
        };
        self.resources.get(resource).or_else(by_short).map_or(&[], Vec::as_slice)
    }

    /// The series of the first of these ids that is measured under just that name.
    pub fn named(&self, ids: &[String]) -> &[Series] {
        ids.iter().find_map(|id| self.resources.get(id)).map_or(&[], Vec::as_slice)
    }

    /// Every resource, in order.
    pub fn resources(&self) -> impl Iterator<Item = (&str, &[Series])> {
        self.resources.iter().map(|(id, series)| (id.as_str(), series.as_slice()))
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// Of the series of one of these metrics the one whose statistic says most about peaks: maximum, then percentiles, then
    /// averages.
    pub fn find<'m>(series: &'m [Series], metrics: &[&str]) -> Option<&'m Series> {
        let place = |one: &Series| metrics.iter().position(|name| name.eq_ignore_ascii_case(&one.metric));
        let known = series.iter().filter(|one| place(one).is_some());
        known.min_by_key(|one| (place(one), one.statistic.rank()))
    }

    /// Takes in what a resource's series were summed up to.
    fn take(&mut self, Summed { resource, rows, series: kept }: Summed) {
        let notes = &mut self.notes;
        notes.rows += rows;
        for series in &kept {
            let count = |sum: &mut (u64, u64), of: u32| *sum = (sum.0 + u64::from(of > 0), sum.1 + u64::from(of));
            count(&mut notes.repeated, series.repeated);
            count(&mut notes.missing, series.missing);
            notes.too_old += u64::from(series.too_old);
            let span = self.span.get_or_insert((series.first, series.last));
            *span = (span.0.min(series.first), span.1.max(series.last));
        }
        if !kept.is_empty() {
            self.resources.insert(resource, kept);
        }
    }

    /// The series of a metric with a statistic.
    pub fn exactly<'m>(series: &'m [Series], metric: &str, statistic: Statistic) -> Option<&'m Series> {
        series.iter().find(|one| one.metric.eq_ignore_ascii_case(metric) && one.statistic == statistic)
    }
}

/// Why reading stopped.
enum Stopped {
    /// A resource came back after another: rows are not sorted by it.
    Scattered,
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Stopped {
        Stopped::Failed(error)
    }
}

/// A series that is being read.
#[derive(Debug)]
struct Open {
    metric: String,
    statistic: Statistic,
    /// What a value is multiplied by, so that it is in the metric's plain unit.
    scale: f64,
    samples: Vec<Sample>,
}

/// Rows on their way into distributions.
struct Gathering {
    metrics: Metrics,
    /// The resource whose series are open; all are when rows are scattered.
    resource: String,
    open: Vec<Open>,
    scattered: BTreeMap<String, Vec<Open>>,
    closed: HashSet<String>,
    summing: Summing,
}

/// A place for values: the number of an open series of the current resource.
type Slot = usize;

impl Gathering {
    fn new(look_back_days: u32, is_scattered: bool) -> Gathering {
        let mut metrics = Metrics { look_back_days, ..Metrics::default() };
        metrics.notes.is_scattered = is_scattered;
        Gathering {
            metrics,
            resource: String::new(),
            open: Vec::new(),
            scattered: BTreeMap::new(),
            closed: HashSet::new(),
            summing: Summing::new(look_back_days),
        }
    }

    fn read<P: AsRef<Path>>(mut self, files: &[P]) -> std::result::Result<Metrics, Stopped> {
        for file in files {
            let file = file.as_ref();
            let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
            match ending.as_str() {
                "parquet" => read_parquet::read(file, &mut self)?,
                "json" => read_json::read(file, &mut self)?,
                _ => read_csv::read(file, &mut self)?,
            }
            self.metrics.files.push(file.display().to_string());
        }
        self.close_all();
        let Gathering { summing, mut metrics, .. } = self;
        summing.finish().into_iter().for_each(|summed| metrics.take(summed));
        for id in metrics.resources.keys() {
            let short = id.rsplit(['/', ':']).next().unwrap_or(id).to_owned();
            let entry = metrics.short.entry(short).or_insert_with(|| Some(id.clone()));
            if entry.as_ref() != Some(id) {
                *entry = None;
            }
        }
        Ok(metrics)
    }

    /// The place of a series' values, which is good until the next call for another resource.
    fn slot(
        &mut self,
        resource: &str,
        metric: &str,
        statistic: &str,
        unit: &str,
    ) -> std::result::Result<Slot, SlotError> {
        if resource.is_empty() || metric.is_empty() {
            let name = if resource.is_empty() { METRIC_COLUMNS[0] } else { METRIC_COLUMNS[2] };
            return Err(SlotError::Wrong(format!("{name} is empty")));
        }
        let statistic = Statistic::parse(statistic).ok_or_else(|| {
            SlotError::Wrong(format!(
                "statistic `{statistic}` is not known; use Maximum, Average, Minimum, Sum or p99.5"
            ))
        })?;
        if self.resource != resource {
            self.turn_to(resource)?;
        }
        let scale = series::unit_scale(unit);
        let known = |open: &Open| open.metric == metric && open.statistic == statistic && open.scale == scale;
        if let Some(at) = self.open.iter().position(known) {
            return Ok(at);
        }
        self.open.push(Open { metric: metric.to_owned(), statistic, scale, samples: Vec::new() });
        Ok(self.open.len() - 1)
    }

    /// Another resource's rows begin.
    fn turn_to(&mut self, resource: &str) -> std::result::Result<(), SlotError> {
        if self.metrics.notes.is_scattered {
            let open = std::mem::take(&mut self.open);
            self.scattered.insert(std::mem::take(&mut self.resource), open);
            self.open = self.scattered.remove(resource).unwrap_or_default();
        } else {
            if self.closed.contains(resource) {
                return Err(SlotError::Scattered);
            }
            self.close();
        }
        resource.clone_into(&mut self.resource);
        Ok(())
    }

    /// Adds a value. One that is no number is counted and left out.
    #[inline]
    fn add(&mut self, slot: Slot, time: i64, value: f64) {
        let open = &mut self.open[slot];
        if value.is_finite() {
            open.samples.push(Sample { time, value: value * open.scale });
        } else {
            self.metrics.notes.not_numbers += 1;
        }
    }

    /// The current resource's rows are all there.
    fn close(&mut self) {
        let resource = std::mem::take(&mut self.resource);
        let open = std::mem::take(&mut self.open);
        if !resource.is_empty() {
            self.keep(resource, open);
        }
    }

    fn close_all(&mut self) {
        self.close();
        for (resource, open) in std::mem::take(&mut self.scattered) {
            if !resource.is_empty() {
                self.keep(resource, open);
            }
        }
    }

    /// Hands a resource whose rows are all there to be summed up.
    fn keep(&mut self, resource: String, open: Vec<Open>) {
        self.closed.insert(resource.clone());
        self.summing.add(resource, open);
    }
}

/// Why there is no place for a value.
enum SlotError {
    Scattered,
    Wrong(String),
}

impl SlotError {
    /// What stops reading, of a line of a file.
    fn at(self, file: &Path, line: u64) -> Stopped {
        match self {
            SlotError::Scattered => Stopped::Scattered,
            SlotError::Wrong(detail) => fail(file, format!("line {line}: {detail}")),
        }
    }
}

fn fail(file: &Path, detail: String) -> Stopped {
    Stopped::Failed(Error::Table { path: file.to_path_buf(), detail })
}

/// Seconds since 1970 of a time as tables write it: ISO 8601 with or without a zone (UTC then), or whole seconds or
/// milliseconds.
fn parse_time(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(whole_seconds(number));
    }
    if let Ok(time) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp());
    }
    let text = text.trim_end_matches("UTC").trim_end_matches('Z').trim_end();
    let formats =
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S%.f%:z"];
    formats.iter().find_map(|format| {
        let zoned = || chrono::DateTime::parse_from_str(text, format).ok().map(|time| time.timestamp());
        let plain = chrono::NaiveDateTime::parse_from_str(text, format).ok().map(|time| time.and_utc().timestamp());
        plain.or_else(zoned)
    })
}

/// A number of seconds, or of milliseconds where seconds would be beyond the year 5000.
fn whole_seconds(number: i64) -> i64 {
    const FAR: i64 = 100_000_000_000;
    if number.abs() >= FAR { number.div_euclid(1_000) } else { number }
}
