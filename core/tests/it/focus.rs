//! FOCUS 1.0 and 1.2 give the charges that the Cost and Usage Reports of the same spend give, and what FOCUS does not
//! state is not answered.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Decimal128Type;
use farthing::ledger::tables::TABLES;
use farthing::schema::charges::Text;
use farthing::{Bill, Certificate, Check, Costs, Metric, Verdict};
use farthing_fixtures::{Dialect, Fault, Format, Missing, Money, Timestamps, WriteOptions};
use serde_json::Value;

use crate::support::{Made, answered, in_dialect, integer, make, small, truth_by, whole_months};

const FOCUS: [Dialect; 2] = [Dialect::Focus1_0, Dialect::Focus1_2];
const ALL: [Dialect; 4] = [Dialect::Legacy, Dialect::Cur2, Dialect::Focus1_0, Dialect::Focus1_2];

/// Account, service, day, charge category.
type Key = [String; 4];

/// Sums of a metric by account, service, day and charge category; zeros left out.
fn charges(bill: &Bill, metric: Metric) -> BTreeMap<Key, i128> {
    let question = Costs::by(["SubAccountId", "x_ServiceCode", "ChargeCategory"]).metric(metric).daily();
    let rows = bill.costs(&question).expect("an answer").rows.into_iter();
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or("(none)").to_owned();
    let sums = rows.map(|row| {
        let day = row.period.as_deref().expect("a day").to_owned();
        ([text(&row.keys[0]), text(&row.keys[1]), day, text(&row.keys[2])], row.cost.unwrap_or(0))
    });
    sums.filter(|(_, cost)| *cost != 0).collect()
}

/// The factory's own, over all months.
fn true_charges(truth: &Value, metric: Metric) -> BTreeMap<Key, i128> {
    let mut sums = BTreeMap::new();
    for line in
        truth["charges"].as_object().expect("months").values().flat_map(|lines| lines.as_array().expect("lines"))
    {
        let key = ["SubAccountId", "x_ServiceCode", "Day", "ChargeCategory"];
        let key = key.map(|name| line[name].as_str().expect("text").to_owned());
        *sums.entry(key).or_default() += integer(&line[metric.name()]);
    }
    sums.retain(|_, cost| *cost != 0);
    sums
}

#[test]
fn four_dialects_of_one_bill_agree_on_every_charge() {
    for seed in 31..34 {
        for dialect in ALL {
            let made = make(&small(seed), &in_dialect(dialect));
            let bill = made.bill();
            for metric in [Metric::BilledCost, Metric::EffectiveCost, Metric::ListCost] {
                let (found, truth) = (charges(&bill, metric), true_charges(&made.truth, metric));
                assert!(truth.len() > 100, "{}", truth.len());
                assert_eq!(found, truth, "{} of seed {seed} in {dialect:?}", metric.name());
            }
        }
    }
}

#[test]
fn tags_categories_and_regions_agree() {
    for dialect in FOCUS {
        let made = make(&small(34), &in_dialect(dialect));
        let bill = made.bill();
        let dimensions = made.truth["by"].as_object().expect("dimensions").keys().filter(|name| match name.as_str() {
            "Day" | "x_LineItemType" => false,
            name => dialect == Dialect::Focus1_2 || name != "InvoiceId",
        });
        let dimensions = dimensions.filter(|name| dialect == Dialect::Focus1_0 || !name.starts_with("CostCategories/"));
        for dimension in dimensions {
            for metric in [Metric::BilledCost, Metric::EffectiveCost, Metric::ListCost] {
                let mut found = answered(&bill, dimension, metric);
                let known = &made.truth["by"][dimension];
                found.retain(|(period, member), _| known.get(period).is_some() || member != "(none)");
                assert_eq!(found, truth_by(&made.truth, dimension, metric.name()), "{} by {dimension}", metric.name());
            }
        }
        let ledger = bill.ledger().expect("a ledger");
        let mut quantities: BTreeMap<(String, String), i128> = BTreeMap::new();
        for (key, cell) in ledger.daily.iter() {
            let period = ledger.period(ledger.bills.key(ledger.kinds.key(key.kind).bill).period);
            let service = ledger.names.get(Text::ServiceCode, ledger.products.key(key.product).service);
            *quantities.entry((period, service.unwrap_or("(none)").to_owned())).or_default() += cell.quantity;
        }
        quantities.retain(|_, quantity| *quantity != 0);
        assert_eq!(quantities, truth_by(&made.truth, "x_ServiceCode", "ConsumedQuantity"));
        let rows: i128 = made.truth["focus_rows"].as_object().expect("months").values().map(integer).sum();
        assert_eq!(bill.inventory().rows().map(i128::from), Some(rows));
    }
}

/// Each hour of each Savings Plan, and of each reservation all months: what was used and what went unused.
#[test]
fn commitments_agree_with_the_reports() {
    let sums = |made: &Made| {
        let bill = made.bill();
        let ledger = bill.ledger().expect("a ledger");
        let mut sums: BTreeMap<(String, String, i32), [i128; 3]> = BTreeMap::new();
        for (key, cell) in ledger.commitments.iter() {
            let arn = ledger.names.get(Text::CommitmentDiscountId, key.arn).expect("an ARN").to_owned();
            let hour = if arn.contains("savingsplan") { key.hour } else { 0 };
            let sum = sums.entry((ledger.period(ledger.bills.key(key.bill).period), arn, hour)).or_default();
            *sum = [sum[0] + cell.bought, sum[1] + cell.used, sum[2] + cell.unused];
        }
        sums
    };
    // Without discounts net is gross, which is all that a report says of an hour.
    let config = farthing_fixtures::Config { discount_basis_points: 0, ..small(35) };
    let expected = sums(&make(&config, &in_dialect(Dialect::Cur2)));
    assert!(expected.values().any(|sum| sum[2] > 0));
    for dialect in FOCUS {
        assert_eq!(sums(&make(&config, &in_dialect(dialect))), expected, "{dialect:?}");
    }
}

#[test]
fn demand_is_told_by_usage_types() {
    let demand = |dialect| {
        let config = farthing_fixtures::Config { discount_basis_points: 0, ..small(36) };
        let bill = make(&config, &in_dialect(dialect)).bill().ledger().expect("a ledger").clone();
        farthing::analyze::commitments::coverage(&bill)
    };
    let (report, focus) = (demand(Dialect::Cur2), demand(Dialect::Focus1_0));
    assert_eq!(report.len(), 3);
    for (report, focus) in report.iter().zip(&focus) {
        assert_eq!((report.savings_plans > 0, report.savings_plans), (true, focus.savings_plans));
        assert!(focus.eligible > focus.savings_plans);
    }
    assert!(demand(Dialect::Focus1_2).is_empty(), "FOCUS 1.2 has no usage types");
}

fn tables(bill: &Bill) -> Vec<arrow::array::RecordBatch> {
    let ledger = bill.ledger().expect("a ledger");
    TABLES.iter().filter(|table| **table != "audit").map(|table| ledger.table(table).expect("a table")).collect()
}

#[test]
fn encodings_and_forms_do_not_matter() {
    for dialect in FOCUS {
        let plain = in_dialect(dialect);
        let expected = tables(&make(&small(37), &plain).bill());
        for (name, write) in [
            ("INT96", WriteOptions { timestamps: Timestamps::Int96, ..plain.clone() }),
            ("instants as text", WriteOptions { timestamps: Timestamps::Text, ..plain.clone() }),
            ("decimals", WriteOptions { money: Money::Decimal38_10, ..plain.clone() }),
            ("money as text", WriteOptions { money: Money::Text, ..plain.clone() }),
            ("NULL", WriteOptions { missing: Missing::NullText, ..plain.clone() }),
            ("NULL in csv", WriteOptions { missing: Missing::NullText, format: Format::CsvGz, ..plain.clone() }),
            ("empty text", WriteOptions { missing: Missing::EmptyText, ..plain.clone() }),
            ("csv", WriteOptions { format: Format::Csv, manifest: false, ..plain.clone() }),
            ("members", WriteOptions { format: Format::CsvGz, gzip_members: 4, ..plain.clone() }),
            ("a stray column", WriteOptions { stray_column: true, ..plain.clone() }),
        ] {
            let found = tables(&make(&small(37), &write).bill());
            for (table, (found, expected)) in TABLES.iter().zip(found.iter().zip(&expected)) {
                assert!(found == expected, "{table}, {name}, {dialect:?}");
            }
        }
    }
}

fn check<'a>(certificate: &'a Certificate, id: &str) -> &'a Check {
    certificate.checks.iter().find(|check| check.id == id).expect("the check")
}

#[test]
fn a_sound_bill_passes_what_focus_can_be_checked_for() {
    for dialect in FOCUS {
        let made = make(&whole_months(38), &in_dialect(dialect));
        let bill = made.bill();
        let certificate = bill.reconcile(None).expect("a certificate");
        for id in ["R1", "R2", "R3", "R5", "R10", "R11", "R12", "R13", "R16", "R17"] {
            assert_eq!(check(&certificate, id).verdict, Verdict::Pass, "{id}: {}", check(&certificate, id).detail);
        }
        for id in ["R6", "R7", "R7b", "R9"] {
            let check = check(&certificate, id);
            assert!(check.verdict == Verdict::NotRun && check.detail.contains("FOCUS"), "{id}: {}", check.detail);
        }
        assert!(check(&certificate, "R3").detail.contains("rows are unused commitment, which a CUR has no rows for"));
        let (status, usage_once) = match dialect {
            Dialect::Focus1_0 => ("not stated", Verdict::Pass),
            _ => ("final", Verdict::NotRun),
        };
        assert!(certificate.periods.iter().all(|period| period.status.name() == status));
        assert_eq!(check(&certificate, "R8").verdict, usage_once);
        assert_eq!(certificate.exit_code(true), 0);
        let report = bill.report(&farthing::ReportRequest::default()).expect("a report");
        let cash = report.sections.iter().find(|section| section.id == "cash_to_effective").expect("a section");
        assert_eq!(cash.columns[0].0, "ChargeCategory");
    }
}

#[test]
fn what_focus_does_not_state_is_not_answered() {
    let made = make(&small(39), &in_dialect(Dialect::Focus1_0));
    let bill = made.bill();
    for metric in [Metric::UnblendedCost, Metric::AmortizedCost] {
        for answer in [
            bill.costs(&Costs::by(["ServiceName"]).metric(metric)).expect("an answer"),
            bill.costs_from_bill(&Costs::by(["ServiceName"]).metric(metric)).expect("an answer"),
        ] {
            assert!(answer.rows.len() > 3 && answer.rows.iter().all(|row| row.cost.is_none()), "{answer:?}");
            assert_eq!(answer.total, None);
            assert!(answer.skipped[0].reason.contains("FOCUS states costs after discounts only"), "{answer:?}");
        }
        let column = [metric.name().to_owned()];
        let rows = bill.charges("", Some(&column)).expect("charges");
        assert!(rows.iter().all(|batch| batch.column(0).null_count() == batch.num_rows()));
    }
    let contracted = bill.costs(&Costs::default().metric(Metric::ContractedCost)).expect("an answer");
    let column = [Metric::ContractedCost.name().to_owned()];
    let rows = bill.charges("", Some(&column)).expect("charges");
    let sum: i128 = rows.iter().flat_map(|batch| batch.column(0).as_primitive::<Decimal128Type>().values()).sum();
    assert!(sum > 0 && contracted.total == Some(sum) && contracted.skipped.is_empty(), "{contracted:?}");
    let made = make(&small(39), &in_dialect(Dialect::Cur2));
    let report = made.bill();
    let contracted = report.costs(&Costs::default().metric(Metric::ContractedCost)).expect("an answer");
    assert!(contracted.total.is_none() && !contracted.skipped.is_empty(), "{contracted:?}");
    let daily = bill.ledger().expect("a ledger").table("daily").expect("a table");
    let column = |name: &str| daily.column_by_name(name).expect("a column").null_count();
    assert_eq!((column("x_UnblendedCost"), column("ContractedCost")), (daily.num_rows(), 0));
    assert_eq!(column("x_LineItemType"), daily.num_rows());
}

#[test]
fn capabilities_say_what_each_version_lacks() {
    let missing = |dialect| {
        let made = make(&small(40), &in_dialect(dialect));
        let bill = made.bill();
        let lacking = bill.inventory().capabilities.clone().into_iter().filter(|capability| !capability.available);
        lacking
            .map(|capability| (capability.name.into_owned(), capability.reason))
            .collect::<BTreeMap<String, String>>()
    };
    let (first, later, report) = (missing(Dialect::Focus1_0), missing(Dialect::Focus1_2), missing(Dialect::Cur2));
    let always = [
        "normalized units of reservations",
        "on-demand and plan rates",
        "unblended and amortized cost before discounts",
        "upfront fees by month",
    ];
    let with = |extra: &[&'static str]| {
        let mut all: Vec<&str> = always.iter().chain(extra).copied().collect();
        all.sort_unstable();
        all
    };
    assert_eq!(first.keys().map(String::as_str).collect::<Vec<_>>(), with(&["invoices"]));
    assert_eq!(
        later.keys().map(String::as_str).collect::<Vec<_>>(),
        with(&["costs by cost category", "costs by usage type"])
    );
    assert!(first["invoices"].contains("FOCUS 1.2 has"), "{first:?}");
    assert_eq!(report.keys().map(String::as_str).collect::<Vec<_>>(), ["contracted cost"]);
}

#[test]
fn rows_of_other_providers_are_counted_and_kept_out() {
    for (dialect, format) in [(Dialect::Focus1_0, Format::Parquet), (Dialect::Focus1_2, Format::CsvGz)] {
        let plain = WriteOptions { format, ..in_dialect(dialect) };
        let sound = make(&small(41), &plain);
        let expected = sound.bill();
        let made = make(&small(41), &WriteOptions { other_provider_rows: 7, ..plain });
        let bill = made.bill();
        for (table, (found, expected)) in TABLES.iter().zip(tables(&bill).iter().zip(&tables(&expected))) {
            assert!(found == expected, "they are in no table, but in {table}");
        }
        let certificate = bill.reconcile(None).expect("a certificate");
        assert_eq!(check(&certificate, "R3").verdict, Verdict::Pass, "{}", check(&certificate, "R3").detail);
        assert!(check(&certificate, "R3").detail.contains("21 of other providers"));
        let conservation = check(&certificate, "R5");
        assert_eq!(conservation.verdict, Verdict::Warn);
        let named = &conservation.findings[0];
        assert!(named.starts_with("Microsoft: 21 rows, ") && named.ends_with(" USD billed, in no sum"), "{named}");
        assert_eq!((certificate.exit_code(false), certificate.exit_code(true)), (0, 4));
        let rows = |bill: &Bill| bill.charges("", Some(&["ProviderName".to_owned()])).expect("charges");
        let count = |bill: &Bill| rows(bill).iter().map(|batch| batch.num_rows()).sum::<usize>();
        assert_eq!(count(&bill), count(&expected));
    }
}

#[test]
fn stray_columns_and_unknown_categories_are_named() {
    let made = make(&small(42), &WriteOptions { stray_column: true, ..in_dialect(Dialect::Focus1_2) });
    let bill = made.bill();
    let notes = &bill.inventory().notes;
    assert!(notes.len() == 6 && notes.iter().all(|note| note.contains("no column x_Stray")), "{notes:?}");
    let faults = vec![Fault::UnknownLineType];
    let made = make(&small(42), &WriteOptions { faults, ..in_dialect(Dialect::Focus1_0) });
    let bill = made.bill();
    let certificate = bill.reconcile(None).expect("a certificate");
    let conservation = check(&certificate, "R5");
    assert_eq!(conservation.verdict, Verdict::Warn);
    assert!(conservation.findings[0].starts_with("charge category `Holographic`: 1 rows, "), "{conservation:?}");
    let kept = bill.costs(&Costs::by(["ChargeCategory"]).filter("x_LineItemType=Holographic")).expect("an answer");
    assert_eq!(kept.rows[0].keys[0].as_deref(), Some("Adjustment"));
    assert!(kept.total.is_some_and(|cost| cost > 0));
}

#[test]
fn one_month_in_two_dialects_is_refused() {
    let made = ALL.map(|dialect| make(&small(43), &in_dialect(dialect)));
    for (one, other) in [(0, 1), (0, 2), (1, 3), (2, 3)] {
        let bill = Bill::options().open([made[one].path(), made[other].path()]).expect("both open");
        let certificate = bill.reconcile(None).expect("a certificate");
        let delivery = check(&certificate, "R1");
        assert_eq!(delivery.verdict, Verdict::Fail);
        let names = ["legacy CUR", "CUR 2.0", "FOCUS 1.0", "FOCUS 1.2"];
        for at in [one, other] {
            assert!(delivery.findings.iter().all(|finding| finding.contains(names[at])), "{:?}", delivery.findings);
        }
        assert_eq!((certificate.exit_code(false), certificate.figures_allowed()), (3, false));
    }
}

/// Months of two dialects are one bill: what both state adds up, what one does not is said.
#[test]
fn months_of_two_dialects_are_one_bill() {
    let (report, focus) =
        (make(&small(44), &in_dialect(Dialect::Cur2)), make(&small(44), &in_dialect(Dialect::Focus1_2)));
    let month = |made: &Made, period: &str| {
        let folder = made.path().join("farthing-bill/data").join(format!("BILLING_PERIOD={period}"));
        assert!(folder.is_dir());
        folder
    };
    let both = Bill::options().open([month(&report, "2026-09"), month(&focus, "2026-10")]).expect("both open");
    let certificate = both.reconcile(None).expect("a certificate");
    assert!(certificate.verdict() < Verdict::Fail, "{:?}", certificate.failures());
    assert!(check(&certificate, "R7").verdict == Verdict::Pass && check(&certificate, "R7").detail.contains("FOCUS"));
    let by_month = |bill: &Bill, metric| {
        let rows = bill.costs(&Costs::default().metric(metric).monthly()).expect("an answer").rows.into_iter();
        rows.map(|row| (row.period.expect("a month").to_string(), row.cost)).collect::<BTreeMap<_, _>>()
    };
    let (whole, effective) = (report.bill(), by_month(&both, Metric::EffectiveCost));
    let expected = by_month(&whole, Metric::EffectiveCost);
    assert_eq!(effective.len(), 2);
    assert!(effective.iter().all(|(month, cost)| expected[month] == *cost), "{effective:?}");
    let cash = by_month(&both, Metric::UnblendedCost);
    assert_eq!(cash["2026-09"], by_month(&whole, Metric::UnblendedCost)["2026-09"]);
    assert_eq!(cash["2026-10"], None);
    let merged = Bill::open(month(&focus, "2026-10")).expect("a month").ledger().expect("a ledger").clone();
    let mut ledger = Bill::open(month(&report, "2026-09")).expect("a month").ledger().expect("a ledger").clone();
    ledger.merge(merged);
    for table in TABLES.iter().filter(|table| **table != "audit") {
        let expected = both.ledger().expect("a ledger").table(table).expect("a table");
        assert_eq!(ledger.table(table).expect("a table"), expected, "{table}");
    }
}

#[test]
fn the_ledger_and_a_second_reading_agree() {
    let made = make(&small(45), &in_dialect(Dialect::Focus1_0));
    let bill = made.bill();
    for question in [
        Costs::by(["x_ServiceCode", "RegionId", "x_UsageType", "x_Operation"]).daily(),
        Costs::by(["Tags/team"]).metric(Metric::BilledCost).monthly(),
        Costs::by(["CostCategories/team_group"]).metric(Metric::ContractedCost).monthly(),
        Costs::by(["ResourceId"]).metric(Metric::ListCost),
        Costs::by(["ChargeCategory", "ChargeClass", "ChargeFrequency", "PricingCategory"]).monthly(),
        Costs::by(["CommitmentDiscountCategory", "CommitmentDiscountStatus", "PublisherName", "ProviderName"]),
    ] {
        let (answer, again) = (bill.costs(&question).expect("a"), bill.costs_from_bill(&question).expect("an answer"));
        assert_eq!((answer.rows, answer.total), (again.rows, again.total), "{question:?}");
    }
    for column in ["CommitmentDiscountId", "CommitmentDiscountType", "ChargeDescription", "SkuId", "SubAccountName"] {
        let answer = bill.costs(&Costs::by([column])).expect("an answer");
        assert!(answer.rows.len() > 1, "{column}");
        assert_eq!(answer.total, bill.costs(&Costs::default()).expect("an answer").total, "{column}");
    }
}
