//! What a person sees: where text goes, in which colors, and how tables and progress look.

pub(crate) mod bars;
pub(crate) mod pages;
pub(crate) mod progress;
pub(crate) mod staged;
pub(crate) mod table;

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use clap::ColorChoice;
use farthing::render::mark;
use farthing::render::printable;
use farthing::{Certificate, Verdict};

use crate::args::Everywhere;

/// Findings that are shown for a check that did not pass, unless more is asked for.
const FINDINGS_MAX: usize = 5;

/// The two streams: results go to standard output, everything else to standard error.
#[derive(Debug)]
pub(crate) struct Screen {
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    color: ColorChoice,
    out_is_terminal: bool,
    err_is_terminal: bool,
}

/// How a page is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    /// Rules, bars and wrapping to the terminal's width.
    pub(crate) rich: bool,
    pub(crate) color: bool,
    pub(crate) verbose: bool,
}

impl Screen {
    pub(crate) fn new(everywhere: &Everywhere) -> Screen {
        Screen {
            quiet: everywhere.quiet,
            verbose: everywhere.verbose,
            color: everywhere.color,
            out_is_terminal: io::stdout().is_terminal(),
            err_is_terminal: io::stderr().is_terminal(),
        }
    }

    /// The look of a page for standard output, or for a file.
    pub(crate) fn look(&self, to_file: bool) -> Look {
        let rich = self.out_is_terminal && !to_file;
        Look { rich, color: self.colors(rich), verbose: self.verbose }
    }

    /// Whether results go to a terminal.
    pub(crate) fn out_is_terminal(&self) -> bool {
        self.out_is_terminal
    }

    fn colors(&self, is_terminal: bool) -> bool {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                is_terminal && !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }

    /// Whether progress is drawn.
    pub(crate) fn shows_progress(&self) -> bool {
        self.err_is_terminal && !self.quiet
    }

    /// Writes a line to standard error. A stream that is closed cannot be told so.
    pub(crate) fn message(&self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "{}", printable(line));
    }

    /// Writes a line to standard error unless quiet.
    pub(crate) fn note(&self, line: &str) {
        if !self.quiet {
            self.message(line);
        }
    }

    /// Writes a result to standard output, or whole to a file. A reader that has seen enough is no error.
    pub(crate) fn emit(&self, result: impl AsRef<[u8]>, file: Option<&Path>) -> io::Result<()> {
        let Some(file) = file.filter(|file| *file != Path::new("-")) else {
            let mut out = io::stdout().lock();
            return match out.write_all(result.as_ref()).and_then(|()| out.flush()) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                written => written,
            };
        };
        staged::write_file(file, result.as_ref())?;
        self.note(&format!("wrote {}", file.display()));
        Ok(())
    }

    /// The certificate's summary on standard error, with what did not pass. Failures are told even when quiet.
    pub(crate) fn certificate(&self, certificate: &Certificate) {
        let paint = Paint { on: self.colors(self.err_is_terminal) };
        self.note(&format!("certificate: {}", certificate.summary()));
        let mut err = io::stderr().lock();
        for check in certificate.failures() {
            if self.quiet && check.verdict != Verdict::Fail {
                continue;
            }
            let line = format!("{} {}: {}", check.id, check.title, check.detail);
            let _ = writeln!(err, "{} {}", paint.verdict(check.verdict), printable(&line));
            let limit = if self.verbose { usize::MAX } else { FINDINGS_MAX };
            for finding in check.findings.iter().take(limit) {
                let _ = writeln!(err, "    {}", printable(finding));
            }
            if check.findings.len() > limit {
                let _ = writeln!(err, "    and {} more; -v shows them all", check.findings.len() - limit);
            }
        }
        if self.verbose {
            for check in certificate.checks.iter().filter(|check| check.verdict == Verdict::NotRun) {
                let _ = writeln!(err, "– {} {} did not run: {}", check.id, check.title, printable(&check.detail));
            }
        }
    }
}

/// Colors, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    pub(crate) on: bool,
}

impl Paint {
    pub(crate) fn bold(self, text: &str) -> String {
        self.wrap("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.wrap("2", text)
    }

    /// The mark of a verdict in its color.
    pub(crate) fn verdict(self, verdict: Verdict) -> String {
        let code = match verdict {
            Verdict::Pass => "32",
            Verdict::Warn => "33",
            Verdict::Fail => "31",
            Verdict::NotRun => "2",
        };
        self.wrap(code, mark(verdict))
    }

    fn wrap(self, code: &str, text: &str) -> String {
        if self.on && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
