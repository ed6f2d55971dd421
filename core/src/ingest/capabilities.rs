//! What can be computed from the columns that a delivery has.

use super::Capability;
use super::file::BillFile;
use crate::schema::line_items::LineItem;

/// A capability, the columns it rests on (one of each group), and how to get them.
const CAPABILITIES: &[(&str, &[&[LineItem]], &str)] = &[
    (
        "costs by resource",
        &[&[LineItem::ResourceId]],
        "line_item_resource_id is missing: switch on INCLUDE_RESOURCES in the export",
    ),
    ("costs by tag", &[&[LineItem::ResourceTags]], "no tag columns: activate cost allocation tags"),
    ("costs by cost category", &[&[LineItem::CostCategory]], "no cost category columns: define cost categories"),
    (
        "net cost after discounts",
        &[&[LineItem::NetUnblendedCost]],
        "no net columns: AWS writes them in months with a discount; gross cost is used",
    ),
    (
        "amortized reservations",
        &[&[LineItem::ReservationArn], &[LineItem::ReservationEffectiveCost]],
        "no reservation columns: the bill has no reservations, or the export leaves them out",
    ),
    (
        "amortized Savings Plans",
        &[&[LineItem::SavingsPlanArn], &[LineItem::SavingsPlanEffectiveCost]],
        "no Savings Plan columns: the bill has no plans, or the export leaves them out",
    ),
    (
        "list cost",
        &[&[LineItem::PublicOnDemandCost]],
        "pricing_public_on_demand_cost is missing: add it to the export's query",
    ),
    ("invoices", &[&[LineItem::InvoiceId]], "bill_invoice_id is missing: add it to the export's query"),
    ("account names", &[&[LineItem::UsageAccountName]], "only CUR 2.0 has account names"),
    ("regions", &[&[LineItem::RegionCode]], "product_region_code is missing: add it to the export's query"),
];

/// What the files allow, and what they do not.
pub fn capabilities(files: &[&BillFile]) -> Vec<Capability> {
    let mut all: Vec<Capability> = CAPABILITIES
        .iter()
        .map(|(name, groups, missing)| {
            let has = |file: &&&BillFile| groups.iter().all(|group| group.iter().any(|&item| file.has(item)));
            let with = files.iter().filter(has).count();
            let columns: Vec<&str> = groups.iter().flat_map(|group| group.iter().map(|item| item.name())).collect();
            let reason = match with {
                0 => (*missing).to_owned(),
                all if all == files.len() => format!("from {}", columns.join(", ")),
                some => format!("from {} ({some} of {} files have it)", columns.join(", "), files.len()),
            };
            Capability { name, available: with > 0, reason }
        })
        .collect();
    all.push(Capability {
        name: "contracted cost",
        available: false,
        reason: crate::schema::charges::CONTRACTED_COST_REASON.to_owned(),
    });
    all
}
