//! The ledgers that a store keeps, in every form.

use serde_json::{Value, json};

use super::csv::{Sheet, safe_text};
use super::grid::Grid;
use super::markdown::Page;
use super::{bytes_text, count_text, periods_text};
use crate::ledger::store::{BillSum, Listed};

/// What can be said of a kept ledger, in a word or a sentence.
fn state(listed: &Listed) -> String {
    match &listed.entry {
        Err(fault) => format!("cannot be used: {fault}"),
        Ok(_) if listed.superseded => "superseded".to_owned(),
        Ok(_) => "current".to_owned(),
    }
}

fn bills(listed: &Listed) -> &[BillSum] {
    listed.entry.as_ref().map_or(&[], |entry| &entry.sums.bills)
}

fn status(bill: &BillSum) -> &'static str {
    if bill.is_invoiced { "invoiced" } else { "open" }
}

/// For people: one row for each ledger.
pub fn grid(all: &[Listed]) -> Grid {
    let mut grid =
        Grid::with_columns(&["Delivery", "Payers", "Periods", ">Rows", ">Files", ">Size", "State", "Ledger"]);
    for listed in all {
        let distinct = |pick: fn(&BillSum) -> &String| {
            let mut texts: Vec<String> = bills(listed).iter().map(|bill| pick(bill).clone()).collect();
            texts.sort();
            texts.dedup();
            texts
        };
        let (delivery, files) = match &listed.entry {
            Ok(entry) => (entry.delivery.clone(), count_text(entry.files.len() as u64)),
            Err(_) => (String::new(), String::new()),
        };
        grid.push([
            delivery,
            distinct(|bill| &bill.payer).join(", "),
            periods_text(&distinct(|bill| &bill.period)),
            count_text(bills(listed).iter().map(|bill| bill.rows).sum()),
            files,
            bytes_text(listed.bytes),
            state(listed),
            listed.name.clone(),
        ]);
    }
    grid
}

/// `farthing.store/1`: one object for each ledger.
pub fn json(all: &[Listed]) -> Value {
    let row = |listed: &Listed| {
        let bill = |bill: &BillSum| json!({"payer": bill.payer, "period": bill.period, "currency": bill.currency, "rows": bill.rows, "status": status(bill)});
        let entry = listed.entry.as_ref().ok();
        let files = entry.map(|entry| {
            let file = |(file, sha256): (&crate::ledger::store::FileKey, &String)| {
                json!({"file": file.file, "bytes": file.bytes, "sha256": sha256})
            };
            entry.files.iter().zip(&entry.sha256).map(file).collect::<Vec<Value>>()
        });
        json!({
            "ledger": listed.name,
            "bytes": listed.bytes,
            "state": state(listed),
            "delivery": entry.map(|entry| entry.delivery.as_str()),
            "content": entry.map(|entry| entry.key.content.as_str()),
            "bills": bills(listed).iter().map(bill).collect::<Vec<Value>>(),
            "files": files,
        })
    };
    json!({
        "schema": "farthing.store/1",
        "version": env!("CARGO_PKG_VERSION"),
        "rows": all.iter().map(row).collect::<Vec<Value>>(),
        "totals": {"ledgers": all.len(), "bytes": all.iter().map(|listed| listed.bytes).sum::<u64>()},
    })
}

/// One line for each payer's month of each ledger.
pub fn csv(all: &[Listed]) -> String {
    let names = ["ledger", "delivery", "payer", "period", "currency", "rows", "status", "bytes", "state"];
    let mut sheet = Sheet::new(names.map(str::to_owned).into());
    for listed in all {
        let delivery = listed.entry.as_ref().map_or("", |entry| &entry.delivery);
        let mut line = |bill: [String; 5]| {
            let mut cells = vec![safe_text(&listed.name), safe_text(delivery)];
            cells.extend(bill);
            cells.extend([listed.bytes.to_string(), safe_text(&state(listed))]);
            sheet.push(cells);
        };
        if bills(listed).is_empty() {
            line(Default::default());
        }
        for bill in bills(listed) {
            let (payer, period) = (safe_text(&bill.payer), safe_text(&bill.period));
            line([payer, period, safe_text(&bill.currency), bill.rows.to_string(), status(bill).to_owned()]);
        }
    }
    sheet.text()
}

/// As [`grid`], for documents.
pub fn markdown(all: &[Listed]) -> String {
    let mut page = Page::titled("Kept ledgers");
    page.table(&grid(all));
    page.text
}
