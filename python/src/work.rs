//! Runs the engine on a thread of its own, without the GIL, while the calling thread listens for Ctrl-C and
//! reports progress: Python delivers signals to its main thread only, and the engine calls back from any.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use farthing::Progress;
use farthing::ingest::s3::FetchProgress;
use pyo3::prelude::*;

use crate::errors;

/// How often the calling thread looks for signals and reports progress.
const LISTEN_EVERY: Duration = Duration::from_millis(50);
/// As large as a main thread's stack: debug builds of Polars need more than Rust's two megabytes.
const STACK_BYTES: usize = 8 << 20;

/// What the engine and the calling thread tell each other.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    stop: AtomicBool,
    /// Rows done and rows in all of the pass under way; bytes, while objects are fetched.
    rows: Mutex<(u64, u64)>,
    /// Calls under way, because several Python threads may ask one bill at once.
    calls: Mutex<usize>,
}

impl Watch {
    /// The callback for the engine.
    pub(crate) fn callback(self: &Arc<Watch>) -> impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'static {
        let watch = Arc::clone(self);
        move |progress| {
            watch.advance(progress.rows_done, progress.rows_expected());
            watch.go_on()
        }
    }

    /// The callback for what is fetched.
    pub(crate) fn fetch_callback(
        self: &Arc<Watch>,
    ) -> impl Fn(FetchProgress) -> ControlFlow<()> + Send + Sync + 'static {
        let watch = Arc::clone(self);
        move |progress| {
            watch.advance(progress.bytes_done, progress.bytes);
            watch.go_on()
        }
    }

    /// Whether the call under way is to end, or goes on.
    pub(crate) fn go_on(&self) -> ControlFlow<()> {
        if self.stop.load(Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Threads report out of order, so a number that is a little smaller is an old one; a much smaller one belongs
    /// to the next pass.
    fn advance(&self, done: u64, total: u64) {
        let mut rows = lock(&self.rows);
        if done > rows.0 || done < rows.0 / 2 {
            *rows = (done, total);
        }
    }

    /// Counts a call; the first one forgets what an earlier call left behind.
    fn enter(&self) -> Call<'_> {
        let mut calls = lock(&self.calls);
        if *calls == 0 {
            self.stop.store(false, Relaxed);
            *lock(&self.rows) = (0, 0);
        }
        *calls += 1;
        Call(self)
    }
}

struct Call<'a>(&'a Watch);

impl Drop for Call<'_> {
    fn drop(&mut self) {
        *lock(&self.0.calls) -= 1;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does `work` without the GIL. `tick(done, total)` is called now and then, on the calling thread;
/// what it raises, or a pending KeyboardInterrupt, stops the engine and is raised here.
pub(crate) fn run<T: Send>(
    py: Python<'_>,
    watch: &Watch,
    tick: Option<&Py<PyAny>>,
    work: impl FnOnce() -> farthing::Result<T> + Send,
) -> PyResult<T> {
    let _call = watch.enter();
    let (outcome, interruption) = py.detach(|| std::thread::scope(|scope| watched(scope, watch, tick, work)));
    if let Some(interruption) = interruption {
        return Err(interruption);
    }
    match outcome? {
        Ok(result) => result.map_err(errors::engine),
        Err(panic) => Err(errors::panicked(panic.as_ref())),
    }
}

type Outcome<T> = PyResult<std::thread::Result<farthing::Result<T>>>;

fn watched<'scope, T: Send + 'scope>(
    scope: &'scope std::thread::Scope<'scope, '_>,
    watch: &Watch,
    tick: Option<&Py<PyAny>>,
    work: impl FnOnce() -> farthing::Result<T> + Send + 'scope,
) -> (Outcome<T>, Option<PyErr>) {
    let (working, finished) = channel::<()>();
    let worker = std::thread::Builder::new().name("farthing".to_owned()).stack_size(STACK_BYTES).spawn_scoped(
        scope,
        move || {
            // Dropped when the work ends, by a panic too, which wakes the calling thread.
            let _working = working;
            work()
        },
    );
    let worker = match worker {
        Ok(worker) => worker,
        Err(error) => return (Err(errors::other(error)), None),
    };
    let mut told = (0, 0);
    let mut interruption = None;
    while finished.recv_timeout(LISTEN_EVERY) == Err(RecvTimeoutError::Timeout) {
        if interruption.is_none() {
            interruption = listen(watch, tick, &mut told).err();
            watch.stop.fetch_or(interruption.is_some(), Relaxed);
        }
    }
    let outcome = worker.join();
    if interruption.is_none() {
        interruption = report(watch, tick, &mut told).err();
    }
    (Ok(outcome), interruption)
}

fn listen(watch: &Watch, tick: Option<&Py<PyAny>>, told: &mut (u64, u64)) -> PyResult<()> {
    Python::attach(|py| py.check_signals())?;
    report(watch, tick, told)
}

fn report(watch: &Watch, tick: Option<&Py<PyAny>>, told: &mut (u64, u64)) -> PyResult<()> {
    let (Some(tick), rows) = (tick, *lock(&watch.rows)) else { return Ok(()) };
    if rows == *told {
        return Ok(());
    }
    *told = rows;
    Python::attach(|py| tick.call1(py, rows).map(drop))
}
