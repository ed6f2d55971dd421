//! The columns of AWS's reports that the engine reads: in the parquet spelling of both Cost and Usage Reports, and in
//! FOCUS's.

use serde::{Deserialize, Serialize};

/// What kind of value a column holds, whatever type a writer chose for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text; null and `''` both mean absent.
    Text,
    /// An instant in UTC: a timestamp of any unit, a date, INT96 or ISO 8601 text.
    Time,
    /// An amount: double, decimal, integer or decimal text.
    Number,
    /// A map of text to text.
    Map,
}

/// A column of the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name in CUR 2.0 and in the parquet form of the legacy report; FOCUS's where only that has it.
    pub name: &'static str,
    /// Other spellings that have been delivered, tried in order when the first is absent.
    pub aliases: &'static [&'static str],
    /// Its names in FOCUS, tried in order.
    pub focus: &'static [&'static str],
    /// What it holds.
    pub kind: Kind,
}

macro_rules! line_items {
    ($($variant:ident $kind:ident $name:literal $(| $alias:literal)* $(= $($focus:literal)|+)?;)*) => {
        /// A column that the engine knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(usize)]
        #[allow(missing_docs)]
        pub enum LineItem { $($variant),* }

        /// Every known column, in the order of [`LineItem`].
        pub const COLUMNS: &[Column] = &[$(
            Column { name: $name, aliases: &[$($alias),*], focus: &[$($($focus),+)?], kind: Kind::$kind }
        ),*];

        impl LineItem {
            /// Every known column.
            pub const ALL: &[LineItem] = &[$(LineItem::$variant),*];
        }
    };
}

line_items! {
    PayerAccountId Text "bill_payer_account_id" = "BillingAccountId";
    PayerAccountName Text "bill_payer_account_name" = "BillingAccountName";
    BillingPeriodStart Time "bill_billing_period_start_date" = "BillingPeriodStart";
    BillingPeriodEnd Time "bill_billing_period_end_date" = "BillingPeriodEnd";
    BillType Text "bill_bill_type";
    BillingEntity Text "bill_billing_entity";
    InvoiceId Text "bill_invoice_id" = "InvoiceId";
    InvoicingEntity Text "bill_invoicing_entity" = "InvoiceIssuerName";
    UsageAccountId Text "line_item_usage_account_id" = "SubAccountId";
    UsageAccountName Text "line_item_usage_account_name" = "SubAccountName";
    LineItemType Text "line_item_line_item_type";
    UsageStart Time "line_item_usage_start_date" = "ChargePeriodStart";
    UsageEnd Time "line_item_usage_end_date" = "ChargePeriodEnd";
    ProductCode Text "line_item_product_code" = "x_ServiceCode" | "ServiceName";
    UsageType Text "line_item_usage_type" = "x_UsageType";
    Operation Text "line_item_operation" = "x_Operation";
    AvailabilityZone Text "line_item_availability_zone" = "AvailabilityZone";
    ResourceId Text "line_item_resource_id" = "ResourceId";
    UsageAmount Number "line_item_usage_amount" = "ConsumedQuantity";
    NormalizedUsageAmount Number "line_item_normalized_usage_amount";
    CurrencyCode Text "line_item_currency_code" = "BillingCurrency";
    UnblendedRate Number "line_item_unblended_rate";
    UnblendedCost Number "line_item_unblended_cost";
    NetUnblendedCost Number "line_item_net_unblended_cost";
    Description Text "line_item_line_item_description" = "ChargeDescription";
    LegalEntity Text "line_item_legal_entity" = "PublisherName";
    PublicOnDemandCost Number "pricing_public_on_demand_cost" = "ListCost";
    PricingUnit Text "pricing_unit" = "PricingUnit";
    RateId Text "pricing_rate_id" = "SkuPriceId";
    RateCode Text "pricing_rate_code";
    OfferingClass Text "pricing_offering_class";
    Sku Text "product_sku" = "SkuId";
    ProductFamily Text "product_product_family";
    RegionCode Text "product_region_code" | "product_region" = "RegionId";
    InstanceType Text "product_instance_type";
    InstanceFamily Text "product_instance_family" | "product_instance_type_family";
    ReservationArn Text "reservation_reservation_a_r_n" | "reservation_reservation_arn";
    ReservationZone Text "reservation_availability_zone";
    ReservationStart Time "reservation_start_time";
    ReservationEnd Time "reservation_end_time";
    ReservationEffectiveCost Number "reservation_effective_cost";
    ReservationAmortizedUpfront Number "reservation_amortized_upfront_fee_for_billing_period";
    ReservationUnusedAmortizedUpfront Number "reservation_unused_amortized_upfront_fee_for_billing_period";
    ReservationUnusedRecurring Number "reservation_unused_recurring_fee";
    ReservationTotalUnits Number "reservation_total_reserved_normalized_units" | "reservation_total_reserved_units";
    ReservationUnusedUnits Number "reservation_unused_normalized_unit_quantity" | "reservation_unused_quantity";
    ReservationNetEffectiveCost Number "reservation_net_effective_cost";
    ReservationNetUnusedAmortizedUpfront Number "reservation_net_unused_amortized_upfront_fee_for_billing_period";
    ReservationNetUnusedRecurring Number "reservation_net_unused_recurring_fee";
    SavingsPlanArn Text "savings_plan_savings_plan_a_r_n" | "savings_plan_savings_plan_arn";
    SavingsPlanStart Time "savings_plan_start_time";
    SavingsPlanEnd Time "savings_plan_end_time";
    SavingsPlanEffectiveCost Number "savings_plan_savings_plan_effective_cost";
    SavingsPlanRate Number "savings_plan_savings_plan_rate";
    SavingsPlanOfferingType Text "savings_plan_offering_type";
    SavingsPlanTotalCommitment Number "savings_plan_total_commitment_to_date";
    SavingsPlanUsedCommitment Number "savings_plan_used_commitment";
    SavingsPlanAmortizedUpfront Number "savings_plan_amortized_upfront_commitment_for_billing_period";
    SavingsPlanRecurring Number "savings_plan_recurring_commitment_for_billing_period";
    SavingsPlanNetEffectiveCost Number "savings_plan_net_savings_plan_effective_cost";
    SavingsPlanNetAmortizedUpfront Number "savings_plan_net_amortized_upfront_commitment_for_billing_period";
    SavingsPlanNetRecurring Number "savings_plan_net_recurring_commitment_for_billing_period";
    TotalDiscount Number "discount_total_discount";
    SplitParentResourceId Text "split_line_item_parent_resource_id";
    SplitCost Number "split_line_item_split_cost";
    SplitUnusedCost Number "split_line_item_unused_cost";
    SplitNetCost Number "split_line_item_net_split_cost";
    SplitNetUnusedCost Number "split_line_item_net_unused_cost";
    ResourceTags Map "resource_tags" = "Tags";
    CostCategory Map "cost_category" = "x_CostCategories";
    ProviderName Text "ProviderName" = "ProviderName";
    ChargeCategory Text "ChargeCategory" = "ChargeCategory";
    ChargeClass Text "ChargeClass" = "ChargeClass";
    ChargeFrequency Text "ChargeFrequency" = "ChargeFrequency";
    PricingCategory Text "PricingCategory" = "PricingCategory";
    CommitmentDiscountId Text "CommitmentDiscountId" = "CommitmentDiscountId";
    CommitmentDiscountCategory Text "CommitmentDiscountCategory" = "CommitmentDiscountCategory";
    CommitmentDiscountType Text "CommitmentDiscountType" = "CommitmentDiscountType";
    CommitmentDiscountStatus Text "CommitmentDiscountStatus" = "CommitmentDiscountStatus";
    BilledCost Number "BilledCost" = "BilledCost";
    EffectiveCost Number "EffectiveCost" = "EffectiveCost";
    ContractedCost Number "ContractedCost" = "ContractedCost";
}

impl LineItem {
    /// The column's definition.
    pub const fn column(self) -> &'static Column {
        &COLUMNS[self as usize]
    }

    /// The column's name in the parquet spelling.
    pub const fn name(self) -> &'static str {
        self.column().name
    }

    /// The names that a dialect has for the column, tried in order; none when it does not have it.
    pub fn names(self, dialect: Dialect) -> impl Iterator<Item = &'static str> + Clone {
        let Column { name, aliases, focus, .. } = self.column();
        let (cur, focus) = match dialect.is_focus() {
            true => (&[][..], *focus),
            // Only FOCUS's own columns are called the same in it.
            false if focus.contains(name) => (&[][..], &[][..]),
            false => (std::slice::from_ref(name), *aliases),
        };
        cur.iter().chain(focus).copied()
    }
}

/// Without these a file is no Cost and Usage Report.
pub const REQUIRED: &[LineItem] = &[
    LineItem::PayerAccountId,
    LineItem::BillingPeriodStart,
    LineItem::LineItemType,
    LineItem::UsageStart,
    LineItem::UnblendedCost,
];

/// Columns of the legacy report that hold one tag each begin with this.
pub const TAG_COLUMN_PREFIX: &str = "resource_tags_";
/// Columns of the legacy report that hold one cost category each begin with this.
pub const COST_CATEGORY_COLUMN_PREFIX: &str = "cost_category_";

/// The dialect of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Dialect {
    /// Cost and Usage Reports (legacy): one column for each tag, columns that differ by month.
    LegacyCur,
    /// CUR 2.0 of Data Exports: maps for tags, cost categories and product attributes.
    Cur2,
    /// FOCUS 1.0 with AWS columns, of Data Exports.
    Focus1_0,
    /// FOCUS 1.2 with AWS columns, of Data Exports.
    Focus1_2,
}

impl Dialect {
    /// The dialect's name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::LegacyCur => "legacy CUR",
            Dialect::Cur2 => "CUR 2.0",
            Dialect::Focus1_0 => "FOCUS 1.0",
            Dialect::Focus1_2 => "FOCUS 1.2",
        }
    }

    /// Whether its rows are charges in FOCUS words, and not line items.
    pub const fn is_focus(self) -> bool {
        matches!(self, Dialect::Focus1_0 | Dialect::Focus1_2)
    }

    /// The column that says what a row costs in cash.
    pub const fn cash(self) -> LineItem {
        if self.is_focus() { LineItem::BilledCost } else { LineItem::UnblendedCost }
    }

    /// Without these columns a file is no bill.
    pub const fn required(self) -> &'static [LineItem] {
        if self.is_focus() { super::focus::REQUIRED } else { REQUIRED }
    }
}

/// A tag or cost-category key as its user knows it: the reports put `user_` before keys of users and `aws_`
/// (for `aws:`) before those AWS generates.
///
/// ```
/// use farthing::schema::line_items::tag_key;
/// assert_eq!(tag_key("user_team"), "team");
/// assert_eq!(tag_key("aws_created_by"), "aws:created_by");
/// ```
pub fn tag_key(reported: &str) -> String {
    for prefix in ["user_", "user:"] {
        if let Some(key) = reported.strip_prefix(prefix) {
            return key.to_owned();
        }
    }
    match reported.strip_prefix("aws_") {
        Some(key) => format!("aws:{key}"),
        None => reported.to_owned(),
    }
}
