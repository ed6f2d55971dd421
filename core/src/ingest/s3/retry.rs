//! One schedule for all that may be tried again, within a deadline.
//!
//! The SDK's own retries are off: it starts no body again that broke half-way, and its loop inside ours would multiply
//! requests just when a server asks for fewer.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::fault::Fault;
use super::options::S3Options;
use crate::error::s3::{Result, S3Error};

/// How often it is tried what looks like a mistake: a mistyped name should not take minutes to show.
const ATTEMPTS_BRIEF: u32 = 3;

/// The instant by which something must be done.
#[derive(Debug, Clone, Copy)]
pub(in crate::ingest) struct Deadline {
    at: Instant,
    seconds: f64,
}

impl Deadline {
    pub(in crate::ingest) fn after(time: Duration) -> Deadline {
        let now = Instant::now();
        // A time without end is one of a hundred years.
        let at = now.checked_add(time).unwrap_or(now + Duration::from_secs(100 * 365 * 86_400));
        Deadline { at, seconds: time.as_secs_f64() }
    }

    pub(super) fn or_earlier(self, time: Duration) -> Deadline {
        let other = Deadline::after(time);
        if other.at < self.at { other } else { self }
    }
}

/// When to try again.
#[derive(Debug, Clone, Copy)]
pub(in crate::ingest) struct Schedule<'a> {
    /// Whether S3 was reached before.
    reached: &'a AtomicBool,
    attempts: u32,
    first: Duration,
    max: Duration,
}

impl Schedule<'_> {
    pub(in crate::ingest) fn of<'a>(options: &S3Options, reached: &'a AtomicBool) -> Schedule<'a> {
        Schedule { reached, attempts: options.attempts.max(1), first: options.backoff_first, max: options.backoff_max }
    }

    /// The wait after an attempt: doubled each time, and shortened by up to half so that many do not come back at once.
    fn wait(&self, attempt: u32) -> Duration {
        let full = self.first.saturating_mul(1 << (attempt - 1).min(20)).min(self.max);
        full.mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    /// Tries until it is done, fails for good, was tried often enough, or the deadline passes.
    pub(in crate::ingest) async fn run<T, F>(
        &self,
        uri: &str,
        deadline: Deadline,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T>
    where
        F: Future<Output = std::result::Result<T, Fault>>,
    {
        let mut last = String::from("no answer yet");
        let late = |detail: &str| S3Error::Deadline {
            uri: uri.to_owned(),
            seconds: deadline.seconds,
            detail: detail.to_owned(),
        };
        for attempts in 1.. {
            let allowed = match timeout_at(deadline.at, attempt()).await {
                Err(_) => return Err(late(&last)),
                Ok(Ok(done)) => {
                    self.reached.store(true, Ordering::Relaxed);
                    return Ok(done);
                }
                Ok(Err(Fault::Final(error))) => return Err(error),
                Ok(Err(Fault::Again(cause))) => {
                    last = cause;
                    self.attempts
                }
                Ok(Err(Fault::Briefly(cause))) => {
                    last = cause;
                    if self.reached.load(Ordering::Relaxed) { self.attempts } else { self.attempts.min(ATTEMPTS_BRIEF) }
                }
            };
            if attempts >= allowed {
                return Err(S3Error::Broken { uri: uri.to_owned(), detail: last, attempts });
            }
            let next = Instant::now() + self.wait(attempts);
            if next >= deadline.at {
                return Err(late(&last));
            }
            sleep_until(next).await;
        }
        unreachable!("the loop ends at the last attempt")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let reached = AtomicBool::new(false);
        let schedule = Schedule {
            reached: &reached,
            attempts: 10,
            first: Duration::from_millis(500),
            max: Duration::from_secs(20),
        };
        for (attempt, full_s) in [(1, 0.5), (2, 1.0), (5, 8.0), (7, 20.0), (40, 20.0)] {
            let wait_s = schedule.wait(attempt).as_secs_f64();
            assert!(wait_s >= full_s / 2.0 && wait_s <= full_s, "{attempt}: {wait_s}");
        }
    }
}
