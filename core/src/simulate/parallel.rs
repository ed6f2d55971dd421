//! Work that falls into parts of which none needs another.

/// Does a job for each item on all cores, and returns what came of them in their order.
pub(super) fn for_each<T: Send, R: Send>(mut items: Vec<T>, job: impl Fn(T) -> R + Sync) -> Vec<R> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(cores).max(1);
    let mut parts = Vec::new();
    while items.len() > share {
        let rest = items.split_off(share);
        parts.push(std::mem::replace(&mut items, rest));
    }
    let job = &job;
    std::thread::scope(|scope| {
        let run = |part: Vec<T>| scope.spawn(move || part.into_iter().map(job).collect::<Vec<R>>());
        let others: Vec<_> = parts.into_iter().map(run).collect();
        let last: Vec<R> = items.into_iter().map(job).collect();
        let mut all = Vec::new();
        for other in others {
            all.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        all.extend(last);
        all
    })
}
