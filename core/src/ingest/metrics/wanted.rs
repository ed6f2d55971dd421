//! What to ask CloudWatch for: the metrics of a resource that costs money.

use super::series::Statistic;

/// Where the CloudWatch agent puts its metrics, unless told otherwise.
pub const AGENT_NAMESPACE: &str = "CWAgent";
/// The agent's names for memory in use, on Linux and on Windows.
pub const AGENT_METRICS: [&str; 2] = ["mem_used_percent", "Memory % Committed Bytes In Use"];
/// The namespace of metrics that instances have without an agent.
pub const INSTANCE_NAMESPACE: &str = "AWS/EC2";

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
