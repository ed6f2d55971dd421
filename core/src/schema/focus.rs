//! FOCUS as AWS writes it: which columns each version has, and the words of a charge in one byte.

use super::line_items::{Dialect, LineItem};
use super::values::{ChargeCategory, LineItemType};

/// Without these a file is no bill in FOCUS.
pub const REQUIRED: &[LineItem] = &[
    LineItem::BilledCost,
    LineItem::EffectiveCost,
    LineItem::ChargeCategory,
    LineItem::UsageStart,
    LineItem::BillingPeriodStart,
];

/// Columns of "FOCUS 1.0 with AWS columns".
const COLUMNS_1_0: &[&str] = &[
    "AvailabilityZone",
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "SkuId",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "Tags",
    "x_CostCategories",
    "x_Discounts",
    "x_Operation",
    "x_ServiceCode",
    "x_UsageType",
];

/// Columns that came after 1.0; one of them makes a file FOCUS 1.2.
const COLUMNS_1_2: &[&str] = &[
    "BillingAccountType",
    "CapacityReservationId",
    "CapacityReservationStatus",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountUnit",
    "InvoiceId",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "ServiceSubcategory",
    "SkuMeter",
    "SkuPriceDetails",
    "SubAccountType",
];

fn is_one_of(columns: &[&str], name: &str) -> bool {
    columns.iter().any(|column| column.eq_ignore_ascii_case(name))
}

/// Columns that only a bill in FOCUS has together: a table of costs has one metric.
const SIGNS: [&str; 4] = ["BilledCost", "EffectiveCost", "ChargeCategory", "ChargePeriodStart"];

/// The version whose columns these are; `None` when they are not FOCUS's.
pub fn version<'a>(mut columns: impl Iterator<Item = &'a str> + Clone) -> Option<Dialect> {
    let is_focus = SIGNS.iter().all(|sign| columns.clone().any(|name| name.eq_ignore_ascii_case(sign)));
    let is_later = columns.any(|name| is_one_of(COLUMNS_1_2, name));
    is_focus.then_some(if is_later { Dialect::Focus1_2 } else { Dialect::Focus1_0 })
}

/// Whether AWS's FOCUS has a column of this name, in any version.
pub fn has_column(name: &str) -> bool {
    is_one_of(COLUMNS_1_0, name) || is_one_of(COLUMNS_1_2, name)
}

/// Whether a `ProviderName` is AWS's. AWS leaves it blank on some of its own charges.
pub fn is_aws(provider: Option<&str>) -> bool {
    let is = |start: &str| {
        provider.is_some_and(|name| name.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start)))
    };
    provider.is_none() || is("AWS") || is("Amazon")
}

/// What kind of charge a row is in FOCUS words: category, class and frequency, whether its quantity counts as usage,
/// and whether the bill itself said so. It fits a byte, since every key of the ledger's costs holds one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChargeKind(u8);

const CATEGORY: u8 = 0b111;
const CORRECTION: u8 = 1 << 3;
const FREQUENCY_SHIFT: u8 = 4;
const FREQUENCY: u8 = 0b11;
const COUNTS_USAGE: u8 = 1 << 6;
const IS_FOCUS: u8 = 1 << 7;

/// FOCUS's frequencies; the first is none.
const FREQUENCIES: [&str; 4] = ["", "Usage-Based", "Recurring", "One-Time"];
/// FOCUS's only class.
const CORRECTION_WORD: &str = "Correction";

impl ChargeKind {
    /// The byte it is kept as.
    pub fn byte(self) -> u8 {
        self.0
    }

    /// The kind of a byte; `None` for a byte that is no kind's.
    pub fn of_byte(byte: u8) -> Option<ChargeKind> {
        let is_known = usize::from(byte & CATEGORY) < ChargeCategory::ALL.len()
            && usize::from(byte >> FREQUENCY_SHIFT & FREQUENCY) < FREQUENCIES.len();
        is_known.then_some(ChargeKind(byte))
    }

    fn new(category: ChargeCategory, class: &str, frequency: &str, counts_usage: bool) -> ChargeKind {
        let frequency = FREQUENCIES.iter().position(|word| *word == frequency).unwrap_or(0) as u8;
        let class = if class == CORRECTION_WORD { CORRECTION } else { 0 };
        let counts = if counts_usage { COUNTS_USAGE } else { 0 };
        ChargeKind(category as u8 | class | frequency << FREQUENCY_SHIFT | counts)
    }

    /// The kind of a CUR's line items of a type.
    pub fn of(line_item_type: LineItemType) -> ChargeKind {
        let (category, class) = (line_item_type.category(), line_item_type.class());
        ChargeKind::new(category, class, line_item_type.frequency(), line_item_type.counts_usage())
    }

    /// The kind that a FOCUS bill states. Usage counts unless it is a commitment that nobody used.
    pub fn stated(category: ChargeCategory, class: &str, frequency: &str, is_unused: bool) -> ChargeKind {
        let counts_usage = category == ChargeCategory::Usage && !is_unused;
        ChargeKind(ChargeKind::new(category, class, frequency, counts_usage).0 | IS_FOCUS)
    }

    /// The kind of the charge for what went unused of a commitment that is bought with charges of this kind.
    pub fn unused(self) -> ChargeKind {
        ChargeKind((self.0 & !(CATEGORY | COUNTS_USAGE)) | ChargeCategory::Usage as u8)
    }

    /// `ChargeCategory`.
    pub fn category(self) -> ChargeCategory {
        ChargeCategory::ALL[usize::from(self.0 & CATEGORY)]
    }

    /// `ChargeClass`; empty for none.
    pub fn class(self) -> &'static str {
        if self.0 & CORRECTION != 0 { CORRECTION_WORD } else { "" }
    }

    /// `ChargeFrequency`; empty for none.
    pub fn frequency(self) -> &'static str {
        FREQUENCIES[usize::from(self.0 >> FREQUENCY_SHIFT & FREQUENCY)]
    }

    /// Whether its quantity counts as usage: each hour of use appears once among such charges.
    pub fn counts_usage(self) -> bool {
        self.0 & COUNTS_USAGE != 0
    }

    /// Whether the bill itself is in FOCUS.
    pub fn is_focus(self) -> bool {
        self.0 & IS_FOCUS != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_holds_the_words_of_every_type() {
        for &kind in LineItemType::ALL {
            let charge = ChargeKind::of(kind);
            assert_eq!(charge.category(), kind.category());
            assert_eq!((charge.class(), charge.frequency()), (kind.class(), kind.frequency()));
            assert_eq!((charge.counts_usage(), charge.is_focus()), (kind.counts_usage(), false));
        }
        let unused = ChargeKind::of(LineItemType::RIFee).unused();
        assert_eq!((unused.category(), unused.counts_usage()), (ChargeCategory::Usage, false));
        assert_eq!(unused.frequency(), "Recurring");
        let stated = ChargeKind::stated(ChargeCategory::Adjustment, "Correction", "One-Time", false);
        assert_eq!((stated.class(), stated.frequency(), stated.is_focus()), ("Correction", "One-Time", true));
        assert!(!ChargeKind::stated(ChargeCategory::Usage, "", "Usage-Based", true).counts_usage());
    }

    #[test]
    fn versions_are_told_by_their_columns() {
        let all = || COLUMNS_1_0.iter().copied();
        assert_eq!(version(all()), Some(Dialect::Focus1_0));
        assert_eq!(version(all().chain(["invoiceid"])), Some(Dialect::Focus1_2));
        assert_eq!(version(["ChargePeriodStart", "ChargeCategory", "EffectiveCost"].into_iter()), None);
        assert!(has_column("SkuMeter") && has_column("x_discounts") && !has_column("x_Stray"));
        assert!(is_aws(None) && is_aws(Some("AWS Marketplace")) && !is_aws(Some("Microsoft")));
    }
}
