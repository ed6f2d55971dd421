//! What advice does to metered usage: which resource's hours go, and what they become.

use std::collections::{BTreeMap, HashMap};

use crate::catalog::pools::Class;
use crate::detector::facts::Facts;
use crate::ledger::tables::{MASK_WORDS, or_mask};
use crate::schema::charges::{Metric, Text};
use crate::schema::money::scale_by;
use crate::schema::recommendations::{NewForm, Recommendation, UsageChange};
use crate::schema::values::Pricing;

/// What a product becomes: the metered name, and its price as a part of the present one's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form {
    pub(super) product: u32,
    pub(super) usage_type: String,
    pub(super) price: (i128, i128),
}

/// Usage of one resource and product that goes, or takes another form.
#[derive(Debug, Clone)]
pub(super) struct Move {
    pub(super) account: u32,
    pub(super) product: u32,
    /// A place in [`Moves::forms`]; `None` when it goes.
    pub(super) to: Option<usize>,
    /// Quantity of each hour in which it was used.
    pub(super) hourly: i128,
    pub(super) hours: [u64; MASK_WORDS],
}

/// What a row does.
#[derive(Debug, Clone, Default)]
pub(super) struct Effect {
    pub(super) moves: Vec<Move>,
    /// What it saves on usage that nothing covers and a commitment could, in the look-back: the replay values it anew.
    pub(super) replayed: i128,
}

/// A row, and the account, product and form of a move.
type UsedBy = (usize, u32, u32, Option<usize>);

/// What rows do, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Moves {
    pub(super) effects: Vec<Effect>,
    pub(super) forms: Vec<Form>,
}

impl Moves {
    /// What rows do to usage of the look-back that a commitment could cover. A resource's usage is spread evenly over the
    /// hours in which it was used, on demand or covered: the ledger keeps its quantity by month.
    pub(super) fn of(facts: &Facts<'_>, rows: &[Recommendation], classes: &[Option<Class>]) -> Moves {
        let ledger = facts.ledger;
        let find = |text, name: &str| ledger.names.pool(text).find(name);
        let mut places: HashMap<(u32, u32), usize> = HashMap::new();
        for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.usage != UsageChange::Kept) {
            let resource = row.resource_id.as_deref().and_then(|id| find(Text::ResourceId, id));
            if let Some(key) = find(Text::SubAccountId, &row.sub_account_id).zip(resource) {
                places.insert(key, at);
            }
        }
        let mut found = Moves { effects: vec![Effect::default(); rows.len()], forms: Vec::new() };
        let mut forms: BTreeMap<Form, usize> = BTreeMap::new();
        let mut used: BTreeMap<UsedBy, (i128, [u64; MASK_WORDS])> = BTreeMap::new();
        for (key, cell) in ledger.resources.iter() {
            let Some(&at) = places.get(&(key.account, key.resource)).filter(|_| facts.is_in_look_back(key.bill)) else {
                continue;
            };
            let pricing = Pricing::ALL[usize::from(key.pricing)];
            if classes[key.product as usize].is_none() || !matches!(pricing, Pricing::Standard | Pricing::Committed) {
                continue;
            }
            let metered = facts.products[key.product as usize];
            let is_this = |form: &&NewForm| form.from.0 == metered.usage_type && form.from.1 == metered.operation;
            let form = match &rows[at].usage {
                UsageChange::Gone => None,
                UsageChange::GoneOf(types) if types.iter().any(|gone| gone == metered.usage_type) => None,
                UsageChange::Becomes(forms) => match forms.iter().find(is_this) {
                    Some(form) => {
                        let usage_type = form.usage_type.clone();
                        Some(Form { product: key.product, usage_type, price: form.price })
                    }
                    None => continue,
                },
                UsageChange::Kept | UsageChange::GoneOf(_) => continue,
            };
            let effect = &mut found.effects[at];
            if pricing == Pricing::Standard {
                let cost = cell.sums.costs.sum(Metric::EffectiveCost);
                let left = form.as_ref().and_then(|form| scale_by(cost, form.price.0, form.price.1));
                effect.replayed += cost - left.unwrap_or(0);
            }
            let next = forms.len();
            let to = form.map(|form| *forms.entry(form).or_insert(next));
            let (quantity, hours) = used.entry((at, key.account, key.product, to)).or_default();
            *quantity += cell.sums.quantity;
            or_mask(hours, &cell.hours);
        }
        for ((at, account, product, to), (quantity, hours)) in used {
            let count: u32 = hours.iter().map(|word| word.count_ones()).sum();
            let hourly = quantity / i128::from(count.max(1));
            found.effects[at].moves.push(Move { account, product, to, hourly, hours });
        }
        found.forms = vec![Form { product: 0, usage_type: String::new(), price: (1, 1) }; forms.len()];
        forms.into_iter().for_each(|(form, at)| found.forms[at] = form);
        found
    }
}

/// The hours of a mask.
pub(super) fn hours_of(mask: &[u64; MASK_WORDS]) -> impl Iterator<Item = usize> {
    (0..MASK_WORDS * 64).filter(|at| mask[at / 64] >> (at % 64) & 1 == 1)
}
