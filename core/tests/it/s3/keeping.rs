//! The cache of a bill: nothing is fetched twice, nothing damaged is believed, and what left comes back as it was.

use std::path::PathBuf;

use farthing::{Bill, Error, Verdict};

use super::bills::{Shelf, answer, one_month, verdict};
use super::fixture::{noise, options};
use super::proxy::{Fault, Proxy};

fn files(shelf: &Shelf) -> Vec<PathBuf> {
    let objects = std::fs::read_dir(shelf.cache.path().join("objects")).unwrap();
    let mut files: Vec<PathBuf> = objects.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_is_kept_is_not_fetched_again_and_what_is_damaged_is() {
    let made = one_month(51);
    let shelf = Shelf::with(&made);
    let proxy = Proxy::to_objects(shelf.bucket.moto.port, |_| Fault::None);
    let open = || shelf.open_through(&proxy.url(), "prefix").expect("it opens");
    let right = answer(&open());
    assert_eq!((files(&shelf).len(), proxy.gets()), (3, 5));
    assert_eq!((answer(&open()), proxy.gets()), (right.clone(), 7), "the manifest, twice");
    let file = &files(&shelf)[1];
    let bytes = std::fs::metadata(file).unwrap().len() as usize;
    std::fs::write(file, noise(1, bytes)).unwrap();
    assert_eq!((answer(&open()), proxy.gets()), (right, 10));
    assert_eq!(verdict(&open(), "R19").0, Verdict::Pass);
}

#[test]
fn damage_after_the_opening_fails_r19() {
    let made = one_month(52);
    let shelf = Shelf::with(&made);
    let bill = shelf.open("prefix").expect("it opens");
    bill.ledger().expect("a ledger");
    let file = &files(&shelf)[0];
    std::fs::write(file, noise(1, std::fs::metadata(file).unwrap().len() as usize)).unwrap();
    let certificate = bill.reconcile(None).expect("a certificate");
    let integrity = certificate.checks.iter().find(|check| check.id == "R19").unwrap();
    assert_eq!((integrity.verdict, certificate.exit_code(false)), (Verdict::Fail, 3));
    assert!(integrity.findings[0].starts_with("s3://") && !certificate.figures_allowed(), "{:?}", integrity.findings);
}

#[test]
fn objects_leave_once_folded_and_come_back_as_they_were() {
    let made = one_month(53);
    let shelf = Shelf::with(&made);
    let proxy = Proxy::to_objects(shelf.bucket.moto.port, |_| Fault::None);
    let open = || Bill::options().s3(options(&proxy.url(), shelf.cache.path())).open([shelf.bucket.uri("prefix")]);
    let bill = open().expect("it opens");
    assert_eq!(files(&shelf).len(), 3);
    assert_eq!(answer(&bill), answer(&made.bill()));
    assert_eq!(verdict(&bill, "R19").0, Verdict::Pass);
    assert_eq!((files(&shelf).len(), proxy.gets()), (0, 5), "hashed before they left");
    let rows =
        |bill: &Bill| bill.charges("", None).expect("charges").iter().map(|batch| batch.num_rows()).sum::<usize>();
    assert_eq!(rows(&bill), rows(&made.bill()));
    assert_eq!((files(&shelf).len(), proxy.gets()), (0, 8));
    shelf.bucket.put("prefix/farthing-bill/data/BILLING_PERIOD=2026-10/farthing-bill-00001.snappy.parquet", b"PAR1");
    let error = bill.charges("", None).expect_err("it is no longer there");
    assert!(error.to_string().contains("farthing-bill-00001.snappy.parquet: it changed"), "{error}");
    assert_eq!(answer(&bill), answer(&made.bill()), "the ledger is");
    let other = Shelf::with(&made);
    drop(Bill::options().s3(options(&other.bucket.moto.url(), other.cache.path())).open([other.bucket.uri("prefix")]));
    assert_eq!(files(&other).len(), 0, "nor does a bill that nobody asked leave anything");
}

#[test]
fn what_another_process_took_away_is_fetched_again() {
    let made = one_month(54);
    let shelf = Shelf::with(&made);
    let bill = shelf.open("prefix").expect("it opens");
    std::fs::remove_file(&files(&shelf)[2]).unwrap();
    assert_eq!(answer(&bill), answer(&made.bill()));
    let file = &files(&shelf)[0];
    std::fs::remove_file(file).unwrap();
    std::fs::create_dir(file).unwrap();
    let error = bill.charges("", None).expect_err("a folder is no file");
    assert!(matches!(error, Error::S3(_) | Error::Unreadable { .. }), "{error:?}");
}

#[test]
fn the_caller_may_stop_the_fetching() {
    let made = one_month(55);
    let shelf = Shelf::with(&made);
    let proxy = Proxy::to_objects(shelf.bucket.moto.port, |n| if n == 3 { Fault::Hang } else { Fault::None });
    let stop_late = |progress: farthing::ingest::s3::FetchProgress| match progress.objects_done {
        2 => std::ops::ControlFlow::Break(()),
        _ => std::ops::ControlFlow::Continue(()),
    };
    let begun = std::time::Instant::now();
    let opening = Bill::options().s3(options(&proxy.url(), shelf.cache.path())).on_fetch(stop_late);
    assert!(matches!(opening.open([shelf.bucket.uri("prefix")]), Err(Error::Interrupted)));
    // A manifest that hangs is not waited for either.
    let proxy = Proxy::to_objects(shelf.bucket.moto.port, |_| Fault::Hang);
    let mut options = options(&proxy.url(), shelf.cache.path());
    options.on_wait = Some(std::sync::Arc::new(|| std::ops::ControlFlow::Break(())));
    assert!(matches!(Bill::options().s3(options).open([shelf.bucket.uri("prefix")]), Err(Error::Interrupted)));
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}
