//! What a detector says of one resource, and the row that becomes of it.

use super::Detector;
use super::facts::{Facts, Place, Product};
use super::resources::{Resource, Spend};
use crate::schema::money::{MONEY_SCALE, money_text};
use crate::schema::recommendations::{NewForm, PriceSource, Recommendation, UsageChange};

/// One resource, or one account and region, and what could be saved on it in the look-back.
#[derive(Debug, Clone)]
pub struct Finding {
    account: String,
    region: String,
    resource: Option<String>,
    saves: Spend,
    current: String,
    target: String,
    evidence: Vec<(&'static str, String)>,
    price_source: PriceSource,
    is_information: bool,
    usage: UsageChange,
}

impl Finding {
    /// Of a resource: what goes, of its cost in the look-back.
    pub fn of(resource: &Resource<'_>, saves: Spend) -> Finding {
        Finding {
            account: resource.account().to_owned(),
            region: resource.region().to_owned(),
            resource: Some(resource.id().to_owned()),
            saves,
            current: String::new(),
            target: "none".to_owned(),
            evidence: Vec::new(),
            price_source: PriceSource::Bill,
            is_information: false,
            usage: UsageChange::Kept,
        }
    }

    /// Of an account and region as a whole.
    pub fn at(place: &Place<'_>, saves: Spend) -> Finding {
        Finding {
            account: place.account.to_owned(),
            region: place.region.to_owned(),
            resource: None,
            saves,
            current: String::new(),
            target: "none".to_owned(),
            evidence: Vec::new(),
            price_source: PriceSource::Bill,
            is_information: false,
            usage: UsageChange::Kept,
        }
    }

    /// Of a resource by its names.
    pub fn named(account: &str, region: &str, resource: &str, saves: Spend) -> Finding {
        let place = Place { account, region, spend: Spend::default(), before: Spend::default() };
        Finding { resource: Some(resource.to_owned()), ..Finding::at(&place, saves) }
    }

    /// Of money that is gone whatever is done.
    pub fn sunk(account: &str, region: &str, resource: &str) -> Finding {
        Finding { is_information: true, ..Finding::named(account, region, resource, Spend::default()) }
    }

    /// What there is, and what there should be.
    pub fn change(self, current: impl Into<String>, target: impl Into<String>) -> Finding {
        Finding { current: current.into(), target: target.into(), ..self }
    }

    /// What becomes of its metered usage, where a commitment could cover that: see [`UsageChange`].
    pub fn uses(self, usage: UsageChange) -> Finding {
        Finding { usage, ..self }
    }

    /// A product that it uses becomes another, or less of the same, at a price ÷ the present one.
    pub fn becomes(self, product: &Product<'_>, usage_type: impl Into<String>, price: (i128, i128)) -> Finding {
        let from = (product.usage_type.to_owned(), product.operation.to_owned());
        let mut forms = match self.usage {
            UsageChange::Becomes(forms) => forms,
            _ => Vec::new(),
        };
        forms.push(NewForm { from, usage_type: usage_type.into(), price });
        Finding { usage: UsageChange::Becomes(forms), ..self }
    }

    /// A figure that it rests on.
    pub fn because(mut self, key: &'static str, value: impl ToString) -> Finding {
        self.evidence.push((key, value.to_string()));
        self
    }

    /// Shown although it saves nothing.
    pub fn for_information(self) -> Finding {
        Finding { is_information: true, ..self }
    }

    /// Only this much of its cost goes.
    pub fn of_it(self, saves: Spend) -> Finding {
        Finding { saves, ..self }
    }

    /// Where the target's price comes from.
    pub fn priced_by(self, price_source: PriceSource) -> Finding {
        Finding { price_source, ..self }
    }

    /// What it is about: account, region and resource.
    pub fn place(&self) -> (String, String, Option<String>) {
        (self.account.clone(), self.region.clone(), self.resource.clone())
    }

    /// What it saves in the look-back.
    pub fn saves(&self) -> Spend {
        self.saves
    }

    /// Whether it saves something, frees a commitment, or shows what is sunk.
    pub(super) fn is_worth_a_row(&self) -> bool {
        self.is_information || (self.saves.free >= 0 && (self.saves.free > 0 || self.saves.committed > 0))
    }

    /// The row, with what the detector says of all its rows.
    pub(super) fn row(self, detector: &'static Detector, facts: &Facts<'_>) -> Recommendation {
        let advice = &detector.advice;
        let mut evidence = self.evidence;
        let free = facts.monthly(self.saves.free);
        if self.saves.committed > 0 {
            evidence.push(("frees_commitment", money_text(facts.monthly(self.saves.committed))));
        }
        let blank = || "-".to_owned();
        let title = match &self.resource {
            Some(resource) => format!("{}: {}", advice.title, short_name(resource)),
            None => format!("{}: {} {}", advice.title, self.account, self.region),
        };
        Recommendation {
            detector: detector.id,
            kind: detector.kind,
            action: advice.action,
            command: command(advice.command, self.resource.as_deref().unwrap_or_default(), &self.region, &self.target),
            sub_account_id: self.account,
            region_id: self.region,
            resource_id: self.resource,
            title,
            current: if self.current.is_empty() { blank() } else { self.current },
            target: self.target,
            savings_monthly: free,
            // At list the same hours cost what they cost everybody; never less than what is saved after discounts.
            savings_monthly_list: facts.monthly(self.saves.list).max(free),
            confidence: detector.grade.confidence(),
            grade: detector.grade,
            effort: advice.effort,
            risk: advice.risk,
            evidence,
            assumptions: advice.assumptions.iter().map(|&text| text.to_owned()).collect(),
            alternatives: Vec::new(),
            price_source: self.price_source,
            usage: self.usage,
            owner: None,
            standing: None,
        }
    }
}

/// What follows the last `/` or `:` of a resource id.
pub fn short_name(id: &str) -> &str {
    id.rsplit(['/', ':']).next().unwrap_or(id)
}

/// The group that a node of a cache belongs to: its name without the numbers of the shard and of the node.
///
/// ```
/// use farthing::detector::finding::group_name;
/// assert_eq!(group_name("orders-0001-002"), "orders");
/// assert_eq!(group_name("orders-001"), "orders");
/// assert_eq!(group_name("cart-2026"), "cart-2026");
/// ```
pub fn group_name(node: &str) -> &str {
    let without = |name: &str, digits: usize| {
        let (before, number) = name.rsplit_once('-')?;
        (number.len() == digits && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(before.len())
    };
    let Some(node_at) = without(node, 3) else { return node };
    let group = &node[..node_at];
    without(group, 4).map_or(group, |shard_at| &group[..shard_at])
}

/// A command line with its places filled. What comes from the bill is quoted: ids are written by many hands.
fn command(template: &str, id: &str, region: &str, target: &str) -> String {
    let group = group_name(short_name(id));
    let places =
        [("{id}", id), ("{name}", short_name(id)), ("{group}", group), ("{region}", region), ("{target}", target)];
    // What is asked for in a unit is told without it.
    let amount = ("{amount}", target.split(' ').next().unwrap_or_default());
    let places = places.iter().chain([&amount]);
    places.fold(template.to_owned(), |line, (place, text)| line.replace(place, &quoted(text)))
}

/// Text as one word of a shell.
fn quoted(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=@".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Money in the look-back as US dollars, for comparison with a threshold.
pub fn usd(units: i128) -> f64 {
    units as f64 / 10_f64.powi(MONEY_SCALE as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_leave_their_word() {
        assert_eq!(
            command("aws x --id {name}", "arn:aws:x:1:y/a'; rm -rf ~", "r", ""),
            "aws x --id 'a'\\''; rm -rf ~'"
        );
        assert_eq!(command("aws x {id} {region}", "vol-1", "us-east-1", ""), "aws x vol-1 us-east-1");
        assert_eq!(quoted(""), "''");
    }
}
