//! Checks of what was delivered: R1, R2, R3, R4, R10, R12 and R19.

use std::collections::{BTreeMap, BTreeSet};

use super::certificate::{Check, Severity, Verdict};
use super::{BillFacts, Bills, shown, verdict_of};
use crate::ingest::pages::PageCount;
use crate::ingest::{DeliveredFile, Inventory};
use crate::ledger::Ledger;
use crate::ledger::gather::hours_in_period;
use crate::schema::charges::Text;
use crate::schema::filter::NONE_TEXT;
use crate::schema::money::display_cents;
use crate::schema::values::{CommitmentStatus, day_text};

/// R1: one delivery for each payer and period, and no file twice.
pub(super) fn one_delivery(ledger: &Ledger, inventory: &Inventory, hashes: &[String]) -> Check {
    let mut findings = Vec::new();
    let mut by_hash: BTreeMap<&String, Vec<&str>> = BTreeMap::new();
    for (file, hash) in inventory.files().zip(hashes) {
        by_hash.entry(hash).or_default().push(&file.file);
    }
    for files in by_hash.values().filter(|files| files.len() > 1) {
        findings.push(format!("the same bytes are read {} times: {}", files.len(), files.join(", ")));
    }
    let mut deliveries: BTreeMap<(String, String), BTreeSet<u32>> = BTreeMap::new();
    for (key, _) in ledger.audit.iter().filter(|(key, _)| key.bill != u32::MAX) {
        let bill = ledger.bills.key(key.bill);
        let payer = ledger.names.get(Text::BillingAccountId, bill.payer).unwrap_or(NONE_TEXT).to_owned();
        deliveries
            .entry((payer, ledger.period(bill.period)))
            .or_default()
            .insert(ledger.files[key.file as usize].delivery);
    }
    findings.extend(ledger.repeats.iter().cloned());
    let count = deliveries.len();
    for ((payer, period), numbers) in deliveries.into_iter().filter(|(_, numbers)| numbers.len() > 1) {
        let names: Vec<String> = numbers.iter().filter_map(|&number| delivery_name(inventory, number)).collect();
        findings.push(format!(
            "payer {payer}, period {period} is delivered {} times: {}",
            names.len(),
            names.join(", ")
        ));
    }
    Check {
        id: "R1".into(),
        title: "one delivery for each payer and period".into(),
        severity: Severity::Error,
        verdict: if count == 0 { Verdict::NotRun } else { verdict_of(&findings, Verdict::Fail) },
        detail: if count == 0 {
            "no rows".to_owned()
        } else if findings.is_empty() {
            format!("{count} payer-periods, each delivered once; no file twice")
        } else {
            "something is counted more than once: leave one of them out".to_owned()
        },
        figure: Some(findings.len().to_string()),
        findings: shown(findings),
    }
}

fn delivery_name(inventory: &Inventory, number: u32) -> Option<String> {
    let delivery = inventory.deliveries.get(number as usize)?;
    let from = delivery.manifest.as_ref().map(|path| path.display().to_string());
    let first = || delivery.files.first().map(|file| file.file.clone());
    from.or_else(first).map(|place| format!("{} in {} ({place})", delivery.export, delivery.dialect.name()))
}

/// R2: the files that were read are those of the manifests.
pub(super) fn files_are_the_manifest(inventory: &Inventory) -> Check {
    let with = inventory.deliveries.iter().filter(|delivery| delivery.manifest.is_some());
    let (deliveries, files) = with.fold((0, 0), |(count, files), delivery| (count + 1, files + delivery.files.len()));
    let without = inventory.deliveries.len() - deliveries;
    let empty: Vec<String> =
        inventory.files().filter(|file| file.bytes == 0).map(|file| format!("{} is empty", file.file)).collect();
    let verdict = match deliveries {
        0 => Verdict::NotRun,
        _ => verdict_of(&empty, Verdict::Fail),
    };
    Check {
        id: "R2".into(),
        title: "files read are the manifest's files".into(),
        severity: Severity::Error,
        verdict,
        detail: match (deliveries, without) {
            (0, _) => "no manifest was given, so the files found are taken for the bill".to_owned(),
            (_, 0) => format!("{files} files of {deliveries} manifests, each of them there"),
            (_, without) => format!("{files} files of {deliveries} manifests; {without} deliveries have no manifest"),
        },
        figure: (deliveries > 0).then(|| files.to_string()),
        findings: shown(empty),
    }
}

/// R3: every row of the footers is in the ledger, once; of text, which has no footers, every row that was read.
pub(super) fn rows_in_are_rows_out(ledger: &Ledger, inventory: &Inventory) -> Check {
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    for (key, cell) in ledger.audit.iter() {
        *counted.entry(ledger.files[key.file as usize].file.as_str()).or_default() += cell.rows;
    }
    for ((file, ..), cell) in &ledger.foreign {
        *counted.entry(ledger.files[*file as usize].file.as_str()).or_default() += cell.rows;
    }
    let read = |file: &str| ledger.files.iter().filter(|known| known.file == file).map(|known| known.rows_read).sum();
    let mut due: BTreeMap<&str, u64> = BTreeMap::new();
    let mut text = 0;
    for file in inventory.files() {
        *due.entry(file.file.as_str()).or_default() += file.rows.unwrap_or_else(|| {
            let rows = read(&file.file);
            text += rows;
            rows
        });
    }
    let findings: Vec<String> = due
        .iter()
        .filter(|(file, rows)| counted.get(*file).copied().unwrap_or(0) != **rows)
        .map(|(file, rows)| format!("{file}: {rows} rows due, {} counted", counted.get(file).copied().unwrap_or(0)))
        .collect();
    let (rows, out): (u64, u64) = (due.values().sum(), counted.values().sum());
    Check {
        id: "R3".into(),
        title: "rows in are rows out".into(),
        severity: Severity::Error,
        verdict: if rows == 0 { Verdict::NotRun } else { verdict_of(&findings, Verdict::Fail) },
        detail: if rows == 0 { "the files have no rows".to_owned() } else { counted_sentence(ledger, rows, text, out) },
        figure: Some((i128::from(rows) - i128::from(out)).to_string()),
        findings: shown(findings),
    }
}

/// How many rows there were to count, of which `text` had no footer, how many were counted, and what became of them.
fn counted_sentence(ledger: &Ledger, rows: u64, text: u64, counted: u64) -> String {
    let split: u64 = ledger.audit.iter().filter(|(key, _)| key.bill == u32::MAX).map(|(_, cell)| cell.rows).sum();
    let foreign: u64 = ledger.foreign.values().map(|cell| cell.rows).sum();
    let derived: u64 = ledger.audit.iter().map(|(_, cell)| cell.derived).sum();
    let due = match text {
        0 => format!("{rows} rows in footers"),
        _ if text == rows => format!("{rows} rows of text, which has no footers, as they were read"),
        _ => format!("{} rows in footers and {text} of text as they were read", rows - text),
    };
    let aside = match foreign {
        0 => format!("{split} of them split cost"),
        foreign => format!("{split} of them split cost, {foreign} of other providers"),
    };
    let unused = match unused_rows(ledger) {
        0 => format!("{derived} charges derived from unused commitment"),
        rows if ledger.is_all_focus() => format!("{rows} rows are unused commitment, which a CUR has no rows for"),
        rows => format!("{derived} charges derived from unused commitment, for which FOCUS has {rows} rows"),
    };
    format!("{due}, {counted} counted ({aside}); {unused}")
}

/// Rows of FOCUS that are unused commitment.
fn unused_rows(ledger: &Ledger) -> u64 {
    let mut rows = 0;
    ledger.daily.by_group(|group, days| {
        let kind = ledger.kinds.key(group.kind);
        if kind.charge.is_focus() && kind.commitment_status == CommitmentStatus::Unused as u8 {
            rows += days.map(|(_, cell)| u64::from(cell.costs.rows)).sum::<u64>();
        }
    });
    rows
}

/// R10: every row's billing period is its delivery's; usage outside it is summed and shown.
pub(super) fn period(ledger: &Ledger, inventory: &Inventory, bills: &Bills) -> Check {
    let mut wrong = BTreeSet::new();
    for (key, _) in ledger.audit.iter().filter(|(key, _)| key.bill != u32::MAX) {
        let file = &ledger.files[key.file as usize];
        let stated = inventory.deliveries.get(file.delivery as usize).and_then(|delivery| delivery.period.as_ref());
        let found = &bills.at(key.bill).period;
        if let Some(stated) = stated.filter(|stated| *stated != found) {
            wrong.insert(format!("{} has rows of {found} in the delivery of {stated}", file.file));
        }
    }
    let findings: Vec<String> = wrong.into_iter().collect();
    let outside: Vec<&BillFacts> = bills.all.iter().filter(|bill| bill.cell.outside.0 > 0).collect();
    let rows: u64 = outside.iter().map(|bill| bill.cell.outside.0).sum();
    let shares: Vec<String> = outside
        .iter()
        .map(|bill| {
            format!(
                "{}: {} rows, {} {}",
                bill.name(),
                bill.cell.outside.0,
                display_cents(bill.cell.outside.1),
                bill.currency
            )
        })
        .collect();
    let verdict = if bills.all.is_empty() { Verdict::NotRun } else { verdict_of(&findings, Verdict::Fail) };
    let detail = match (findings.is_empty(), rows) {
        (false, _) => "rows belong to another period than their delivery".to_owned(),
        (true, 0) => "every row is of its delivery's period, and its usage starts inside it".to_owned(),
        (true, rows) => {
            format!("every row is of its delivery's period; {rows} rows are about other days ({})", shares.join("; "))
        }
    };
    let detail = match ledger.undated {
        0 => detail,
        undated => format!(
            "{detail}; {undated} rows state no usage start and are counted on the first day of their billing period"
        ),
    };
    Check {
        id: "R10".into(),
        title: "billing periods".into(),
        severity: Severity::Error,
        verdict,
        detail,
        figure: Some(rows.to_string()),
        findings: shown(findings),
    }
}

/// R12: no day, and in hourly bills no hour, of a closed month is without usage between days that have some.
pub(super) fn coverage(bills: &Bills) -> Check {
    let mut findings = Vec::new();
    let mut days_checked = 0;
    for bill in &bills.all {
        let days = days_with_usage(bill);
        let (Some(&first), Some(&last)) = (days.first(), days.last()) else { continue };
        let end = if bill.is_invoiced() { hours_in_period(bill.cell.start) / 24 - 1 } else { last };
        let begin = if bill.is_invoiced() { 0 } else { first };
        days_checked += end - begin + 1;
        let start_day = bill.cell.start.div_euclid(86_400) as i32;
        let missing: Vec<String> =
            (begin..=end).filter(|day| !days.contains(day)).map(|day| day_text(start_day + day as i32)).collect();
        if !missing.is_empty() {
            findings.push(format!("{}: no usage on {}", bill.name(), missing.join(", ")));
        }
        let hours = missing_hours(bill, &days);
        if hours > 0 {
            findings.push(format!("{}: {hours} hours without usage inside days that have some", bill.name()));
        }
    }

    Check {
        id: "R12".into(),
        title: "no holes in time".into(),
        severity: Severity::Warning,
        verdict: if days_checked == 0 { Verdict::NotRun } else { verdict_of(&findings, Verdict::Warn) },
        detail: match (days_checked, findings.is_empty()) {
            (0, _) => "no usage rows".to_owned(),
            (days, true) => format!("{days} payer-days, each with usage"),
            (days, false) => format!("of {days} payer-days some have no usage: part of the delivery may be missing"),
        },
        figure: Some(findings.len().to_string()),
        findings: shown(findings),
    }
}

/// Days of the period (0 is the first) with usage.
fn days_with_usage(bill: &BillFacts) -> Vec<i64> {
    let has_hour = |hour: i64| bill.cell.hours[(hour / 64) as usize] >> (hour % 64) & 1 == 1;
    let days = hours_in_period(bill.cell.start) / 24;
    (0..days).filter(|day| (day * 24..day * 24 + 24).any(has_hour)).collect()
}

/// Hours without usage inside days with usage, of a bill that is hourly throughout: nearly all days are whole.
fn missing_hours(bill: &BillFacts, days: &[i64]) -> i64 {
    let has_hour = |hour: i64| bill.cell.hours[(hour / 64) as usize] >> (hour % 64) & 1 == 1;
    let used = |day: i64| (day * 24..day * 24 + 24).filter(|&hour| has_hour(hour)).count() as i64;
    let whole = days.iter().filter(|&&day| used(day) == 24).count();
    if bill.cell.hourly_rows == 0 || whole * 10 < days.len() * 9 {
        return 0;
    }
    let inner = if bill.is_invoiced() { days } else { &days[..days.len() - 1] };
    inner.iter().map(|&day| 24 - used(day)).sum()
}

/// R4: what was read from S3 is of one generation. What is not has ended the run before there is a certificate.
pub(super) fn one_generation(inventory: &Inventory) -> Check {
    let is_fetched = |file: &DeliveredFile| inventory.fetched.contains_key(&file.file);
    let (objects, local): (Vec<_>, Vec<_>) = inventory.files().partition(|file| is_fetched(file));
    let manifests = inventory
        .deliveries
        .iter()
        .filter(|delivery| delivery.manifest.is_some() && delivery.files.iter().any(is_fetched))
        .count();
    let mut detail = match objects.len() {
        0 => "local files have no versions to compare".to_owned(),
        count => format!(
            "{count} objects read at the ETags that were listed; {manifests} manifests the same afterwards as before"
        ),
    };
    if !objects.is_empty() && !local.is_empty() {
        detail.push_str(&format!("; {} local files have no versions to compare", local.len()));
    }
    Check {
        id: "R4".into(),
        title: "one generation of the delivery".into(),
        severity: Severity::Error,
        verdict: if objects.is_empty() { Verdict::NotRun } else { Verdict::Pass },
        detail,
        figure: (!objects.is_empty()).then(|| objects.len().to_string()),
        findings: Vec::new(),
    }
}

/// What the checksums of pages tell, where there are pages.
pub fn page_checksums(pages: PageCount) -> Option<String> {
    let PageCount { pages, with_checksum } = pages;
    match with_checksum {
        _ if pages == 0 => None,
        0 => Some(format!(
            "none of the {pages} pages that were read carries a checksum, so a flipped bit that still decodes would \
             not be noticed"
        )),
        with if with == pages => Some(format!("each of the {pages} pages that were read was verified by its checksum")),
        with => Some(format!(
            "{with} of the {pages} pages that were read were verified by their checksums, the others carry none"
        )),
    }
}

/// R19: hashes of what was read, beside those of what came down.
pub(super) fn integrity(ledger: &Ledger, inventory: &Inventory, hashes: &[String]) -> Check {
    let mut checked: BTreeMap<&str, usize> = BTreeMap::new();
    let mut findings = Vec::new();
    for (file, hash) in inventory.files().zip(hashes) {
        let Some(fetched) = inventory.fetched.get(&file.file) else { continue };
        *checked.entry(&fetched.checked_by).or_default() += 1;
        if fetched.sha256 != *hash {
            findings.push(format!("{}: SHA-256 {} came down, {hash} was read", file.file, fetched.sha256));
        }
    }
    let files = inventory.files().count();
    let fetched: usize = checked.values().sum();
    let mut detail = format!("SHA-256 of {} of {files} files is in the list of inputs", hashes.len());
    if fetched > 0 {
        let ways: Vec<String> = checked.iter().map(|(way, count)| format!("{count} by {way}")).collect();
        detail.push_str(&format!(
            "; {} of {fetched} objects were read as they came down, where they were checked: {}",
            fetched - findings.len(),
            ways.join(", ")
        ));
    }
    if fetched < files {
        detail.push_str("; local files come with no checksum to compare it with");
    }
    let mut pages = PageCount::default();
    ledger.files.iter().for_each(|file| pages.add(file.pages));
    if let Some(sentence) = page_checksums(pages) {
        detail.push_str(&format!("; {sentence}"));
    }
    Check {
        id: "R19".into(),
        title: "integrity of the bytes".into(),
        severity: Severity::Error,
        verdict: if fetched == 0 { Verdict::NotRun } else { verdict_of(&findings, Verdict::Fail) },
        detail,
        figure: (fetched > 0).then(|| fetched.to_string()),
        findings: shown(findings),
    }
}
