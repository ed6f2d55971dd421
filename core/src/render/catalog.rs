//! The catalog as JSON, csv, Markdown and tables for people: what is known of an instance type, and what is kept.

use serde_json::{Value, json};

use super::csv::{Sheet, safe_text};
use super::grid::{self, Grid};
use super::{UNKNOWN, count_text, counted};
use crate::catalog::instance_types::InstanceType;
use crate::catalog::lines::PriceLine;
use crate::catalog::price_lists::Listed;
use crate::catalog::price_lists::folder::Kept;
use crate::catalog::price_lists::rates::Terms;
use crate::report::{Cell, ColumnKind, Section};
use crate::schema::money::{money_text, to_text};

/// What is known of an instance type in a region.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// The region.
    pub region: String,
    /// What it is, where that is known.
    pub described: Option<InstanceType>,
    /// Its prices.
    pub lines: Vec<PriceLine>,
}

impl Known {
    /// What it is in words: `2 vCPUs · 8 GiB · arm64 · nitro · Up to 12.5 Gigabit`.
    pub fn headline(&self) -> String {
        let Some(one) = &self.described else { return format!("{} is not described", self.name) };
        let gib = format!("{} GiB", f64::from(one.memory_mib) / 1024.0);
        let mut words = vec![counted(u64::from(one.vcpus), "vCPU"), gib];
        words.extend([&one.architecture, &one.hypervisor, &one.network].into_iter().flatten().cloned());
        words.extend(one.ebs_baseline_mbps.map(|mbps| format!("EBS {} Mbit/s", count_text(u64::from(mbps)))));
        words.extend(one.ebs_baseline_iops.map(|iops| format!("EBS {} IOPS", count_text(u64::from(iops)))));
        words.extend(one.local_storage_gb.map(|gb| format!("disks {} GB", count_text(u64::from(gb)))));
        words.extend(one.gpus.filter(|&gpus| gpus > 0).map(|gpus| counted(u64::from(gpus), "GPU")));
        words.extend(one.is_burstable.filter(|&burstable| burstable).map(|_| "burst credits".to_owned()));
        words.extend(one.is_current.filter(|&current| !current).map(|_| "previous generation".to_owned()));
        words.join(" · ")
    }
}

/// `farthing.catalog/1` of an instance type: a row for each price.
pub fn json(known: &Known) -> Value {
    let described = known.described.as_ref().map(|one| {
        json!({
            "instance_type": one.name,
            "vcpus": one.vcpus,
            "memory_mib": one.memory_mib,
            "architecture": one.architecture,
            "hypervisor": one.hypervisor,
            "network": one.network,
            "local_storage_gb": one.local_storage_gb,
            "ebs_baseline_mbps": one.ebs_baseline_mbps,
            "ebs_baseline_iops": one.ebs_baseline_iops,
            "gpus": one.gpus,
            "is_burstable": one.is_burstable,
            "is_current": one.is_current,
        })
    });
    document("show", known.lines.iter().map(|line| row(known, line)).collect(), json!({"described": described}))
}

fn document(what: &str, rows: Vec<Value>, extra: Value) -> Value {
    let mut document = json!({
        "schema": "farthing.catalog/1",
        "version": env!("CARGO_PKG_VERSION"),
        "what": what,
        "currency": "USD",
        "periods": [],
        "rows": rows,
        "totals": {},
        "checks": [],
        "skipped": [],
        "inputs": [],
    });
    if let (Some(document), Value::Object(extra)) = (document.as_object_mut(), extra) {
        document.extend(extra);
    }
    document
}

const COLUMNS: [&str; 14] = [
    "service",
    "instance_type",
    "region_id",
    "variant",
    "terms",
    "term_years",
    "offering_class",
    "payment",
    "unit",
    "price",
    "is_upfront_spread",
    "price_source",
    "origin",
    "as_of",
];

/// The cells of a price, as [`COLUMNS`].
fn cells(known: &Known, line: &PriceLine) -> [Value; COLUMNS.len()] {
    let (terms, years, class, payment): (Value, Value, Value, Value) = match &line.terms {
        Terms::OnDemand => ("on-demand".into(), Value::Null, Value::Null, Value::Null),
        Terms::Reserved { years, is_convertible, payment, .. } => {
            let class = if *is_convertible { "convertible" } else { "standard" };
            ("reserved".into(), (*years).into(), class.into(), payment.name().into())
        }
        Terms::SavingsPlan { plan, years, payment } => {
            (plan.as_str().into(), (*years).into(), Value::Null, payment.name().into())
        }
    };
    [
        line.service.as_str().into(),
        known.name.as_str().into(),
        known.region.as_str().into(),
        line.variant.as_str().into(),
        terms,
        years,
        class,
        payment,
        line.unit.as_str().into(),
        money_text(line.price).into(),
        line.is_spread.into(),
        line.source.name().into(),
        line.origin.as_str().into(),
        line.as_of.as_str().into(),
    ]
}

fn row(known: &Known, line: &PriceLine) -> Value {
    let pairs = COLUMNS.iter().map(|name| (*name).to_owned()).zip(cells(known, line));
    Value::Object(pairs.collect())
}

/// The prices as a table for people.
pub fn table(known: &Known) -> Grid {
    grid::section(&section(known))
}

/// The prices as Markdown.
pub fn markdown(known: &Known) -> String {
    let title = format!("{} in {}", known.name, known.region);
    super::markdown::sections(&title, &known.headline(), &[section(known)], &[])
}

fn section(known: &Known) -> Section {
    let columns = ["Service", "Runs", "Terms", "Unit", "Price", "As of", "From"];
    let kind = |name: &str| if name == "Price" { ColumnKind::Number } else { ColumnKind::Text };
    let rows = known.lines.iter().map(|line| {
        let terms = line.terms.text() + if line.is_spread { ", spread over the hours" } else { "" };
        let texts =
            [&line.service, &line.variant, &terms, &line.unit, &to_text(line.price, 12, 4), &line.as_of, &line.origin];
        texts.map(|text| Cell::Text(text.to_owned())).to_vec()
    });
    Section {
        id: "prices",
        title: "Prices".to_owned(),
        note: String::new(),
        columns: columns.map(|name| (name.to_owned(), kind(name))).to_vec(),
        rows: rows.collect(),
        total: None,
    }
}

/// What was imported, a row for each file.
pub fn imported(listed: &[Listed]) -> Grid {
    let mut grid = Grid::with_columns(&["File", "What", "Offer", "Published", ">Entries", "Regions", ">Passed over"]);
    for one in listed {
        let regions = match one.regions.as_slice() {
            [] => UNKNOWN.to_owned(),
            few if few.len() <= 3 => few.join(", "),
            many => counted(many.len() as u64, "region"),
        };
        grid.push([
            one.file.as_str(),
            one.kind.name(),
            &one.offer,
            &one.published,
            &count_text(one.entries),
            &regions,
            &count_text(one.passed_over),
        ]);
    }
    grid
}

/// `farthing.catalog/1` of imported files.
pub fn imported_json(listed: &[Listed]) -> Value {
    let row = |one: &Listed| {
        json!({
            "file": one.file,
            "what": one.kind.name(),
            "offer": one.offer,
            "published": one.published,
            "entries": one.entries,
            "regions": one.regions,
            "passed_over": one.passed_over,
        })
    };
    document("import", listed.iter().map(row).collect(), json!({}))
}

/// What a folder keeps, a row for each offer and region.
pub fn kept(all: &[Kept]) -> Grid {
    let mut grid = Grid::with_columns(&["Offer", "Region", ">Rates", "Published", "From"]);
    for one in all {
        grid.push([one.offer.as_str(), &one.region, &count_text(one.rates), &one.published, &one.origin]);
    }
    grid
}

/// `farthing.catalog/1` of what a folder keeps.
pub fn kept_json(all: &[Kept]) -> Value {
    let row = |one: &Kept| {
        json!({
            "offer": one.offer,
            "region_id": one.region,
            "rates": one.rates,
            "published": one.published,
            "origin": one.origin,
        })
    };
    document("kept", all.iter().map(row).collect(), json!({}))
}

/// The rows of a document as a csv: its columns are the keys of the first.
pub fn rows_csv(document: &Value) -> String {
    let rows = document["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<String> =
        rows.first().and_then(Value::as_object).map(|row| row.keys().cloned().collect()).unwrap_or_default();
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => safe_text(text),
        Value::Array(all) => safe_text(&all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")),
        other => other.to_string(),
    };
    let mut sheet = Sheet::new(names.clone());
    rows.iter().for_each(|row| sheet.push(names.iter().map(|name| text(&row[name])).collect()));
    sheet.text()
}

/// A titled table as Markdown.
pub fn grid_markdown(title: &str, grid: &Grid) -> String {
    let mut page = super::markdown::Page::titled(title);
    page.table(grid);
    page.text
}
