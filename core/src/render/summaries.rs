//! The certificate, the inventory and recommendations as tables for people.

use super::grid::{Grid, TOTAL_TEXT, member_text, money_column};
use super::{bytes_text, count_text, counted, mark, period_cost};
use crate::ingest::pages::PageCount;
use crate::ingest::{Delivery, Inventory};
use crate::reconcile::certificate::{Certificate, Skipped};
use crate::reconcile::page_checksums;
use crate::report::recommendations::Recommendations;
use crate::schema::charges::Metric;
use crate::schema::money::display_cents;
use crate::schema::recommendations::Standing;
use crate::schema::values::day_text;

/// The checks: mark, number, title and what was found.
pub fn checks(certificate: &Certificate) -> Grid {
    let mut grid = Grid::with_columns(&["", "Check", "Title", "Figure", "Detail"]);
    for check in &certificate.checks {
        let figure = check.figure.as_deref().unwrap_or("");
        grid.push([mark(check.verdict), &check.id, &check.title, figure, &check.detail]);
    }
    grid
}

/// One sentence on what could be saved.
pub fn savings_sentence(answer: &Recommendations) -> String {
    let in_total = answer.rows.iter().filter(|row| row.grade.is_in_total()).count();
    let saved = display_cents(answer.together_monthly());
    let of = display_cents(answer.cost_monthly);
    let potential = display_cents(answer.potential_monthly);
    let stories = answer.rows.len() - in_total;
    format!(
        "{saved} {} a month of {of} can be saved, by {}{}; {} more are likely stories worth up to {potential}, outside that sum",
        answer.currency,
        counted(answer.together_count() as u64, "recommendation"),
        if answer.waterfall.is_some() { " followed together" } else { "" },
        count_text(stories as u64),
    )
}

/// Recommendations, the greatest saving first, with the sum of those that are in the total.
pub fn recommendations(answer: &Recommendations) -> Grid {
    let savings = format!(">{}/month", answer.currency);
    let mut titles = vec![savings.as_str(), "Grade", "Detector", "Account", "Region", "What", "From", "To"];
    let (has_months, has_owners) =
        (answer.rows.iter().any(|row| row.standing.is_some()), answer.rows.iter().any(|row| row.owner.is_some()));
    titles.extend(has_months.then_some("Since"));
    titles.extend(has_owners.then_some("Owner"));
    let mut grid = Grid::with_columns(&titles);
    let (counted, others): (Vec<_>, Vec<_>) = answer.rows.iter().partition(|row| row.grade.is_in_total());
    let parts: Vec<Option<i128>> = counted.iter().map(|row| Some(row.savings_monthly)).collect();
    let mut amounts = money_column(&parts, Some(answer.savings_monthly));
    amounts.extend(others.iter().map(|row| format!("({})", display_cents(row.savings_monthly))));
    for (row, amount) in counted.into_iter().chain(others).zip(&amounts) {
        let what = row.resource_id.as_deref().map_or(row.title.as_str(), name_in_arn);
        let mut cells = vec![
            amount.as_str(),
            row.grade.name(),
            row.detector,
            &row.sub_account_id,
            &row.region_id,
            what,
            &row.current,
            &row.target,
        ];
        let since = |standing: &Standing| if standing.is_new { "new".to_owned() } else { standing.since.clone() };
        let since = row.standing.as_ref().map(since).unwrap_or_default();
        cells.extend(has_months.then_some(since.as_str()));
        cells.extend(has_owners.then_some(row.owner.as_deref().unwrap_or_default()));
        grid.push(cells);
    }
    let mut total = vec![String::new(); grid.columns.len()];
    total[0] = display_cents(answer.savings_monthly);
    total[1] = TOTAL_TEXT.to_owned();
    grid.total = (answer.rows.len() > 1).then_some(total);
    grid
}

/// What an ARN says beyond partition, service, region and account, which have columns of their own or follow from the
/// rest; other ids are themselves.
pub(super) fn name_in_arn(id: &str) -> &str {
    let name = id.strip_prefix("arn:").and_then(|rest| rest.splitn(5, ':').nth(4));
    name.filter(|name| !name.is_empty()).unwrap_or(id)
}

/// What is at fault in the checks that did not pass, at most `limit` for each.
pub fn findings(certificate: &Certificate, limit: usize) -> Grid {
    let mut grid = Grid::with_columns(&["Check", "Finding"]);
    for check in certificate.failures() {
        for finding in check.findings.iter().take(limit) {
            grid.push([check.id.as_ref(), finding]);
        }
        if check.findings.len() > limit {
            grid.push([check.id.as_ref(), &format!("and {} more", check.findings.len() - limit)]);
        }
    }
    grid
}

/// Payers' months with their sums. A metric that no month knows has no column.
pub fn billing_periods(certificate: &Certificate) -> Grid {
    let known = |metric: &Metric| certificate.periods.iter().any(|month| period_cost(month, *metric).is_some());
    let metrics: Vec<Metric> = Metric::ALL.iter().copied().filter(known).collect();
    let names: Vec<String> = metrics.iter().map(|metric| format!(">{}", metric.name())).collect();
    let mut titles = vec!["Payer", "Period", "Status", ">Rows", "Currency"];
    titles.extend(names.iter().map(String::as_str));
    let mut grid = Grid::with_columns(&titles);
    let one_currency = distinct(certificate.periods.iter().map(|month| month.currency.as_str())) == 1;
    let mut total = vec![TOTAL_TEXT.to_owned(), String::new(), String::new()];
    total.extend([count_text(certificate.periods.iter().map(|month| month.rows).sum()), String::new()]);
    let mut columns = Vec::with_capacity(metrics.len());
    for &metric in &metrics {
        let parts: Vec<Option<i128>> = certificate.periods.iter().map(|month| period_cost(month, metric)).collect();
        let sum = parts.iter().copied().flatten().sum();
        columns.push(money_column(&parts, one_currency.then_some(sum)));
        total.push(display_cents(sum));
    }
    for (index, month) in certificate.periods.iter().enumerate() {
        let rows = count_text(month.rows);
        let mut cells = vec![month.payer.as_str(), &month.period, month.status.name(), &rows, &month.currency];
        cells.extend(columns.iter().map(|column: &Vec<String>| column[index].as_str()));
        grid.push(cells);
    }
    grid.total = (one_currency && certificate.periods.len() > 1).then_some(total);
    grid
}

fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.collect::<std::collections::BTreeSet<_>>().len()
}

/// What each invoice adds up to, beside what was invoiced where that is known.
pub fn invoices(certificate: &Certificate) -> Grid {
    let tied = certificate.invoices.iter().any(|invoice| invoice.invoiced.is_some());
    let mut titles = vec!["Payer", "Invoice", ">Rows", "Currency", ">Bill"];
    if tied {
        titles.extend([">Invoiced", ">Difference"]);
    }
    let mut grid = Grid::with_columns(&titles);
    let one_currency = distinct(certificate.invoices.iter().map(|invoice| invoice.currency.as_str())) == 1;
    let amounts: Vec<Option<i128>> = certificate.invoices.iter().map(|invoice| Some(invoice.amount)).collect();
    let sum = amounts.iter().copied().flatten().sum();
    let dealt = money_column(&amounts, one_currency.then_some(sum));
    for (invoice, amount) in certificate.invoices.iter().zip(&dealt) {
        let difference = invoice.invoiced.map(|invoiced| invoice.amount - invoiced);
        let money = [invoice.invoiced, difference].map(|amount| money_column(&[amount], None).concat());
        let (id, rows) = (member_text(invoice.invoice_id.as_deref()), count_text(invoice.rows));
        let mut cells = vec![invoice.payer.as_str(), &id, &rows, &invoice.currency, amount];
        if tied {
            cells.extend([money[0].as_str(), money[1].as_str()]);
        }
        grid.push(cells);
    }
    if one_currency && certificate.invoices.len() > 1 {
        let rows = count_text(certificate.invoices.iter().map(|invoice| invoice.rows).sum());
        let mut total = vec![TOTAL_TEXT.to_owned(), String::new(), rows, String::new(), display_cents(sum)];
        total.resize(grid.columns.len(), String::new());
        grid.total = Some(total);
    }
    grid
}

/// The files that were read.
pub fn inputs(certificate: &Certificate) -> Grid {
    let mut grid = Grid::with_columns(&["File", ">Rows", ">Size", "SHA-256"]);
    for input in &certificate.inputs {
        grid.push([input.file.as_str(), &count_text(input.rows), &bytes_text(input.bytes), &input.sha256]);
    }
    grid
}

/// One sentence on the files that were read.
pub fn inputs_sentence(certificate: &Certificate) -> String {
    let rows = certificate.inputs.iter().map(|input| input.rows).sum();
    let bytes = certificate.inputs.iter().map(|input| input.bytes).sum();
    let files = certificate.inputs.len() as u64;
    format!("{} read, {}, {}", counted(files, "file"), counted(rows, "row"), bytes_text(bytes))
}

/// What was not computed, and why.
pub fn skipped(entries: &[&Skipped]) -> Grid {
    let mut grid = Grid::with_columns(&["What", "Reason"]);
    for entry in entries {
        grid.push([&entry.what, &entry.reason]);
    }
    grid
}

/// Payers' months and whether they may still change.
pub fn statuses(certificate: &Certificate) -> Grid {
    let mut grid = Grid::with_columns(&["Payer", "Period", "Currency", "Status", ">Rows", "Usage until"]);
    for month in &certificate.periods {
        let until = month.last_usage_day.map_or_else(|| "no usage".to_owned(), day_text);
        let rows = count_text(month.rows);
        grid.push([month.payer.as_str(), &month.period, &month.currency, month.status.name(), &rows, &until]);
    }
    grid
}

/// What is known of the integrity of the bytes that were read, a sentence each.
pub fn integrity(inventory: &Inventory, certificate: &Certificate) -> Vec<String> {
    let mut pages = PageCount::default();
    for input in &certificate.inputs {
        pages.add(PageCount { pages: input.pages, with_checksum: input.pages_with_checksum });
    }
    let (files, fetched) = (certificate.inputs.len(), inventory.fetched.len());
    let mut sentences = Vec::new();
    if fetched > 0 {
        let mut ways: Vec<&str> = inventory.fetched.values().map(|object| object.checked_by.as_str()).collect();
        ways.sort_unstable();
        ways.dedup();
        sentences.push(format!("{fetched} of {files} files came from S3, checked by {}", ways.join(", ")));
    }
    if fetched < files {
        let local = counted((files - fetched) as u64, "local file");
        sentences.push(format!("{local} without a checksum to compare with; the hashes below name what was read"));
    }
    sentences.extend(page_checksums(pages));
    sentences
}

/// The deliveries, one row each.
pub fn deliveries(inventory: &Inventory) -> Grid {
    let mut grid = Grid::with_columns(&[
        "Export",
        "Period",
        "Dialect",
        "Form",
        ">Files",
        ">Rows",
        ">Size",
        ">Columns",
        "Time",
        "Money",
        "Codec",
        "Written by",
        "Manifest",
    ]);
    for delivery in &inventory.deliveries {
        let rows = footer_rows(delivery.files.iter().map(|file| file.rows).sum());
        let bytes = bytes_text(delivery.files.iter().map(|file| file.bytes).sum());
        let files = count_text(delivery.files.len() as u64);
        let distinct = |name: fn(&crate::ingest::DeliveredFile) -> String| distinct_texts(delivery, name);
        grid.push([
            delivery.export.as_str(),
            delivery.period.as_deref().unwrap_or("not stated"),
            delivery.dialect.name(),
            &distinct(|file| file.form.clone()),
            &files,
            &rows,
            &bytes,
            &distinct(|file| file.columns.to_string()),
            &distinct(|file| file.time_encoding.clone()),
            &distinct(|file| file.money_encoding.clone()),
            &distinct(|file| file.codec.clone()),
            &distinct(|file| file.written_by.clone().unwrap_or_else(|| "not stated".to_owned())),
            if delivery.manifest.is_some() { "yes" } else { "none" },
        ]);
    }
    grid
}

/// Rows as footers tell; text has none.
fn footer_rows(rows: Option<u64>) -> String {
    rows.map_or_else(|| "counted while reading".to_owned(), count_text)
}

fn distinct_texts(delivery: &Delivery, text: fn(&crate::ingest::DeliveredFile) -> String) -> String {
    let mut texts: Vec<String> = delivery.files.iter().map(text).collect();
    texts.sort();
    texts.dedup();
    texts.join(", ")
}

/// The files, one row each.
pub fn files(inventory: &Inventory) -> Grid {
    let mut grid = Grid::with_columns(&["File", "Form", ">Rows", ">Size", ">Row groups", ">Columns", "Written by"]);
    for file in inventory.deliveries.iter().flat_map(|delivery| &delivery.files) {
        grid.push([
            file.file.as_str(),
            &file.form,
            &footer_rows(file.rows),
            &bytes_text(file.bytes),
            &count_text(file.row_groups as u64),
            &count_text(file.columns as u64),
            file.written_by.as_deref().unwrap_or("not stated"),
        ]);
    }
    grid
}

/// What can be computed from the columns there are, and what cannot.
pub fn capabilities(inventory: &Inventory) -> Grid {
    let mut grid = Grid::with_columns(&["", "What", "From, or why not"]);
    for capability in &inventory.capabilities {
        grid.push([if capability.available { "✓" } else { "–" }, &capability.name, &capability.reason]);
    }
    grid
}

/// One sentence on what is there.
pub fn inventory_sentence(inventory: &Inventory) -> String {
    let files: Vec<_> = inventory.deliveries.iter().flat_map(|delivery| &delivery.files).collect();
    let rows = match inventory.rows() {
        Some(rows) => counted(rows, "row"),
        None => "rows of text that are counted while they are read".to_owned(),
    };
    let bytes = files.iter().map(|file| file.bytes).sum();
    let deliveries = match inventory.deliveries.len() {
        1 => "1 delivery".to_owned(),
        count => format!("{} deliveries", count_text(count as u64)),
    };
    format!("{deliveries}, {}, {}, {}", counted(files.len() as u64, "file"), rows, bytes_text(bytes))
}

#[cfg(test)]
mod tests {
    use super::name_in_arn;

    #[test]
    fn an_arn_is_shown_by_its_name() {
        for (id, name) in [
            ("arn:aws:ec2:us-east-1:000123456789:natgateway/nat-0c", "natgateway/nat-0c"),
            ("arn:aws:rds:eu-west-1:000123456789:db:app", "db:app"),
            ("arn:aws:s3:::archive", "archive"),
            ("vol-0d74", "vol-0d74"),
            ("arn:short", "arn:short"),
            ("arn:aws:s3:::", "arn:aws:s3:::"),
        ] {
            assert_eq!(name_in_arn(id), name);
        }
    }
}
