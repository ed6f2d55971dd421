//! The store: what did not change is not read again, what changed is replaced and named, and nothing torn is believed.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, Float64Array, RecordBatch};
use arrow::datatypes::Float64Type;
use farthing::ledger::store::Listed;
use farthing::ledger::tables::TABLES;
use farthing::{Bill, Certificate, Costs, Ledger, Metric, PeriodStatus, Store, Verdict};
use farthing_fixtures::{Config, Dialect, Scale, WriteOptions};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::support::{Made, in_dialect, make, small};

/// A store of its own for a bill.
struct Kept {
    made: Made,
    store: tempfile::TempDir,
}

impl Kept {
    fn new(made: Made) -> Kept {
        Kept { made, store: tempfile::tempdir().unwrap() }
    }

    fn open(&self) -> Bill {
        Bill::options().store(self.store.path()).open([self.made.path()]).unwrap()
    }

    fn ledgers(&self) -> Vec<PathBuf> {
        files(&self.store.path().join("ledgers"))
    }

    fn list(&self) -> Vec<Listed> {
        Store::open(self.store.path()).unwrap().list().unwrap()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Everything a bill says, as text: every table, two answers and the certificate.
fn said(bill: &Bill) -> String {
    let ledger = bill.ledger().unwrap();
    let tables: Vec<String> = TABLES.iter().map(|table| format!("{:?}", ledger.table(table).unwrap())).collect();
    let by_tag = bill.costs(&Costs::by(["Tags/team"]).metric(Metric::BilledCost).monthly()).unwrap();
    let again = bill.costs(&Costs::by(["ChargeDescription"]).metric(Metric::EffectiveCost)).unwrap();
    format!("{tables:?}{by_tag:?}{again:?}{:?}", bill.reconcile(None).unwrap())
}

fn parquet_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in files(folder) {
        if path.is_dir() {
            found.extend(parquet_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "parquet") {
            found.push(path);
        }
    }
    found
}

/// Writes over the pages of a file and leaves its size, footer and time of writing as they were.
fn overwrite_pages(path: &Path) {
    let written = fs::metadata(path).unwrap().modified().unwrap();
    let file = fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let len = file.metadata().unwrap().len();
    let mut end = [0; 4];
    file.read_exact_at(&mut end, len - 8).unwrap();
    let pages = len - 8 - u64::from(u32::from_le_bytes(end));
    file.write_all_at(&vec![0xee; pages as usize - 4], 4).unwrap();
    file.set_modified(written).unwrap();
}

fn check<'a>(certificate: &'a Certificate, id: &str) -> &'a farthing::Check {
    certificate.checks.iter().find(|check| check.id == id).unwrap()
}

#[test]
fn a_ledger_comes_back_from_its_bytes_in_every_dialect() {
    for dialect in [Dialect::Cur2, Dialect::Legacy, Dialect::Focus1_0, Dialect::Focus1_2] {
        let made = make(&small(5), &in_dialect(dialect));
        let bill = made.bill();
        let ledger = bill.ledger().unwrap();
        let bytes = ledger.to_bytes().unwrap();
        let back = Ledger::from_bytes(bytes.clone()).unwrap();
        for table in TABLES {
            assert_eq!(back.table(table).unwrap(), ledger.table(table).unwrap(), "{dialect:?} {table}");
        }
        assert_eq!(back.to_bytes().unwrap(), bytes, "{dialect:?}");
    }
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let made = make(&small(6), &WriteOptions { parts_per_month: 3, ..in_dialect(Dialect::Cur2) });
    let bytes = |threads: usize| {
        let bill = Bill::options().threads(threads).open([made.path()]).unwrap();
        bill.ledger().unwrap().to_bytes().unwrap()
    };
    let alone = bytes(1);
    assert_eq!(bytes(4), alone);
    // Delivery by delivery, and merged in another order.
    let kept = Kept::new(made);
    assert_eq!(kept.open().ledger().unwrap().to_bytes().unwrap(), alone);
    let months: Vec<Ledger> =
        kept.ledgers().iter().map(|path| Ledger::from_bytes(fs::read(path).unwrap()).unwrap()).collect();
    assert_eq!(months.len(), 3);
    let merged = |order: [usize; 3]| {
        let mut all = Ledger::default();
        order.iter().for_each(|&at| all.merge(months[at].clone()));
        all.to_bytes().unwrap()
    };
    assert_eq!(merged([0, 1, 2]), merged([2, 0, 1]));
}

#[test]
fn an_unchanged_month_is_not_read_again() {
    let kept = Kept::new(make(&small(7), &in_dialect(Dialect::Cur2)));
    let questions = [
        Costs::by(["ServiceName", "x_LineItemType"]).monthly(),
        Costs::by(["RegionId", "x_Operation", "PricingCategory"]).metric(Metric::ListCost).daily(),
        Costs { filter: "x_ServiceCode=AmazonEC2".to_owned(), ..Costs::by(["ResourceId", "SubAccountId"]) },
        Costs { top: Some(5), ..Costs::by(["Tags/team", "ResourceId"]).metric(Metric::BilledCost).monthly() },
        Costs { period: Some("2026-09".to_owned()), ..Costs::by(["Tags/team", "SubAccountId"]).daily() },
    ];
    let ask = |bill: &Bill| questions.iter().map(|question| bill.costs(question).unwrap()).collect::<Vec<_>>();
    let without = ask(&kept.made.bill());
    let first = kept.open();
    let certificate = format!("{:?}", first.reconcile(None).unwrap());
    assert_eq!(first.store_notes(), [""; 0]);
    assert_eq!(kept.ledgers().len(), 3);
    for file in parquet_files(kept.made.path()) {
        overwrite_pages(&file);
    }
    assert!(kept.made.bill().ledger().is_err(), "there is nothing left to read");
    let second = kept.open();
    assert_eq!(ask(&second), without);
    assert_eq!(format!("{:?}", second.reconcile(None).unwrap()), certificate, "to the letter");
    let store = Store::open(kept.store.path()).unwrap();
    for listed in store.list().unwrap() {
        let wrong = store.verify(&listed.name).unwrap();
        assert!(wrong.iter().any(|wrong| wrong.ends_with("is no longer what was read")), "{wrong:?}");
    }
}

#[test]
fn a_folder_may_be_named_otherwise_the_next_time() {
    let kept = Kept::new(make(&Config { months: 1, ..small(8) }, &in_dialect(Dialect::Legacy)));
    let first = kept.open();
    let (path, link) = (kept.made.path(), kept.store.path().join("link"));
    assert_eq!(check(&first.reconcile(None).unwrap(), "R3").verdict, Verdict::Pass);
    std::os::unix::fs::symlink(path, &link).unwrap();
    for name in [path.join("."), path.join("..").join(path.file_name().unwrap()), link] {
        for file in parquet_files(path) {
            overwrite_pages(&file);
        }
        let again = Bill::options().store(kept.store.path()).open([&name]).unwrap();
        let certificate = again.reconcile(None).unwrap();
        let rows_in = check(&certificate, "R3");
        assert_eq!(rows_in.verdict, Verdict::Pass, "{}: {}", name.display(), rows_in.detail);
        assert_eq!(again.ledger().unwrap().files.len(), first.ledger().unwrap().files.len());
        assert!(again.ledger().unwrap().files.iter().all(|file| !file.file.is_empty() && file.rows_read > 0));
        assert_eq!((kept.ledgers().len(), again.store_notes().len()), (1, 0));
    }
}

#[test]
fn a_file_that_was_written_to_is_read_again() {
    let kept = Kept::new(make(&Config { months: 1, ..small(8) }, &in_dialect(Dialect::Cur2)));
    let question = Costs::by(["ServiceName", "Tags/team"]).metric(Metric::BilledCost);
    let before = kept.open().costs(&question).unwrap();
    let ledgers = kept.ledgers();
    let file = &parquet_files(kept.made.path())[0];
    let written = fs::metadata(file).unwrap().modified().unwrap() + std::time::Duration::from_secs(1);
    fs::File::options().write(true).open(file).unwrap().set_modified(written).unwrap();
    let bill = kept.open();
    assert_eq!(bill.costs(&question).unwrap(), before);
    let status = check(&bill.reconcile(None).unwrap(), "R11").detail.clone();
    assert!(
        status.ends_with("1 deliveries were written again since they were read before, with the same sums"),
        "{status}"
    );
    let again = kept.ledgers();
    assert_eq!(again.len(), 1, "the other is gone: {again:?}");
    assert_ne!(again, ledgers);
}

/// Lays a bill down anew in the place of another.
fn deliver(place: &Path, config: &Config, write: &WriteOptions) {
    fs::remove_dir_all(place).unwrap();
    fs::create_dir(place).unwrap();
    farthing_fixtures::write_bill(place, config, write).unwrap();
}

#[test]
fn a_rewritten_month_is_replaced_whole_and_the_change_is_named() {
    let write = in_dialect(Dialect::Cur2);
    let grown = |rows: u64| Config { months: 1, scale: Scale::Rows(rows), ..small(9) };
    let kept = Kept::new(make(&grown(2_000), &write));
    let first = kept.open();
    let detail = |certificate: &Certificate| check(certificate, "R11").detail.clone();
    assert!(detail(&first.reconcile(None).unwrap()).contains("no earlier delivery"));
    let cash = |bill: &Bill| {
        bill.costs(&Costs::by(Vec::<String>::new()).metric(Metric::UnblendedCost)).unwrap().total.unwrap()
    };
    let mut before = cash(&first);
    for rows in [3_000, 4_000, 5_000] {
        deliver(kept.made.path(), &grown(rows), &write);
        let bill = kept.open();
        let certificate = bill.reconcile(None).unwrap();
        let now = cash(&bill);
        assert_eq!(now, cash(&Bill::open(kept.made.path()).unwrap()), "the last delivery, and no other");
        let status = check(&certificate, "R11");
        let change = farthing::money::money_text(now - before);
        assert!(
            status.detail.contains(&format!("by {}{change} USD", if now > before { "+" } else { "" })),
            "{}",
            status.detail
        );
        assert!(status.findings.iter().any(|finding| finding.contains(": Usage: ")), "{:?}", status.findings);
        assert_eq!(kept.ledgers().len(), 1, "what it replaced is gone");
        // Whoever asks again hears the same.
        assert_eq!(check(&kept.open().reconcile(None).unwrap(), "R11"), status);
        before = now;
    }
}

#[test]
fn a_final_month_that_changes_is_a_warning() {
    let write = in_dialect(Dialect::Legacy);
    let config = Config { months: 1, ..small(10) };
    let kept = Kept::new(make(&config, &write));
    let first = kept.open().reconcile(None).unwrap();
    assert_eq!(first.periods[0].status, PeriodStatus::Final);
    assert_eq!(check(&first, "R11").verdict, Verdict::Pass);
    deliver(kept.made.path(), &Config { discounts_from: 0, ..config }, &write);
    let second = kept.open().reconcile(None).unwrap();
    let status = check(&second, "R11");
    assert_eq!(status.verdict, Verdict::Warn);
    assert!(status.detail.ends_with("1 of them were invoiced throughout"), "{}", status.detail);
    assert_eq!(second.exit_code(true), 4);
}

/// Four deliveries of one month, each with more of it, and with the tax restated.
fn growing(dialect: Dialect) -> (Made, Vec<PathBuf>, tempfile::TempDir) {
    let write = WriteOptions { parts_per_month: 4, manifest: false, ..in_dialect(dialect) };
    let made = make(&Config { months: 1, ..small(11) }, &write);
    let parts = parquet_files(made.path());
    assert_eq!(parts.len(), 4);
    let folder = tempfile::tempdir().unwrap();
    let versions = (1..=4).map(|version| {
        let path = folder.path().join(format!("delivery-{version}.parquet"));
        write_version(&parts[..version], version as f64, &path);
        path
    });
    let versions = versions.collect();
    (made, versions, folder)
}

/// One file of several, in which tax is so many times what it was.
fn write_version(parts: &[PathBuf], times: f64, path: &Path) {
    let mut writer = None;
    for part in parts {
        for batch in ParquetRecordBatchReaderBuilder::try_new(fs::File::open(part).unwrap()).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let (kinds, costs) =
                (["line_item_line_item_type", "ChargeCategory"], ["line_item_unblended_cost", "BilledCost"]);
            let find = |names: [&str; 2]| names.iter().find_map(|name| batch.schema().index_of(name).ok()).unwrap();
            let (kind, cost) = (find(kinds), find(costs));
            let kinds = arrow::compute::cast(batch.column(kind), &arrow::datatypes::DataType::Utf8).unwrap();
            let amounts = batch.column(cost).as_primitive::<Float64Type>();
            let restated = amounts
                .iter()
                .zip(kinds.as_string::<i32>())
                .map(|(amount, kind)| amount.map(|amount| if kind == Some("Tax") { amount * times } else { amount }));
            let mut columns = batch.columns().to_vec();
            columns[cost] = std::sync::Arc::new(restated.collect::<Float64Array>());
            let batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
            let make = || ArrowWriter::try_new(fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
            writer.get_or_insert_with(make).write(&batch).unwrap();
        }
    }
    writer.unwrap().close().unwrap();
}

#[test]
fn versions_of_a_delivery_without_a_manifest_are_not_added_up() {
    for dialect in [Dialect::Cur2, Dialect::Legacy, Dialect::Focus1_2] {
        let (made, versions, folder) = growing(dialect);
        let certificate = Bill::open(folder.path()).unwrap().reconcile(None).unwrap();
        assert!(!certificate.figures_allowed(), "{dialect:?}: the four are no bill");
        let one = check(&certificate, "R1");
        assert_eq!((one.verdict, one.findings.len()), (Verdict::Fail, 6), "{dialect:?} {:?}", one.findings);
        assert!(one.findings[0].contains("two versions of one delivery"), "{:?}", one.findings);
        assert!(Bill::open(&versions[3]).unwrap().reconcile(None).unwrap().figures_allowed(), "one of them is");
        let parts = made.bill().reconcile(None).unwrap();
        assert_eq!(check(&parts, "R1").verdict, Verdict::Pass, "{dialect:?}: parts of one are not versions");
    }
}

#[test]
fn of_a_month_that_grows_in_its_place_the_last_delivery_counts() {
    let (_made, versions, folder) = growing(Dialect::Cur2);
    let (place, store) = (folder.path().join("month"), tempfile::tempdir().unwrap());
    fs::create_dir(&place).unwrap();
    let by_type = Costs::by(["x_LineItemType"]).metric(Metric::UnblendedCost);
    let mut restated = Vec::new();
    for version in &versions {
        fs::copy(version, place.join("month.parquet")).unwrap();
        let bill = Bill::options().store(store.path()).open([&place]).unwrap();
        assert_eq!(bill.costs(&by_type).unwrap(), Bill::open(version).unwrap().costs(&by_type).unwrap());
        let certificate = bill.reconcile(None).unwrap();
        restated.push(check(&certificate, "R11").findings.iter().any(|finding| finding.contains(": Tax: ")));
    }
    assert_eq!((restated[0], restated[3]), (false, true), "the tax of the last is another one");
    assert_eq!(files(&store.path().join("ledgers")).len(), 1);
}

#[test]
fn nothing_damaged_is_believed() {
    let kept = Kept::new(make(&Config { months: 1, ..small(12) }, &in_dialect(Dialect::Cur2)));
    let whole = said(&kept.open());
    let ledger = kept.ledgers()[0].clone();
    let bytes = fs::read(&ledger).unwrap();
    let mut random = fastrand::Rng::with_seed(12);
    for round in 0..60 {
        let mut damaged = bytes.clone();
        match round % 3 {
            0 => damaged.truncate(random.usize(..bytes.len())),
            1 => damaged[random.usize(..bytes.len() - 40)] ^= 1 << random.u8(..8),
            _ => {
                let at = random.usize(..bytes.len() - 600);
                damaged[at..at + 512].fill(0);
            }
        }
        fs::write(&ledger, &damaged).unwrap();
        let bill = kept.open();
        assert_eq!(said(&bill), whole, "round {round}");
        let notes = bill.store_notes();
        assert!(notes.iter().any(|note| note.contains("is read again")), "round {round}: {notes:?}");
        assert_eq!(fs::read(&ledger).unwrap(), bytes, "it was made again, to the byte");
    }
}

#[test]
fn ledgers_that_were_exchanged_and_those_of_other_versions_are_not_used() {
    let kept = Kept::new(make(&Config { months: 2, ..small(13) }, &in_dialect(Dialect::Cur2)));
    let whole = said(&kept.open());
    let ledgers = kept.ledgers();
    let exchange = kept.store.path().join("aside");
    fs::rename(&ledgers[0], &exchange).unwrap();
    fs::rename(&ledgers[1], &ledgers[0]).unwrap();
    fs::rename(&exchange, &ledgers[1]).unwrap();
    assert!(kept.list().iter().all(|listed| listed.entry.is_err()));
    let bill = kept.open();
    assert_eq!(said(&bill), whole);
    assert!(bill.store_notes().iter().all(|note| note.contains("the ledger of another delivery")));
    // A later version keeps its own beside ours.
    let name = ledgers[0].file_name().unwrap().to_str().unwrap();
    let later = ledgers[0].with_file_name(name.replacen("v2-", "v9-", 1));
    fs::write(&later, "of the future").unwrap();
    let bill = kept.open();
    assert_eq!((said(&bill), bill.store_notes().len()), (whole, 0));
    assert_eq!(fs::read(&later).unwrap(), b"of the future", "it is left alone");
}

#[test]
fn a_store_that_cannot_be_used_changes_no_answer() {
    let made = make(&Config { months: 1, ..small(14) }, &in_dialect(Dialect::Cur2));
    let whole = made.bill().costs(&Costs::by(["ServiceName"])).unwrap();
    let file = made.path().join("a-file");
    fs::write(&file, "").unwrap();
    for folder in [Path::new("/proc/farthing"), &file] {
        let bill = Bill::options().store(folder).open([made.path()]).unwrap();
        assert_eq!(bill.costs(&Costs::by(["ServiceName"])).unwrap(), whole);
        let notes = bill.store_notes();
        assert!(notes.len() == 1 && notes[0].contains(&folder.display().to_string()), "{notes:?}");
    }
}
