//! Progress bars on standard error.

use std::ops::ControlFlow;

use farthing::ingest::cloudwatch::MetricsProgress;
use farthing::ingest::prices::DownloadProgress;
use farthing::ingest::s3::FetchProgress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Screen;

/// A bar that follows the reading; hidden unless standard error is a terminal.
#[derive(Debug, Clone)]
pub(crate) struct ReadingBar(ProgressBar);

impl ReadingBar {
    pub(crate) fn new(screen: &Screen) -> ReadingBar {
        ReadingBar(bar(screen, "reading {wide_bar} {percent:>3}%  {human_pos} of {human_len} rows  {elapsed}"))
    }

    /// What the engine calls as it reads.
    pub(crate) fn follow(&self) -> impl Fn(farthing::Progress) -> ControlFlow<()> + Send + Sync + 'static {
        let bar = self.0.clone();
        move |progress| {
            bar.set_length(progress.rows_expected());
            bar.set_position(progress.rows_done);
            ControlFlow::Continue(())
        }
    }

    /// Takes the bar away before anything else is printed.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for ReadingBar {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A bar that follows what comes down from S3.
#[derive(Debug)]
pub(crate) struct FetchingBar(ProgressBar);

impl FetchingBar {
    pub(crate) fn new(screen: &Screen) -> FetchingBar {
        let template = "fetching {wide_bar} {percent:>3}%  {decimal_bytes} of {decimal_total_bytes}  {elapsed}";
        FetchingBar(bar(screen, template))
    }

    /// What the engine calls as it fetches.
    pub(crate) fn follow(&self) -> impl Fn(FetchProgress) -> ControlFlow<()> + Send + Sync + 'static {
        let bar = self.0.clone();
        move |progress| {
            bar.set_length(progress.bytes);
            bar.set_position(progress.bytes_done);
            if progress.objects_done == progress.objects {
                bar.finish_and_clear();
            }
            ControlFlow::Continue(())
        }
    }
}

impl Drop for FetchingBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar that follows what CloudWatch is asked for.
#[derive(Debug)]
pub(crate) struct AskingBar(ProgressBar);

impl AskingBar {
    pub(crate) fn new(screen: &Screen) -> AskingBar {
        let template = "fetching {wide_bar} {percent:>3}%  {human_pos} of {human_len} metrics{msg}  {elapsed}";
        AskingBar(bar(screen, template))
    }

    /// What the engine calls as it asks.
    pub(crate) fn follow(&self) -> impl Fn(MetricsProgress) -> ControlFlow<()> + Send + Sync + 'static {
        let bar = self.0.clone();
        move |progress| {
            bar.set_length(progress.queries);
            bar.set_position(progress.queries_done);
            if progress.retries > 0 {
                bar.set_message(format!(", {} requests tried again", progress.retries));
            }
            ControlFlow::Continue(())
        }
    }
}

impl Drop for AskingBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar that follows a file coming down.
#[derive(Debug)]
pub(crate) struct DownloadingBar(ProgressBar);

impl DownloadingBar {
    pub(crate) fn new(screen: &Screen, what: &str) -> DownloadingBar {
        let template =
            "{msg} {wide_bar} {percent:>3}%  {decimal_bytes} of {decimal_total_bytes}  {decimal_bytes_per_sec}  {eta}";
        let bar = bar(screen, template);
        bar.set_message(what.to_owned());
        DownloadingBar(bar)
    }

    /// What the engine calls as bytes come.
    pub(crate) fn follow(&self) -> impl Fn(DownloadProgress) -> ControlFlow<()> + use<> {
        let bar = self.0.clone();
        move |progress| {
            bar.set_length(progress.bytes);
            bar.set_position(progress.bytes_done);
            ControlFlow::Continue(())
        }
    }
}

impl Drop for DownloadingBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar that follows a file being read.
#[derive(Debug)]
pub(crate) struct ImportingBar(ProgressBar);

impl ImportingBar {
    pub(crate) fn new(screen: &Screen) -> ImportingBar {
        ImportingBar(bar(
            screen,
            "importing {wide_bar} {percent:>3}%  {decimal_bytes} of {decimal_total_bytes}  {elapsed}",
        ))
    }

    /// So many bytes of so many were read.
    pub(crate) fn set(&self, read: u64, bytes: u64) {
        self.0.set_length(bytes);
        self.0.set_position(read);
    }

    /// Takes the bar away before anything else is printed.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for ImportingBar {
    fn drop(&mut self) {
        self.clear();
    }
}

fn bar(screen: &Screen, template: &str) -> ProgressBar {
    let target = if screen.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
    }
    bar
}
