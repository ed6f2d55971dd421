//! Usage of a bill that nothing covers yet and a commitment could: pools by hour.
//!
//! A pool is usage of which every unit is as good as another to every offer: any size of an EC2 family in a region where
//! reservations are size-flexible, one instance type elsewhere, one meter of Fargate or Lambda. What reservations and
//! plans cover, Spot, data transfer and licences are no part of it: the ledger keeps on-demand usage by itself.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::demand::Demand;
use crate::analyze::classes::class_of;
use crate::catalog::pools::Class;
use crate::ledger::Ledger;
use crate::ledger::tables::{MASK_WORDS, or_mask};
use crate::schema::charges::Text;
use crate::schema::money::scale_by;
use crate::schema::values::Pricing;

/// A whole unit of a quantity.
const UNIT: i128 = 1_000_000_000_000_000;
/// Sizes of a family belong to one pool when what a normalized unit costs differs by no more than this part of it.
const RATE_TOLERANCE: f64 = 0.005;
const SECONDS_PER_HOUR: i64 = 3_600;

/// What usage counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Accounts whose usage is left out.
    pub accounts_excluded: Vec<String>,
    /// Instance families, or services (`AmazonRDS`), that are left out.
    pub families_excluded: Vec<String>,
    /// Days of usage to look at, counted back from the last hour of the bill. When not set, all of it; a plan sizes its
    /// purchases on the last 28 days, AWS's way on the last 30.
    pub look_back_days: Option<u32>,
    /// Accounts and resources whose usage is left out: what is about to be stopped or changed.
    pub resources_excluded: Vec<(String, String)>,
    /// The first hour and the one after the last, since 1970-01-01; in place of `look_back_days`.
    pub hours: Option<(i64, i64)>,
}

/// A pool of usage.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// `EC2 m5 us-east-1`: unique, and a key of offers.
    pub name: String,
    /// What it is to offers.
    pub class: Class,
    /// The instance type that is a unit: of several sizes the smallest; empty where there are no instances.
    pub unit: String,
    /// On-demand rate of a unit for an hour, in units of 1e-12.
    pub on_demand_rate: i128,
    /// On-demand cost of the window, in units of 1e-12.
    pub on_demand: i128,
    /// The products it consists of: places in the ledger's `products`.
    pub products: Vec<u32>,
}

/// Everything that a commitment could cover and nothing does. Money in units of 1e-12.
#[derive(Debug, Clone, PartialEq)]
pub struct Eligible {
    /// Pools, sorted by name, as those of `demand`.
    pub pools: Vec<Pool>,
    /// Their usage in units by hour.
    pub demand: Demand,
    /// The hours, since 1970-01-01: those of the window in which the bill has usage at all.
    pub hours: Vec<i64>,
    /// Hours of the window in which it has none, of anything: taken for missing, not for idle.
    pub hours_missing: usize,
    /// On-demand value of the window that plans and reservations cover already.
    pub covered: i128,
    /// On-demand cost of what was left out, by reason.
    pub left_out: BTreeMap<&'static str, i128>,
}

impl Eligible {
    /// On-demand cost of the window's pools.
    pub fn on_demand(&self) -> i128 {
        (0..self.pools.len()).map(|pool| self.on_demand_of(pool)).sum()
    }

    /// Leaves out pools by name, for a reason.
    pub(super) fn keep(&mut self, keep: impl Fn(&str) -> bool, reason: &'static str) {
        let kept: Vec<bool> = self.pools.iter().map(|pool| keep(&pool.name)).collect();
        if kept.iter().all(|&kept| kept) {
            return;
        }
        let places = || (0..kept.len()).filter(|&at| kept[at]);
        let quantities = places().flat_map(|at| self.demand.of(at).iter().copied()).collect();
        let left: i128 = (0..kept.len()).filter(|&at| !kept[at]).map(|at| self.pools[at].on_demand).sum();
        *self.left_out.entry(reason).or_insert(0) += left;
        let mut kept = kept.iter();
        self.pools.retain(|_| kept.next() == Some(&true));
        let pools = self.pools.iter().map(|pool| pool.name.clone()).collect();
        self.demand = Demand { pools, quantities, ..self.demand };
    }

    /// On-demand cost of the window of one pool.
    pub fn on_demand_of(&self, pool: usize) -> i128 {
        self.pools[pool].on_demand
    }
}

/// One product's usage over the window.
#[derive(Debug, Clone, Default)]
struct Product {
    quantity: i128,
    on_demand: i128,
    by_hour: HashMap<usize, i128>,
}

/// Usage of a window, before it is laid out as pools.
struct Gathered {
    window: Window,
    classes: Vec<Option<Class>>,
    products: BTreeMap<u32, Product>,
    covered: i128,
    left_out: BTreeMap<&'static str, i128>,
}

/// Finds what of a ledger's usage a commitment could cover.
pub fn eligible(ledger: &Ledger, scope: &Scope) -> Eligible {
    let mut found = Gathered::of(ledger, scope);
    let gone = without_resources(ledger, scope, &found.window, &found.classes, &mut found.products);
    found.left_out.insert("its resource is to be stopped or changed first", gone);
    found.laid_out()
}

/// The same of the hours from one to before another, where only `left` of a product's usage is on demand once other advice
/// was followed, by hour from the first on.
pub(crate) fn eligible_of(
    ledger: &Ledger,
    scope: &Scope,
    hours: (i64, i64),
    left: &BTreeMap<u32, Vec<i128>>,
) -> Eligible {
    let mut found = Gathered::of(ledger, &Scope { hours: Some(hours), ..scope.clone() });
    let mut gone = 0;
    for (at, product) in &mut found.products {
        let by_hour = left.get(at).map_or(&[][..], Vec::as_slice);
        let quantity = |hour: &i64| usize::try_from(hour - hours.0).ok().and_then(|at| by_hour.get(at)).copied();
        let kept = found.window.places.iter().filter_map(|(hour, &place)| Some((place, quantity(hour)?)));
        product.by_hour = kept.filter(|(_, quantity)| *quantity > 0).collect();
        let left: i128 = product.by_hour.values().sum();
        let cost = scale_by(product.on_demand, left, product.quantity).unwrap_or(0);
        gone += product.on_demand - cost;
        (product.quantity, product.on_demand) = (left, cost);
    }
    found.products.retain(|_, product| product.quantity > 0);
    found.left_out.insert("it goes, or is covered, once other advice was followed", gone);
    found.laid_out()
}

impl Gathered {
    fn of(ledger: &Ledger, scope: &Scope) -> Gathered {
        let window = Window::of(ledger, scope);
        let mut products: BTreeMap<u32, Product> = BTreeMap::new();
        let (mut covered, mut left_out) = (0, BTreeMap::new());
        let classes: Vec<Option<Class>> = ledger.products.iter().map(|(key, _)| class_of(ledger, key)).collect();
        let is_excluded = |class: &Option<Class>| class.as_ref().is_some_and(|class| scope.excludes(class));
        let excluded: Vec<bool> = classes.iter().map(is_excluded).collect();
        for ((series, hour), cell) in ledger.demand.iter() {
            let key = ledger.series.key(series);
            let hour = ledger.bills.at(key.bill).start.div_euclid(SECONDS_PER_HOUR) + i64::from(hour);
            let Some(&place) = window.places.get(&hour) else { continue };
            if key.covered_by != 0 {
                covered += cell.on_demand();
                continue;
            }
            let account = || ledger.names.get(Text::SubAccountId, key.account).unwrap_or_default();
            let reason = match &classes[key.product as usize] {
                None => Some("no commitment is known for it"),
                Some(_) if scope.accounts_excluded.iter().any(|excluded| excluded == account()) => {
                    Some("its account is excluded")
                }
                Some(_) if excluded[key.product as usize] => Some("its family or service is excluded"),
                Some(_) if cell.on_demand() <= 0 || cell.quantity() <= 0 => Some("it costs nothing on demand"),
                Some(_) => None,
            };
            if let Some(reason) = reason {
                *left_out.entry(reason).or_insert(0) += cell.on_demand();
                continue;
            }
            let product = products.entry(key.product).or_default();
            product.quantity += cell.quantity();
            product.on_demand += cell.on_demand();
            *product.by_hour.entry(place).or_insert(0) += cell.quantity();
        }
        Gathered { window, classes, products, covered, left_out }
    }

    fn laid_out(mut self) -> Eligible {
        self.left_out.retain(|_, cost| *cost != 0);
        let grouped = grouped(&self.products, &self.classes);
        let (pools, demand) = lay_out(grouped, &self.products, &self.classes, self.window.hours.len());
        Eligible {
            pools,
            demand,
            hours_missing: self.window.missing,
            hours: self.window.hours,
            covered: self.covered,
            left_out: self.left_out,
        }
    }
}

/// Takes the usage of resources out, spread evenly over the hours in which each was used; its on-demand cost. The ledger
/// keeps a resource's quantity by month and its hours as a mask.
fn without_resources(
    ledger: &Ledger,
    scope: &Scope,
    window: &Window,
    classes: &[Option<Class>],
    products: &mut BTreeMap<u32, Product>,
) -> i128 {
    let excluded: HashSet<(&str, &str)> =
        scope.resources_excluded.iter().map(|(account, resource)| (account.as_str(), resource.as_str())).collect();
    let mut gone = 0;
    for (key, cell) in ledger.resources.iter() {
        let text = |text, id| ledger.names.get(text, id).unwrap_or_default();
        let is_on_demand = key.pricing == Pricing::Standard as u8 && classes[key.product as usize].is_some();
        let id = || (text(Text::SubAccountId, key.account), text(Text::ResourceId, key.resource));
        if !is_on_demand || excluded.is_empty() || !excluded.contains(&id()) {
            continue;
        }
        let Some(product) = products.get_mut(&key.product) else { continue };
        let used: i128 = cell.hours.iter().map(|word| i128::from(word.count_ones())).sum();
        let start = ledger.bills.at(key.bill).start.div_euclid(SECONDS_PER_HOUR);
        let hours = (0..MASK_WORDS as i64 * 64).filter(|at| cell.hours[(at / 64) as usize] >> (at % 64) & 1 == 1);
        for place in hours.filter_map(|at| window.places.get(&(start + at))) {
            let Some(quantity) = product.by_hour.get_mut(place) else { continue };
            let taken = (cell.sums.quantity / used.max(1)).min(*quantity);
            let cost = scale_by(product.on_demand, taken, product.quantity).unwrap_or(0);
            *quantity -= taken;
            product.quantity -= taken;
            product.on_demand -= cost;
            gone += cost;
        }
        if product.quantity <= 0 {
            products.remove(&key.product);
        }
    }
    gone
}

impl Scope {
    fn excludes(&self, class: &Class) -> bool {
        let is_named = |name: &str| self.families_excluded.iter().any(|excluded| excluded == name);
        is_named(&class.service) || class.family().is_some_and(is_named)
    }
}

/// The hours that are looked at.
struct Window {
    hours: Vec<i64>,
    places: HashMap<i64, usize>,
    missing: usize,
}

impl Window {
    fn of(ledger: &Ledger, scope: &Scope) -> Window {
        let mut masks: BTreeMap<i64, [u64; MASK_WORDS]> = BTreeMap::new();
        for (_, cell) in ledger.bills.iter() {
            or_mask(masks.entry(cell.start.div_euclid(SECONDS_PER_HOUR)).or_default(), &cell.hours);
        }
        let used = masks.iter().flat_map(|(&start, mask)| {
            (0..MASK_WORDS as i64 * 64)
                .filter(|at| mask[(at / 64) as usize] >> (at % 64) & 1 == 1)
                .map(move |at| start + at)
        });
        let all: Vec<i64> = used.collect();
        let (first, last) = (all.first().copied().unwrap_or(0), all.last().map_or(0, |last| last + 1));
        let back = scope.look_back_days.map_or(first, |days| first.max(last - 24 * i64::from(days)));
        let (from, to) = scope.hours.unwrap_or((back, last));
        let hours: Vec<i64> = all.into_iter().filter(|hour| (from..to).contains(hour)).collect();
        let places = hours.iter().enumerate().map(|(place, &hour)| (hour, place)).collect();
        let spanned = hours.first().zip(hours.last()).map_or(0, |(first, last)| last + 1 - first);
        Window { missing: usize::try_from(spanned).unwrap_or(0) - hours.len(), hours, places }
    }
}

/// Products that make up a pool, by the pool's name: those of one class whose normalized units cost the same.
fn grouped(products: &BTreeMap<u32, Product>, classes: &[Option<Class>]) -> BTreeMap<String, Vec<u32>> {
    let mut by_class: BTreeMap<&str, Vec<(f64, u32)>> = BTreeMap::new();
    for (&at, product) in products {
        let Some(class) = &classes[at as usize] else { continue };
        let rate = product.on_demand as f64 / product.quantity as f64 / f64::from(class.factor);
        by_class.entry(&class.pool).or_default().push((rate, at));
    }
    let mut all = BTreeMap::new();
    for (name, mut members) in by_class {
        members.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut parts: Vec<(f64, Vec<u32>)> = Vec::new();
        for (rate, at) in members {
            match parts.last_mut() {
                Some((least, part)) if rate <= *least * (1.0 + RATE_TOLERANCE) => part.push(at),
                _ => parts.push((rate, vec![at])),
            }
        }
        let several = parts.len() > 1;
        for (number, (_, part)) in parts.into_iter().enumerate() {
            all.insert(if several { format!("{name} #{}", number + 1) } else { name.to_owned() }, part);
        }
    }
    all
}

fn lay_out(
    grouped: BTreeMap<String, Vec<u32>>,
    products: &BTreeMap<u32, Product>,
    classes: &[Option<Class>],
    hours: usize,
) -> (Vec<Pool>, Demand) {
    let (mut pools, mut quantities) = (Vec::new(), Vec::with_capacity(grouped.len() * hours));
    for (name, members) in grouped {
        let member = |at: &u32| classes[*at as usize].as_ref().map(|class| (class, &products[at]));
        let smallest = members.iter().filter_map(member).min_by_key(|(class, _)| class.factor);
        let Some((smallest, _)) = smallest else { continue };
        let start = quantities.len();
        quantities.resize(start + hours, 0_i128);
        let (mut units, mut on_demand) = (0, 0);
        for (class, product) in members.iter().filter_map(member) {
            let in_units = |quantity: i128| quantity * i128::from(class.factor) / i128::from(smallest.unit_factor());
            product.by_hour.iter().for_each(|(&hour, &quantity)| quantities[start + hour] += in_units(quantity));
            units += in_units(product.quantity);
            on_demand += product.on_demand;
        }
        pools.push(Pool {
            name,
            class: Class { factor: smallest.unit_factor(), ..smallest.clone() },
            unit: smallest.instance.clone(),
            on_demand_rate: scale_by(on_demand, UNIT, units).unwrap_or(0),
            on_demand,
            products: members,
        });
    }
    let names = pools.iter().map(|pool| pool.name.clone()).collect();
    (pools, Demand { pools: names, first_hour: 0, hours, quantities })
}
