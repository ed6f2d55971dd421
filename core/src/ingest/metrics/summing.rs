//! Summing up series beside reading: one thread reads rows, another makes distributions of the resources that are whole.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::Open;
use super::series::{Series, summarize};

/// Resources that wait to be summed up; reading waits when there are so many.
const WAITING_MAX: usize = 64;

/// What became of a resource's measurements.
#[derive(Debug)]
pub(super) struct Summed {
    pub(super) resource: String,
    /// Measurements.
    pub(super) rows: u64,
    /// By metric and statistic; those without a measurement are left out.
    pub(super) series: Vec<Series>,
}

/// The thread that sums up.
#[derive(Debug)]
pub(super) struct Summing {
    waiting: SyncSender<(String, Vec<Open>)>,
    thread: JoinHandle<Vec<Summed>>,
}

impl Summing {
    pub(super) fn new(look_back_days: u32) -> Summing {
        let (waiting, due) = sync_channel::<(String, Vec<Open>)>(WAITING_MAX);
        let sum_up = move || due.into_iter().map(|(resource, open)| summed(resource, open, look_back_days)).collect();
        Summing { waiting, thread: std::thread::spawn(sum_up) }
    }

    /// Adds a resource whose rows are all there.
    pub(super) fn add(&self, resource: String, open: Vec<Open>) {
        // A thread that gave up is told when it is joined.
        let _ = self.waiting.send((resource, open));
    }

    /// What became of all of them, in the order in which they were added.
    pub(super) fn finish(self) -> Vec<Summed> {
        drop(self.waiting);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn summed(resource: String, open: Vec<Open>, look_back_days: u32) -> Summed {
    let rows = open.iter().map(|one| one.samples.len() as u64).sum();
    let each = open.into_iter().filter_map(|one| summarize(one.metric, one.statistic, one.samples, look_back_days));
    let mut series: Vec<Series> = each.collect();
    series.sort_by(|a, b| (&a.metric, a.statistic.rank()).cmp(&(&b.metric, b.statistic.rank())));
    Summed { resource, rows, series }
}
