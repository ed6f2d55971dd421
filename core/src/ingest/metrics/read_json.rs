//! Answers of CloudWatch's `get-metric-data` as JSON.
//!
//! An answer names its series by `Id` and `Label` alone. What they are is read from the queries, where the document holds
//! them too (`MetricDataQueries`), or else from labels of three words: resource, metric, statistic.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;

use super::{Gathering, SlotError, Stopped, fail, parse_time};
use crate::error::Error;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    metric_data_results: Vec<Answer>,
    #[serde(default)]
    metric_data_queries: Vec<Query>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    id: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    timestamps: Vec<serde_json::Value>,
    #[serde(default)]
    values: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Query {
    #[serde(default)]
    id: String,
    metric_stat: Option<Stat>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stat {
    metric: Metric,
    stat: String,
    #[serde(default)]
    unit: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dimension {
    name: String,
    value: String,
}

/// Dimensions that say which resource it is, the likeliest first; of others the first.
const RESOURCES: [&str; 11] = [
    "InstanceId",
    "VolumeId",
    "DBInstanceIdentifier",
    "CacheClusterId",
    "DomainName",
    "FunctionName",
    "function_name",
    "NatGatewayId",
    "LoadBalancer",
    "TableName",
    "AutoScalingGroupName",
];

impl Metric {
    fn resource(&self) -> Cow<'_, str> {
        let named = |name: &str| self.dimensions.iter().find(|dimension| dimension.name == name);
        // A service of ECS is known by its cluster's name too.
        if let (Some(cluster), Some(service)) = (named("ClusterName"), named("ServiceName")) {
            return Cow::Owned(format!("{}/{}", cluster.value, service.value));
        }
        let found = RESOURCES.iter().find_map(|name| named(name)).or(self.dimensions.first());
        Cow::Borrowed(found.map_or("", |dimension| &dimension.value))
    }
}

/// Reads a file's series.
pub(super) fn read(path: &Path, into: &mut Gathering) -> Result<(), Stopped> {
    let opened = File::open(path).map_err(|source| Error::io(path, source))?;
    let document: Document = serde_json::from_reader(BufReader::new(opened))
        .map_err(|error| fail(path, format!("this is no answer of get-metric-data ({error})")))?;
    let queries: HashMap<&str, &Stat> = document
        .metric_data_queries
        .iter()
        .filter_map(|query| Some((query.id.as_str(), query.metric_stat.as_ref()?)))
        .collect();
    // By resource, so that each is turned to once.
    let mut answers = Vec::with_capacity(document.metric_data_results.len());
    for answer in &document.metric_data_results {
        answers.push((names(path, answer, &queries)?, answer));
    }
    answers.sort_by(|(a, _), (b, _)| a[0].cmp(&b[0]));
    for (names, answer) in answers {
        let [resource, metric, statistic, unit] = names;
        let slot = into.slot(&resource, &metric, &statistic, &unit).map_err(|error| match error {
            SlotError::Wrong(detail) => fail(path, format!("{}: {detail}", answer.id)),
            SlotError::Scattered => Stopped::Scattered,
        })?;
        if answer.timestamps.len() != answer.values.len() {
            let (times, values) = (answer.timestamps.len(), answer.values.len());
            return Err(fail(path, format!("{}: {times} timestamps and {values} values", answer.id)));
        }
        for (time, value) in answer.timestamps.iter().zip(&answer.values) {
            let seconds = match time {
                serde_json::Value::String(text) => parse_time(text),
                number => number.as_f64().map(|seconds| seconds as i64),
            };
            let seconds = seconds.ok_or_else(|| fail(path, format!("{}: `{time}` is no time", answer.id)))?;
            into.add(slot, seconds, *value);
        }
    }
    Ok(())
}

/// Resource, metric, statistic and unit of an answer.
fn names<'d>(path: &Path, answer: &'d Answer, queries: &HashMap<&str, &'d Stat>) -> Result<[Cow<'d, str>; 4], Stopped> {
    if let Some(stat) = queries.get(answer.id.as_str()) {
        let names = [stat.metric.metric_name.as_str(), &stat.stat, &stat.unit].map(Cow::Borrowed);
        let [metric, statistic, unit] = names;
        return Ok([stat.metric.resource(), metric, statistic, unit]);
    }
    let words: Vec<&str> = answer.label.split_whitespace().collect();
    match words.as_slice() {
        &[resource, metric, statistic] => Ok([resource, metric, statistic, ""].map(Cow::Borrowed)),
        _ => Err(fail(
            path,
            format!(
                "{}: its label `{}` is not RESOURCE METRIC STATISTIC; ask with such labels, or put the queries into the \
                 file as MetricDataQueries",
                answer.id, answer.label
            ),
        )),
    }
}
