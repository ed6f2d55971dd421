//! Figures: they add up, they are the same in every form and on any number of threads, or they are withheld.

use farthing_fixtures::Fault;

use crate::bill::{Place, units};

#[test]
fn groups_add_up_to_the_total_exactly() {
    let place = Place::with_bill();
    let whole = place.json("costs bill --metric x_UnblendedCost --format json");
    let total = whole["totals"]["x_UnblendedCost"].as_str().unwrap().to_owned();
    for question in [
        "--by ServiceName",
        "--by Tags/team --top 2",
        "--by SubAccountId --granularity monthly",
        "--by x_LineItemType,RegionId --granularity daily",
        "--by ResourceId --top 3",
    ] {
        let answer = place.json(&format!("costs bill --metric x_UnblendedCost --format json {question}"));
        assert_eq!(answer["schema"], "farthing.costs/1", "{question}");
        assert_eq!(answer["totals"]["x_UnblendedCost"], total.as_str(), "{question}");
        let rows = answer["rows"].as_array().unwrap();
        let sum: i128 = rows.iter().map(|row| units(row["x_UnblendedCost"].as_str().unwrap())).sum();
        assert_eq!(sum, units(&total), "{question}");
    }
    let keys: Vec<&str> = whole.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["schema", "version", "currency", "periods", "rows", "totals", "checks", "skipped", "inputs"]);
    assert_eq!(whole["currency"], "USD");
    assert_eq!(whole["periods"].as_array().unwrap().len(), 3);
    assert!(whole["inputs"][0]["sha256"].as_str().is_some_and(|hash| hash.len() == 64));
    assert!(whole["checks"].as_array().unwrap().iter().any(|check| check["verdict"] == "pass"));
}

#[test]
fn every_form_says_the_same() {
    let place = Place::with_bill();
    let question = "costs bill --by ServiceName --metric BilledCost";
    let json = place.json(&format!("{question} --format json"));
    let csv = place.stdout(&format!("{question} --format csv"));
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("ServiceName,BilledCost,BillingCurrency"));
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(lines.clone().count(), rows.len());
    for (line, row) in lines.zip(rows) {
        assert!(line.ends_with(&format!(",{},USD", row["BilledCost"].as_str().unwrap())), "{line}");
    }
    let (table, markdown) = (place.stdout(question), place.stdout(&format!("{question} --format markdown")));
    let total = table.lines().find(|line| line.starts_with("Total")).unwrap();
    let shown = total.split_whitespace().nth(1).unwrap();
    assert!(markdown.contains(&format!("| **Total** | **{shown}** |")), "{markdown}");
    assert!(table.contains(&format!("{shown} USD in 2026-08 to 2026-10")), "{table}");
    assert_cents_add_up(&table, shown);
}

/// The printed amounts of a table add up to its printed total.
fn assert_cents_add_up(table: &str, total: &str) {
    let cents = |text: &str| text.replace([',', '.'], "").parse::<i128>().unwrap();
    let start = table.lines().position(|line| line.starts_with("ServiceName")).unwrap();
    let rows = table.lines().skip(start + 1).take_while(|line| !line.starts_with("Total"));
    let sum: i128 = rows.map(|line| cents(line.split_whitespace().rev().nth(1).unwrap())).sum();
    assert_eq!(sum, cents(total), "{table}");
}

#[test]
fn threads_do_not_change_a_byte() {
    let place = Place::with_bill();
    for line in [
        "costs bill --by Tags/team,ResourceId --granularity daily --format json",
        "reconcile bill --format json",
        "report bill --format json",
        "report bill",
        "inspect bill --format json",
    ] {
        let one = place.stdout(&format!("{line} --threads 1"));
        assert_eq!(one, place.stdout(&format!("{line} --threads 4")), "{line}");
    }
}

#[test]
fn a_filter_keeps_what_it_says() {
    let place = Place::with_bill();
    let all = place.json("costs bill --by x_LineItemType --format json");
    let total = units(all["totals"]["EffectiveCost"].as_str().unwrap());
    let part = |condition: &str| {
        let answer = place.json(&format!("costs bill --where {condition} --format json"));
        units(answer["totals"]["EffectiveCost"].as_str().unwrap())
    };
    assert_eq!(part("x_LineItemType=Usage") + part("x_LineItemType!=Usage"), total);
}

#[test]
fn a_lost_row_is_seen_and_told() {
    let place = Place::with_faults(vec![Fault::DropNegationRow]);
    let reconcile = place.farthing("reconcile bill --format json").output().unwrap();
    assert_eq!(reconcile.status.code(), Some(3));
    let certificate: serde_json::Value = serde_json::from_slice(&reconcile.stdout).unwrap();
    let checks = certificate["checks"].as_array().unwrap();
    let failed: Vec<_> = checks.iter().filter(|check| check["verdict"] == "fail").collect();
    assert!(!failed.is_empty());
    let withheld = failed.iter().any(|check| check["severity"] == "error");
    for line in ["costs bill --by ServiceName", "report bill", "report bill -o report.json"] {
        let output = place.farthing(line).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{line}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(&format!("✗ {}", failed[0]["id"].as_str().unwrap())), "{told}");
        assert_eq!(told.contains("no figure is shown"), withheld, "{told}");
        assert_eq!(output.stdout.is_empty(), withheld || line.contains("-o"), "{line}");
    }
    assert_eq!(place.path("report.json").exists(), !withheld);
}

#[test]
fn a_warning_lets_figures_pass_unless_strict() {
    let place = Place::with_faults(vec![Fault::UnknownLineType]);
    let output = place.farthing("costs bill --by x_LineItemType").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("! R5 "), "{told}");
    place.farthing("costs bill --by x_LineItemType --strict").assert().code(4);
    place.farthing("reconcile bill --strict").assert().code(4);
}

#[test]
fn an_invoice_that_agrees_ties_and_one_that_does_not_is_told() {
    let place = Place::with_bill();
    let certificate = place.json("reconcile bill --format json");
    let invoices = certificate["invoices"].as_array().unwrap();
    let write = |extra_cents: i64| {
        let mut text = String::from("payer,invoice_id,amount,currency\n");
        for (index, invoice) in invoices.iter().filter(|invoice| !invoice["InvoiceId"].is_null()).enumerate() {
            let units = units(invoice["amount"].as_str().unwrap());
            let cents = (units + 5_000_000_000).div_euclid(10_000_000_000)
                + if index == 0 { i128::from(extra_cents) } else { 0 };
            let (payer, id) = (invoice["BillingAccountId"].as_str().unwrap(), invoice["InvoiceId"].as_str().unwrap());
            let sign = if cents < 0 { "-" } else { "" };
            let cents = cents.abs();
            text.push_str(&format!("{payer},{id},{sign}{}.{:02},USD\n", cents / 100, cents % 100));
        }
        std::fs::write(place.path("invoice.csv"), text).unwrap();
    };
    write(0);
    let tied = place.json("reconcile bill --invoice invoice.csv --format json");
    assert!(tied["invoices"][0]["invoiced"].is_string(), "{}", tied["invoices"]);
    write(12_345);
    let output = place.farthing("reconcile bill --invoice invoice.csv").output().unwrap();
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains("-123.4") && page.contains("Difference"), "{page}");
}

#[test]
fn inspect_reads_the_bill_unless_it_is_quick() {
    let place = Place::with_bill();
    let read = place.json("inspect bill --format json");
    let statuses = read["statuses"].as_array().unwrap();
    assert!(!statuses.is_empty() && statuses.iter().all(|month| month["status"] == "final"), "{statuses:?}");
    let certificate = place.json("reconcile bill --format json");
    assert_eq!(read["inputs"], certificate["inputs"], "the same rows and hashes");
    let quick = place.json("inspect bill --quick --format json");
    assert!(quick.get("statuses").is_none() && quick["rows"][0]["sha256"].is_null(), "{quick}");
    for format in ["table", "markdown"] {
        let page = place.stdout(&format!("inspect bill --format {format}"));
        for word in ["Billing periods", "final", "Usage until", "Integrity", "carries a checksum", "Codec", "SHA-256"] {
            assert!(page.contains(word), "{word}: {page}");
        }
        assert!(!place.stdout(&format!("inspect bill --quick --format {format}")).contains("SHA-256"));
    }
}

#[test]
fn a_gate_that_fails_is_told_in_one_line_after_the_report() {
    let place = Place::with_bill();
    let output = place.farthing("report bill --fail-if cost>1,unused<0 --fail-if coverage<100%").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{told}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("Effective cost by service"), "{told}");
    let lines: Vec<&str> = told.lines().filter(|line| line.starts_with("farthing: gate ")).collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(lines[0].starts_with("farthing: gate cost>1: effective cost in 2026-10 is "), "{told}");
    assert!(lines[1].starts_with("farthing: gate coverage<100%: coverage by commitments in 2026-10 is "), "{told}");
    let output = place.farthing("report bill --fail-if unused<0").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let output = place.farthing("report bill --fail-if wasted>1").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && told.contains("figure of a gate"), "{told}");
}
