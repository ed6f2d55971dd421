//! One pass over a bill: row groups are decoded, normalized and handed to a fold, on several threads.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::gather::{Gatherer, wanted};
use super::repeats;
use super::split_costs::Parents;
use super::tables::Ledger;
use crate::error::{Error, Result};
use crate::ingest::file::BillFile;
use crate::ingest::guard::{guarded_rows, panic_text};
use crate::ingest::pages::PageCount;
use crate::ingest::verify;
use crate::normalize::cur::{Normalizer, Spellings, Wanted, absorb_unreadable};
use crate::normalize::{ChargeBatch, Unreadable};
use crate::schema::names::SharedNames;

/// How far a pass has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rows folded.
    pub rows_done: u64,
    /// Rows in all footers; `None` where a file has none.
    pub rows_total: Option<u64>,
    /// Bytes of the files that were read, about.
    pub bytes_done: u64,
    /// Bytes of all files.
    pub bytes_total: u64,
}

impl Progress {
    /// Rows in all: as the footers say, or else as far as the bytes that were read tell.
    pub fn rows_expected(&self) -> u64 {
        let expected = u128::from(self.rows_done) * u128::from(self.bytes_total) / u128::from(self.bytes_done.max(1));
        self.rows_total.unwrap_or_else(|| u64::try_from(expected).unwrap_or(u64::MAX).max(self.rows_done))
    }
}

/// Called now and then during a pass; `Break` stops it.
pub type OnProgress = Arc<dyn Fn(Progress) -> ControlFlow<()> + Send + Sync>;

/// A file of a pass and the delivery it belongs to.
#[derive(Debug, Clone)]
pub struct PassFile {
    /// The file.
    pub file: Arc<BillFile>,
    /// Its delivery's number in the inventory.
    pub delivery: u32,
    /// Whether a manifest says that it is part of its delivery.
    pub has_manifest: bool,
}

/// How a pass runs.
#[derive(Clone, Default)]
pub struct PassOptions {
    /// Threads; 0 is one for each core.
    pub threads: usize,
    /// Called now and then.
    pub progress: Option<OnProgress>,
    /// Whether the files are all there is of their bills: rows that belong together are then nowhere else.
    pub is_whole: bool,
}

impl PassOptions {
    fn threads(&self, tasks: usize) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if self.threads == 0 { cores } else { self.threads };
        threads.clamp(1, tasks.max(1))
    }
}

/// What one thread of a pass does with charges.
pub trait Fold: Send {
    /// What a thread hands back.
    type Output: Send;
    /// Takes a batch; `split` rows are in the batch too.
    ///
    /// # Errors
    /// Whatever the fold cannot do.
    fn fold(&mut self, batch: &ChargeBatch, names: &SharedNames, file: &PassFile) -> Result<()>;
    /// Learns that so many rows of a file came out of its decoder, and of how many pages.
    fn rows_read(&mut self, _file: &PassFile, _rows: u64, _pages: PageCount) {}
    /// Called at the end of the pass.
    fn finish(self, normalizer: Normalizer, names: &SharedNames) -> Self::Output;
}

struct Shared<'a> {
    files: &'a [PassFile],
    tasks: Vec<(usize, usize)>,
    next: AtomicUsize,
    rows_done: AtomicU64,
    rows_total: Option<u64>,
    bytes_done: AtomicU64,
    bytes_total: u64,
    stopped: AtomicBool,
    options: &'a PassOptions,
}

/// Runs a fold over every charge of the files, whose texts are added to `names`. Outputs come in no particular order.
///
/// # Errors
/// The first error of reading, normalizing or folding; [`Error::Interrupted`] when the progress callback says so.
pub fn run<F: Fold>(
    files: &[PassFile],
    wanted: &Wanted,
    options: &PassOptions,
    names: &SharedNames,
    make: impl Fn() -> F + Sync,
) -> Result<Vec<F::Output>> {
    let tasks: Vec<(usize, usize)> = files
        .iter()
        .enumerate()
        .flat_map(|(at, file)| (0..file.file.row_group_rows.len()).map(move |group| (at, group)))
        .collect();
    let shared = Shared {
        rows_total: files.iter().map(|file| file.file.footer.rows).sum(),
        bytes_total: files.iter().map(|file| file.file.footer.bytes).sum(),
        next: AtomicUsize::new(0),
        rows_done: AtomicU64::new(0),
        bytes_done: AtomicU64::new(0),
        stopped: AtomicBool::new(false),
        files,
        options,
        tasks,
    };
    on_threads(options.threads(shared.tasks.len()), || work(&shared, wanted, names, make()))
}

/// Runs the same closure on some threads (the caller's is one of them) and collects what they return.
fn on_threads<T: Send>(threads: usize, job: impl Fn() -> Result<T> + Sync) -> Result<Vec<T>> {
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(&job)).collect();
        let mine = job();
        let mut outputs = Vec::with_capacity(threads);
        let mut error = None;
        let joined = others.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|panic| {
                Err(Error::Unreadable {
                    file: "bill".to_owned(),
                    detail: format!("a thread gave up ({})", panic_text(panic.as_ref())),
                })
            })
        });
        for output in std::iter::once(mine).chain(joined) {
            match output {
                Ok(output) => outputs.push(output),
                // An interruption only follows from another thread's error.
                Err(Error::Interrupted) if error.is_some() => {}
                Err(other) => error = Some(other),
            }
        }
        error.map_or(Ok(outputs), Err)
    })
}

fn work<F: Fold>(shared: &Shared<'_>, wanted: &Wanted, names: &SharedNames, mut fold: F) -> Result<F::Output> {
    let mut normalizer = Normalizer::new(wanted.clone(), names.clone());
    let projection = wanted.projection();
    let mut charges = ChargeBatch::default();
    loop {
        let task = shared.next.fetch_add(1, Ordering::Relaxed);
        let Some(&(file, group)) = shared.tasks.get(task) else { break };
        let file = &shared.files[file];
        let (mut rows, mut bytes, mut pages) = (0, 0, PageCount::default());
        let mut read = || -> Result<()> {
            let mut row_group = file.file.row_group(group, &projection)?;
            pages = row_group.pages();
            while let Some(batch) = row_group.next_batch()? {
                rows += batch.num_rows() as u64;
                let line_items = row_group.line_items(&batch);
                guarded_rows(line_items.file, || normalizer.normalize(&line_items, &mut charges))?;
                fold.fold(&charges, names, file)?;
                let bytes_before = std::mem::replace(&mut bytes, row_group.bytes_done());
                shared.report(batch.num_rows() as u64, bytes - bytes_before)?;
            }
            Ok(())
        };
        if let Err(error) = read() {
            shared.stopped.store(true, Ordering::Relaxed);
            return Err(error);
        }
        fold.rows_read(file, rows, pages);
        let due = file.file.row_group_rows[group].unwrap_or(rows);
        if rows != due {
            return Err(Error::Unreadable {
                file: file.file.footer.file.clone(),
                detail: format!("its footer promises {due} rows in row group {group}, and {rows} came out"),
            });
        }
    }
    Ok(fold.finish(normalizer, names))
}

impl Shared<'_> {
    fn report(&self, rows: u64, bytes: u64) -> Result<()> {
        let rows_done = self.rows_done.fetch_add(rows, Ordering::Relaxed) + rows;
        let bytes_done = self.bytes_done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if let Some(progress) = &self.options.progress {
            let (rows_total, bytes_total) = (self.rows_total, self.bytes_total);
            let now = Progress { rows_done, rows_total, bytes_done: bytes_done.min(bytes_total), bytes_total };
            if progress(now).is_break() {
                self.stopped.store(true, Ordering::Relaxed);
            }
        }
        if self.stopped.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
    }
}

/// One ledger that every thread of a pass folds into, batch by batch: decoding and normalizing run side by side, and
/// memory holds each key once.
#[derive(Default)]
struct Gathering {
    gatherer: Gatherer,
    lossy_amounts: u64,
    without_contracted: u64,
    undated: u64,
    unreadable: BTreeMap<String, Unreadable>,
    spellings: Spellings,
}

struct GatherFold {
    all: Arc<Mutex<Gathering>>,
    /// One of how many rows is compared with those of other files, by delivery.
    sampled: Arc<BTreeMap<u32, u64>>,
}

impl GatherFold {
    fn with<T>(&self, work: impl FnOnce(&mut Gathering) -> T) -> T {
        work(&mut self.all.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Fold for GatherFold {
    type Output = ();

    fn fold(&mut self, batch: &ChargeBatch, names: &SharedNames, file: &PassFile) -> Result<()> {
        self.with(|all| {
            all.gatherer.split(batch, &file.file.footer.file, file.delivery);
            all.gatherer.foreign(batch, names, &file.file.footer.file, file.delivery);
            all.gatherer.fold(batch, names, &file.file.footer.file, file.delivery);
            if let Some(&one_of) = self.sampled.get(&file.delivery) {
                all.gatherer.sample(batch, &file.file.footer.file, file.delivery, one_of);
            }
        });
        Ok(())
    }

    fn rows_read(&mut self, file: &PassFile, rows: u64, pages: PageCount) {
        self.with(|all| all.gatherer.rows_read(&file.file.footer.file, file.delivery, rows, pages));
    }

    fn finish(self, normalizer: Normalizer, _names: &SharedNames) {
        self.with(|all| {
            all.lossy_amounts += normalizer.lossy_amounts;
            all.without_contracted += normalizer.without_contracted;
            all.undated += normalizer.undated;
            for (column, found) in &normalizer.unreadable {
                absorb_unreadable(&mut all.unreadable, column, found);
            }
            for (key, spellings) in normalizer.spellings() {
                all.spellings.entry(key).or_default().extend(spellings);
            }
        });
    }
}

/// Gathers the ledger of some files in one pass: every column is decoded once.
///
/// # Errors
/// As [`run`].
pub fn gather(files: &[PassFile], options: &PassOptions) -> Result<Ledger> {
    let gatherer = Gatherer::following(Parents::of(files, options.is_whole)?);
    let all = Arc::new(Mutex::new(Gathering { gatherer, ..Gathering::default() }));
    let names = SharedNames::default();
    let sampled = Arc::new(repeats::rates(files));
    let fold = || GatherFold { all: Arc::clone(&all), sampled: Arc::clone(&sampled) };
    run(files, &wanted(), options, &names, fold)?;
    let all = std::mem::take(&mut *all.lock().unwrap_or_else(PoisonError::into_inner));
    let several = all.spellings.into_iter().filter(|(_, spellings)| spellings.len() > 1);
    let collisions = several.map(|(key, spellings)| {
        format!("{key} is written {}", spellings.into_iter().collect::<Vec<_>>().join(" and "))
    });
    let mut ledger = all.gatherer.finish(names.take(), all.lossy_amounts, collisions.collect());
    ledger.unreadable = all.unreadable;
    ledger.without_contracted = all.without_contracted;
    ledger.undated = all.undated;
    if options.is_whole {
        ledger.forget_unsplit();
    }
    // A file without rows is read too.
    for file in files {
        ledger.file(&file.file.footer.file, file.delivery);
    }
    Ok(ledger)
}

/// SHA-256 of each file, in order.
///
/// # Errors
/// [`Error::Io`] when a file cannot be read.
pub fn hashes(files: &[PassFile], threads: usize) -> Result<Vec<String>> {
    let options = PassOptions { threads, ..PassOptions::default() };
    let next = AtomicUsize::new(0);
    let hashes = Mutex::new(vec![String::new(); files.len()]);
    on_threads(options.threads(files.len()), || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(at) else { return Ok(()) };
            let (hash, bytes) = verify::sha256(&file.file.path)?;
            if bytes != file.file.footer.bytes {
                return Err(Error::Unreadable {
                    file: file.file.footer.file.clone(),
                    detail: format!("it changed while it was read: {} bytes, then {bytes}", file.file.footer.bytes),
                });
            }
            hashes.lock().unwrap_or_else(PoisonError::into_inner)[at] = hash;
        }
    })?;
    Ok(hashes.into_inner().unwrap_or_else(PoisonError::into_inner))
}
