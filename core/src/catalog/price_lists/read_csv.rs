//! Price lists as csv: a few lines about the file, the names of the columns, then a line for each rate.

use std::io::BufRead;

use csv::StringRecord;

use super::rates::{Rate, Terms};
use super::{About, ListKind, Outcome, Sink};
use crate::catalog::commitments::Payment;
use crate::schema::money::{MONEY_SCALE, from_text};

/// Lines before the names of the columns; AWS writes five.
const PREAMBLE_MAX: usize = 20;

/// Reads a list and hands on its rates.
pub(super) fn read(reader: &mut dyn BufRead, keep: Sink<'_>) -> Result<Outcome, String> {
    let mut lines = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(reader);
    let mut record = StringRecord::new();
    let mut about = About::default();
    for _ in 0..PREAMBLE_MAX {
        if !lines.read_record(&mut record).map_err(|error| error.to_string())? {
            break;
        }
        let cell = |at: usize| record.get(at).unwrap_or_default().trim().to_owned();
        match cell(0).trim_start_matches('\u{feff}') {
            "Publication Date" => about.published = cell(1),
            "OfferCode" => about.offer = cell(1),
            "SKU" => return rates(&mut lines, about, &record.clone(), keep),
            _ => {}
        }
    }
    Err("this is no price list of AWS: no line begins with SKU; fetch it as csv or JSON with `farthing catalog update`"
        .to_owned())
}

/// Where the columns of a list are.
#[derive(Debug)]
struct Columns<const N: usize>([usize; N]);

impl<const N: usize> Columns<N> {
    fn find(header: &StringRecord, names: [&str; N]) -> Result<Columns<N>, String> {
        let mut places = [0; N];
        for (place, name) in places.iter_mut().zip(names) {
            let found = header.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
            *place = found.ok_or_else(|| format!("it has no column {name}"))?;
        }
        Ok(Columns(places))
    }

    fn of<'r>(&self, record: &'r StringRecord) -> [&'r str; N] {
        self.0.map(|place| record.get(place).unwrap_or_default().trim())
    }
}

const PRICE_COLUMNS: [&str; 13] = [
    "TermType",
    "StartingRange",
    "Unit",
    "PricePerUnit",
    "Currency",
    "LeaseContractLength",
    "PurchaseOption",
    "OfferingClass",
    "serviceCode",
    "usageType",
    "operation",
    "Region Code",
    "Location",
];

const PLAN_COLUMNS: [&str; 11] = [
    "Unit",
    "DiscountedRate",
    "Currency",
    "DiscountedServiceCode",
    "DiscountedUsageType",
    "DiscountedOperation",
    "PurchaseOption",
    "LeaseContractLength",
    "LeaseContractLengthUnit",
    "Product Family",
    "DiscountedRegionCode",
];

fn rates<R: BufRead>(
    lines: &mut csv::Reader<R>,
    about: About,
    header: &StringRecord,
    keep: Sink<'_>,
) -> Result<Outcome, String> {
    let is_plan = header.iter().any(|column| column.trim() == "DiscountedRate");
    let kind = if is_plan { ListKind::SavingsPlans } else { ListKind::Prices };
    let mut outcome = Outcome { kind, about, entries: 0, passed_over: 0 };
    match is_plan {
        true => {
            let columns = Columns::find(header, PLAN_COLUMNS)?;
            each(lines, &mut outcome, keep, |record| plan_rate(columns.of(record)))?;
        }
        false => {
            let columns = Columns::find(header, PRICE_COLUMNS)?;
            each(lines, &mut outcome, keep, |record| price(columns.of(record)))?;
        }
    }
    Ok(outcome)
}

fn each<R: BufRead>(
    lines: &mut csv::Reader<R>,
    outcome: &mut Outcome,
    keep: Sink<'_>,
    rate: impl for<'r> Fn(&'r StringRecord) -> Result<Option<Rate<'r>>, String>,
) -> Result<(), String> {
    let mut record = StringRecord::new();
    while lines.read_record(&mut record).map_err(|error| error.to_string())? {
        let line = record.position().map_or(0, csv::Position::line);
        let told = |detail: String| format!("line {line}: {detail}");
        match rate(&record).map_err(told)? {
            Some(rate) => {
                outcome.entries += 1;
                keep(&outcome.about, &rate).map_err(told)?;
            }
            None => outcome.passed_over += 1,
        }
    }
    Ok(())
}

/// A line of an offer's list; none where it states no rate in US dollars for a usage type.
fn price<'r>(cells: [&'r str; PRICE_COLUMNS.len()]) -> Result<Option<Rate<'r>>, String> {
    let [term, begins, unit, price, currency, lease, purchase, class, service, usage_type, operation, region, place] =
        cells;
    if currency != "USD" || usage_type.is_empty() {
        return Ok(None);
    }
    let terms = match term {
        "OnDemand" => Terms::OnDemand,
        "Reserved" => Terms::Reserved {
            years: years(lease)?,
            is_convertible: class.eq_ignore_ascii_case("convertible"),
            payment: payment(purchase)?,
            is_upfront: unit == "Quantity",
        },
        // Terms that nobody can buy any more, or that are billed in other ways.
        _ => return Ok(None),
    };
    let region = if region.is_empty() && place != "Any" { place } else { region };
    Ok(Some(Rate { service, region, usage_type, operation, terms, unit, begins, price: amount(price)? }))
}

/// A line of a list of Savings Plan rates.
fn plan_rate<'r>(cells: [&'r str; PLAN_COLUMNS.len()]) -> Result<Option<Rate<'r>>, String> {
    let [unit, price, currency, service, usage_type, operation, purchase, lease, lease_unit, plan, region] = cells;
    if currency != "USD" || usage_type.is_empty() {
        return Ok(None);
    }
    let terms = Terms::SavingsPlan {
        plan: plan.to_owned(),
        years: years(&format!("{lease}{lease_unit}"))?,
        payment: payment(purchase)?,
    };
    Ok(Some(Rate { service, region, usage_type, operation, terms, unit, begins: "0", price: amount(price)? }))
}

/// `1yr`, `3year`.
pub(super) fn years(text: &str) -> Result<u8, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic() || letter == ' ');
    let is_years = text[digits.len()..].trim().starts_with('y');
    digits.trim().parse().ok().filter(|_| is_years).ok_or_else(|| format!("the term `{text}` is no number of years"))
}

pub(super) fn payment(text: &str) -> Result<Payment, String> {
    Payment::parse(text).ok_or_else(|| format!("the payment option `{text}` is not known"))
}

pub(super) fn amount(text: &str) -> Result<i128, String> {
    match from_text(text, MONEY_SCALE) {
        Some(amount) if amount.units >= 0 => Ok(amount.units),
        _ => Err(format!("the price `{text}` is no amount")),
    }
}
