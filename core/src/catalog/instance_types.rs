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

    /// Network performance in Mbit/s, where AWS puts a figure on it; of "Up to 10 Gigabit" the most.
    ///
    /// ```
    /// use farthing::catalog::instance_types::InstanceType;
    /// let of = |network: &str| InstanceType { network: Some(network.to_owned()), ..InstanceType::default() }.network_mbps();
    /// assert_eq!(of("Up to 12.5 Gigabit"), Some(12_500.0));
    /// assert_eq!(of("4x 100 Gigabit"), Some(400_000.0));
    /// assert_eq!(of("Moderate"), None);
    /// ```
    pub fn network_mbps(&self) -> Option<f64> {
        let words = self.network.as_deref()?.trim_start_matches("Up to ").strip_suffix("Gigabit")?;
        let (times, gigabits) = words.split_once("x ").map_or(("1", words), |(times, rest)| (times, rest));
        Some(times.trim().parse::<f64>().ok()? * gigabits.trim().parse::<f64>().ok()? * 1_000.0)
    }

    /// Whether its network performance is only reached for a while.
    pub fn is_network_bursting(&self) -> bool {
        self.network.as_deref().is_some_and(|network| network.starts_with("Up to"))
    }

    /// vCPUs that a burstable type can keep up without spending credits (AWS's table of CPU credits, November 2026);
    /// `None` for other types and sizes that the table does not have.
    ///
    /// ```
    /// use farthing::catalog::quotes::Catalog;
    /// let large = Catalog::bundled().instance_type("t3.large").unwrap();
    /// assert_eq!(large.burst_baseline_vcpus(), Some(0.6));
    /// ```
    pub fn burst_baseline_vcpus(&self) -> Option<f64> {
        let (family, size) = family_and_size(&self.name)?;
        let percent = match (family, size) {
            ("t2", "xlarge") => 22.5,
            ("t2", "2xlarge") => 17.0,
            ("t2" | "t3" | "t3a" | "t4g", size) => match size {
                "nano" => 5.0,
                "micro" => 10.0,
                "small" | "medium" => 20.0,
                "large" => 30.0,
                "xlarge" | "2xlarge" => 40.0,
                _ => return None,
            },
            _ => return None,
        };
        Some(percent * f64::from(self.vcpus) / 100.0)
    }
}
