//! The values that dimensions take: line item types, charge categories, pricing and commitment words.

macro_rules! line_item_types {
    ($($variant:ident $category:ident $frequency:literal $usage:literal;)*) => {
        /// AWS's types of line items. A type that is not known is kept under its own name and warned about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)]
        pub enum LineItemType { $($variant,)* Unknown }

        impl LineItemType {
            /// Every type, the unknown one included.
            pub const ALL: &[LineItemType] = &[$(LineItemType::$variant,)* LineItemType::Unknown];

            /// Reads AWS's word.
            pub fn from_name(name: &str) -> LineItemType {
                match name { $(stringify!($variant) => LineItemType::$variant,)* _ => LineItemType::Unknown }
            }

            /// The FOCUS category of its charges.
            pub fn category(self) -> ChargeCategory {
                match self { $(LineItemType::$variant => ChargeCategory::$category,)* LineItemType::Unknown => ChargeCategory::Adjustment }
            }

            /// The FOCUS frequency of its charges.
            pub fn frequency(self) -> &'static str {
                match self { $(LineItemType::$variant => $frequency,)* LineItemType::Unknown => "One-Time" }
            }

            /// Whether its quantity counts as usage: each hour of use appears once among these
            /// (a negation row repeats the quantity of what it negates).
            pub fn counts_usage(self) -> bool {
                match self { $(LineItemType::$variant => $usage,)* LineItemType::Unknown => false }
            }
        }
    };
}

line_item_types! {
    Usage Usage "Usage-Based" true;
    DiscountedUsage Usage "Usage-Based" true;
    SavingsPlanCoveredUsage Usage "Usage-Based" true;
    SavingsPlanNegation Usage "Usage-Based" false;
    FlatRateSubscription Usage "Recurring" true;
    SavingsPlanRecurringFee Purchase "Recurring" false;
    SavingsPlanUpfrontFee Purchase "One-Time" false;
    RIFee Purchase "Recurring" false;
    Fee Purchase "One-Time" false;
    Tax Tax "One-Time" false;
    Credit Credit "One-Time" false;
    Refund Adjustment "One-Time" false;
    Discount Adjustment "One-Time" false;
    BundledDiscount Adjustment "One-Time" false;
    EdpDiscount Adjustment "One-Time" false;
    PrivateRateDiscount Adjustment "One-Time" false;
    RiVolumeDiscount Adjustment "One-Time" false;
    SppDiscount Adjustment "One-Time" false;
    DistributorDiscount Adjustment "One-Time" false;
}

impl LineItemType {
    /// The FOCUS class of its charges: a refund corrects an earlier charge.
    pub fn class(self) -> &'static str {
        if self == LineItemType::Refund { "Correction" } else { "" }
    }

    /// Whether it is a contract discount posted as rows of its own.
    pub fn is_discount(self) -> bool {
        matches!(
            self,
            LineItemType::Discount
                | LineItemType::BundledDiscount
                | LineItemType::EdpDiscount
                | LineItemType::PrivateRateDiscount
                | LineItemType::RiVolumeDiscount
                | LineItemType::SppDiscount
                | LineItemType::DistributorDiscount
        )
    }
}

/// FOCUS charge categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum ChargeCategory {
    Usage,
    Purchase,
    Tax,
    Credit,
    Adjustment,
}

impl ChargeCategory {
    /// Every category, in order.
    pub const ALL: [ChargeCategory; 5] = [
        ChargeCategory::Usage,
        ChargeCategory::Purchase,
        ChargeCategory::Tax,
        ChargeCategory::Credit,
        ChargeCategory::Adjustment,
    ];

    /// Reads the FOCUS word.
    pub fn from_name(name: &str) -> Option<ChargeCategory> {
        ChargeCategory::ALL.into_iter().find(|category| category.name() == name)
    }

    /// The FOCUS word.
    pub const fn name(self) -> &'static str {
        match self {
            ChargeCategory::Usage => "Usage",
            ChargeCategory::Purchase => "Purchase",
            ChargeCategory::Tax => "Tax",
            ChargeCategory::Credit => "Credit",
            ChargeCategory::Adjustment => "Adjustment",
        }
    }
}

/// How a charge was priced (FOCUS `PricingCategory`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Pricing {
    None,
    Standard,
    Dynamic,
    Committed,
    Other,
}

impl Pricing {
    /// Every value, in order.
    pub const ALL: [Pricing; 5] =
        [Pricing::None, Pricing::Standard, Pricing::Dynamic, Pricing::Committed, Pricing::Other];

    /// Reads the FOCUS word; [`Pricing::Other`] for one that is not known.
    pub fn from_name(name: &str) -> Pricing {
        Pricing::ALL.into_iter().find(|pricing| pricing.name() == name).unwrap_or(Pricing::Other)
    }

    /// The FOCUS word; empty for none.
    pub const fn name(self) -> &'static str {
        match self {
            Pricing::None => "",
            Pricing::Standard => "Standard",
            Pricing::Dynamic => "Dynamic",
            Pricing::Committed => "Committed",
            Pricing::Other => "Other",
        }
    }
}

/// What a commitment has to do with a charge: none, a Savings Plan or a reservation, used or unused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commitment {
    /// Savings Plan, reservation or none.
    pub kind: CommitmentKind,
    /// Used, unused, or neither (a purchase).
    pub status: CommitmentStatus,
}

/// The two kinds of commitment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum CommitmentKind {
    None,
    SavingsPlan,
    Reservation,
}

impl CommitmentKind {
    /// Reads the FOCUS word, or what the commitment's id says where there is none.
    pub fn from_category(category: &str, id: &str) -> CommitmentKind {
        match category {
            "Spend" => CommitmentKind::SavingsPlan,
            "Usage" => CommitmentKind::Reservation,
            _ if id.is_empty() => CommitmentKind::None,
            _ if id.contains(":savingsplan/") => CommitmentKind::SavingsPlan,
            _ => CommitmentKind::Reservation,
        }
    }

    /// The FOCUS commitment discount category; empty for none.
    pub const fn category(self) -> &'static str {
        match self {
            CommitmentKind::None => "",
            CommitmentKind::SavingsPlan => "Spend",
            CommitmentKind::Reservation => "Usage",
        }
    }
}

/// FOCUS `CommitmentDiscountStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum CommitmentStatus {
    None,
    Used,
    Unused,
}

impl CommitmentStatus {
    /// The FOCUS word; empty for none.
    pub const fn name(self) -> &'static str {
        match self {
            CommitmentStatus::None => "",
            CommitmentStatus::Used => "Used",
            CommitmentStatus::Unused => "Unused",
        }
    }
}

/// Operations whose rows repeat, pod by pod or task by task, the cost of an instance that has its own row:
/// they are kept out of every total.
pub const SPLIT_COST_OPERATIONS: [&str; 2] = ["EKSPod-EC2", "ECSTask-EC2"];

/// How the description of the refund of a returned Savings Plan begins; its ARN is blank.
pub const SAVINGS_PLAN_REFUND_DESCRIPTION: &str = "Refund for one-time fee for Savings Plan ID";
/// The product code of Savings Plans rows.
pub const SAVINGS_PLANS_PRODUCT: &str = "ComputeSavingsPlans";

/// The day (days since 1970-01-01) as `YYYY-MM-DD`.
pub fn day_text(day: i32) -> String {
    match chrono::DateTime::from_timestamp(i64::from(day) * 86_400, 0) {
        Some(instant) => instant.format("%Y-%m-%d").to_string(),
        None => format!("day {day}"),
    }
}

/// `YYYY-MM-DD` (or the date of a longer text) as days since 1970-01-01.
pub fn parse_day(text: &str) -> Option<i32> {
    let date = chrono::NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()?;
    i32::try_from(date.signed_duration_since(chrono::NaiveDate::default()).num_days()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_go_there_and_back() {
        assert_eq!(parse_day("2024-02-29").map(day_text).as_deref(), Some("2024-02-29"));
        assert_eq!(parse_day("1970-01-01"), Some(0));
        assert_eq!(parse_day("nonsense"), None);
    }
}
