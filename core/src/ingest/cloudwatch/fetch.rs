//! Fetches what was planned, some questions at a time, and writes what is kept as a table.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinSet;

use super::ask::{Asked, Requests, ask};
use super::kept::{Series, key};
use super::plan::{Batch, MetricsPlan, Planned};
use super::session::{CloudWatch, Inner};
use crate::error::s3::{Result, S3Error};
use crate::error::{self, Error};
use crate::ingest::metrics::write_parquet::{MetricsWriter, SeriesNames};

/// Questions at a time: what AWS answers of a region in a second is limited, and their answers are held in memory.
const BATCHES_AT_ONCE: usize = 4;

/// How far a fetch is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MetricsProgress {
    /// Metrics that are there.
    pub queries_done: u64,
    /// All metrics.
    pub queries: u64,
    /// Requests that were sent.
    pub requests: u64,
    /// Of these, those that failed and were tried again.
    pub retries: u64,
}

/// What was fetched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MetricsFetched {
    /// Metrics.
    pub queries: u64,
    /// Requests that were sent.
    pub requests: u64,
    /// Of these, those that failed and were tried again.
    pub retries: u64,
}

#[derive(Debug, Default)]
struct Counters {
    queries_done: AtomicU64,
    queries: u64,
    requests: Requests,
}

impl Counters {
    fn now(&self) -> MetricsProgress {
        let answered = self.requests.answered.load(Ordering::Relaxed);
        let requests = self.requests.sent.load(Ordering::Relaxed);
        MetricsProgress {
            queries_done: self.queries_done.load(Ordering::Relaxed),
            queries: self.queries,
            requests,
            retries: requests.saturating_sub(answered),
        }
    }
}

impl CloudWatch {
    /// Fetches what was planned. Each answer is kept as soon as it is whole: after an error or an interruption the same call
    /// goes on where this one ended.
    ///
    /// # Errors
    /// [`S3Error::Denied`] without `cloudwatch:GetMetricData`, [`S3Error::Broken`], [`S3Error::Deadline`],
    /// [`S3Error::Cache`], [`S3Error::Interrupted`] and the errors of every request.
    pub fn fetch(
        &self,
        plan: &MetricsPlan,
        progress: Option<&(dyn Fn(MetricsProgress) -> ControlFlow<()> + Sync)>,
    ) -> Result<MetricsFetched> {
        let counters = Arc::new(Counters { queries: plan.queries() as u64, ..Counters::default() });
        let task = fetch(Arc::clone(&self.inner), plan.batches.clone(), Arc::clone(&counters));
        let tick = || progress.map_or(ControlFlow::Continue(()), |progress| progress(counters.now()));
        self.run(progress.is_some().then_some(&tick), task)?;
        // The last one is told, too.
        if tick().is_break() {
            return Err(S3Error::Interrupted);
        }
        let now = counters.now();
        Ok(MetricsFetched { queries: now.queries_done, requests: now.requests, retries: now.retries })
    }

    /// Writes what is kept of a plan's resources and days as a parquet table in long form, sorted by resource; how many rows
    /// it has. One resource is held in memory at a time.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::S3`] for what is not kept (any more).
    pub fn write(&self, plan: &MetricsPlan, path: &Path) -> error::Result<u64> {
        let mut writer = MetricsWriter::create(path)?;
        for one in &plan.resources {
            let kept = self.inner.kept.read(&one.name).map_err(Error::s3)?;
            for asked in &one.asked {
                let series = kept.iter().find(|series| series.key == key(asked));
                let whole = series.filter(|series| series.start <= plan.span.0 && series.end >= plan.span.1);
                let Some(series) = whole else {
                    self.inner.kept.forget(&one.name).map_err(Error::s3)?;
                    return Err(Error::s3(gone(one, asked)));
                };
                let samples = &series.samples;
                let (from, to) = (plan.span.0, plan.span.1);
                let begin = samples.partition_point(|sample| sample.0 < from);
                let end = samples.partition_point(|sample| sample.0 < to);
                let statistic = asked.query.statistic.name();
                let names = SeriesNames {
                    resource_id: &one.resource_id,
                    metric: &asked.query.metric,
                    statistic: &statistic,
                    unit: &asked.query.unit,
                };
                writer.add(names, &samples[begin..end])?;
            }
        }
        writer.finish()
    }
}

fn gone(one: &Planned, asked: &Asked) -> S3Error {
    let detail = format!("{} is not kept whole; fetch again, which fetches only this", asked.query.metric);
    S3Error::Other { uri: one.resource_id.clone(), detail }
}

/// Fetches all batches, a few at a time. After a failure no other is begun; what was begun is kept if it succeeds, for it is
/// paid.
async fn fetch(inner: Arc<Inner>, batches: Vec<Batch>, counters: Arc<Counters>) -> Result<()> {
    let mut left = batches.into_iter();
    let mut tasks = JoinSet::new();
    let mut failure = None;
    loop {
        while failure.is_none() && tasks.len() < BATCHES_AT_ONCE {
            let Some(batch) = left.next() else { break };
            let (inner, counters) = (Arc::clone(&inner), Arc::clone(&counters));
            tasks.spawn(async move { one(&inner, batch, &counters).await });
        }
        let done = match tasks.join_next().await {
            None => return failure.map_or(Ok(()), Err),
            Some(Ok(done)) => done,
            Some(Err(_)) => {
                let detail = "a task ended without a result".to_owned();
                Err(S3Error::Other { uri: "CloudWatch".to_owned(), detail })
            }
        };
        if let Err(error) = done {
            failure.get_or_insert(error);
        }
    }
}

async fn one(inner: &Inner, batch: Batch, counters: &Counters) -> Result<()> {
    let asked: Vec<Asked> = batch.resources.iter().flat_map(|one| one.asked.iter().cloned()).collect();
    let mut samples = ask(inner, &batch.region, batch.span, &asked, &counters.requests).await?.into_iter();
    for resource in &batch.resources {
        let series = |asked: &Asked| Series {
            key: key(asked),
            start: batch.span.0,
            end: batch.span.1,
            samples: samples.next().unwrap_or_default(),
        };
        inner.kept.add(&resource.name, resource.asked.iter().map(series).collect())?;
        counters.queries_done.fetch_add(resource.asked.len() as u64, Ordering::Relaxed);
    }
    Ok(())
}
