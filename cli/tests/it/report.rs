//! The report as a page: hostile names stay text, and nothing is loaded.

use farthing_fixtures::Fault;

use crate::bill::Place;

const HOSTILE: [&str; 5] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(2)>",
    "=HYPERLINK(1)",
    "{{ 7*7 }}",
    "\u{202e}drawkcab\u{1b}[31m",
];

/// A bill whose tags, accounts and services have hostile names.
fn hostile() -> Place {
    let place = Place::empty();
    let mut text = String::from(
        "bill_payer_account_id,line_item_usage_account_id,line_item_usage_account_name,line_item_currency_code,\
         bill_billing_period_start_date,line_item_usage_start_date,line_item_line_item_type,line_item_product_code,\
         line_item_usage_type,line_item_unblended_cost,line_item_resource_id,resource_tags\n",
    );
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    for (at, name) in HOSTILE.iter().enumerate() {
        let tags = quoted(&serde_json::json!({"user_team": name}).to_string());
        let (name, day) = (quoted(name), at + 1);
        for month in ["2026-09", "2026-10"] {
            text.push_str(&format!(
                "999900000000,00000000000{at},{name},USD,{month}-01T00:00:00Z,{month}-0{day}T00:00:00Z,Usage,{name},{name},\
                 1{at}.5,{name},{tags}\n"
            ));
        }
    }
    std::fs::write(place.path("bill.csv"), text).unwrap();
    place
}

#[test]
fn a_page_loads_nothing_and_escapes_everything() {
    let place = hostile();
    let page = place.stdout("report bill.csv --format html");
    for tag in ["<script", "<img", "<link", "<iframe", "onerror=alert(2)>\"", "@import", "url("] {
        assert!(!page.contains(tag), "{tag}");
    }
    for shown in ["&lt;script&gt;alert(1)", "=HYPERLINK(1)", "{{ 7*7 }}", "drawkcab"] {
        assert!(page.contains(shown), "{shown}");
    }
    assert!(!page.chars().any(|c| c != '\n' && farthing::render::is_control(c)), "a control character is left");
    assert!(page.contains("default-src 'none'; style-src 'sha256-") && page.contains("lang=\"en\""));
    assert!(page.contains("<svg") && page.contains("role=\"img\" aria-label=\""));
    let addresses = page.matches("://").count();
    assert_eq!(addresses, page.matches("http://www.w3.org/2000/svg").count(), "only names of SVG look like addresses");
}

#[test]
fn the_ending_or_the_format_chooses_the_form() {
    let place = Place::with_bill();
    place.farthing("report bill -o a.html b.xlsx c.md --format html").assert().success();
    for file in ["a.html", "b.xlsx", "c.md"] {
        assert!(std::fs::read_to_string(place.path(file)).unwrap().starts_with("<!doctype html>"), "{file}");
    }
    place.farthing("report bill -o a.html b.xlsx").assert().success();
    assert!(std::fs::read(place.path("b.xlsx")).unwrap().starts_with(b"PK"));
    let again = place.farthing("report bill --format xlsx --threads 1").output().unwrap().stdout;
    assert_eq!(std::fs::read(place.path("b.xlsx")).unwrap(), again, "the same report is the same file");
}

#[test]
fn a_page_without_figures_is_not_written() {
    let place = Place::with_faults(vec![Fault::DropNegationRow]);
    let output = place.farthing("report bill -o report.html").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    if let Ok(page) = std::fs::read_to_string(place.path("report.html")) {
        assert!(page.contains("A check failed"), "a failed check is the first thing that a reader sees");
    }
}
