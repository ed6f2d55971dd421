//! What to ask CloudWatch for: the metrics of a resource that costs money.

use super::series::Statistic;

/// Metrics that an agent reports of some resources and not of others, so that they are listed before they are asked for.
#[derive(Debug)]
pub struct Agent {
    /// Where it puts its metrics, unless told otherwise.
    pub namespace: &'static str,
    /// Its names for them, with statistic and unit.
    pub metrics: &'static [(&'static str, Statistic, &'static str)],
    /// The dimension that says of which resource they are.
    pub dimension: &'static str,
    /// The namespace of metrics that such resources have without it.
    pub beside: &'static str,
    /// What is not known without it.
    pub of: &'static str,
}

/// The agents: CloudWatch's on Linux and on Windows, and Lambda Insights.
pub static AGENTS: [Agent; 2] = [
    Agent {
        namespace: "CWAgent",
        metrics: &[
            ("mem_used_percent", Statistic::Maximum, "Percent"),
            ("Memory % Committed Bytes In Use", Statistic::Maximum, "Percent"),
        ],
        dimension: "InstanceId",
        beside: "AWS/EC2",
        of: "memory of instances",
    },
    Agent {
        namespace: "LambdaInsights",
        metrics: &[
            ("memory_utilization", Statistic::Maximum, "Percent"),
            ("total_memory", Statistic::Maximum, "Megabytes"),
            ("cpu_total_time", Statistic::Sum, "Milliseconds"),
            ("duration", Statistic::Sum, "Milliseconds"),
        ],
        dimension: "function_name",
        beside: "AWS/Lambda",
        of: "memory of functions",
    },
];

/// A metric of a resource, as CloudWatch names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricQuery {
    /// `AWS/EC2`.
    pub namespace: String,
    /// `CPUUtilization`.
    pub metric: String,
    /// Names and values, in CloudWatch's order.
    pub dimensions: Vec<(String, String)>,
    /// How a period is summed up.
    pub statistic: Statistic,
    /// The unit that AWS documents: `Percent`.
    pub unit: String,
    /// Whether peaks within an hour matter.
    pub is_fine: bool,
    /// Whether it counts what happens, and nothing is reported where nothing does: a period without a value is then 0.
    pub is_counted: bool,
}

/// A resource whose measurements are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedResource {
    /// Account.
    pub sub_account_id: String,
    /// Region.
    pub region_id: String,
    /// Its id, as the bill spells it.
    pub resource_id: String,
    /// What it costs a month, in units of 1e-12.
    pub cost_monthly: i128,
    /// Its metrics.
    pub queries: Vec<MetricQuery>,
}
