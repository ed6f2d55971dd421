//! A small runtime in the background, whose tasks callers wait for.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::error::s3::{Result, S3Error};

/// How often the caller hears of progress, and is asked whether to go on.
const TICK: Duration = Duration::from_millis(100);

/// What is asked while a caller waits: whether to go on.
pub(in crate::ingest) type Wait = dyn Fn() -> ControlFlow<()> + Send + Sync;

/// A runtime, there until it is dropped.
#[derive(Debug)]
pub(in crate::ingest) struct Background(Option<Runtime>);

impl Background {
    /// Starts so many threads; `uri` is what they are for.
    pub(in crate::ingest) fn start(name: &str, threads: usize, uri: &str) -> Result<Background> {
        let runtime = Builder::new_multi_thread().worker_threads(threads).thread_name(name).enable_all().build();
        let fail = |source| S3Error::Other { uri: uri.to_owned(), detail: format!("no threads: {source}") };
        Ok(Background(Some(runtime.map_err(fail)?)))
    }

    /// Runs a task to its end, or until `wait` or `tick` wants no more. The caller's thread waits outside the runtime, so
    /// that both are called on it, and so that it may belong to another runtime.
    pub(in crate::ingest) fn run<T: Send + 'static>(
        &self,
        wait: Option<&Wait>,
        tick: Option<&dyn Fn() -> ControlFlow<()>>,
        task: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let Some(runtime) = &self.0 else { return Err(S3Error::Interrupted) };
        let (sender, receiver) = sync_channel(1);
        let handle = runtime.spawn(async move {
            // Nobody listens any more after an interruption.
            let _ = sender.send(task.await);
        });
        let ended = || S3Error::Other { uri: "AWS".to_owned(), detail: "a task ended without a result".to_owned() };
        if tick.is_none() && wait.is_none() {
            return receiver.recv().map_err(|_| ended())?;
        }
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
                Err(RecvTimeoutError::Timeout) => {
                    let answers = (tick.map(|tick| tick()), wait.map(|wait| wait()));
                    if answers.0.is_some_and(|tick| tick.is_break()) || answers.1.is_some_and(|wait| wait.is_break()) {
                        handle.abort();
                        return Err(S3Error::Interrupted);
                    }
                }
            }
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // The ordinary end of a runtime waits, which panics within another one.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
