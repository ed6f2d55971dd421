//! Metrics that agents report (CloudWatch's, Lambda Insights). Not every resource has one, and dimensions are the agent's own
//! choice, so they are listed before they are asked for; listing costs nothing that is worth telling (a million requests a month are free).

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_cloudwatch::types::Metric;

use super::session::{CloudWatch, Inner, place};
use crate::error::s3::{Result, S3Error};
use crate::ingest::metrics::series::Statistic;
use crate::ingest::metrics::wanted::{Agent, MetricQuery};

/// Pages of a listing: 500 metrics each.
const PAGES_MAX: usize = 10_000;

impl CloudWatch {
    /// What an agent reports in a region, by resource. Of several metrics with other dimensions the one with the fewest
    /// counts.
    ///
    /// # Errors
    /// [`S3Error::Denied`] without `cloudwatch:ListMetrics`, and the errors of every request.
    pub fn agent_metrics(&self, region: &str, agent: &'static Agent) -> Result<BTreeMap<String, Vec<MetricQuery>>> {
        let (inner, region) = (Arc::clone(&self.inner), region.to_owned());
        self.run(None, async move {
            let mut found = BTreeMap::new();
            for metric in agent.metrics {
                for (resource, query) in listed(&inner, &region, agent, metric).await? {
                    found.entry(resource).or_insert_with(Vec::new).push(query);
                }
            }
            Ok(found)
        })
    }
}

/// A metric of an agent.
type AgentMetric = (&'static str, Statistic, &'static str);

async fn listed(
    inner: &Inner,
    region: &str,
    agent: &Agent,
    metric: &AgentMetric,
) -> Result<BTreeMap<String, MetricQuery>> {
    let (namespace, name) = (agent.namespace, metric.0);
    let about = inner.about(region, "cloudwatch:ListMetrics");
    let (about, client, deadline) = (&about, &inner.client(region), inner.deadline());
    let mut found: BTreeMap<String, MetricQuery> = BTreeMap::new();
    let mut token: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let next = &token;
        let ask = || async move {
            let request = client.list_metrics().namespace(namespace).metric_name(name).set_next_token(next.clone());
            request.send().await.map_err(|error| about.fault(&error))
        };
        let answer = inner.schedule().run(&about.uri, deadline, ask).await?;
        for listed in answer.metrics() {
            let Some((resource, query)) = query(agent, metric, listed) else { continue };
            let known = found.get(&resource).map_or(usize::MAX, |known| known.dimensions.len());
            if query.dimensions.len() < known {
                found.insert(resource, query);
            }
        }
        token = answer.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(found);
        }
    }
    Err(S3Error::Other { uri: place(region), detail: format!("its list of {name} has no end; try again later") })
}

fn query(agent: &Agent, metric: &AgentMetric, listed: &Metric) -> Option<(String, MetricQuery)> {
    let pair = |dimension: &aws_sdk_cloudwatch::types::Dimension| {
        Some((dimension.name()?.to_owned(), dimension.value()?.to_owned()))
    };
    let dimensions: Vec<(String, String)> = listed.dimensions().iter().map(pair).collect::<Option<_>>()?;
    let (_, resource) = dimensions.iter().find(|(name, _)| name == agent.dimension)?.clone();
    let query = MetricQuery {
        namespace: agent.namespace.to_owned(),
        metric: metric.0.to_owned(),
        dimensions,
        statistic: metric.1,
        unit: metric.2.to_owned(),
        is_fine: metric.1 == Statistic::Maximum,
        is_counted: false,
    };
    Some((resource, query))
}
