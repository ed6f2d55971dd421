//! One question to CloudWatch: up to 500 metrics over one span of time, page by page.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricStat, ScanBy, StatusCode};

use super::plan::DATAPOINTS_MAX;
use super::session::{Inner, place};
use crate::error::s3::{Result, S3Error};
use crate::ingest::metrics::wanted::MetricQuery;
use crate::ingest::s3::fault::Fault;

/// The permission that asking needs.
const ACTION: &str = "cloudwatch:GetMetricData";

/// A metric with its period in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) query: MetricQuery,
    pub(super) period: i64,
}

/// Times and values, in order of time, each time once.
pub(super) type Samples = Vec<(i64, f64)>;

/// How many requests there were.
#[derive(Debug, Default)]
pub(super) struct Requests {
    pub(super) sent: AtomicU64,
    pub(super) answered: AtomicU64,
}

/// The measurements of some metrics of a region in `[start, end)`, in their order.
pub(super) async fn ask(
    inner: &Inner,
    region: &str,
    (start, end): (i64, i64),
    asked: &[Asked],
    requests: &Requests,
) -> Result<Vec<Samples>> {
    let about = inner.about(region, ACTION);
    let (about, client, deadline) = (&about, &inner.client(region), inner.deadline());
    let queries: Vec<MetricDataQuery> = asked.iter().enumerate().map(|(at, one)| query(at, one)).collect();
    let queries = &queries;
    let places: HashMap<String, usize> = (0..asked.len()).map(|at| (id(at), at)).collect();
    let mut samples: Vec<Samples> = vec![Vec::new(); asked.len()];
    let mut token: Option<String> = None;
    loop {
        let next = &token;
        let attempt = || async move {
            requests.sent.fetch_add(1, Ordering::Relaxed);
            let request = client
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(DateTime::from_secs(start))
                .end_time(DateTime::from_secs(end))
                .scan_by(ScanBy::TimestampAscending)
                .max_datapoints(DATAPOINTS_MAX as i32)
                .set_next_token(next.clone());
            let answer = request.send().await.map_err(|error| about.fault(&error))?;
            whole(answer, region)
        };
        let page = inner.schedule().run(&about.uri, deadline, attempt).await?;
        requests.answered.fetch_add(1, Ordering::Relaxed);
        take(&page, &places, (start, end), &mut samples, region)?;
        let given = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if given.is_some() && given == token {
            let detail = "it gives the same page again and again; try again later".to_owned();
            return Err(S3Error::Other { uri: place(region), detail });
        }
        token = given;
        if token.is_none() {
            break;
        }
    }
    for (one, samples) in asked.iter().zip(&mut samples) {
        order(samples);
        if one.query.is_counted {
            fill(samples, one.period, (start, end));
        }
    }
    Ok(samples)
}

/// A page that holds what it should: one that CloudWatch could not read whole is asked for again.
fn whole(page: GetMetricDataOutput, region: &str) -> std::result::Result<GetMetricDataOutput, Fault> {
    let has =
        |status: StatusCode| page.metric_data_results().iter().filter(|one| one.status_code() == Some(&status)).count();
    if has(StatusCode::Forbidden) > 0 {
        let hint = " on every metric that is asked for".to_owned();
        return Err(Fault::Final(S3Error::Denied { uri: place(region), action: ACTION, hint }));
    }
    let failed = has(StatusCode::InternalError);
    if failed > 0 {
        return Err(Fault::Again(format!("CloudWatch could not read {failed} metrics")));
    }
    if page.next_token().is_none() && has(StatusCode::PartialData) > 0 {
        return Err(Fault::Again("CloudWatch left measurements out of its last page".to_owned()));
    }
    Ok(page)
}

/// Adds a page's values. What was not asked for is left out.
fn take(
    page: &GetMetricDataOutput,
    places: &HashMap<String, usize>,
    (start, end): (i64, i64),
    samples: &mut [Samples],
    region: &str,
) -> Result<()> {
    for one in page.metric_data_results() {
        let Some(&at) = one.id().and_then(|id| places.get(id)) else { continue };
        let (times, values) = (one.timestamps(), one.values());
        if times.len() != values.len() {
            let detail =
                format!("it gave {} times and {} values of one metric; try again later", times.len(), values.len());
            return Err(S3Error::Other { uri: place(region), detail });
        }
        let pairs = times.iter().map(DateTime::secs).zip(values.iter().copied());
        samples[at].extend(pairs.filter(|(time, _)| (start..end).contains(time)));
    }
    Ok(())
}

/// In order of time, each time once: the last that was said of it.
fn order(samples: &mut Samples) {
    samples.sort_by_key(|sample| sample.0);
    samples.dedup_by(|later, kept| {
        let is_same = later.0 == kept.0;
        if is_same {
            kept.1 = later.1;
        }
        is_same
    });
}

/// What counts happenings is reported only where there were some: elsewhere there were none.
fn fill(samples: &mut Samples, period: i64, (start, end): (i64, i64)) {
    let known: Samples = std::mem::take(samples);
    let mut known = known.into_iter().peekable();
    let mut at = start;
    while at < end {
        match known.next_if(|sample| sample.0 < at + period) {
            Some(sample) => samples.push(sample),
            None => samples.push((at, 0.0)),
        }
        // More than one within a period: all of them stay.
        while let Some(more) = known.next_if(|sample| sample.0 < at + period) {
            samples.push(more);
        }
        at += period;
    }
}

fn id(at: usize) -> String {
    format!("q{at}")
}

fn query(at: usize, asked: &Asked) -> MetricDataQuery {
    let dimension = |(name, value): &(String, String)| Dimension::builder().name(name).value(value).build();
    let query = &asked.query;
    let metric = Metric::builder()
        .namespace(&query.namespace)
        .metric_name(&query.metric)
        .set_dimensions(Some(query.dimensions.iter().map(dimension).collect()))
        .build();
    let stat = MetricStat::builder().metric(metric).period(asked.period as i32).stat(query.statistic.name()).build();
    MetricDataQuery::builder().id(id(at)).metric_stat(stat).return_data(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_without_a_count_are_zero() {
        let mut samples = vec![(3_600, 5.0), (9_000, 2.0), (9_060, 1.0)];
        fill(&mut samples, 3_600, (0, 14_400));
        assert_eq!(samples, [(0, 0.0), (3_600, 5.0), (9_000, 2.0), (9_060, 1.0), (10_800, 0.0)]);
    }

    #[test]
    fn a_time_that_comes_twice_counts_once() {
        let mut samples = vec![(300, 1.0), (0, 2.0), (300, 3.0)];
        order(&mut samples);
        assert_eq!(samples, [(0, 2.0), (300, 3.0)]);
    }
}
