//! The progress bar on standard error.

use std::ops::ControlFlow;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Screen;

/// A bar that follows the reading; hidden unless standard error is a terminal.
#[derive(Debug, Clone)]
pub(crate) struct ReadingBar(ProgressBar);

impl ReadingBar {
    pub(crate) fn new(screen: &Screen) -> ReadingBar {
        let target = if screen.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let template = "reading {wide_bar} {percent:>3}%  {human_pos} of {human_len} rows  {elapsed}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        }
        ReadingBar(bar)
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
