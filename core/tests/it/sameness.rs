//! The same rows give the same bytes: on any number of threads, from any chunking, split or order.

use arrow::array::RecordBatch;
use farthing::ledger::tables::TABLES;
use farthing::{Bill, Costs, render};
use farthing_fixtures::{Dialect, WriteOptions};

use crate::support::{in_dialect, make, small};

/// Everything a bill can say, apart from the names of its files: its tables, and its answers as text.
pub(crate) fn everything(bill: &Bill) -> (Vec<RecordBatch>, String) {
    let ledger = bill.ledger().expect("a ledger");
    let tables = TABLES.iter().filter(|table| **table != "audit").map(|table| ledger.table(table).expect("a table"));
    let mut text = String::new();
    let mut certificate = bill.reconcile(None).expect("a certificate");
    certificate.inputs.clear();
    // The checks of delivery count files, and say where they are from.
    certificate.checks.retain(|check| !["R2", "R4", "R19"].contains(&check.id.as_ref()));
    let costs = bill.costs(&Costs::by(["ServiceName", "Tags/team"]).monthly()).expect("an answer");
    text += &render::json::costs(&costs, &certificate).to_string();
    let mut report = bill.report(&farthing::ReportRequest::default()).expect("a report");
    report.certificate = certificate;
    text += &render::json::report(&report).to_string();
    text += &render::markdown::report(&report);
    (tables.collect(), text)
}

#[test]
fn the_answer_depends_on_the_rows_alone() {
    for dialect in [Dialect::Cur2, Dialect::Legacy] {
        let plain = WriteOptions { shuffle_seed: None, ..in_dialect(dialect) };
        let made = make(&small(8), &plain);
        let expected = everything(&made.bill());
        for threads in [1, 2, 4] {
            let bill = Bill::options().threads(threads).open([made.path()]).expect("it opens");
            assert_eq!(everything(&bill), expected, "{threads} threads");
        }
        for (name, write) in [
            ("small row groups", WriteOptions { row_group_rows: 97, ..plain.clone() }),
            ("one row group", WriteOptions { row_group_rows: 1 << 20, ..plain.clone() }),
            ("seven files", WriteOptions { parts_per_month: 7, ..plain.clone() }),
            ("one file", WriteOptions { parts_per_month: 1, ..plain.clone() }),
            ("shuffled", WriteOptions { shuffle_seed: Some(99), ..plain.clone() }),
            ("shuffled otherwise", WriteOptions { shuffle_seed: Some(100), parts_per_month: 3, ..plain.clone() }),
        ] {
            assert_eq!(everything(&make(&small(8), &write).bill()), expected, "{name}, {dialect:?}");
        }
    }
}

#[test]
fn ledgers_of_months_add_up_to_the_ledger_of_all() {
    let made = make(&small(12), &in_dialect(Dialect::Cur2));
    let whole = made.bill();
    let mut merged = farthing::Ledger::default();
    for period in ["2026-10", "2026-08", "2026-09"] {
        let bill = Bill::options().periods([period]).open([made.path()]).expect("a month opens");
        merged.merge(bill.ledger().expect("a ledger").clone());
    }
    for table in TABLES {
        let expected = whole.ledger().expect("a ledger").table(table).expect("a table");
        assert_eq!(merged.table(table).expect("a table"), expected, "{table}");
    }
}
