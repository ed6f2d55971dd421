//! Bad input gets an error that names the thing and the next step.

use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use farthing::{Bill, Costs, Error};
use farthing_fixtures::{Dialect, Fault, WriteOptions};
use parquet::arrow::ArrowWriter;

use crate::support::{in_dialect, make, small};

fn refusal(path: &std::path::Path) -> String {
    Bill::open(path).expect_err("it is refused").to_string()
}

fn write_parquet(path: &std::path::Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    let mut writer =
        ArrowWriter::try_new(fs::File::create(path).expect("a file"), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("rows");
    writer.close().expect("a footer");
}

#[test]
fn paths_and_folders() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = refusal(&folder.path().join("nowhere"));
    assert!(missing.contains("nowhere") && missing.contains("check the path"), "{missing}");
    let empty = refusal(folder.path());
    assert!(empty.contains("no parquet file") && empty.contains("point farthing at"), "{empty}");
    fs::write(folder.path().join("report-00001.csv.gz"), "x").expect("a file");
    let csv = refusal(folder.path());
    assert!(csv.contains("report-00001.csv.gz") && csv.contains("does not begin as one"), "{csv}");
}

#[test]
fn files_that_are_no_bill() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("other.parquet");
    write_parquet(&path, vec![("x", Arc::new(Int64Array::from(vec![1])))]);
    let other = refusal(&path);
    assert!(other.contains("other.parquet") && other.contains("no Cost and Usage Report"), "{other}");
    fs::write(&path, b"PAR1 this is no parquet PAR1").expect("a file");
    let garbage = refusal(&path);
    assert!(garbage.contains("other.parquet") && garbage.contains("fetch this file again"), "{garbage}");
}

#[test]
fn truncated_files() {
    let made = make(&small(1), &in_dialect(Dialect::Cur2));
    let file = made.bill().inventory().files().next().expect("a file").file.clone();
    let bytes = fs::read(&file).expect("bytes");
    for keep in [0, 4, bytes.len() / 3, bytes.len() - 1] {
        fs::write(&file, &bytes[..keep]).expect("a shorter file");
        let error = Bill::open(made.path()).expect_err("it is refused").to_string();
        assert!(error.contains(&file) && error.contains("fetch this file again"), "{keep}: {error}");
    }
}

/// Whatever a flipped byte does, it is a right answer or an error that names the file; never a panic.
#[test]
fn damaged_pages_do_not_panic() {
    let made = make(&small(1), &WriteOptions { parts_per_month: 1, ..in_dialect(Dialect::Cur2) });
    let file = made.bill().inventory().files().next().expect("a file").file.clone();
    let bytes = fs::read(&file).expect("bytes");
    for at in (4..bytes.len()).step_by(bytes.len() / 60) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        fs::write(&file, &damaged).expect("a damaged file");
        if let Err(error) = Bill::open(&file).and_then(|bill| bill.ledger().map(|_| ())) {
            assert!(error.to_string().contains(&file), "byte {at}: {error}");
        }
    }
}

#[test]
fn columns_that_are_missing_or_wrong() {
    let fault =
        |name: &str| WriteOptions { faults: vec![Fault::DropColumn(name.to_owned())], ..in_dialect(Dialect::Cur2) };
    let made = make(&small(1), &fault("line_item_unblended_cost"));
    let error = refusal(made.path());
    assert!(error.contains("line_item_unblended_cost") && error.contains("missing"), "{error}");
    let without = make(&small(1), &fault("line_item_resource_id"));
    let bill = without.bill();
    let resources =
        bill.inventory().capabilities.iter().find(|capability| capability.name == "costs by resource").expect("named");
    assert!(!resources.available && resources.reason.contains("INCLUDE_RESOURCES"), "{}", resources.reason);
    assert!(bill.reconcile(None).expect("it reconciles").exit_code(false) == 0);

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("twice.parquet");
    let text = || Arc::new(StringArray::from(vec!["a"])) as ArrayRef;
    write_parquet(&path, vec![("line_item_usage_type", text()), ("Line_Item_Usage_Type", text())]);
    let error = refusal(&path);
    assert!(error.contains("only in case"), "{error}");
}

#[test]
fn questions_that_make_no_sense() {
    let made = make(&small(1), &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let ask = |question: Costs| bill.costs(&question).expect_err("it is refused");
    assert!(matches!(ask(Costs::by(["Sevice"])), Error::UnknownName { what: "charge column", .. }));
    assert!(matches!(ask(Costs::default().filter("RegionId")), Error::Filter { .. }));
    let period = ask(Costs::default().period("2020-01")).to_string();
    assert!(period.contains("2020-01") && period.contains("2026-08"), "{period}");
    let invoice = bill.reconcile(Some(&made.path().join("none.csv"))).expect_err("it is refused").to_string();
    assert!(invoice.contains("none.csv"), "{invoice}");
}
