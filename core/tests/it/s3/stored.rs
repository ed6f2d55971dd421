//! Bills on S3 whose ledgers are in the store: they are listed, and fetched only when their rows are asked for.

use std::path::{Path, PathBuf};

use farthing::{Bill, Error, Store};
use tempfile::TempDir;

use super::bills::{Shelf, answer, objects, one_month, one_month_in};
use super::fixture::options;
use super::proxy::{Fault, Proxy};
use crate::sameness::everything;
use crate::support::Made;

/// A bucket behind a proxy that counts, and a store.
struct Counted {
    shelf: Shelf,
    proxy: Proxy,
    store: TempDir,
}

impl Counted {
    fn with(made: &Made) -> Counted {
        let shelf = Shelf::with(made);
        let proxy = Proxy::to_objects(shelf.bucket.moto.port, |_| Fault::None);
        Counted { shelf, proxy, store: tempfile::tempdir().unwrap() }
    }

    fn open(&self, key: &str) -> farthing::Result<Bill> {
        let options = options(&self.proxy.url(), self.shelf.cache.path());
        Bill::options().s3(options).store(self.store.path()).open([self.shelf.bucket.uri(key)])
    }

    /// What `run` returns, and how many objects were asked for meanwhile, manifests included.
    fn counted<T>(&self, run: impl FnOnce() -> T) -> (T, usize) {
        let before = self.proxy.gets();
        let result = run();
        (result, self.proxy.gets() - before)
    }

    /// The bill as it is told without reading a row.
    fn told(&self) -> String {
        let bill = self.open("prefix").expect("it opens");
        let certificate = bill.reconcile(None).expect("a certificate");
        assert_eq!(bill.store_notes(), [""; 0], "nothing to tell");
        format!("{}\n{:?}\n{certificate:?}", answer(&bill), bill.inventory())
    }

    fn files(&self, folder: &str) -> Vec<PathBuf> {
        files(&self.store.path().join(folder))
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn flip_a_bit(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn an_unchanged_bill_is_listed_and_nothing_of_it_is_fetched() {
    let made = one_month(61);
    let counted = Counted::with(&made);
    let (first, gets) = counted.counted(|| counted.told());
    assert_eq!(gets, 5, "three files, and the manifest twice");
    let (again, gets) = counted.counted(|| counted.told());
    assert_eq!((again == first, gets), (true, 1), "the manifest");
    assert!(files(&counted.shelf.cache.path().join("objects")).is_empty());

    let bill = counted.open("prefix").expect("it opens");
    assert_eq!(everything(&bill).0, everything(&made.bill()).0, "every table of the ledger");
    let rows =
        |bill: &Bill| bill.charges("", None).expect("charges").iter().map(|batch| batch.num_rows()).sum::<usize>();
    let (rows_read, gets) = counted.counted(|| rows(&bill));
    assert_eq!((rows_read, gets), (rows(&made.bill()), 4), "rows are fetched when they are asked for");
    drop(bill);
    assert!(files(&counted.shelf.cache.path().join("objects")).is_empty(), "and leave");
}

#[test]
fn a_bill_that_changed_is_fetched_and_what_it_was_is_forgotten() {
    let (old, new) = (one_month(62), one_month_in(2, 63));
    let counted = Counted::with(&old);
    counted.told();
    let before = counted.open("prefix").expect("it opens");
    counted.shelf.put(&objects(new.path(), &counted.shelf.bucket.name));
    assert_eq!(answer(&before), answer(&old.bill()), "what was opened stays what it was");
    let error = before.charges("", None).expect_err("its rows are gone");
    assert!(matches!(error, Error::S3(_)) && error.to_string().contains("changed"), "{error}");
    let bill = counted.open("prefix").expect("it opens");
    assert_eq!(answer(&bill), answer(&new.bill()));
    assert_eq!((counted.files("ledgers").len(), counted.files("openings").len()), (1, 2));
    Store::open(counted.store.path()).unwrap().sweep().unwrap();
    assert_eq!(counted.files("openings").len(), 1, "the other's ledger is there no longer");
    let (again, gets) = counted.counted(|| answer(&counted.open("prefix").expect("it opens")));
    assert_eq!((again, gets), (answer(&new.bill()), 1));
}

#[test]
fn what_is_damaged_in_the_store_is_fetched_again() {
    let made = one_month(64);
    let counted = Counted::with(&made);
    let right = counted.told();
    let opening = &counted.files("openings")[0];
    flip_a_bit(opening);
    let (told, gets) = counted.counted(|| counted.told());
    assert_eq!((told == right, gets), (true, 5));
    let (told, gets) = counted.counted(|| counted.told());
    assert_eq!((told == right, gets), (true, 1), "and known again");

    flip_a_bit(&counted.files("ledgers")[0]);
    let (bill, _) = counted.counted(|| counted.open("prefix").expect("it opens"));
    assert_eq!(format!("{:?}", bill.ledger().expect("a ledger").files.len()), "3");
    assert_eq!(answer(&bill), answer(&made.bill()));
    assert!(bill.store_notes()[0].contains("read again"), "{:?}", bill.store_notes());
    std::fs::remove_file(&counted.files("ledgers")[0]).unwrap();
    let (told, gets) = counted.counted(|| counted.told());
    assert_eq!((told == right, gets), (true, 5), "what it is is no use without its ledger");
}

#[test]
fn what_is_asked_for_is_part_of_what_a_bill_is() {
    let made = one_month(65);
    let counted = Counted::with(&made);
    counted.told();
    // The same delivery by another address: it is opened, and its ledger is the one there is.
    let (told, gets) = counted.counted(|| answer(&counted.open("prefix/farthing-bill").expect("it opens")));
    assert_eq!((told, gets), (answer(&made.bill()), 5));
    let (_, gets) = counted.counted(|| counted.open("prefix/farthing-bill").expect("it opens"));
    assert_eq!((gets, counted.files("ledgers").len(), counted.files("openings").len()), (1, 1, 2));
}
