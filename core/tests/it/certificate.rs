//! The certificate passes sound bills and names what is wrong with others.

use std::fs;

use farthing::{Bill, Certificate, Check, Verdict};
use farthing_fixtures::{Config, Dialect, Fault, WriteOptions};

use crate::support::{Made, in_dialect, make, small, whole_months};

fn certificate(bill: &Bill) -> Certificate {
    bill.reconcile(None).expect("a certificate")
}

fn check<'a>(certificate: &'a Certificate, id: &str) -> &'a Check {
    certificate.checks.iter().find(|check| check.id == id).expect("the check")
}

fn faulty(fault: Fault) -> Made {
    make(&whole_months(3), &WriteOptions { faults: vec![fault], ..in_dialect(Dialect::Cur2) })
}

#[test]
fn a_sound_bill_passes_every_check_that_runs() {
    for dialect in [Dialect::Cur2, Dialect::Legacy] {
        let certificate = certificate(&make(&whole_months(1), &in_dialect(dialect)).bill());
        for check in &certificate.checks {
            assert!(
                check.verdict <= Verdict::NotRun,
                "{} {}: {} {:?}",
                check.id,
                check.title,
                check.detail,
                check.findings
            );
        }
        for id in ["R1", "R2", "R3", "R5", "R6", "R7", "R7b", "R8", "R9", "R10", "R11", "R12", "R13", "R16", "R17"] {
            assert_eq!(check(&certificate, id).verdict, Verdict::Pass, "{id}: {}", check(&certificate, id).detail);
        }
        assert_eq!((certificate.exit_code(false), certificate.exit_code(true)), (0, 0));
    }
}

#[test]
fn a_lost_negation_row_fails_r6_and_is_named() {
    let certificate = certificate(&faulty(Fault::DropNegationRow).bill());
    let negation = check(&certificate, "R6");
    assert_eq!(negation.verdict, Verdict::Fail);
    assert_eq!(negation.findings.len(), 1, "{:?}", negation.findings);
    assert!(
        negation.findings[0].contains(":savingsplan/") && negation.findings[0].contains(" on 2026-"),
        "{:?}",
        negation.findings
    );
    assert_eq!(check(&certificate, "R7").verdict, Verdict::Fail, "cash no longer ties");
    assert_eq!(certificate.exit_code(false), 3);
}

#[test]
fn an_unknown_line_type_is_kept_and_named() {
    let certificate = certificate(&faulty(Fault::UnknownLineType).bill());
    let conservation = check(&certificate, "R5");
    assert_eq!(conservation.verdict, Verdict::Warn);
    assert!(conservation.findings[0].contains(": 1 rows"), "{:?}", conservation.findings);
    assert_eq!((certificate.exit_code(false), certificate.exit_code(true)), (0, 4));
}

#[test]
fn a_lost_day_is_named() {
    let certificate = certificate(&faulty(Fault::DropDay(15)).bill());
    let coverage = check(&certificate, "R12");
    assert_eq!(coverage.verdict, Verdict::Warn);
    for day in ["2026-08-15", "2026-09-15", "2026-10-15"] {
        assert!(coverage.findings.iter().any(|finding| finding.contains(day)), "{day}: {:?}", coverage.findings);
    }
    assert_ne!(certificate.exit_code(true), 0);
}

#[test]
fn a_file_counted_twice_fails_r1() {
    let made = make(&whole_months(4), &WriteOptions { manifest: false, ..in_dialect(Dialect::Cur2) });
    let sound = made.bill();
    assert_eq!(certificate(&sound).verdict(), Verdict::Pass);
    let first = sound.inventory().files().next().expect("a file").file.clone();
    fs::copy(&first, format!("{first}.copy.parquet")).expect("a copy");
    let certificate = certificate(&made.bill());
    let delivery = check(&certificate, "R1");
    assert_eq!(delivery.verdict, Verdict::Fail);
    assert!(delivery.findings[0].contains(".copy.parquet"), "{:?}", delivery.findings);
    assert_eq!(certificate.exit_code(false), 3);
    assert!(!certificate.figures_allowed());
}

#[test]
fn two_deliveries_of_one_month_fail_r1() {
    let cur2 = make(&small(4), &in_dialect(Dialect::Cur2));
    let legacy = make(&small(4), &in_dialect(Dialect::Legacy));
    let bill = Bill::options().open([cur2.path(), legacy.path()]).expect("both open");
    let certificate = certificate(&bill);
    let delivery = check(&certificate, "R1");
    assert_eq!(delivery.verdict, Verdict::Fail);
    assert_eq!(delivery.findings.len(), 3, "{:?}", delivery.findings);
    assert_eq!(certificate.exit_code(false), 3);
}

#[test]
fn an_invoice_that_is_off_by_a_cent_is_found() {
    let made = make(&small(5), &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let invoices = certificate(&bill).invoices;
    assert!(invoices.len() >= 3);
    let file = made.path().join("invoices.csv");
    let write = |off: i128| {
        let mut text = "payer,invoice_id,amount,currency\n".to_owned();
        for (at, invoice) in invoices.iter().enumerate() {
            let cents = farthing::money::cents(invoice.amount) + if at == 1 { off } else { 0 };
            let amount = farthing::money::to_text(cents, 2, 2);
            text += &format!(
                "{},{},{amount},{}\n",
                invoice.payer,
                invoice.invoice_id.as_deref().unwrap_or(""),
                invoice.currency
            );
        }
        fs::write(&file, text).expect("an invoice file");
    };
    write(0);
    let agreed = bill.reconcile(Some(&file)).expect("a certificate");
    assert_eq!(check(&agreed, "R18").verdict, Verdict::Pass, "{:?}", check(&agreed, "R18").findings);
    write(1);
    let off = bill.reconcile(Some(&file)).expect("a certificate");
    let invoice = check(&off, "R18");
    assert_eq!(invoice.verdict, Verdict::Warn);
    assert!(invoice.findings[0].contains("-0.01 USD off"), "{:?}", invoice.findings);
    assert_eq!((off.exit_code(false), off.exit_code(true)), (0, 4));
}

#[test]
fn an_open_month_is_said_to_be_open() {
    let config = Config { open_last_month: Some(10), ..whole_months(6) };
    let certificate = certificate(&make(&config, &in_dialect(Dialect::Cur2)).bill());
    let statuses: Vec<&str> = certificate.periods.iter().map(|period| period.status.name()).collect();
    assert_eq!(statuses, ["final", "final", "open"]);
    assert_ne!(check(&certificate, "R7").verdict, Verdict::Fail);
    assert_eq!(check(&certificate, "R12").verdict, Verdict::Pass, "{:?}", check(&certificate, "R12").findings);
}

#[test]
fn nothing_checked_is_never_passed() {
    let nothing = Certificate {
        checks: Vec::new(),
        periods: Vec::new(),
        invoices: Vec::new(),
        inputs: Vec::new(),
        skipped: Vec::new(),
    };
    assert_eq!(nothing.verdict(), Verdict::NotRun);
    assert_eq!((nothing.exit_code(true), nothing.summary().as_str()), (4, "nothing checked"));
}
