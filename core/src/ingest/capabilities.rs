//! What can be computed from the columns that a delivery has.

use super::Capability;
use super::file::BillFile;
use crate::schema::line_items::LineItem;

/// The capability to tell invoices apart, and so whether a month is final.
pub const INVOICES: &str = "invoices";

/// A capability: its name, the columns it rests on (one of each group), and how to get them where they are missing, in
/// a Cost and Usage Report and in FOCUS.
type Definition = (&'static str, &'static [&'static [LineItem]], &'static str, &'static str);

const NOT_IN_FOCUS: &str = "FOCUS states costs after discounts only";

const CAPABILITIES: &[Definition] = &[
    (
        "costs by resource",
        &[&[LineItem::ResourceId]],
        "line_item_resource_id is missing: switch on INCLUDE_RESOURCES in the export",
        "ResourceId is missing: add it to the export's query",
    ),
    (
        "costs by tag",
        &[&[LineItem::ResourceTags]],
        "no tag columns: activate cost allocation tags",
        "Tags is missing: add it to the export's query",
    ),
    (
        "costs by cost category",
        &[&[LineItem::CostCategory]],
        "no cost category columns: define cost categories",
        "x_CostCategories is missing: only FOCUS 1.0 has it, FOCUS 1.2 has no cost categories",
    ),
    (
        "costs by usage type",
        &[&[LineItem::UsageType]],
        "line_item_usage_type is missing: add it to the export's query",
        "x_UsageType is missing: only FOCUS 1.0 has it; without it nobody knows what a commitment could cover",
    ),
    (
        "net cost after discounts",
        &[&[LineItem::NetUnblendedCost, LineItem::BilledCost]],
        "no net columns: AWS writes them in months with a discount; gross cost is used",
        "BilledCost is missing",
    ),
    (
        "unblended and amortized cost before discounts",
        &[&[LineItem::UnblendedCost]],
        "line_item_unblended_cost is missing: add it to the export's query",
        NOT_IN_FOCUS,
    ),
    (
        "contracted cost",
        &[&[LineItem::ContractedCost]],
        crate::schema::charges::CONTRACTED_COST_REASON,
        "ContractedCost is missing: add it to the export's query",
    ),
    (
        "amortized reservations",
        &[
            &[LineItem::ReservationArn, LineItem::CommitmentDiscountId],
            &[LineItem::ReservationEffectiveCost, LineItem::EffectiveCost],
        ],
        "no reservation columns: the bill has no reservations, or the export leaves them out",
        "CommitmentDiscountId is missing: add it to the export's query",
    ),
    (
        "amortized Savings Plans",
        &[
            &[LineItem::SavingsPlanArn, LineItem::CommitmentDiscountId],
            &[LineItem::SavingsPlanEffectiveCost, LineItem::EffectiveCost],
        ],
        "no Savings Plan columns: the bill has no plans, or the export leaves them out",
        "CommitmentDiscountId is missing: add it to the export's query",
    ),
    (
        "upfront fees by month",
        &[&[LineItem::ReservationAmortizedUpfront, LineItem::SavingsPlanAmortizedUpfront]],
        "no columns of amortized upfront fees: the bill has no commitments, or the export leaves them out",
        "FOCUS does not state the month's share of upfront fees, nor what was committed: bought is used and unused",
    ),
    (
        "normalized units of reservations",
        &[&[LineItem::ReservationTotalUnits]],
        "no columns of reserved units: the bill has no reservations, or the export leaves them out",
        "FOCUS does not state normalized units of usage",
    ),
    (
        "on-demand and plan rates",
        &[&[LineItem::UnblendedRate, LineItem::SavingsPlanRate]],
        "line_item_unblended_rate is missing: add it to the export's query",
        "FOCUS states no rate of covered usage, and AWS leaves unit prices blank in places",
    ),
    (
        "list cost",
        &[&[LineItem::PublicOnDemandCost]],
        "pricing_public_on_demand_cost is missing: add it to the export's query",
        "ListCost is missing: add it to the export's query",
    ),
    (
        INVOICES,
        &[&[LineItem::InvoiceId]],
        "bill_invoice_id is missing: add it to the export's query",
        "InvoiceId is missing: FOCUS 1.0 has no invoices, FOCUS 1.2 has",
    ),
    (
        "account names",
        &[&[LineItem::UsageAccountName]],
        "only CUR 2.0 and FOCUS have account names",
        "SubAccountName is missing: add it to the export's query",
    ),
    (
        "regions",
        &[&[LineItem::RegionCode]],
        "product_region_code is missing: add it to the export's query",
        "RegionId is missing: add it to the export's query",
    ),
];

/// What the files allow, and what they do not.
pub fn capabilities(files: &[&BillFile]) -> Vec<Capability> {
    CAPABILITIES.iter().map(|definition| capability(files, definition)).collect()
}

fn capability(files: &[&BillFile], &(name, groups, missing, missing_in_focus): &Definition) -> Capability {
    let has = |file: &&&BillFile| groups.iter().all(|group| group.iter().any(|&item| file.has(item)));
    let with: Vec<&&BillFile> = files.iter().filter(has).collect();
    let items = || groups.iter().flat_map(|group| group.iter().copied());
    let mut columns: Vec<&str> = with.iter().flat_map(|file| items().filter_map(|item| file.spelled(item))).collect();
    let mut seen = std::collections::BTreeSet::new();
    columns.retain(|name| seen.insert(*name));
    let reason = match with.len() {
        0 if !files.is_empty() && files.iter().all(|file| file.dialect.is_focus()) => missing_in_focus.to_owned(),
        0 => missing.to_owned(),
        all if all == files.len() => format!("from {}", columns.join(", ")),
        some => format!("from {} ({some} of {} files have it)", columns.join(", "), files.len()),
    };
    Capability { name: name.into(), available: !with.is_empty(), reason }
}
