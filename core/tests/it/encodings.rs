//! The same bill in every encoding that has been delivered gives the same ledger.

use farthing::Bill;
use farthing::ledger::tables::TABLES;
use farthing_fixtures::{Counts, Dialect, Missing, Money, Timestamps, WriteOptions};

use crate::support::{in_dialect, make, small};

fn tables(bill: &Bill) -> Vec<arrow::array::RecordBatch> {
    let ledger = bill.ledger().expect("a ledger");
    TABLES.iter().filter(|table| **table != "audit").map(|table| ledger.table(table).expect("a table")).collect()
}

#[test]
fn encodings_do_not_matter() {
    for dialect in [Dialect::Legacy, Dialect::Cur2] {
        let plain = in_dialect(dialect);
        let expected = tables(&make(&small(9), &plain).bill());
        for (name, write) in [
            ("INT96", WriteOptions { timestamps: Timestamps::Int96, ..plain.clone() }),
            ("microseconds", WriteOptions { timestamps: Timestamps::Micros, ..plain.clone() }),
            ("nanoseconds", WriteOptions { timestamps: Timestamps::Nanos, ..plain.clone() }),
            ("instants as text", WriteOptions { timestamps: Timestamps::Text, ..plain.clone() }),
            ("counts as double", WriteOptions { counts: Counts::Double, ..plain.clone() }),
            ("decimals", WriteOptions { money: Money::Decimal38_10, ..plain.clone() }),
            ("money as text", WriteOptions { money: Money::Text, ..plain.clone() }),
            ("empty text", WriteOptions { missing: Missing::EmptyText, ..plain.clone() }),
            ("required columns", WriteOptions { required_columns: true, ..plain.clone() }),
            (
                "all at once",
                WriteOptions {
                    timestamps: Timestamps::Int96,
                    counts: Counts::Text,
                    missing: Missing::EmptyText,
                    required_columns: true,
                    ..plain.clone()
                },
            ),
        ] {
            let made = make(&small(9), &write);
            let found = tables(&made.bill());
            for (table, (found, expected)) in TABLES.iter().zip(found.iter().zip(&expected)) {
                assert_eq!(found, expected, "{table}, {name}, {dialect:?}");
            }
        }
    }
}

#[test]
fn account_ids_keep_their_leading_zeros() {
    let made = make(&small(2), &in_dialect(Dialect::Legacy));
    let answer = made.bill().costs(&farthing::Costs::by(["SubAccountId"])).expect("an answer");
    let ids: Vec<&str> = answer.rows.iter().filter_map(|row| row.keys[0].as_deref()).collect();
    assert!(ids.iter().any(|id| id.starts_with("000")), "{ids:?}");
    assert!(ids.iter().all(|id| id.len() == 12), "{ids:?}");
}
