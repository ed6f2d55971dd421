//! The commands, one file each, and what they share: opening the bill, exit codes, errors.

mod catalog;
mod commitments;
mod completions;
mod costs;
mod demo;
mod detectors;
mod explain;
mod inspect;
mod man;
mod metrics;
mod plan;
mod recommend;
mod reconcile;
mod report;
mod rightsize;
mod store;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use farthing::ingest::metrics::{LOOK_BACK_DAYS, Metrics};
use farthing::{Bill, Certificate, Config, Error, Request, Verdict};

use self::catalog::with_lists;
use crate::advising::Advice;
use crate::args::{Command, Everywhere, Farthing, Sources};
use crate::s3::S3;
use crate::terminal::Screen;
use crate::terminal::progress::{FetchingBar, ReadingBar};

/// A wrong option.
const USAGE: u8 = 2;
/// A check failed.
const CHECK_FAILED: u8 = 3;
/// Warnings or partial data, and `--strict`.
const NOT_STRICT: u8 = 4;
/// A gate failed.
const GATE_FAILED: u8 = 5;

/// Why a command did not come to its end.
#[derive(Debug)]
pub(crate) struct Problem {
    /// What to tell.
    pub(crate) message: String,
    /// The exit code.
    pub(crate) code: u8,
}

impl<E: std::error::Error> From<E> for Problem {
    fn from(error: E) -> Problem {
        Problem { message: error.to_string(), code: 1 }
    }
}

/// An exit code, or why there is none.
pub(crate) type Outcome = Result<u8, Problem>;

/// Runs the command that was asked for.
pub(crate) fn run(args: &Farthing, screen: &Screen) -> Outcome {
    let everywhere = &args.everywhere;
    match &args.command {
        Command::Demo(args) => demo::run(args, everywhere, screen),
        Command::Inspect(args) => inspect::run(args, everywhere, screen),
        Command::Reconcile(args) => reconcile::run(args, everywhere, screen),
        Command::Costs(args) => costs::run(args, everywhere, screen),
        Command::Report(args) => report::run(args, everywhere, screen),
        Command::Store(args) => store::run(args, everywhere, screen),
        Command::Recommend(args) => recommend::run(args, everywhere, screen),
        Command::Rightsize(args) => rightsize::run(args, everywhere, screen),
        Command::Metrics(args) => metrics::run(args, everywhere, screen),
        Command::Detectors(args) => detectors::run(args, screen),
        Command::Explain(args) => explain::run(args, screen),
        Command::Commitments(args) => commitments::run(args, everywhere, screen),
        Command::Catalog(args) => catalog::run(args, everywhere, screen),
        Command::Plan(args) => plan::run(args, everywhere, screen),
        Command::Completions(args) => completions::run(args, screen),
        Command::Man(args) => man::run(args, screen),
    }
}

/// Opens the bill, or what there is of one billing period; what is on S3 is fetched. `bar` follows when rows are read.
fn open(
    sources: &Sources,
    period: Option<&str>,
    everywhere: &Everywhere,
    screen: &Screen,
    bar: &ReadingBar,
) -> Result<Bill, Problem> {
    open_paths(&sources.sources, &sources.s3, period, everywhere, screen, bar)
}

/// The same, of a command that can do without.
fn open_paths(
    sources: &[PathBuf],
    s3: &S3,
    period: Option<&str>,
    everywhere: &Everywhere,
    screen: &Screen,
    bar: &ReadingBar,
) -> Result<Bill, Problem> {
    let mut options = Bill::options().periods(period).progress(bar.follow());
    if let Some(threads) = everywhere.threads {
        options = options.threads(threads.get());
    }
    if let Some(folder) = store_folder(everywhere) {
        options = options.store(folder);
    }
    let fetching = FetchingBar::new(screen);
    if sources.iter().any(|source| is_remote(source)) {
        options = options.s3(s3.options(screen)?).on_fetch(fetching.follow());
    }
    Ok(options.open(sources)?)
}

/// A folder of this program in the user's cache folder; nothing for a user who has none.
pub(crate) fn user_cache(name: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = set("XDG_CACHE_HOME").or_else(|| Some(std::env::home_dir()?.join(".cache")))?;
    Some(caches.join("farthing").join(name))
}

/// Where ledgers are kept, unless they are not.
fn store_folder(everywhere: &Everywhere) -> Option<PathBuf> {
    // An empty variable is as good as none.
    let set = || std::env::var_os("FARTHING_STORE").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    if everywhere.no_store { None } else { everywhere.store.clone().or_else(set).or_else(|| user_cache("store")) }
}

/// The file that a team's agreements stand in when none is named.
const CONFIG: &str = "farthing.toml";

/// What a team has agreed on, from the file that is named or from that of the current folder.
fn config(file: Option<&Path>) -> Result<Config, Problem> {
    let own = Path::new(CONFIG);
    let Some(file) = file.or_else(|| own.is_file().then_some(own)) else { return Ok(Config::default()) };
    let text = std::fs::read_to_string(file).map_err(|source| Error::io(file, source))?;
    Ok(Config::parse(&file.to_string_lossy(), &text)?)
}

/// All advice, followed together, with what it rests on.
fn request(advice: &Advice) -> Result<Request, Problem> {
    let metrics = match advice.metrics.as_slice() {
        [] => None,
        files => Some(Arc::new(Metrics::read(files, LOOK_BACK_DAYS)?)),
    };
    Ok(Request {
        metrics,
        catalog: Some(Arc::new(with_lists(&advice.folder))),
        plan: true,
        config: config(advice.config.as_deref())?,
        ..Request::default()
    })
}

/// Says what the store could not do; no answer depends on it.
fn tell_store(bill: &Bill, screen: &Screen) {
    bill.store_notes().iter().for_each(|note| screen.note(&format!("store: {note}")));
}

/// Whether a source is an address on S3.
fn is_remote(source: &Path) -> bool {
    source.to_string_lossy().starts_with("s3://")
}

/// The certificate on standard error, unless the page on standard output has shown it and nothing failed.
fn tell_elsewhere(certificate: &Certificate, screen: &Screen, was_shown: bool) {
    if !was_shown || certificate.verdict() == Verdict::Fail {
        screen.certificate(certificate);
    }
}

/// What to say when no figure may be shown.
fn withheld(certificate: &Certificate, screen: &Screen) -> u8 {
    screen.certificate(certificate);
    screen.message("farthing: no figure is shown, because a check failed; `farthing reconcile` shows every check");
    CHECK_FAILED
}

/// The exit code of figures that were shown.
fn exit_code(certificate: &Certificate, partial: bool, strict: bool) -> u8 {
    match certificate.exit_code(strict) {
        0 if partial && strict => NOT_STRICT,
        code => code,
    }
}
