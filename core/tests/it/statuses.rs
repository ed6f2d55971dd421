//! Which months are final, and what is known of the integrity of files.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::TimestampMillisecondType;
use farthing::{Bill, PeriodStatus, render};
use farthing_fixtures::{Config, Dialect, Scale, WriteOptions};

use crate::split_costs::{read, write};
use crate::support::{in_dialect, make, small};

/// 2026-10-31 in days since 1970-01-01.
const LAST_DAY: i64 = 20_757;

/// Rows of a month up to a day, each with an invoice id as `invoiced` says by row.
fn month(rows: &RecordBatch, last_day: i64, invoiced: impl Fn(usize) -> bool) -> RecordBatch {
    let starts =
        rows.column_by_name("line_item_usage_start_date").expect("times").as_primitive::<TimestampMillisecondType>();
    let first = LAST_DAY - 30;
    let keep: BooleanArray = starts.values().iter().map(|start| Some(start / 86_400_000 - first < last_day)).collect();
    let rows = filter_record_batch(rows, &keep).expect("rows");
    let ids = (0..rows.num_rows()).map(|row| invoiced(row).then_some("2100000001")).collect::<StringArray>();
    let mut columns = rows.columns().to_vec();
    columns[rows.schema().index_of("bill_invoice_id").expect("a column")] = Arc::new(ids);
    RecordBatch::try_new(rows.schema(), columns).expect("as many columns")
}

#[test]
fn a_month_is_final_when_it_is_invoiced_throughout_and_over() {
    let config = Config { months: 1, scale: Scale::Small, ..small(31) };
    let made = make(&config, &WriteOptions { parts_per_month: 1, manifest: false, ..in_dialect(Dialect::Cur2) });
    let file = PathBuf::from(&made.bill().inventory().files().next().expect("a file").file);
    let rows = read(&file);
    let judged = |rows: &RecordBatch| {
        write(&file, rows);
        let certificate = made.bill().reconcile(None).expect("a certificate");
        let status = certificate.checks.iter().find(|check| check.id == "R11").expect("R11").findings.join("; ");
        (certificate.periods[0].status, certificate.periods[0].last_usage_day, status)
    };
    let last = LAST_DAY as i32;
    assert_eq!(judged(&month(&rows, 31, |_| true)).0, PeriodStatus::Final);
    let (status, day, said) = judged(&month(&rows, 15, |_| true));
    assert_eq!((status, day), (PeriodStatus::Open, Some(last - 16)));
    assert!(said.contains("every row carries an invoice id, and usage ends on 2026-10-15"), "{said}");
    let (status, day, said) = judged(&month(&rows, 31, |row| row == 7));
    assert_eq!((status, day), (PeriodStatus::PartlyInvoiced, Some(last)), "{said}");
    assert!(said.contains("1 of "), "{said}");
    assert_eq!(judged(&month(&rows, 31, |_| false)).0, PeriodStatus::Open);
}

#[test]
fn what_was_read_is_inspected() {
    for (dialect, money) in [
        (Dialect::Cur2, "Float64"),
        (Dialect::Legacy, "Float64"),
        (Dialect::Focus1_0, "Float64"),
        (Dialect::Focus1_2, "Float64"),
    ] {
        let made = make(&small(32), &in_dialect(dialect));
        let bill = Bill::open(made.path()).expect("it opens");
        let quick = render::json::inventory(bill.inventory(), None);
        assert!(quick["rows"][0]["sha256"].is_null() && quick.get("statuses").is_none(), "{quick}");
        let certificate = bill.reconcile(None).expect("a certificate");
        let document = render::json::inventory(bill.inventory(), Some(&certificate));
        let statuses: Vec<&str> = document["statuses"]
            .as_array()
            .expect("months")
            .iter()
            .filter_map(|month| month["status"].as_str())
            .collect();
        let expected = match dialect {
            Dialect::Focus1_0 => ["not stated"; 3],
            _ => ["final"; 3],
        };
        assert_eq!(statuses, expected, "{dialect:?}");
        let file = &document["rows"][0];
        assert_eq!((file["codec"].as_str(), file["money_encoding"].as_str()), (Some("snappy"), Some(money)));
        assert_eq!(file["sha256"].as_str().map(str::len), Some(64));
        assert!(file["pages"].as_u64() > Some(20) && file["pages_with_checksum"] == 0, "{file}");
        let page = render::markdown::inventory(bill.inventory(), Some(&certificate));
        assert!(page.contains("pages that were read carries a checksum") && page.contains(expected[2]), "{page}");
    }
}
