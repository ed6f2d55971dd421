//! What a bill itself states of prices: the first layer of the catalog.

use super::facts::Facts;
use crate::catalog::lines::{PriceLine, is_hours_of, variant};
use crate::catalog::price_lists::rates::Terms;
use crate::error::{Error, Result};
use crate::ledger::tables::Ledger;
use crate::schema::money::divide_half_even;
use crate::schema::recommendations::PriceSource;

/// What AWS prints of an amount, ten decimals, in units of 1e-12: what a month's sums say of a price is no finer.
const PRINTED: i128 = 100;

/// Public on-demand prices of an hour of an instance type in a region, as the look-back of a bill states them.
///
/// # Errors
/// [`Error::NotAvailable`] for a bill without usage types, [`Error::Currencies`] for one in several currencies.
pub fn price_lines(ledger: &Ledger, instance_type: &str, region: &str) -> Result<Vec<PriceLine>> {
    let currencies = ledger.currencies();
    if let [currency] = currencies.as_slice()
        && currency != "USD"
    {
        let reason = format!("it is in {currency}, and price lists are in USD");
        return Err(Error::NotAvailable { what: "prices of this bill".to_owned(), reason });
    }
    if currencies.len() > 1 {
        return Err(Error::Currencies { currencies: currencies.join(", ") });
    }
    let facts = Facts::of(ledger, None);
    let line = |product: &super::facts::Product<'_>| {
        let price = facts.price(product.service, product.region, product.usage_type, product.operation)?;
        Some(PriceLine {
            service: product.service.to_owned(),
            variant: variant(product.operation),
            usage_type: product.usage_type.to_owned(),
            terms: Terms::OnDemand,
            unit: "Hrs".to_owned(),
            price: divide_half_even(price, PRINTED) * PRINTED,
            is_spread: false,
            source: PriceSource::Bill,
            origin: "the bill".to_owned(),
            as_of: facts.look_back.label(),
        })
    };
    let of_type =
        facts.products.iter().filter(|one| one.region == region && is_hours_of(one.usage_type, instance_type));
    Ok(of_type.filter_map(line).collect())
}
