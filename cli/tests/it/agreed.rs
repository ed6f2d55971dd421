//! The report of a team's own: gates in every form, the message for a chat, what was agreed on, imported price lists.

use farthing_fixtures::{Config, Fault, Waste, write_plan_rates};
use serde_json::Value;

use crate::bill::Place;

const EXCEPTION: &str = "[[exception]]\nkind = \"idle\"\nreason = \"a drill until spring\"\nowner = \"net@acme.example\"\nuntil = 2027-03-31\n";

fn rows<'a>(report: &'a Value, section: &str) -> &'a Vec<Value> {
    report["sections"][section]["rows"].as_array().unwrap_or_else(|| panic!("{section}: {report}"))
}

#[test]
fn gates_are_in_every_form_and_failed_ones_come_first() {
    let place = Place::with_bill();
    let line =
        "report bill --fail-if unused<0,cost>1,coverage<100% -o report.html report.md report.json --message told.md";
    let output = place.farthing(line).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    let gates = rows(&report, "gates");
    let said: Vec<[&str; 2]> =
        gates.iter().map(|row| ["Gate", "Result"].map(|key| row[key].as_str().unwrap())).collect();
    assert_eq!(said, [["cost>1", "failed"], ["coverage<100%", "failed"], ["unused<0", "passed"]]);
    let cost = rows(&report, "key_figures").iter().find(|row| row["Figure"] == "Effective cost").unwrap();
    assert_eq!(gates[0]["Figure"], cost["Value"]);
    let coverage = gates[1]["Figure"].as_f64().unwrap();
    assert!((0.0..1.0).contains(&coverage), "{coverage}");
    for (form, gate) in [("report.html", "cost&gt;1"), ("report.md", "cost\\>1"), ("told.md", "`cost>1`")] {
        let page = read(form);
        assert!(page.contains(gate) && page.contains("effective cost in 2026-10 is "), "{form}");
    }
    let told = read("told.md");
    assert!(told.chars().count() <= 3_000 && told.contains("Gates: 2 of 3 failed"), "{told}");
    // The message has the report's own figures.
    for figure in ["Effective cost", "Savings"] {
        let line = told.lines().find(|line| line.starts_with(&format!("- {figure}: "))).unwrap();
        let amount = line.rsplit(": ").next().unwrap();
        assert!(read("report.md").contains(amount.trim_end_matches(" USD")), "{line}");
    }
    // Those that it lists and those that it does not are those that the report counts.
    let savings = rows(&report, "key_figures").iter().find(|row| row["Figure"] == "Savings").unwrap();
    let counted: usize = savings["Meaning"].as_str().unwrap().split(' ').find_map(|word| word.parse().ok()).unwrap();
    let (_, listed) = told.split_once("**What saves most, a month**").unwrap();
    let listed: Vec<&str> = listed.trim_start().lines().take_while(|line| line.starts_with("- ")).collect();
    let more =
        listed.iter().find_map(|line| line.strip_suffix(" more are in the report")?.strip_prefix("- ")?.parse().ok());
    assert_eq!(listed.len() - usize::from(more.is_some()) + more.unwrap_or(0), counted, "{told}");
    let missing = place.farthing("report bill --fail-if untagged:nobody>1").output().unwrap();
    assert_eq!(missing.status.code(), Some(5));
    let missing = String::from_utf8(missing.stdout).unwrap();
    assert!(missing.contains("no resource of the bill has a tag nobody"), "{missing}");
}

#[test]
fn a_message_says_when_no_figure_is_shown() {
    let place = Place::with_tiny_bill();
    let part = place.path("bill/farthing-bill/data/BILLING_PERIOD=2026-10/farthing-bill-00001.snappy.parquet");
    for name in ["one.parquet", "two.parquet"] {
        std::fs::copy(&part, place.path(name)).unwrap();
    }
    let output = place.farthing("report one.parquet two.parquet --fail-if cost>1 --message told.md").output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let told = std::fs::read_to_string(place.path("told.md")).unwrap();
    assert!(told.contains("- R1 ") && told.ends_with("No figure is shown: a check failed.\n"), "{told}");
    assert!(!told.contains("Effective cost"), "{told}");
}

#[test]
fn a_check_that_failed_goes_before_gates() {
    let place = Place::with_faults(vec![Fault::DropNegationRow]);
    let output = place.farthing("report bill --fail-if cost>1 --message told.md -o report.md").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(std::fs::read_to_string(place.path("told.md")).unwrap().contains('✗'));
}

#[test]
fn the_report_holds_to_what_was_agreed_on() {
    let place = Place::with_bill();
    let report = |more: &str| place.json(&format!("report bill --format json {more}"));
    let idle = |report: &Value| {
        let rows = report["recommendations"].as_array().unwrap();
        rows.iter().filter(|row| row["kind"] == "idle" && row["grade"] != "heuristic").count()
    };
    let all = report("");
    assert!(idle(&all) > 0 && all["sections"].get("exceptions").is_none());
    std::fs::write(place.path("farthing.toml"), EXCEPTION).unwrap();
    let kept = report("");
    assert_eq!(idle(&kept), 0);
    let [exception] = &rows(&kept, "exceptions")[..] else { panic!("{kept}") };
    assert_eq!((exception["Line"].as_u64(), exception["State"].as_str()), (Some(1), Some("active")));
    assert_eq!(
        (exception["Reason"].as_str(), exception["Until"].as_str()),
        (Some("a drill until spring"), Some("2027-03-31"))
    );
    std::fs::write(place.path("over.toml"), EXCEPTION.replace("2027-03-31", "2026-01-31")).unwrap();
    let over = report("--config over.toml");
    assert_eq!(idle(&over), idle(&all));
    assert_eq!(rows(&over, "exceptions")[0]["State"], "expired");
    assert_eq!(place.farthing("report bill --strict --config over.toml").output().unwrap().status.code(), Some(4));
    std::fs::write(place.path("farthing.toml"), EXCEPTION.replace("until", "untill")).unwrap();
    let wrong = place.farthing("report bill").output().unwrap();
    let told = String::from_utf8(wrong.stderr).unwrap();
    assert!(wrong.status.code() == Some(1) && told.contains("farthing.toml, line 5, untill: unknown field"), "{told}");
}

#[test]
fn the_report_plans_with_imported_price_lists() {
    let place = Place::empty();
    place.stdout("demo bill --accounts 5 --seed 1 --quiet");
    let list = place.path("plans.csv");
    write_plan_rates(&list, &[Config { accounts: 5, waste: Waste::Planted, ..Config::default() }]).unwrap();
    place.stdout("catalog import plans.csv --catalog kept");
    let planned = |more: &str| {
        let report = place.json(&format!("report bill --format json {more}"));
        let rows = report["recommendations"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["detector"] == "plan").unwrap()
    };
    let (without, with) = (planned("--catalog nothing"), planned("--catalog kept"));
    assert_ne!(without["evidence"], with["evidence"]);
    let told = place.json("recommend bill --format json --catalog kept");
    let row = told["rows"].as_array().unwrap().iter().find(|row| row["detector"] == "plan").unwrap();
    assert_eq!(row["savings_monthly"], with["savings_monthly"], "the report and the advice are one answer");
}

#[test]
fn what_is_excepted_is_planned_for() {
    let place = Place::empty();
    place.stdout("demo bill --accounts 5 --months 1 --seed 1 --quiet");
    let gone = |more: &str| {
        let plan =
            place.json(&format!("plan bill --after recommend --buy compute-sp --payment no --format json {more}"));
        let skipped = plan["skipped"].as_array().unwrap().clone();
        skipped.iter().any(|one| one["reason"] == "its resource is to be stopped or changed first")
    };
    assert!(gone(""));
    let all = ["idle", "rightsize", "modernize"].map(|kind| EXCEPTION.replace("idle", kind)).concat();
    std::fs::write(place.path("kept.toml"), all).unwrap();
    assert!(!gone("--config kept.toml"));
    let alone = place.farthing("plan bill --config kept.toml").output().unwrap();
    let told = String::from_utf8(alone.stderr).unwrap();
    assert!(alone.status.code() == Some(2) && told.contains("--after recommend"), "{told}");
}
