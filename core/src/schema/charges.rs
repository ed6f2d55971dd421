//! The columns of a charge: FOCUS names, and `x_` names where FOCUS has no word.

use super::line_items::LineItem;

/// A column's definition: what it means and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct ChargeColumn {
    /// Its name.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
    /// The line item columns it is made from.
    pub from: &'static [LineItem],
}

macro_rules! columns {
    ($(#[$meta:meta])* $enum:ident { $($variant:ident $name:literal [$($from:ident),*] $description:literal;)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(usize)]
        pub enum $enum { $(#[doc = $description] $variant),* }

        impl $enum {
            /// Every variant, in order.
            pub const ALL: &[$enum] = &[$($enum::$variant),*];
            const DEFINITIONS: &[ChargeColumn] = &[$(ChargeColumn {
                name: $name, description: $description, from: &[$(LineItem::$from),*],
            }),*];

            /// The column's definition.
            pub const fn column(self) -> &'static ChargeColumn {
                &Self::DEFINITIONS[self as usize]
            }

            /// The column's name.
            pub const fn name(self) -> &'static str {
                self.column().name
            }

            /// The variant with this name, whatever its case.
            pub fn from_name(name: &str) -> Option<$enum> {
                Self::ALL.iter().copied().find(|column| column.name().eq_ignore_ascii_case(name))
            }
        }
    };
}

columns! {
    /// A dimension of charges: text, with a missing value that is a member like any other.
    Text {
        BillingAccountId "BillingAccountId" [PayerAccountId] "the account that pays the bill (12 digits, leading zeros kept)";
        BillingAccountName "BillingAccountName" [PayerAccountName] "the paying account's name, where the report has it";
        SubAccountId "SubAccountId" [UsageAccountId] "the account that used the service (12 digits)";
        SubAccountName "SubAccountName" [UsageAccountName] "the using account's name, where the report has it";
        BillingPeriodStart "BillingPeriodStart" [BillingPeriodStart] "first day of the billing period (UTC)";
        BillingPeriodEnd "BillingPeriodEnd" [BillingPeriodEnd] "first day after the billing period (UTC)";
        BillingCurrency "BillingCurrency" [CurrencyCode] "the currency of every amount of the row";
        InvoiceId "InvoiceId" [InvoiceId] "the invoice; blank until the month is final";
        InvoiceIssuerName "InvoiceIssuerName" [InvoicingEntity] "who issues the invoice";
        PublisherName "PublisherName" [LegalEntity] "the seller of record: an AWS company or a Marketplace seller";
        ProviderName "ProviderName" [ProviderName] "always `AWS`";
        BillType "x_BillType" [BillType] "Anniversary (usage), Purchase (upfront) or Refund";
        BillingEntity "x_BillingEntity" [BillingEntity] "AWS or AWS Marketplace";
        LineItemType "x_LineItemType" [LineItemType] "AWS's type of line item, as delivered; FOCUS has none";
        ChargeCategory "ChargeCategory" [LineItemType, ChargeCategory] "Usage, Purchase, Tax, Credit or Adjustment";
        ChargeClass "ChargeClass" [LineItemType, ChargeClass] "Correction for refunds, else none";
        ChargeFrequency "ChargeFrequency" [LineItemType, ChargeFrequency] "Usage-Based, Recurring or One-Time";
        ChargeDescription "ChargeDescription" [Description] "AWS's description of the line";
        PricingCategory "PricingCategory" [LineItemType, UsageType, SavingsPlanArn, ReservationArn, PricingCategory] "Standard, Dynamic (Spot), Committed (covered by a plan or reservation), Other or none; what buys a commitment is Committed in a CUR and Standard in FOCUS";
        PricingUnit "PricingUnit" [PricingUnit] "the unit that is priced";
        CommitmentDiscountId "CommitmentDiscountId" [SavingsPlanArn, ReservationArn, CommitmentDiscountId] "ARN of the Savings Plan or reservation";
        CommitmentDiscountCategory "CommitmentDiscountCategory" [SavingsPlanArn, ReservationArn, CommitmentDiscountCategory] "Spend (Savings Plan) or Usage (reservation)";
        CommitmentDiscountType "CommitmentDiscountType" [SavingsPlanArn, SavingsPlanOfferingType, ReservationArn, OfferingClass, CommitmentDiscountType] "the offering: ComputeSavingsPlans, standard, …";
        CommitmentDiscountStatus "CommitmentDiscountStatus" [LineItemType, SavingsPlanArn, ReservationArn, CommitmentDiscountStatus] "Used on covered usage, Unused on the charge of what was not used, which is derived from its fee in a CUR and a row in FOCUS";
        ServiceName "ServiceName" [ProductCode] "the service's readable name";
        ServiceCode "x_ServiceCode" [ProductCode] "the service's product code (`AmazonEC2`)";
        UsageType "x_UsageType" [UsageType] "AWS's usage type, region prefix included; FOCUS 1.2 has none";
        Operation "x_Operation" [Operation] "AWS's operation code";
        RegionId "RegionId" [RegionCode] "the region's code";
        AvailabilityZone "AvailabilityZone" [AvailabilityZone, ReservationZone] "the availability zone; of a reservation's fee the one it is for";
        ResourceId "ResourceId" [ResourceId] "the resource; blank where the charge has none or the export leaves ids out";
        SkuId "SkuId" [Sku] "the SKU";
        SkuPriceId "SkuPriceId" [RateId, RateCode] "the price of the SKU: rate code, else rate id";
        InstanceType "x_InstanceType" [InstanceType] "instance type, where the product has one";
        InstanceFamily "x_InstanceFamily" [InstanceFamily] "AWS's instance family (`General purpose`)";
        ProductFamily "x_ProductFamily" [ProductFamily] "AWS's product family";
    }
}

columns! {
    /// A measure of cost.
    Metric {
        BilledCost "BilledCost" [UnblendedCost, NetUnblendedCost, LineItemType, BilledCost] "what is invoiced: net unblended where the month has it, else unblended; covered usage and its negation are 0, as in FOCUS";
        EffectiveCost "EffectiveCost" [EffectiveCost, UnblendedCost, NetUnblendedCost, LineItemType, ReservationEffectiveCost, ReservationNetEffectiveCost, SavingsPlanEffectiveCost, SavingsPlanNetEffectiveCost, ReservationUnusedAmortizedUpfront, ReservationUnusedRecurring, ReservationNetUnusedAmortizedUpfront, ReservationNetUnusedRecurring, SavingsPlanTotalCommitment, SavingsPlanUsedCommitment, SavingsPlanAmortizedUpfront, SavingsPlanRecurring, SavingsPlanNetAmortizedUpfront, SavingsPlanNetRecurring, ReservationArn, ProductCode, Description] "amortized cost after discounts: upfront fees spread over what they cover, unused commitment as its own charge";
        ListCost "ListCost" [PublicOnDemandCost, LineItemType] "the cost at public on-demand prices, where AWS states it";
        ContractedCost "ContractedCost" [ContractedCost] "the cost at negotiated prices before commitments; not derivable from a Cost and Usage Report";
        UnblendedCost "x_UnblendedCost" [UnblendedCost] "cash by row, as AWS's console calls unblended; not derivable from FOCUS";
        AmortizedCost "x_AmortizedCost" [UnblendedCost, LineItemType, ReservationEffectiveCost, SavingsPlanEffectiveCost, ReservationUnusedAmortizedUpfront, ReservationUnusedRecurring, SavingsPlanTotalCommitment, SavingsPlanUsedCommitment, SavingsPlanAmortizedUpfront, SavingsPlanRecurring, ReservationArn, ProductCode, Description] "amortized cost before discounts; not derivable from FOCUS";
    }
}

/// How many measures of cost there are.
pub const METRICS: usize = Metric::ALL.len();

/// Name of the column with the start of a charge's period.
pub const CHARGE_PERIOD_START: ChargeColumn = ChargeColumn {
    name: "ChargePeriodStart",
    description: "start of the hour, day or month that is charged (UTC)",
    from: &[LineItem::UsageStart],
};
/// Name of the column with the end of a charge's period.
pub const CHARGE_PERIOD_END: ChargeColumn = ChargeColumn {
    name: "ChargePeriodEnd",
    description: "first instant after the period that is charged (UTC)",
    from: &[LineItem::UsageEnd],
};
/// Name of the column with the quantity that was used.
pub const CONSUMED_QUANTITY: ChargeColumn = ChargeColumn {
    name: "ConsumedQuantity",
    description: "usage, counted once: from usage, covered usage and flat-rate rows only",
    from: &[LineItem::UsageAmount, LineItem::LineItemType],
};
/// Name of the column with resource tags.
pub const TAGS: ChargeColumn = ChargeColumn {
    name: "Tags",
    description: "resource tags; one key is addressed as `Tags/KEY`",
    from: &[LineItem::ResourceTags],
};
/// Name of the column with cost categories.
pub const COST_CATEGORIES: ChargeColumn = ChargeColumn {
    name: "x_CostCategories",
    description: "cost categories; one is addressed as `CostCategories/KEY`",
    from: &[LineItem::CostCategory],
};

/// Why contracted cost has no figure in a Cost and Usage Report.
pub const CONTRACTED_COST_REASON: &str =
    "not derivable from this bill: a Cost and Usage Report does not state negotiated prices before commitments";

/// Why cost before discounts has no figure in FOCUS.
pub const GROSS_COST_REASON: &str = "not derivable from this bill: FOCUS states costs after discounts only";

/// Every charge column, for documentation.
pub fn all_columns() -> impl Iterator<Item = &'static ChargeColumn> {
    let others = [&CHARGE_PERIOD_START, &CHARGE_PERIOD_END, &CONSUMED_QUANTITY, &TAGS, &COST_CATEGORIES];
    Text::ALL.iter().map(|text| text.column()).chain(others).chain(Metric::ALL.iter().map(|metric| metric.column()))
}

/// What a charge can be grouped or filtered by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// A text column.
    Text(Text),
    /// The UTC day of the charge period's start (`ChargePeriodStart`).
    Day,
    /// One tag key: `Tags/team`.
    Tag(String),
    /// One cost category: `CostCategories/Team`.
    CostCategory(String),
}

impl Dimension {
    /// Parses a name as users write it: a charge column whatever its case, `Tags/KEY` or `CostCategories/KEY`.
    /// The name that the report itself uses for a key (`resource_tags_user_team`) is accepted too.
    ///
    /// # Errors
    /// [`crate::Error::UnknownName`] when it is none of these.
    pub fn parse(name: &str) -> crate::error::Result<Dimension> {
        let name = name.trim();
        if let Some(key) = name.strip_prefix("Tags/").or_else(|| name.strip_prefix("tags/")) {
            return Ok(Dimension::Tag(super::line_items::tag_key(key)));
        }
        if let Some(key) = name.strip_prefix("CostCategories/").or_else(|| name.strip_prefix("x_CostCategories/")) {
            return Ok(Dimension::CostCategory(super::line_items::tag_key(key)));
        }
        if let Some(key) = name.strip_prefix(super::line_items::TAG_COLUMN_PREFIX) {
            return Ok(Dimension::Tag(super::line_items::tag_key(key)));
        }
        if name.eq_ignore_ascii_case(CHARGE_PERIOD_START.name) {
            return Ok(Dimension::Day);
        }
        Text::from_name(name).map(Dimension::Text).ok_or_else(|| crate::error::Error::UnknownName {
            what: "charge column",
            name: name.to_owned(),
            hint: format!(
                "use one of {}, Tags/KEY or CostCategories/KEY",
                Text::ALL.iter().map(|text| text.name()).collect::<Vec<_>>().join(", ")
            ),
        })
    }

    /// The name as users write it.
    pub fn name(&self) -> String {
        match self {
            Dimension::Text(text) => text.name().to_owned(),
            Dimension::Day => CHARGE_PERIOD_START.name.to_owned(),
            Dimension::Tag(key) => format!("Tags/{key}"),
            Dimension::CostCategory(key) => format!("CostCategories/{key}"),
        }
    }
}

impl Metric {
    /// Parses a metric's name, whatever its case.
    ///
    /// # Errors
    /// [`crate::Error::UnknownName`] when there is none of this name.
    pub fn parse(name: &str) -> crate::error::Result<Metric> {
        Metric::from_name(name.trim()).ok_or_else(|| crate::error::Error::UnknownName {
            what: "metric",
            name: name.to_owned(),
            hint: format!("use one of {}", Metric::ALL.iter().map(|m| m.name()).collect::<Vec<_>>().join(", ")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whatever_their_case() {
        assert_eq!(Dimension::parse("servicename").unwrap(), Dimension::Text(Text::ServiceName));
        assert_eq!(Dimension::parse("Tags/team").unwrap(), Dimension::Tag("team".into()));
        assert_eq!(Dimension::parse("resource_tags_user_team").unwrap(), Dimension::Tag("team".into()));
        assert!(Dimension::parse("Servic").unwrap_err().to_string().contains("ServiceName"));
        assert_eq!(Metric::parse("effectivecost").unwrap(), Metric::EffectiveCost);
    }

    #[test]
    fn every_column_has_its_own_name() {
        let mut names: Vec<_> = all_columns().map(|column| column.name.to_ascii_lowercase()).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
