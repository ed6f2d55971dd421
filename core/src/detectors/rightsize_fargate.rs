//! Fargate tasks that a smaller size carries.

use std::collections::BTreeMap;

use crate::catalog::fargate::TaskSize;
use crate::detector::ecs::{Service, service};
use crate::detector::facts::{Facts, Meter};
use crate::detector::finding::Finding;
use crate::detector::resources::Resource;
use crate::detector::settings::{Settings, Threshold};
use crate::detector::shapes::saved;
use crate::detector::sizing::{Processors, at_percentile, with_headroom};
use crate::detector::usage::Usage;
use crate::detector::{Advice, Detector, Need};
use crate::ingest::metrics::series::Statistic;
use crate::schema::recommendations::{Effort, Grade, Kind};

pub(super) static DETECTOR: Detector = Detector {
    id: "rightsize-fargate",
    kind: Kind::Rightsize,
    grade: Grade::Metrics,
    summary: "Fargate tasks of ECS whose load a smaller size carries",
    guide: include_str!("rightsize_fargate.md"),
    needs: Need::OF_METRICS,
    thresholds: &[&PERCENTILE, &CPU_HEADROOM, &MEMORY_HEADROOM],
    advice: Advice {
        action: "modify",
        title: "task is too large for what it does",
        effort: Effort::Low,
        risk: 2,
        assumptions: &[
            "What was measured is what will be needed; a service scales out by processors, so fewer may mean more tasks.",
        ],
        command: "aws ecs register-task-definition --family FAMILY --cpu CPU --memory MEMORY --container-definitions FILE --requires-compatibilities FARGATE --region {region}",
    },
    detect,
};

static PERCENTILE: Threshold =
    Threshold::percentile("the percentile of the measurements that a size must carry, in steps of 0.5");
static CPU_HEADROOM: Threshold = Threshold::CPU_HEADROOM;
static MEMORY_HEADROOM: Threshold = Threshold::MEMORY_HEADROOM;

/// A task, with what is billed of it.
struct Task<'f> {
    resource: Resource<'f>,
    /// vCPUs in an hour; of its first and last hour only a part is billed.
    vcpus: f64,
    /// GB of a vCPU.
    memory: f64,
}

/// The size of tasks that are of one: as large as the largest in an hour, with memory in proportion. `None` where they are of
/// several, as in the middle of a change, when it cannot be told which of them was measured.
fn size(tasks: &[Task<'_>]) -> Option<TaskSize> {
    let (first, rest) = tasks.split_first()?;
    let is_like_first = |task: &Task<'_>| (task.memory / first.memory - 1.0).abs() < 0.01;
    let most = rest.iter().fold(first.vcpus, |most, task| most.max(task.vcpus));
    let vcpus = TaskSize::vcpus_at_least(most).filter(|_| rest.iter().all(is_like_first))?;
    TaskSize::billed(vcpus, vcpus * first.memory)
}

/// What bills processors and memory.
struct Meters {
    vcpus: Meter,
    memory: Meter,
}

impl Meters {
    fn of(facts: &Facts<'_>) -> Meters {
        Meters { vcpus: facts.meter(&Usage::FARGATE_VCPUS), memory: facts.meter(&Usage::FARGATE_MEMORY) }
    }

    fn task<'f>(&self, resource: Resource<'f>) -> Option<Task<'f>> {
        let (vcpus, memory) = (resource.spend(&self.vcpus).amount(), resource.spend(&self.memory).amount());
        let hours = f64::from(resource.hours(&self.vcpus).count());
        (vcpus > 0.0 && memory > 0.0).then(|| Task { resource, vcpus: vcpus / hours, memory: memory / vcpus })
    }
}

/// What the neediest of tasks of one size needs.
struct Needs {
    vcpus: f64,
    memory_mib: f64,
    percent: [f64; 2],
}

/// What was needed of tasks of a size; `None` where one was not measured long enough.
fn needs(facts: &Facts<'_>, of: &Service<'_>, size: TaskSize, settings: &Settings) -> Option<Needs> {
    let percentile = settings.get(&PERCENTILE);
    let metrics = facts.metrics?;
    let series = match of {
        Service::Named { .. } => metrics.named(&of.ids()),
        Service::Single(id) => metrics.of(id),
    };
    let processors = Processors::of(series, f64::from(size.vcpu_milli) / 1_000.0, percentile)?;
    let memory_percent = at_percentile(series, "MemoryUtilization", Statistic::Maximum, percentile)?;
    Some(Needs {
        vcpus: with_headroom(processors.vcpus, settings.get(&CPU_HEADROOM)),
        memory_mib: with_headroom(memory_percent / 100.0 * f64::from(size.memory_mib), settings.get(&MEMORY_HEADROOM)),
        percent: [processors.percent, memory_percent],
    })
}

/// The cheapest size that does and is smaller, by what processors and memory cost of these tasks.
fn cheapest(tasks: &[Task<'_>], meters: &Meters, needs: &Needs, present: TaskSize) -> Option<TaskSize> {
    let list = |meter: &Meter| tasks.iter().map(|task| task.resource.spend(meter).list).sum::<i128>();
    let (vcpus, memory) = (list(&meters.vcpus), list(&meters.memory));
    // What is spent by the present size, in proportion.
    let cost = |size: &TaskSize| {
        vcpus * i128::from(size.vcpu_milli) * i128::from(present.memory_mib)
            + memory * i128::from(size.memory_mib) * i128::from(present.vcpu_milli)
    };
    let does = |size: &TaskSize| {
        *size != present
            && size.vcpu_milli <= present.vcpu_milli
            && size.memory_mib <= present.memory_mib
            && f64::from(size.vcpu_milli) / 1_000.0 >= needs.vcpus
            && f64::from(size.memory_mib) >= needs.memory_mib
    };
    TaskSize::all().filter(does).min_by_key(cost)
}

fn detect(facts: &Facts<'_>, settings: &Settings) -> Vec<Finding> {
    let meters = Meters::of(facts);
    let mut groups: BTreeMap<(&str, Service<'_>), Vec<Task<'_>>> = BTreeMap::new();
    for resource in facts.resources_with(&meters.vcpus).filter(|resource| resource.is_alive(&meters.vcpus)) {
        let group = (resource.account(), service(&resource));
        groups.entry(group).or_default().extend(meters.task(resource));
    }
    let mut found = Vec::new();
    for ((_, service), tasks) in &groups {
        let Some(size) = size(tasks) else { continue };
        let Some(needs) = needs(facts, service, size, settings) else { continue };
        let Some(target) = cheapest(tasks, &meters, &needs, size) else { continue };
        for task in tasks {
            found.push(
                finding(facts, &task.resource, &meters, &needs, (size, target)).because("tasks_together", tasks.len()),
            );
        }
    }
    found
}

fn finding(
    facts: &Facts<'_>,
    resource: &Resource<'_>,
    meters: &Meters,
    needs: &Needs,
    (size, target): (TaskSize, TaskSize),
) -> Finding {
    let vcpus = (i128::from(target.vcpu_milli), i128::from(size.vcpu_milli));
    let memory = (i128::from(target.memory_mib), i128::from(size.memory_mib));
    let saves = saved(resource.spend(&meters.vcpus), vcpus).plus(saved(resource.spend(&meters.memory), memory));
    let finding = Finding::of(resource, saves)
        .change(size.text(), target.text())
        .because("cpu_percent_at_percentile", format!("{:.1}", needs.percent[0]))
        .because("memory_percent_at_percentile", format!("{:.1}", needs.percent[1]))
        .because("vcpus_required", format!("{:.2}", needs.vcpus))
        .because("memory_mib_required", format!("{:.0}", needs.memory_mib));
    [(&meters.vcpus, vcpus), (&meters.memory, memory)].into_iter().fold(finding, |finding, (meter, part)| {
        let billed = resource.products(meter).into_iter().map(|product| &facts.products[product as usize]);
        billed.fold(finding, |finding, product| finding.becomes(product, product.usage_type, part))
    })
}
