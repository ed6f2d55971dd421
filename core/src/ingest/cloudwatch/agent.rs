//! Metrics of the CloudWatch agent. Their dimensions are the agent's own choice, so they are listed before they are asked
//! for; listing costs nothing that is worth telling (a million requests a month are free).

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_cloudwatch::types::Metric;

use super::session::{CloudWatch, Inner, place};
use crate::error::s3::{Result, S3Error};
use crate::ingest::metrics::series::Statistic;
use crate::ingest::metrics::wanted::MetricQuery;

/// Pages of a listing: 500 metrics each.
const PAGES_MAX: usize = 10_000;
const INSTANCE: &str = "InstanceId";

impl CloudWatch {
    /// The metrics of these names in a namespace that instances of a region have, by instance. Of several with other
    /// dimensions the one with the fewest counts.
    ///
    /// # Errors
    /// [`S3Error::Denied`] without `cloudwatch:ListMetrics`, and the errors of every request.
    pub fn agent_metrics(
        &self,
        region: &str,
        namespace: &str,
        names: &[&str],
    ) -> Result<BTreeMap<String, Vec<MetricQuery>>> {
        let (inner, region, namespace) = (Arc::clone(&self.inner), region.to_owned(), namespace.to_owned());
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        self.run(None, async move {
            let mut found = BTreeMap::new();
            for name in &names {
                for (instance, query) in listed(&inner, &region, &namespace, name).await? {
                    found.entry(instance).or_insert_with(Vec::new).push(query);
                }
            }
            Ok(found)
        })
    }
}

async fn listed(inner: &Inner, region: &str, namespace: &str, name: &str) -> Result<BTreeMap<String, MetricQuery>> {
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
        for metric in answer.metrics() {
            let Some((instance, query)) = query(namespace, name, metric) else { continue };
            let known = found.get(&instance).map_or(usize::MAX, |known| known.dimensions.len());
            if query.dimensions.len() < known {
                found.insert(instance, query);
            }
        }
        token = answer.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(found);
        }
    }
    Err(S3Error::Other { uri: place(region), detail: format!("its list of {name} has no end; try again later") })
}

fn query(namespace: &str, name: &str, metric: &Metric) -> Option<(String, MetricQuery)> {
    let pair = |dimension: &aws_sdk_cloudwatch::types::Dimension| {
        Some((dimension.name()?.to_owned(), dimension.value()?.to_owned()))
    };
    let dimensions: Vec<(String, String)> = metric.dimensions().iter().map(pair).collect::<Option<_>>()?;
    let (_, instance) = dimensions.iter().find(|(name, _)| name == INSTANCE)?.clone();
    let query = MetricQuery {
        namespace: namespace.to_owned(),
        metric: name.to_owned(),
        dimensions,
        statistic: Statistic::Maximum,
        unit: "Percent".to_owned(),
        is_fine: true,
        is_counted: false,
    };
    Some((instance, query))
}
