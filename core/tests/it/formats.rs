//! The same bill as csv, packed or not, gives the ledger that parquet gives; and csv that AWS or others wrote is read.

use std::fs;
use std::path::Path;

use farthing::ledger::tables::TABLES;
use farthing::{Bill, Costs, Metric, Verdict, money};
use farthing_fixtures::{Dialect, Format, Missing, WriteOptions};

use crate::support::{in_dialect, make, shared, small};

fn tables(bill: &Bill) -> Vec<arrow::array::RecordBatch> {
    let ledger = bill.ledger().expect("a ledger");
    assert_eq!(ledger.lossy_amounts, 0);
    TABLES.iter().filter(|table| **table != "audit").map(|table| ledger.table(table).expect("a table")).collect()
}

#[test]
fn csv_is_read_as_parquet_is() {
    for dialect in [Dialect::Legacy, Dialect::Cur2] {
        let plain = WriteOptions { shuffle_seed: None, ..in_dialect(dialect) };
        let made = make(&small(21), &plain);
        let parquet = made.bill();
        let expected = tables(&parquet);
        let certified = verdicts(&parquet);
        for (name, form, write) in [
            ("gzip", "csv, gzip", WriteOptions { format: Format::CsvGz, ..plain.clone() }),
            ("members", "csv, gzip", WriteOptions { format: Format::CsvGz, gzip_members: 5, ..plain.clone() }),
            ("zip", "csv, zip", WriteOptions { format: Format::CsvZip, ..plain.clone() }),
            (
                "entries",
                "csv, zip of 3 files",
                WriteOptions { format: Format::CsvZip, zip_entries: 3, parts_per_month: 1, ..plain.clone() },
            ),
            ("bare", "csv", WriteOptions { format: Format::Csv, ..plain.clone() }),
            ("alone", "csv", WriteOptions { format: Format::Csv, manifest: false, ..plain.clone() }),
            ("NULL", "csv", WriteOptions { format: Format::Csv, missing: Missing::NullText, ..plain.clone() }),
        ] {
            // A tag may be called NULL, so in the legacy report, where each tag is a column, it is not a missing one.
            if name == "NULL" && dialect == Dialect::Legacy {
                continue;
            }
            let made = make(&small(21), &write);
            let bill = made.bill();
            let found = tables(&bill);
            for (table, (found, expected)) in TABLES.iter().zip(found.iter().zip(&expected)) {
                assert_eq!(found, expected, "{table}, {name}, {dialect:?}");
            }
            let inventory = bill.inventory();
            assert_eq!(inventory.deliveries.len(), 3, "{name}");
            for delivery in &inventory.deliveries {
                assert_eq!(delivery.dialect.name(), if dialect == Dialect::Legacy { "legacy CUR" } else { "CUR 2.0" });
                assert!(delivery.files.iter().all(|file| file.form == form && file.rows.is_none()), "{delivery:?}");
            }
            assert!(inventory.notes.is_empty(), "{name}: {:?}", inventory.notes);
            check_rows(&bill, name);
            if write.manifest {
                assert_eq!(verdicts(&bill), certified, "{name}");
            }
        }
    }
}

fn verdicts(bill: &Bill) -> Vec<(String, Verdict)> {
    let checks = bill.reconcile(None).expect("a certificate").checks;
    checks.into_iter().map(|check| (check.id.into_owned(), check.verdict)).collect()
}

/// Rows are counted while they are read.
fn check_rows(bill: &Bill, name: &str) {
    let certificate = bill.reconcile(None).expect("a certificate");
    let rows = certificate.checks.iter().find(|check| check.id == "R3").expect("R3");
    assert!(rows.verdict == Verdict::Pass && rows.detail.contains("of text"), "{name}: {}", rows.detail);
    assert!(certificate.inputs.iter().all(|input| input.rows > 0), "{name}");
}

#[test]
fn questions_about_rows_are_answered_from_csv() {
    let plain = WriteOptions { shuffle_seed: None, ..in_dialect(Dialect::Legacy) };
    let csv = make(&small(22), &WriteOptions { format: Format::CsvGz, ..plain.clone() });
    let rows = |made: &crate::support::Made| {
        let batches = made.bill().charges("RegionId=us-east-1", None).expect("charges");
        batches.iter().map(|batch| batch.num_rows()).sum::<usize>()
    };
    assert!(rows(&csv) > 0);
    assert_eq!(rows(&csv), rows(&make(&small(22), &plain)));
}

#[test]
fn progress_follows_the_bytes_of_text() {
    let made = make(&small(22), &WriteOptions { format: Format::CsvGz, ..in_dialect(Dialect::Cur2) });
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let telling = std::sync::Arc::clone(&told);
    let told_of = move |progress: farthing::Progress| {
        telling.lock().expect("nobody panicked").push(progress);
        std::ops::ControlFlow::Continue(())
    };
    let bill = Bill::options().threads(1).progress(told_of).open([made.path()]).expect("it opens");
    bill.ledger().expect("a ledger");
    let told = told.lock().expect("nobody panicked");
    let last = told.last().expect("something was told");
    assert!(told.iter().all(|progress| progress.rows_total.is_none() && progress.bytes_done <= progress.bytes_total));
    assert_eq!((last.bytes_done, last.rows_expected()), (last.bytes_total, last.rows_done));
    assert!(told[0].bytes_done < last.bytes_done && told[0].rows_expected() > told[0].rows_done);
}

/// Unpacked files stand in for those that the manifest lists; beside them they are not read twice.
#[test]
fn unpacked_files_are_read_once() {
    let write = WriteOptions { format: Format::Csv, ..in_dialect(Dialect::Cur2) };
    let packed = make(&small(23), &WriteOptions { format: Format::CsvGz, ..write.clone() });
    let bare = make(&small(23), &WriteOptions { manifest: false, ..write });
    let expected = packed.bill().costs(&Costs::default()).expect("an answer").total;
    for file in packed.bill().inventory().files() {
        let unpacked = file.file.trim_end_matches(".gz").to_owned();
        let name = Path::new(&unpacked).strip_prefix(packed.path()).expect("a file of the bill");
        fs::copy(bare.path().join(name), &unpacked).expect("a copy");
    }
    let both = packed.bill();
    assert_eq!(both.costs(&Costs::default()).expect("an answer").total, expected);
    assert!(both.inventory().notes.iter().all(|note| note.contains("in no manifest")), "{:?}", both.inventory().notes);
    let files: Vec<String> = both.inventory().files().map(|file| file.file.clone()).collect();
    let month = Path::new(&files[0]).parent().expect("a folder");
    let alone = Bill::open(month).expect("a month without a manifest");
    assert_eq!(alone.inventory().files().count(), 2);
    assert!(alone.inventory().notes[0].contains("beside its packed form"), "{:?}", alone.inventory().notes);
    files.iter().for_each(|file| fs::remove_file(file).expect("the packed file goes"));
    let unpacked = packed.bill();
    assert!(unpacked.inventory().files().all(|file| file.form == "csv"));
    assert_eq!(unpacked.costs(&Costs::default()).expect("an answer").total, expected);
}

/// Other tables lie beside bills, those that farthing wrote among them.
#[test]
fn other_csv_files_are_left_alone_and_named() {
    let made = make(&small(24), &WriteOptions { format: Format::CsvGz, manifest: false, ..in_dialect(Dialect::Cur2) });
    fs::write(made.path().join("costs.csv"), "ChargePeriodStart,ChargeCategory,EffectiveCost\n2026-10-01,Usage,1.00\n")
        .expect("a file");
    let bill = made.bill();
    assert_eq!(bill.inventory().deliveries.len(), 3);
    assert!(bill.inventory().notes[0].contains("costs.csv is no bill"), "{:?}", bill.inventory().notes);
    let error = Bill::open(made.path().join("costs.csv")).expect_err("it is refused").to_string();
    assert!(error.contains("costs.csv") && error.contains("no Cost and Usage Report"), "{error}");
}

fn unblended(bill: &Bill, filter: &str) -> String {
    let question = Costs::default().metric(Metric::UnblendedCost).filter(filter);
    money::money_text(bill.costs(&question).expect("an answer").total.expect("a total"))
}

#[test]
fn a_legacy_report_of_2023() {
    let Some(path) = shared("bills/legacy-cur-2023-11.csv.gz") else { return };
    let bill = Bill::open(path).expect("it opens");
    assert_eq!(unblended(&bill, ""), "1.6823086974");
    assert_eq!(unblended(&bill, "x_LineItemType=Tax"), "0.0800000000");
    assert_eq!(bill.inventory().deliveries[0].dialect.name(), "legacy CUR");
    assert_eq!(bill.ledger().expect("a ledger").periods(), ["2023-11"]);
    let certificate = bill.reconcile(None).expect("a certificate");
    assert_eq!((certificate.inputs[0].rows, certificate.exit_code(false)), (1_281, 0), "{:?}", certificate.failures());
}

#[test]
fn the_report_of_a_generator_and_its_oddities() {
    let Some(path) = shared("bills/nise") else { return };
    let bill = Bill::open(path).expect("it opens");
    assert_eq!(unblended(&bill, ""), "224.4038709600");
    assert!(bill.inventory().notes.is_empty(), "{:?}", bill.inventory().notes);
    let certificate = bill.reconcile(None).expect("a certificate");
    let conservation = certificate.checks.iter().find(|check| check.id == "R5").expect("R5");
    assert_eq!(conservation.verdict, Verdict::Warn);
    let named = "pricing/publicOnDemandCost: 720 rows hold text like `convertible`";
    assert!(conservation.findings.iter().any(|finding| finding == named), "{:?}", conservation.findings);
    assert_eq!(certificate.exit_code(false), 0, "{:?}", certificate.failures());
    let capabilities = &bill.inventory().capabilities;
    assert!(capabilities.iter().any(|known| known.reason == "from lineItem/ResourceId"), "{capabilities:?}");
    let tagged = unblended(&bill, "Tags/environment=prod");
    assert_ne!(tagged, "0.0000000000");
}

#[test]
fn deliveries_are_found_by_their_own_manifests() {
    for (folder, manifest, dialect, form, period, sum) in [
        ("cur_1_0", "cur1_manifest.json", "legacy CUR", "csv, zip", "2024-01", "0.0451520000"),
        ("cur_2_0", "cur2_manifest.json", "CUR 2.0", "csv, gzip", "2024-09", "0.1083040000"),
    ] {
        let Some(path) = shared(&format!("bills/delivery-layouts/{folder}")) else { return };
        for place in [path.join("s3_structure"), path.clone()] {
            let bill = Bill::open(place).expect("it opens");
            let delivery = &bill.inventory().deliveries[0];
            assert!(delivery.manifest.is_some() && bill.inventory().deliveries.len() == 1, "{folder}");
            assert_eq!((delivery.dialect.name(), delivery.files[0].form.as_str()), (dialect, form), "{folder}");
            assert_eq!(delivery.period.as_deref(), Some(period), "{folder}");
            assert_eq!(unblended(&bill, ""), sum, "{folder}");
        }
        // The manifest beside the files lists them by their place in the bucket.
        let bill = Bill::open(path.join(manifest)).expect("it opens");
        assert_eq!(unblended(&bill, ""), sum, "{folder}");
    }
}
