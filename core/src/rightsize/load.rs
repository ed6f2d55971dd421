//! What a machine does and what it could do, resource by resource.

use super::preferences::Preferences;
use crate::catalog::instance_types::InstanceType;
use crate::ingest::metrics::Metrics;
use crate::ingest::metrics::series::{Series, Statistic};

/// A resource of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// Processors, in vCPUs.
    Cpu,
    /// What burstable processors can keep up, in vCPUs.
    CpuCredits,
    /// Memory, in MiB.
    Memory,
    /// Network in one direction, in Mbit/s.
    Network,
    /// Throughput to EBS, in Mbit/s.
    EbsThroughput,
    /// Operations on EBS, a second.
    EbsIops,
}

impl Dimension {
    /// Every resource.
    pub const ALL: [Dimension; 6] = [
        Dimension::Cpu,
        Dimension::CpuCredits,
        Dimension::Memory,
        Dimension::Network,
        Dimension::EbsThroughput,
        Dimension::EbsIops,
    ];

    /// Compute Optimizer's word in its reasons.
    pub const fn name(self) -> &'static str {
        match self {
            Dimension::Cpu => "CPU",
            Dimension::CpuCredits => "CPUCredits",
            Dimension::Memory => "Memory",
            Dimension::Network => "NetworkBandwidth",
            Dimension::EbsThroughput => "EBSThroughput",
            Dimension::EbsIops => "EBSIOPS",
        }
    }

    /// Percent that stays free. AWS publishes none for network and EBS.
    fn headroom(self, preferences: &Preferences) -> f64 {
        match self {
            Dimension::Cpu => preferences.cpu_headroom,
            Dimension::Memory => preferences.memory_headroom,
            _ => 0.0,
        }
    }

    /// What an instance type can do; `None` where that is not known.
    pub fn capacity(self, kind: &InstanceType) -> Option<f64> {
        match self {
            Dimension::Cpu => Some(f64::from(kind.vcpus)),
            Dimension::CpuCredits => match kind.is_burstable {
                Some(true) => kind.burst_baseline_vcpus(),
                _ => Some(f64::from(kind.vcpus)),
            },
            Dimension::Memory => Some(f64::from(kind.memory_mib)),
            Dimension::Network => kind.network_mbps(),
            Dimension::EbsThroughput => kind.ebs_baseline_mbps.map(f64::from),
            Dimension::EbsIops => kind.ebs_baseline_iops.map(f64::from),
        }
    }
}

/// Names of CPU utilization in percent.
const CPU: &[&str] = &["CPUUtilization"];
/// Names of memory in use in percent: of the CloudWatch agent on Linux and on Windows, and of others.
const MEMORY: &[&str] = &["mem_used_percent", "Memory % Committed Bytes In Use", "MemoryUtilization"];
/// Network, bytes of a period.
const NETWORK: [&[&str]; 2] = [&["NetworkIn"], &["NetworkOut"]];
/// EBS, bytes and operations of a period.
const EBS_BYTES: [&[&str]; 2] = [&["EBSReadBytes"], &["EBSWriteBytes"]];
const EBS_OPERATIONS: [&[&str]; 2] = [&["EBSReadOps"], &["EBSWriteOps"]];

/// Measurements of one resource: what they are multiplied by, so that they are in its unit.
#[derive(Debug, Clone)]
struct Measured<'m> {
    dimension: Dimension,
    /// Series that add up, each with its factor.
    series: Vec<(&'m Series, f64)>,
}

/// What was measured of a machine.
#[derive(Debug, Clone)]
pub struct Load<'m> {
    /// CPU utilization, the series that says most about peaks.
    pub cpu: Option<&'m Series>,
    /// Memory in use.
    pub memory: Option<&'m Series>,
    measured: Vec<Measured<'m>>,
    /// Mean processors in use, in vCPUs.
    mean_vcpus: Option<f64>,
}

impl<'m> Load<'m> {
    /// The load of a machine of a type, from its series.
    pub fn of(series: &'m [Series], kind: &InstanceType) -> Load<'m> {
        let cpu = Metrics::find(series, CPU);
        let memory = Metrics::find(series, MEMORY);
        let vcpus = f64::from(kind.vcpus);
        let mut measured = Vec::new();
        let mut add = |dimension, series: Vec<(&'m Series, f64)>| {
            if !series.is_empty() {
                measured.push(Measured { dimension, series });
            }
        };
        add(Dimension::Cpu, cpu.iter().map(|&cpu| (cpu, vcpus / 100.0)).collect());
        add(Dimension::Memory, memory.iter().map(|&memory| (memory, f64::from(kind.memory_mib) / 100.0)).collect());
        for direction in NETWORK {
            add(Dimension::Network, rates(series, &[direction], 8e-6));
        }
        add(Dimension::EbsThroughput, rates(series, &EBS_BYTES, 8e-6));
        add(Dimension::EbsIops, rates(series, &EBS_OPERATIONS, 1.0));
        let average = Metrics::exactly(series, CPU[0], Statistic::Average).or(cpu);
        Load { cpu, memory, measured, mean_vcpus: average.map(|one| one.mean * vcpus / 100.0) }
    }

    /// What is used of a resource at a percentile; `None` where it was not measured. Reads and writes add up, which is
    /// never less than their sum was at that percentile of both.
    pub fn used(&self, dimension: Dimension, percentile: f64) -> Option<f64> {
        if dimension == Dimension::CpuCredits {
            return self.mean_vcpus;
        }
        let of = self.measured.iter().filter(|one| one.dimension == dimension);
        let used = of.map(|one| one.series.iter().map(|(series, factor)| series.percentile(percentile) * factor).sum());
        used.reduce(f64::max)
    }

    /// What a machine must be able to do.
    pub fn required(&self, dimension: Dimension, preferences: &Preferences) -> Option<f64> {
        let used = self.used(dimension, preferences.percentile)?;
        Some(used / (1.0 - dimension.headroom(preferences) / 100.0))
    }

    /// What a machine must be able to do of each resource that was measured.
    pub(super) fn all_required(&self, preferences: &Preferences) -> Vec<(Dimension, f64)> {
        let required = |dimension| Some((dimension, self.required(dimension, preferences)?));
        Dimension::ALL.into_iter().filter_map(required).collect()
    }

    /// The resources that were measured, in order, each once.
    pub fn dimensions(&self) -> impl Iterator<Item = Dimension> {
        Dimension::ALL.into_iter().filter(|&dimension| self.used(dimension, 100.0).is_some())
    }

    /// The highest percentile of CPU and memory, in steps of half a percent, at which a type would still do with this
    /// headroom.
    pub fn fits_to_percentile(&self, kind: &InstanceType, preferences: &Preferences) -> f64 {
        let mut percent: f64 = 100.0;
        for one in self.measured.iter().filter(|one| matches!(one.dimension, Dimension::Cpu | Dimension::Memory)) {
            let free = 1.0 - one.dimension.headroom(preferences) / 100.0;
            let Some(capacity) = one.dimension.capacity(kind) else { continue };
            for (series, factor) in &one.series {
                percent = percent.min(series.percent_within(capacity * free / factor));
            }
        }
        percent
    }

    /// Percent of a type's processors that are free at a percentile; below nothing where they do not suffice.
    pub fn cpu_headroom_on(&self, kind: &InstanceType, percentile: f64) -> Option<f64> {
        let used = self.used(Dimension::Cpu, percentile)?;
        Some(100.0 * (1.0 - used / f64::from(kind.vcpus)))
    }
}

/// Series of things counted by the period, as rates a second times `factor`. A sum is divided by its period; other
/// statistics are of CloudWatch's own reports, which come once in a period of the series too.
fn rates<'m>(series: &'m [Series], metrics: &[&[&str]], factor: f64) -> Vec<(&'m Series, f64)> {
    let found = metrics.iter().filter_map(|names| {
        let sum = names.iter().find_map(|name| Metrics::exactly(series, name, Statistic::Sum));
        sum.or_else(|| Metrics::find(series, names))
    });
    found.map(|one| (one, factor / f64::from(one.period_secs.max(1)))).collect()
}
