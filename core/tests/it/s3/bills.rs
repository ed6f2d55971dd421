//! Whole bills on S3: put there as AWS writes them, read back, and held against the same bill on disk.

use std::path::Path;

use farthing::{Bill, Costs, Error, Verdict};
use farthing_fixtures::{Config, Dialect, Format, Scale, WriteOptions};
use tempfile::TempDir;

use super::faults::{End, table};
use super::fixture::{Bucket, options, told};
use super::proxy::{Proxy, Request, refusal};
use crate::sameness::everything;
use crate::support::{Made, in_dialect, make, small};

/// An object: its key and its bytes.
pub(super) type Stored = (String, Vec<u8>);

/// What the factory wrote, as objects of a bucket: first the data, then the manifests, which name the bucket.
pub(super) fn objects(made: &Path, bucket: &str) -> Vec<Stored> {
    let mut objects = Vec::new();
    collect(made, "prefix", &mut objects);
    objects.sort_by_key(|(key, _)| (key.ends_with("Manifest.json"), key.clone()));
    for (_, bytes) in objects.iter_mut().filter(|(key, _)| key.ends_with("Manifest.json")) {
        *bytes = String::from_utf8(std::mem::take(bytes)).unwrap().replace("farthing-bills", bucket).into_bytes();
    }
    objects
}

fn collect(folder: &Path, prefix: &str, objects: &mut Vec<Stored>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let key = format!("{prefix}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            collect(&path, &key, objects);
        } else {
            objects.push((key, std::fs::read(&path).unwrap()));
        }
    }
}

/// A bucket, and a cache of its own.
pub(super) struct Shelf {
    pub(super) bucket: Bucket,
    pub(super) cache: TempDir,
}

impl Shelf {
    pub(super) fn new() -> Shelf {
        Shelf { bucket: Bucket::new(), cache: tempfile::tempdir().unwrap() }
    }

    pub(super) fn with(made: &Made) -> Shelf {
        let shelf = Shelf::new();
        shelf.put(&objects(made.path(), &shelf.bucket.name));
        shelf
    }

    pub(super) fn put(&self, objects: &[Stored]) {
        objects.iter().for_each(|(key, bytes)| self.bucket.put(key, bytes));
    }

    pub(super) fn open(&self, key: &str) -> farthing::Result<Bill> {
        self.open_through(&self.bucket.moto.url(), key)
    }

    /// As [`Shelf::open`], through a proxy; a fault in an error's message is one in any case.
    pub(super) fn open_through(&self, endpoint: &str, key: &str) -> farthing::Result<Bill> {
        let mut options = options(endpoint, self.cache.path());
        options.keep_objects = true;
        let bill = Bill::options().s3(options).open([self.bucket.uri(key)]);
        if let Err(Error::S3(error)) = &bill {
            told(error);
        }
        bill
    }
}

/// A bill of one month in three files.
pub(super) fn one_month(seed: u64) -> Made {
    one_month_in(3, seed)
}

/// A bill of one month in some files.
pub(super) fn one_month_in(parts: u32, seed: u64) -> Made {
    let config = Config { months: 1, scale: Scale::Rows(1_500), ..small(seed) };
    make(&config, &WriteOptions { parts_per_month: parts, ..in_dialect(Dialect::Cur2) })
}

/// The answer that tells one bill from another.
pub(super) fn answer(bill: &Bill) -> String {
    format!("{:?}", bill.costs(&Costs::by(["ServiceName"]).monthly()).expect("an answer").rows)
}

pub(super) fn verdict(bill: &Bill, id: &str) -> (Verdict, String) {
    let certificate = bill.reconcile(None).expect("a certificate");
    let check = certificate.checks.into_iter().find(|check| check.id == id).expect("the check");
    (check.verdict, check.detail)
}

#[test]
fn a_bill_on_s3_is_the_bill_on_disk_whatever_lies_beside_it() {
    for dialect in [Dialect::Cur2, Dialect::Legacy] {
        let made = make(&small(21), &in_dialect(dialect));
        let sibling =
            make(&small(22), &WriteOptions { export: "farthing-bill-daily".to_owned(), ..in_dialect(dialect) });
        let shelf = Shelf::with(&made);
        shelf.put(&objects(sibling.path(), &shelf.bucket.name));
        let export = "prefix/farthing-bill";
        for side in ["_SUCCESS", "create-table.sql", "crawler-cfn.yml", ".hidden.parquet", "folder/"] {
            shelf.bucket.put(&format!("{export}/{side}"), b"");
        }
        shelf.bucket.put(&format!("{export}/farthing-bill/cost_and_usage_data_status/status.parquet"), b"PAR1");
        let remote = shelf.open(export).expect("it opens");
        assert_eq!(everything(&remote), everything(&made.bill()), "{dialect:?}");
        let prefix = shelf.bucket.uri("prefix/farthing-bill/");
        assert!(remote.inventory().files().all(|file| file.file.starts_with(&prefix)));
        assert_eq!(remote.inventory().notes.len(), 1, "{:?}", remote.inventory().notes);
        assert!(remote.inventory().notes[0].contains("status.parquet is in no manifest"));
        let (generation, detail) = verdict(&remote, "R4");
        assert_eq!((generation, detail.contains("3 manifests the same")), (Verdict::Pass, true), "{detail}");
        let (integrity, detail) = verdict(&remote, "R19");
        assert_eq!((integrity, detail.contains("6 by CRC32 of the object")), (Verdict::Pass, true), "{detail}");
        assert!(!format!("{:?}", remote.inventory()).contains(shelf.cache.path().to_str().unwrap()));
    }
}

#[test]
fn text_is_read_as_on_disk_with_and_without_a_manifest() {
    let write = WriteOptions { format: Format::CsvGz, ..in_dialect(Dialect::Legacy) };
    let made = make(&Config { months: 1, ..small(29) }, &write);
    let shelf = Shelf::with(&made);
    let bill = shelf.open("prefix/farthing-bill").expect("it opens");
    assert_eq!(everything(&bill), everything(&made.bill()));
    assert_eq!(bill.inventory().notes, Vec::<String>::new(), "the assembly's copy of the manifest is no news");
    let objects = objects(made.path(), &shelf.bucket.name);
    for (key, bytes) in objects.iter().filter(|(key, _)| key.ends_with(".csv.gz")) {
        shelf.bucket.put(&format!("loose/{}", key.rsplit_once('/').unwrap().1), bytes);
    }
    shelf.bucket.put("loose/accounts.csv", b"account,team\n1,core\n");
    let bill = shelf.open("loose").expect("it opens");
    assert_eq!(answer(&bill), answer(&made.bill()));
    let notes = &bill.inventory().notes;
    assert!(notes.len() == 1 && notes[0].ends_with("loose/accounts.csv is no bill and was not read"), "{notes:?}");
    let error = shelf.open("loose/accounts.csv").expect_err("it was named").to_string();
    assert!(error.starts_with(&shelf.bucket.uri("loose/accounts.csv")), "{error}");
}

#[test]
fn more_than_a_page_of_old_files_is_no_more_than_a_note() {
    let made = one_month(23);
    let moto = super::moto::moto();
    let crowd = Bucket::named(moto, "crowd");
    let shelf = Shelf { bucket: crowd, cache: tempfile::tempdir().unwrap() };
    shelf.put(&objects(made.path(), "crowd"));
    let bill = shelf.open("prefix").expect("it opens");
    assert_eq!(answer(&bill), answer(&made.bill()));
    let notes = &bill.inventory().notes;
    assert!(notes.len() == 1 && notes[0].contains("and 2499 more in its folder"), "{notes:?}");
}

#[test]
fn odd_names_of_exports_are_read_as_they_are() {
    let write = WriteOptions { export: "we ird é+%2F&=".to_owned(), ..in_dialect(Dialect::Cur2) };
    let made = make(&small(24), &write);
    let shelf = Shelf::with(&made);
    let bill = shelf.open("prefix/we ird é+%2F&=/").expect("it opens");
    assert_eq!(answer(&bill), answer(&made.bill()));
    assert_eq!(bill.inventory().deliveries[0].export, "we ird é+%2F&=");
}

#[test]
fn get_object_alone_reads_a_manifest_or_a_file_by_name() {
    let made = one_month(25);
    let shelf = Shelf::with(&made);
    let denies = |request: &Request| {
        let bucket_itself = request.target.trim_matches('/').split('/').count() == 1;
        let listed = request.lists() || bucket_itself || request.target.contains("missing");
        if listed { refusal(403, "AccessDenied", "") } else { super::proxy::Fault::None }
    };
    let proxy = Proxy::start(shelf.bucket.moto.port, denies);
    let manifest = "prefix/farthing-bill/metadata/BILLING_PERIOD=2026-10/farthing-bill-Manifest.json";
    let bill = shelf.open_through(&proxy.url(), manifest).expect("it opens");
    assert_eq!(answer(&bill), answer(&made.bill()));
    assert_eq!(verdict(&bill, "R4").0, Verdict::Pass);
    let file = "prefix/farthing-bill/data/BILLING_PERIOD=2026-10/farthing-bill-00001.snappy.parquet";
    let bill = shelf.open_through(&proxy.url(), file).expect("it opens");
    assert_eq!(bill.inventory().files().count(), 1);
    for (key, words) in [("prefix/farthing-bill", "s3:ListBucket"), ("prefix/missing.parquet", "s3:ListBucket")] {
        let error = shelf.open_through(&proxy.url(), key).expect_err("it is refused").to_string();
        assert!(error.contains(&shelf.bucket.uri(key)) && error.contains(words), "{error}");
    }
}

#[test]
fn every_fault_ends_in_the_right_answer_or_names_the_object() {
    let made = one_month(26);
    let shelf = Shelf::with(&made);
    let right = answer(&made.bill());
    std::thread::scope(|scope| {
        for (name, plan, end) in table() {
            let (bucket, right) = (&shelf.bucket, &right);
            scope.spawn(move || {
                let proxy = Proxy::to_objects(bucket.moto.port, plan);
                let cache = tempfile::tempdir().unwrap();
                let mut options = options(&proxy.url(), cache.path());
                if name.starts_with("trickle") || name.starts_with("hang") {
                    options.stall = std::time::Duration::from_secs(2);
                    options.deadline_object =
                        std::time::Duration::from_secs(if name.ends_with("once") { 30 } else { 4 });
                }
                let begun = std::time::Instant::now();
                let bill = Bill::options().s3(options).open([bucket.uri("prefix/farthing-bill")]);
                assert!(begun.elapsed().as_secs() < 40, "{name}: {:?}", begun.elapsed());
                match (bill, end) {
                    (Ok(bill), End::Right) => assert_eq!(&answer(&bill), right, "{name}"),
                    (Err(Error::S3(error)), End::Error(..)) => {
                        let message = told(&error);
                        assert!(message.contains(&bucket.uri("prefix/farthing-bill/")), "{name}: {message}");
                    }
                    (Ok(_), _) => panic!("{name}: it opened"),
                    (Err(error), _) => panic!("{name}: {error}"),
                }
            });
        }
    });
}

#[test]
fn places_are_mixed_as_sources_are() {
    let (first, second) = (one_month(27), make(&small(28), &in_dialect(Dialect::Cur2)));
    let shelf = Shelf::with(&first);
    let local = second.path().join("farthing-bill");
    let options = options(&shelf.bucket.moto.url(), shelf.cache.path());
    let sources = [shelf.bucket.uri("prefix"), local.to_str().unwrap().to_owned()];
    let bill = Bill::options().s3(options).periods(["2026-08", "2026-10"]).open(sources).expect("it opens");
    let places: Vec<bool> = bill.inventory().deliveries.iter().map(|d| d.files[0].file.starts_with("s3://")).collect();
    assert_eq!(places.iter().filter(|&&remote| remote).count(), 1);
    assert_eq!(places.len(), 3, "October twice, which R1 refuses to add where it has one payer");
    let (_, detail) = verdict(&bill, "R4");
    assert!(detail.contains("3 objects") && detail.contains("4 local files"), "{detail}");
}

#[test]
fn without_a_cache_nothing_is_read_from_s3() {
    let error = Bill::open("s3://bills/cur").expect_err("it is refused").to_string();
    assert!(error.starts_with("s3://bills/cur: ") && error.contains("BillOptions::s3"), "{error}");
}
