//! What the products and reservations of a ledger are to commitments.

use super::terms::Scope;
use crate::catalog::pools::{Class, classify};
use crate::ledger::Ledger;
use crate::ledger::tables::ProductKey;
use crate::schema::charges::Text;

/// The class of a product; none where nothing is sold for it, or nothing that saves: Lambda requests have no discount.
pub(crate) fn class_of(ledger: &Ledger, key: &ProductKey) -> Option<Class> {
    let text = |text, id| ledger.names.get(text, id).unwrap_or_default();
    let usage_type = text(Text::UsageType, key.usage_type);
    let service = text(Text::ServiceCode, key.service);
    classify(service, usage_type, text(Text::Operation, key.operation), text(Text::RegionId, key.region))
}

/// The class of what a reservation fits.
pub(crate) fn class_of_reserved(scope: &Scope) -> Option<Class> {
    let Scope::Reserved { service, instance, operation, region, is_multi_az } = scope else { return None };
    let meter = match service.as_str() {
        "AmazonEC2" => "BoxUsage",
        "AmazonRDS" if *is_multi_az => "Multi-AZUsage",
        "AmazonRDS" => "InstanceUsage",
        "AmazonDynamoDB" => return None,
        _ => "NodeUsage",
    };
    classify(service, &format!("{meter}:{instance}"), operation, region)
}

/// The services and regions of a ledger that prices are of use for: those with usage that a commitment could cover, and
/// EC2's for its volumes.
#[cfg(feature = "s3")]
pub(crate) fn priced_by_lists(ledger: &Ledger) -> crate::ingest::prices::PricesWanted {
    let text = |text, id| ledger.names.get(text, id).unwrap_or_default();
    let mut wanted = crate::ingest::prices::PricesWanted::default();
    for (key, cell) in ledger.products.iter() {
        let is_volume = || text(Text::UsageType, key.usage_type).contains("EBS:");
        let (service, region) = (text(Text::ServiceCode, key.service), text(Text::RegionId, key.region));
        if (cell.eligible || is_volume()) && !service.is_empty() && !region.is_empty() {
            wanted.services.insert(service.to_owned());
            wanted.regions.insert(region.to_owned());
        }
    }
    wanted
}
