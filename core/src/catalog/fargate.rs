//! The sizes of Fargate tasks.

/// The memory that tasks of some processors are sold with, in MiB.
struct Ladder {
    /// Thousandths of a vCPU.
    vcpu_milli: u32,
    least: u32,
    most: u32,
    step: u32,
}

const GIB: u32 = 1_024;

/// AWS's table of task sizes on Linux (Amazon ECS developer guide, "Task definition parameters for Fargate", November 2026).
const LADDERS: [Ladder; 7] = [
    Ladder { vcpu_milli: 250, least: GIB / 2, most: 2 * GIB, step: GIB / 2 },
    Ladder { vcpu_milli: 500, least: GIB, most: 4 * GIB, step: GIB },
    Ladder { vcpu_milli: 1_000, least: 2 * GIB, most: 8 * GIB, step: GIB },
    Ladder { vcpu_milli: 2_000, least: 4 * GIB, most: 16 * GIB, step: GIB },
    Ladder { vcpu_milli: 4_000, least: 8 * GIB, most: 30 * GIB, step: GIB },
    Ladder { vcpu_milli: 8_000, least: 16 * GIB, most: 60 * GIB, step: 4 * GIB },
    Ladder { vcpu_milli: 16_000, least: 32 * GIB, most: 120 * GIB, step: 8 * GIB },
];

/// A size of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskSize {
    /// Thousandths of a vCPU.
    pub vcpu_milli: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
}

impl TaskSize {
    /// Every size that is sold, by processors and memory.
    ///
    /// ```
    /// use farthing::catalog::fargate::TaskSize;
    /// let sizes: Vec<String> = TaskSize::all().take(4).map(|size| size.text()).collect();
    /// assert_eq!(sizes, ["0.25 vCPU, 0.5 GB", "0.25 vCPU, 1 GB", "0.25 vCPU, 2 GB", "0.5 vCPU, 1 GB"]);
    /// ```
    pub fn all() -> impl Iterator<Item = TaskSize> {
        let sizes = |ladder: &'static Ladder| {
            let memory = (ladder.least..=ladder.most).step_by(ladder.step as usize);
            // The smallest is not sold with 1.5 GB.
            let is_sold = |memory: &u32| ladder.vcpu_milli > 250 || *memory != 3 * GIB / 2;
            memory.filter(is_sold).map(|memory_mib| TaskSize { vcpu_milli: ladder.vcpu_milli, memory_mib })
        };
        LADDERS.iter().flat_map(sizes)
    }

    /// The size of a task that is billed for so many vCPUs and GB in an hour; `None` where none is sold like that.
    pub fn billed(vcpus: f64, memory_gb: f64) -> Option<TaskSize> {
        let is_near = |have: u32, scale: f64, told: f64| (f64::from(have) / scale - told).abs() <= told * 0.01;
        TaskSize::all()
            .find(|size| is_near(size.vcpu_milli, 1_000.0, vcpus) && is_near(size.memory_mib, 1_024.0, memory_gb))
    }

    /// The vCPUs of the smallest size that has as many, to a hundredth.
    pub fn vcpus_at_least(vcpus: f64) -> Option<f64> {
        let mut all = LADDERS.iter().map(|ladder| f64::from(ladder.vcpu_milli) / 1_000.0);
        all.find(|&have| vcpus <= have * 1.01)
    }

    /// In words: `0.5 vCPU, 2 GB`.
    pub fn text(self) -> String {
        let (vcpus, memory) = (f64::from(self.vcpu_milli) / 1_000.0, f64::from(self.memory_mib) / 1_024.0);
        format!("{vcpus} vCPU, {memory} GB")
    }
}
