//! R15: split-cost rows against the instances that they split.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch, StringArray};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{Float64Type, TimestampMillisecondType};
use farthing::ingest::file::open;
use farthing::ledger::pass::{PassFile, PassOptions, gather};
use farthing::ledger::store::History;
use farthing::reconcile::reconcile;
use farthing::{Bill, Check, Ledger, Verdict};
use farthing_fixtures::{Config, Dialect, Scale, WriteOptions};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::support::{in_dialect, integer, make, small};

fn check(bill: &Bill) -> Check {
    of(bill.reconcile(None).expect("a certificate").checks)
}

fn of(checks: Vec<Check>) -> Check {
    checks.into_iter().find(|check| check.id == "R15").expect("R15")
}

pub(crate) fn read(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("a file")).expect("a footer");
    let batches: Vec<RecordBatch> = reader.build().expect("a reader").map(|batch| batch.expect("rows")).collect();
    concat_batches(&batches[0].schema(), &batches).expect("one schema")
}

pub(crate) fn write(path: &Path, rows: &RecordBatch) {
    let mut writer = ArrowWriter::try_new(File::create(path).expect("a file"), rows.schema(), None).expect("a writer");
    writer.write(rows).expect("rows");
    writer.close().expect("a footer");
}

fn text(rows: &RecordBatch, column: &str) -> StringArray {
    let column = rows.column_by_name(column).expect("a column");
    arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8).expect("text").as_string::<i32>().clone()
}

/// One month in one file.
fn one_file(dialect: Dialect) -> (crate::support::Made, PathBuf) {
    let config = Config { months: 1, scale: Scale::Rows(12_000), discounts_from: 0, ..small(21) };
    let made = make(&config, &WriteOptions { parts_per_month: 1, manifest: false, ..in_dialect(dialect) });
    let bill = made.bill();
    let file = PathBuf::from(&bill.inventory().files().next().expect("a file").file);
    (made, file)
}

fn is_split(rows: &RecordBatch) -> BooleanArray {
    let parents = text(rows, "split_line_item_parent_resource_id");
    (0..parents.len()).map(|row| Some(parents.is_valid(row) && !parents.value(row).is_empty())).collect()
}

#[test]
fn what_is_split_is_what_the_instance_cost() {
    for dialect in [Dialect::Cur2, Dialect::Legacy] {
        let made = make(&small(20), &in_dialect(dialect));
        let check = check(&made.bill());
        assert_eq!((check.verdict, check.figure.as_deref()), (Verdict::Pass, Some("0")), "{check:?}");
        let rows: i128 = made.truth["split_rows"].as_object().expect("months").values().map(integer).sum();
        assert!(rows > 100 && check.detail.starts_with(&format!("{rows} rows split {} hours", rows / 4)), "{check:?}");
    }
}

#[test]
fn one_share_that_was_altered_is_found_and_named() {
    for dialect in [Dialect::Cur2, Dialect::Legacy] {
        let (made, file) = one_file(dialect);
        let rows = read(&file);
        let split = is_split(&rows);
        let at = (0..split.len()).filter(|&row| split.value(row)).nth(5).expect("a split row");
        let parent = text(&rows, "split_line_item_parent_resource_id").value(at).to_owned();
        let starts = rows.column_by_name("line_item_usage_start_date").expect("times");
        let millis = starts.as_primitive::<TimestampMillisecondType>().value(at);
        let time = chrono::DateTime::from_timestamp_millis(millis).expect("a time").format("%Y-%m-%d %H:%M");
        for (column, cost) in
            [("split_cost", "amortized"), ("unused_cost", "amortized"), ("net_unused_cost", "effective")]
        {
            let place = rows.schema().index_of(&format!("split_line_item_{column}")).expect("a column");
            let found = rows.column(place).as_primitive::<Float64Type>();
            let altered =
                found.iter().enumerate().map(|(row, cost)| cost.map(|cost| if row == at { cost + 0.5 } else { cost }));
            let mut columns = rows.columns().to_vec();
            columns[place] = Arc::new(altered.collect::<Float64Array>()) as ArrayRef;
            let path = made.path().join("altered.parquet");
            write(&path, &RecordBatch::try_new(rows.schema(), columns).expect("as many columns"));
            let check = check(&Bill::open(&path).expect("it opens"));
            let expected = format!("{parent} at {time}: split and unused are 0.5");
            assert_eq!((check.verdict, check.findings.len()), (Verdict::Warn, 1), "{check:?}");
            let said = &check.findings[0];
            assert!(said.starts_with(&expected) && said.ends_with(&format!("USD more than its {cost} cost")), "{said}");
        }
    }
}

#[test]
fn parents_and_their_shares_may_lie_in_different_files() {
    let (made, file) = one_file(Dialect::Cur2);
    let rows = read(&file);
    let split = is_split(&rows);
    let rest: BooleanArray = split.iter().map(|split| split.map(|split| !split)).collect();
    std::fs::remove_file(&file).expect("it is there");
    let (first, second) = (made.path().join("1.parquet"), made.path().join("2.parquet"));
    write(&first, &filter_record_batch(&rows, &split).expect("rows"));
    write(&second, &filter_record_batch(&rows, &rest).expect("rows"));
    let bill = made.bill();
    assert_eq!(check(&bill).verdict, Verdict::Pass);
    // On machines of their own, the one knows only shares, the other only instances.
    let part = |path: &Path| {
        let file = PassFile { file: Arc::new(open(path).expect("it opens")), delivery: 0, has_manifest: false };
        gather(&[file], &PassOptions::default()).expect("a ledger")
    };
    let hashes = vec![String::new(); 2];
    let judged = |ledger: &Ledger| {
        of(reconcile(ledger, bill.inventory(), &hashes, &History::default(), None).expect("a certificate").checks)
    };
    assert_eq!(judged(&part(&first)).verdict, Verdict::Warn, "shares of what is not there");
    assert_eq!(judged(&part(&second)).verdict, Verdict::NotRun);
    for (one, other) in [(&first, &second), (&second, &first)] {
        let mut merged = part(one);
        merged.merge(part(other));
        let before = merged.split_costs.parents.len();
        assert_eq!(judged(&merged).verdict, Verdict::Pass);
        merged.forget_unsplit();
        assert_eq!(judged(&merged), check(&bill));
        let kept = Ledger::from_bytes(merged.to_bytes().expect("bytes")).expect("a ledger");
        assert_eq!(judged(&kept), check(&bill), "as it is kept");
        assert!(kept.files.iter().all(|file| file.pages.pages > 20), "{:?}", kept.files);
        assert!(merged.split_costs.parents.len() < before, "instances that nobody splits are forgotten");
    }
}

#[test]
fn without_split_rows_there_is_nothing_to_check() {
    let made = make(&Config { split_cost: false, ..small(20) }, &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let check = check(&bill);
    assert_eq!(check.verdict, Verdict::NotRun);
    assert!(check.detail.contains("switch on split cost allocation data"), "{}", check.detail);
    assert!(bill.ledger().expect("a ledger").split_costs.hours.is_empty());
    let focus = make(&small(20), &in_dialect(Dialect::Focus1_2));
    assert_eq!(self::check(&focus.bill()).verdict, Verdict::NotRun);
}
