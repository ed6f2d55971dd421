//! Price lists and their indexes as JSON, read as a stream: only the names of products are held, never the file.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::io::BufRead;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};

use super::rates::{Rate, Terms};
use super::read_csv::{amount, payment, years};
use super::{About, ListKind, Outcome, Sink};

/// Reads a list or an index and hands on its rates.
pub(super) fn read(reader: &mut dyn BufRead, keep: Sink<'_>) -> Result<Outcome, String> {
    let mut json = serde_json::Deserializer::from_reader(reader);
    let state = State { keep: RefCell::new(keep), about: RefCell::default(), region: RefCell::default() };
    let found = json.deserialize_map(Document(&state)).map_err(|error| error.to_string())?;
    json.end().map_err(|error| error.to_string())?;
    let kind = found.kind.ok_or("this is neither a price list of AWS nor an index of them")?;
    Ok(Outcome { kind, about: state.about.into_inner(), entries: found.entries, passed_over: found.passed_over })
}

/// What the parts of a document share.
struct State<'a> {
    keep: RefCell<Sink<'a>>,
    about: RefCell<About>,
    /// The region of a whole file.
    region: RefCell<String>,
}

impl State<'_> {
    fn keep<E: de::Error>(&self, rate: &Rate<'_>) -> Result<(), E> {
        (self.keep.borrow_mut())(&self.about.borrow(), rate).map_err(E::custom)
    }
}

#[derive(Default)]
struct Contents {
    kind: Option<ListKind>,
    entries: u64,
    passed_over: u64,
}

/// A product of an offer: service, region, usage type, operation.
type Products = HashMap<String, Product>;

#[derive(Debug, Clone)]
struct Product {
    service: String,
    region: String,
    usage_type: String,
    operation: String,
}

/// The document.
struct Document<'s, 'a>(&'s State<'a>);

impl<'de> Visitor<'de> for Document<'_, '_> {
    type Value = Contents;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a price list or an index")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Contents, M::Error> {
        let mut found = Contents::default();
        let mut products = Products::new();
        let mut plans: HashMap<String, Plan> = HashMap::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "offerCode" => self.0.about.borrow_mut().offer = map.next_value()?,
                "publicationDate" => self.0.about.borrow_mut().published = map.next_value()?,
                "regionCode" => *self.0.region.borrow_mut() = map.next_value()?,
                "offers" => (found.kind, found.entries) = (Some(ListKind::Offers), map.next_value_seed(Count)?),
                "versions" => (found.kind, found.entries) = (Some(ListKind::Versions), map.next_value_seed(Count)?),
                "regions" => (found.kind, found.entries) = (Some(ListKind::Regions), map.next_value_seed(Count)?),
                "products" => map.next_value_seed(ReadProducts { products: &mut products, plans: &mut plans })?,
                "terms" => {
                    let is_plan = !plans.is_empty();
                    found.kind = Some(if is_plan { ListKind::SavingsPlans } else { ListKind::Prices });
                    if products.is_empty() && plans.is_empty() {
                        return Err(M::Error::custom("its terms come before its products, which AWS never writes"));
                    }
                    let terms = ReadTerms { state: self.0, products: &products, plans: &plans, found: &mut found };
                    map.next_value_seed(terms)?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// Counts the entries of an object or a list.
struct Count;

impl<'de> DeserializeSeed<'de> for Count {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Count {
    type Value = u64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object or a list")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<u64, M::Error> {
        let mut count = 0;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<u64, S::Error> {
        let mut count = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

/// A Savings Plan as its list names it.
#[derive(Debug, Clone)]
struct Plan {
    family: String,
    years: u8,
    payment: String,
}

/// A product: an object by SKU in a list of prices, an element with its SKU in a list of plans.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawProduct {
    #[serde(default)]
    sku: String,
    #[serde(default)]
    product_family: String,
    #[serde(default)]
    attributes: HashMap<String, serde_json::Value>,
}

impl RawProduct {
    fn attribute(&self, names: &[&str]) -> String {
        let text = |name: &&str| self.attributes.get(*name).and_then(|value| value.as_str());
        names.iter().find_map(text).unwrap_or_default().to_owned()
    }
}

struct ReadProducts<'p> {
    products: &'p mut Products,
    plans: &'p mut HashMap<String, Plan>,
}

impl<'de> DeserializeSeed<'de> for ReadProducts<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ReadProducts<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("products")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some((sku, raw)) = map.next_entry::<String, RawProduct>()? {
            let product = Product {
                service: raw.attribute(&["servicecode"]),
                region: raw.attribute(&["regionCode"]),
                usage_type: raw.attribute(&["usagetype"]),
                operation: raw.attribute(&["operation"]),
            };
            self.products.insert(sku, product);
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        while let Some(raw) = list.next_element::<RawProduct>()? {
            let plan = Plan {
                family: raw.product_family.clone(),
                years: years(&raw.attribute(&["purchaseTerm"])).map_err(S::Error::custom)?,
                payment: raw.attribute(&["purchaseOption"]),
            };
            self.plans.insert(raw.sku, plan);
        }
        Ok(())
    }
}

struct ReadTerms<'t, 's, 'a> {
    state: &'s State<'a>,
    products: &'t Products,
    plans: &'t HashMap<String, Plan>,
    found: &'t mut Contents,
}

impl<'de> DeserializeSeed<'de> for ReadTerms<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ReadTerms<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("terms")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<(), M::Error> {
        while let Some(kind) = map.next_key::<Cow<'de, str>>()? {
            match kind.as_ref() {
                "OnDemand" | "Reserved" => map.next_value_seed(BySku(&mut self))?,
                "savingsPlan" => map.next_value_seed(PlanTerms(&mut self))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// Terms of a product.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawTerm {
    #[serde(default)]
    price_dimensions: HashMap<String, RawPrice>,
    #[serde(default)]
    term_attributes: HashMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPrice {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    begin_range: String,
    #[serde(default)]
    price_per_unit: HashMap<String, String>,
}

struct BySku<'v, 't, 's, 'a>(&'v mut ReadTerms<'t, 's, 'a>);

impl<'de> DeserializeSeed<'de> for BySku<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for BySku<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("terms by SKU")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some((sku, terms)) = map.next_entry::<String, HashMap<String, RawTerm>>()? {
            let product = self.0.products.get(&sku);
            let mut terms: Vec<(String, RawTerm)> = terms.into_iter().collect();
            terms.sort_by(|a, b| a.0.cmp(&b.0));
            for (_, term) in terms {
                self.0.term(product, term)?;
            }
        }
        Ok(())
    }
}

impl ReadTerms<'_, '_, '_> {
    fn term<E: de::Error>(&mut self, product: Option<&Product>, term: RawTerm) -> Result<(), E> {
        let attribute = |name: &str| term.term_attributes.get(name).map(String::as_str).unwrap_or_default();
        let mut prices: Vec<(String, RawPrice)> = term.price_dimensions.into_iter().collect();
        prices.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, dimension) in prices {
            let price = dimension.price_per_unit.get("USD");
            let (Some(product), Some(price)) = (product.filter(|product| !product.usage_type.is_empty()), price) else {
                self.found.passed_over += 1;
                continue;
            };
            let lease = attribute("LeaseContractLength");
            let terms = match lease.is_empty() {
                true => Terms::OnDemand,
                false => Terms::Reserved {
                    years: years(lease).map_err(E::custom)?,
                    is_convertible: attribute("OfferingClass").eq_ignore_ascii_case("convertible"),
                    payment: payment(attribute("PurchaseOption")).map_err(E::custom)?,
                    is_upfront: dimension.unit == "Quantity",
                },
            };
            self.found.entries += 1;
            self.state.keep(&Rate {
                service: &product.service,
                region: &product.region,
                usage_type: &product.usage_type,
                operation: &product.operation,
                terms,
                unit: &dimension.unit,
                begins: if dimension.begin_range.is_empty() { "0" } else { &dimension.begin_range },
                price: amount(price).map_err(E::custom)?,
            })?;
        }
        Ok(())
    }
}

/// The rates of a Savings Plan.
#[derive(Deserialize)]
struct RawPlanTerm {
    #[serde(default)]
    sku: String,
    #[serde(default)]
    rates: Vec<RawPlanRate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPlanRate {
    #[serde(default)]
    discounted_service_code: String,
    #[serde(default)]
    discounted_usage_type: String,
    #[serde(default)]
    discounted_operation: String,
    #[serde(default)]
    discounted_region_code: String,
    #[serde(default)]
    unit: String,
    discounted_rate: RawAmount,
}

#[derive(Deserialize)]
struct RawAmount {
    price: String,
    currency: String,
}

struct PlanTerms<'v, 't, 's, 'a>(&'v mut ReadTerms<'t, 's, 'a>);

impl<'de> DeserializeSeed<'de> for PlanTerms<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for PlanTerms<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Savings Plans")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        while let Some(term) = list.next_element::<RawPlanTerm>()? {
            let plan = self.0.plans.get(&term.sku);
            let plan =
                plan.ok_or_else(|| S::Error::custom(format!("the plan {} is not among its products", term.sku)))?;
            for rate in term.rates {
                if rate.discounted_rate.currency != "USD" || rate.discounted_usage_type.is_empty() {
                    self.0.found.passed_over += 1;
                    continue;
                }
                let own = self.0.state.region.borrow();
                let region =
                    if rate.discounted_region_code.is_empty() { own.as_str() } else { &rate.discounted_region_code };
                self.0.found.entries += 1;
                self.0.state.keep(&Rate {
                    service: &rate.discounted_service_code,
                    region,
                    usage_type: &rate.discounted_usage_type,
                    operation: &rate.discounted_operation,
                    terms: Terms::SavingsPlan {
                        plan: plan.family.clone(),
                        years: plan.years,
                        payment: payment(&plan.payment).map_err(S::Error::custom)?,
                    },
                    unit: &rate.unit,
                    begins: "0",
                    price: amount(&rate.discounted_rate.price).map_err(S::Error::custom)?,
                })?;
            }
        }
        Ok(())
    }
}
