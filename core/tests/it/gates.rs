//! Gates see the figures that every other question gives, and compare exactly.

use farthing::{Bill, Costs, Gate, GateResult};
use farthing_fixtures::{Config, Dialect};

use crate::support::{in_dialect, make, small};

fn gate(bill: &Bill, text: &str) -> GateResult {
    let gates = [text.parse::<Gate>().expect("a gate")];
    bill.gates(&gates).expect("results").remove(0)
}

fn cost(bill: &Bill, question: &Costs) -> i128 {
    bill.costs(question).expect("an answer").total.unwrap_or(0)
}

fn percent(part: i128, whole: i128) -> f64 {
    part as f64 / whole as f64 * 100.0
}

#[test]
fn figures_are_those_of_other_questions() {
    let made = make(&small(71), &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let number = |text: &str| gate(&bill, text).figure_text().expect("a figure").parse::<f64>().expect("a number");
    let near = |name: &str, expected: f64| {
        let found = number(&format!("{name}>1"));
        assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{name}: {found} {expected}");
    };
    let month = |period: &str| cost(&bill, &Costs::default().period(period));
    near("cost", month("2026-10") as f64 / 1e12);
    near("month-over-month", percent(month("2026-10") - month("2026-09"), month("2026-09")));
    let usage =
        |filter: &str| cost(&bill, &Costs::default().period("2026-10").filter(format!("ResourceId!=(none){filter}")));
    near("untagged:team", percent(usage(",Tags/team=(none)"), usage("")));
    let commitments = bill.commitments(farthing::analyze::commitments::Step::Monthly).expect("commitments");
    let section = |id: &str| commitments.sections.iter().find(|section| section.id == id).expect("the section");
    assert!(!section("commitments").rows.is_empty());
    let unused: i128 = farthing::analyze::commitments::by_commitment(bill.ledger().expect("a ledger"))
        .iter()
        .filter(|one| one.period == "2026-10")
        .map(|one| one.sums.unused)
        .sum();
    near("unused", unused as f64 / 1e12);
    assert!(unused > 0 && number("untagged>1") <= number("untagged:team>1") && number("untagged>1") > 0.0);
    let savings = bill
        .recommend(&farthing::Request { plan: true, ..farthing::Request::default() })
        .expect("recommendations")
        .together_monthly();
    near("savings", savings as f64 / 1e12);
    assert!((0.0..100.0).contains(&number("coverage<1")) && (0.0..=100.0).contains(&number("utilization<1")));
}

#[test]
fn comparisons_are_exact() {
    let made = make(&small(72), &in_dialect(Dialect::Legacy));
    let bill = made.bill();
    let exact = gate(&bill, "cost>0").figure_text().expect("a figure");
    for (comparison, fails) in [(">", false), (">=", true), ("<", false), ("<=", true)] {
        assert_eq!(gate(&bill, &format!("cost{comparison}{exact}")).failed, fails, "{comparison}");
    }
    let units = farthing::money::from_text(&exact, 12).expect("an amount").units;
    let more = farthing::money::to_text(units + 1, 12, 2);
    assert!(gate(&bill, &format!("cost<{more}")).failed && !gate(&bill, &format!("cost>{more}")).failed);
    let failed = gate(&bill, "coverage < 100 %");
    assert_eq!((failed.gate.as_str(), failed.failed), ("coverage<100%", true));
    assert!(failed.detail.starts_with("coverage by commitments in 2026-10 is "), "{}", failed.detail);
}

#[test]
fn a_figure_that_is_missing_fails_and_says_why() {
    let config = Config { months: 1, ..small(73) };
    let made = make(&config, &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    for (text, why) in [
        ("month-over-month>10%", "the bill has no other month"),
        ("untagged:nobody>5%", "no resource of the bill has a tag nobody"),
    ] {
        let result = gate(&bill, text);
        assert!(result.failed && result.figure.is_none() && result.detail.contains(why), "{result:?}");
    }
}

#[test]
fn what_is_no_gate_is_named() {
    for (text, words) in [
        ("coverage", "it compares with nothing"),
        ("coverage<", "no number"),
        ("coverage<70%%", "no number"),
        ("coverage<nan", "no number"),
        ("unused>10%", "not a percentage"),
        ("coverage<1e9", "no percentage is as large"),
        ("wasted>1", "there are cost, unused, coverage"),
        (">1", "there are cost"),
    ] {
        let error = text.parse::<Gate>().expect_err(text).to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}
