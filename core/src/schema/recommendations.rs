//! The words of a recommendation: kinds, grades, effort, and the row itself.

use super::money::money_text;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$about])* $variant,)* }

        impl $name {
            /// Every value, in order.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The word in rows and options.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// Reads the word.
            pub fn from_name(name: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|value| value.name() == name)
            }
        }
    };
}

words! {
    /// What kind of saving it is, in the order in which they are taken: rightsize before you commit.
    Kind {
        /// Something that nobody uses.
        Idle "idle",
        /// Something that is too large for what it does.
        Rightsize "rightsize",
        /// Something that does the same for less in a newer form.
        Modernize "modernize",
        /// Something about reservations and Savings Plans.
        Commit "commit",
    }
}

words! {
    /// What a recommendation rests on, the surest first.
    Grade {
        /// A billed fact.
        BillProven "bill-proven",
        /// Hours were billed, and the bill shows no sign of use over the look-back.
        Strong "strong",
        /// Measured use, from CloudWatch.
        Metrics "metrics",
        /// A likely story; such rows stand outside the total.
        Heuristic "heuristic",
    }
}

impl Grade {
    /// Whether savings of this grade are part of the total.
    pub const fn is_in_total(self) -> bool {
        !matches!(self, Grade::Heuristic)
    }

    /// How far the row can be trusted, 0 to 1: 1 for a billed fact. A convention, not a statistic.
    pub const fn confidence(self) -> f64 {
        match self {
            Grade::BillProven => 1.0,
            Grade::Strong => 0.9,
            Grade::Metrics => 0.8,
            Grade::Heuristic => 0.4,
        }
    }
}

words! {
    /// How much work it is.
    Effort {
        /// One call, no interruption.
        VeryLow "very-low",
        /// A change and a look afterwards.
        Low "low",
        /// A planned change with a test.
        Medium "medium",
        /// A migration.
        High "high",
    }
}

words! {
    /// Where the price of what is recommended comes from.
    PriceSource {
        /// No price but the bill's own: what is saved is what was billed.
        Bill "bill",
        /// A price list or table that the user gave.
        PriceList "price-list",
        /// The bundled list prices, in proportion to what the bill paid.
        Catalog "catalog",
        /// A figure that was not checked against a price list.
        Assumption "assumption",
    }
}

/// What advice does to what a resource is metered for; the rest of what it saves is a matter of price.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum UsageChange {
    /// It is used as before.
    #[default]
    Kept,
    /// Nothing is used any more.
    Gone,
    /// Usage of these types, without their region, goes.
    GoneOf(Vec<String>),
    /// Usage of some types becomes others.
    Becomes(Vec<NewForm>),
}

/// What usage of one type becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewForm {
    /// The type, without its region, and the operation.
    pub from: (String, String),
    /// The type that it becomes; the same where it becomes less.
    pub usage_type: String,
    /// The price of an hour then, and before.
    pub price: (i128, i128),
}

/// One way to save. Money is in units of 1e-12 of the bill's currency, per month of 730 hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommendation {
    /// Id of the detector.
    pub detector: &'static str,
    /// What kind of saving.
    pub kind: Kind,
    /// `delete`, `release`, `upgrade`, …
    pub action: &'static str,
    /// The account.
    pub sub_account_id: String,
    /// The region; empty where the bill states none.
    pub region_id: String,
    /// The resource; `None` for advice about a whole account and region.
    pub resource_id: Option<String>,
    /// One short sentence.
    pub title: String,
    /// What there is.
    pub current: String,
    /// What there should be.
    pub target: String,
    /// What the next bill drops by: effective cost in the look-back that no commitment covers, ÷ its hours × 730.
    pub savings_monthly: i128,
    /// The same at public on-demand prices, covered hours included.
    pub savings_monthly_list: i128,
    /// 0 to 1, by grade.
    pub confidence: f64,
    /// What it rests on.
    pub grade: Grade,
    /// How much work.
    pub effort: Effort,
    /// 0 (nothing can break) to 4 (test first).
    pub risk: u8,
    /// The figures it rests on.
    pub evidence: Vec<(&'static str, String)>,
    /// What is taken for granted, and when not to act.
    pub assumptions: Vec<String>,
    /// Other detectors that name the same resource, with what they would save instead.
    pub alternatives: Vec<(&'static str, i128)>,
    /// Where the target's price comes from.
    pub price_source: PriceSource,
    /// An AWS CLI line that would do it. It is never run.
    pub command: String,
    /// What it does to metered usage, for the simulation of all advice together.
    pub usage: UsageChange,
    /// Who owns what it is about, as a configuration says.
    pub owner: Option<String>,
    /// Since when it is advised; `None` for a bill without earlier months.
    pub standing: Option<Standing>,
}

/// Since when something is advised, and what waiting has cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The first month of those in a row in which it was advised, `2026-08`.
    pub since: String,
    /// Whether that is the last month.
    pub is_new: bool,
    /// What would have been saved in the months after the first, in units of 1e-12.
    pub waited: i128,
}

impl Standing {
    /// `new` or `open`.
    pub const fn status(&self) -> &'static str {
        if self.is_new { "new" } else { "open" }
    }
}

/// A recommendation's columns, in order, and what they mean.
pub const COLUMNS: &[(&str, &str)] = &[
    ("detector", "id of the detector; `farthing explain ID` shows its guide"),
    ("kind", "idle, rightsize, modernize or commit"),
    ("action", "what to do, in one word"),
    ("sub_account_id", "the account"),
    ("region_id", "the region"),
    ("resource_id", "the resource; blank for advice about an account and region"),
    ("title", "one short sentence"),
    ("current", "what there is"),
    ("target", "what there should be"),
    ("savings_monthly", "what a month of 730 hours drops by, after commitments and discounts"),
    ("savings_monthly_list", "the same at public on-demand prices"),
    ("confidence", "0 to 1, by grade"),
    ("grade", "bill-proven, strong, metrics or heuristic; heuristic rows stand outside the total"),
    ("effort", "very-low, low, medium or high"),
    ("risk", "0 (nothing can break) to 4 (test first)"),
    ("evidence", "the figures it rests on"),
    ("assumptions", "what is taken for granted, and when not to act"),
    ("alternatives", "other savings on the same resource, not added to this one"),
    ("price_source", "bill, catalog or assumption"),
    ("command", "an AWS CLI line that would do it; it is never run"),
    ("owner", "who owns it, as `farthing.toml` says"),
    ("id", "names the advice in every month: it follows from detector, account, region and resource"),
    ("status", "new or open, against the bill's earlier months; blank where there are none"),
    ("since", "the first of the months in a row in which it is advised"),
    ("waited", "what would have been saved since then, had it been done in that month"),
];

impl Recommendation {
    /// Names the advice, whatever month it is given in: 12 hexadecimal digits of the SHA-256 of detector, account,
    /// region and resource.
    pub fn id(&self) -> String {
        use sha2::{Digest, Sha256};
        let resource = self.resource_id.as_deref().unwrap_or_default();
        let hash = Sha256::digest([self.detector, &self.sub_account_id, &self.region_id, resource].join("\0"));
        hash[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether it is a billed fact and no great work.
    pub fn is_quick_win(&self) -> bool {
        self.grade == Grade::BillProven && self.effort <= Effort::Low
    }

    /// The evidence as text, `key=value` pairs.
    pub fn evidence_text(&self) -> String {
        let pairs: Vec<String> = self.evidence.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join("; ")
    }

    /// The alternatives as text, `detector (amount)`.
    pub fn alternatives_text(&self) -> String {
        let all: Vec<String> =
            self.alternatives.iter().map(|(id, saving)| format!("{id} ({})", money_text(*saving))).collect();
        all.join("; ")
    }
}
