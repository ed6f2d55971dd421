//! What farthing costs to run: `make` writes a bill of benchmark cardinality, `decode` only decodes the columns that
//! the ledger is made from, `twelve` gathers the whole ledger and answers twelve questions from it.

mod questions;

use std::io::Write;
use std::path::{Path, PathBuf};

use farthing::Bill;
use farthing::ingest::{file, source};
use farthing::ledger::gather;
use farthing_fixtures::{Config, Scale, WriteOptions, write_bill};
use serde::Serializer;

type Outcome = Result<(), Box<dyn std::error::Error>>;

const USAGE: &str = "usage: farthing-bench make DIR ROWS | decode DIR | gather DIR | save DIR FILE | load FILE | warm DIR STORE | recommend DIR | twelve DIR ANSWERS.json";

fn main() -> std::process::ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["make", folder, rows] => make(Path::new(folder), rows),
        ["decode", folder] => decode(Path::new(folder)),
        ["gather", folder] => gathered(Path::new(folder)),
        ["save", folder, file] => save(Path::new(folder), Path::new(file)),
        ["warm", folder, store] => warm(Path::new(folder), Path::new(store)),
        ["recommend", folder] => recommend(Path::new(folder)),
        ["load", file] => load(Path::new(file)),
        ["twelve", folder, answers] => twelve(Path::new(folder), Path::new(answers)),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "farthing-bench: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// One month of so many rows, in files of about 800,000 rows.
fn make(folder: &Path, rows: &str) -> Outcome {
    let rows: u64 = rows.parse()?;
    let config =
        Config { seed: 42, months: 1, accounts: 24, scale: Scale::Rows(rows), truth: false, ..Config::default() };
    let parts = u32::try_from(rows.div_ceil(834_000).max(1))?;
    let started = std::time::Instant::now();
    let written = write_bill(folder, &config, &WriteOptions { parts_per_month: parts, ..WriteOptions::default() })?;
    let seconds = started.elapsed().as_secs_f64();
    writeln!(
        std::io::stdout(),
        "{} rows in {seconds:.1} s, {:.0} rows a second",
        written.rows,
        written.rows as f64 / seconds
    )?;
    Ok(())
}

/// Decodes the projected columns on one thread for each core and drops them.
fn decode(folder: &Path) -> Outcome {
    let paths: Vec<PathBuf> =
        source::discover(&[folder.to_path_buf()])?.deliveries.into_iter().flat_map(|found| found.files).collect();
    let files = paths.iter().map(|path| file::open(path)).collect::<Result<Vec<_>, _>>()?;
    let tasks: Vec<(usize, usize)> = files
        .iter()
        .enumerate()
        .flat_map(|(at, file)| (0..file.row_group_rows.len()).map(move |group| (at, group)))
        .collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let projection = gather::wanted().projection();
    let work = || -> Result<usize, farthing::Error> {
        let mut rows = 0;
        while let Some(&(file, group)) = tasks.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            let mut row_group = files[file].row_group(group, &projection)?;
            while let Some(batch) = row_group.next_batch()? {
                rows += std::hint::black_box(batch).num_rows();
            }
        }
        Ok(rows)
    };
    let cores = std::thread::available_parallelism()?.get();
    let rows = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(Ok(0))).sum::<Result<usize, _>>()
    })?;
    writeln!(std::io::stdout(), "{rows} rows decoded")?;
    Ok(())
}

/// Gathers the ledger and says what its tables hold.
fn gathered(folder: &Path) -> Outcome {
    let bill = Bill::open(folder)?;
    let mut out = std::io::stdout();
    for (table, entries, bytes) in bill.ledger()?.bytes_by_table() {
        writeln!(out, "{table:12} {entries:>9} entries {:>8.1} MB", bytes as f64 / 1e6)?;
    }
    Ok(())
}

/// Gathers the ledger and writes its bytes.
fn save(folder: &Path, file: &Path) -> Outcome {
    let bill = Bill::open(folder)?;
    let ledger = bill.ledger()?;
    let started = std::time::Instant::now();
    let bytes = ledger.to_bytes()?;
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    writeln!(std::io::stdout(), "{:.1} MB in {milliseconds:.0} ms", bytes.len() as f64 / 1e6)?;
    Ok(std::fs::write(file, bytes)?)
}

/// Asks two questions of a store, which has the bill from the second time on.
fn warm(folder: &Path, store: &Path) -> Outcome {
    let mut out = std::io::stdout();
    let started = std::time::Instant::now();
    let mut tell = |what: &str| writeln!(out, "{:>8.1} ms {what}", started.elapsed().as_secs_f64() * 1e3);
    let bill = Bill::options().store(store).open([folder])?;
    tell("opened")?;
    let certificate = bill.reconcile(None)?;
    tell(&certificate.summary())?;
    let by = |by: [&str; 2]| farthing::Costs::by(by).monthly();
    let rows = bill.costs(&by(["SubAccountId", "ServiceName"]))?.rows.len();
    tell(&format!("{rows} rows by account and service"))?;
    let rows = bill.costs(&by(["ServiceName", "RegionId"]).daily())?.rows.len();
    tell(&format!("{rows} rows by day, service and region"))?;
    let rows = bill.costs(&farthing::Costs { top: Some(100), ..farthing::Costs::by(["ResourceId"]) })?.rows.len();
    tell(&format!("{rows} rows by resource"))?;
    Ok(())
}

/// Gathers the ledger, and then asks what could be saved.
fn recommend(folder: &Path) -> Outcome {
    let mut out = std::io::stdout();
    let started = std::time::Instant::now();
    let mut tell = |what: &str| writeln!(out, "{:>8.1} ms {what}", started.elapsed().as_secs_f64() * 1e3);
    let bill = Bill::open(folder)?;
    bill.ledger()?;
    tell("gathered")?;
    bill.reconcile(None)?;
    tell("certificate, hashes included")?;
    // Each answer makes a certificate of its own.
    for (plan, what) in [(false, "each by itself"), (true, "followed together, and what to buy then")] {
        let answer = bill.recommend(&farthing::Request { plan, ..farthing::Request::default() })?;
        tell(&format!("{} recommendations, {what}", answer.rows.len()))?;
    }
    Ok(())
}

/// Reads a ledger's bytes, all of them.
fn load(file: &Path) -> Outcome {
    let bytes = std::fs::read(file)?;
    let started = std::time::Instant::now();
    let ledger = farthing::Ledger::from_bytes(bytes)?;
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    writeln!(std::io::stdout(), "{} days of costs in {milliseconds:.0} ms", ledger.daily.len())?;
    Ok(())
}

fn twelve(folder: &Path, answers: &Path) -> Outcome {
    let bill = Bill::open(folder)?;
    let mut out = std::io::BufWriter::new(std::fs::File::create(answers)?);
    let mut before = "{";
    questions::answer(&bill, |question, answer| {
        write!(out, "{before}\"{question}\":")?;
        before = ",\n";
        serde_json::Serializer::new(&mut out).collect_map(answer).map_err(Into::into)
    })?;
    writeln!(out, "}}")?;
    Ok(())
}
