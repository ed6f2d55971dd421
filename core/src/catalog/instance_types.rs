//! What instance types are: processors, memory, network and storage, as AWS describes them.

use super::commitments::family_and_size;

/// An instance type. What AWS does not say of it is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InstanceType {
    /// `m7g.large`.
    pub name: String,
    /// Virtual processors.
    pub vcpus: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// `x86_64`, `arm64`, …
    pub architecture: Option<String>,
    /// `nitro` or `xen`.
    pub hypervisor: Option<String>,
    /// Network performance in AWS's words: `Up to 12.5 Gigabit`, `Moderate`.
    pub network: Option<String>,
    /// Disks of the instance itself, GB.
    pub local_storage_gb: Option<u32>,
    /// Throughput to EBS that it can keep up, Mbit/s.
    pub ebs_baseline_mbps: Option<u32>,
    /// Operations on EBS that it can keep up, a second.
    pub ebs_baseline_iops: Option<u32>,
    /// Graphics processors.
    pub gpus: Option<u32>,
    /// Whether its processors earn and spend credits (T family).
    pub is_burstable: Option<bool>,
    /// Whether it is a whole machine.
    pub is_bare_metal: Option<bool>,
    /// Whether AWS counts it among its present generation.
    pub is_current: Option<bool>,
}

impl InstanceType {
    /// Family, without the word of a service: `m7g`.
    pub fn family(&self) -> &str {
        family_and_size(&self.name).map_or(&self.name, |(family, _)| family)
    }

    /// Whether it is a whole machine, which its name says where AWS does not.
    pub fn is_metal(&self) -> bool {
        self.is_bare_metal.unwrap_or(false) || self.name.contains(".metal")
    }
}
