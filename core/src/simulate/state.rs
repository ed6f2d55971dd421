//! A look-back's usage that a commitment could cover, hour by hour, and what covers it.
//!
//! Reservations cover as much of their pool in an hour as the bill says, or all of it where less is left; what bought
//! them nobody can use elsewhere is unused. Savings Plans are replayed by AWS's rules ([`crate::replay`]). Accounts that
//! own no plan are served alike, so they count as one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::bought::Purchases;
use super::moves::{Form, Move, Moves, hours_of};
use super::parallel;
use super::tariffs::{Metered, Rates, Tariff};
use crate::analyze::classes::class_of_reserved;
use crate::analyze::terms::{CommitmentTerms, Scope, terms};
use crate::catalog::commitments::Payment;
use crate::catalog::listed::Listed;
use crate::catalog::pools::{Class, classify};
use crate::detector::facts::Facts;
use crate::ledger::tables::MASK_WORDS;
use crate::planner::bill::PlannedLine;
use crate::planner::offers::OfferKind;
use crate::replay::{Order, Plan, QUANTITY_UNIT, Sharing, Usage, replay_plans_hour};
use crate::schema::charges::{Metric, Text};
use crate::schema::money::scale_by;
use crate::schema::values::Pricing;

/// Normalized units of a ledger are of 1e-15; quantity × factor in thousandths is of 1e-18.
const FACTORS: i128 = 1_000;
/// Accounts that own no plan.
const OTHERS: u32 = 0;
const SAVINGS_PLAN: u8 = 1;
const RESERVATION: u8 = 2;

/// Usage of a reservation pool: a place and its normalization factor in thousandths, smallest first.
type Members = Vec<(usize, i128)>;

/// A pool of usage that reservations share.
#[derive(Debug, Clone, Default)]
pub(super) struct Pool {
    pub(super) members: Members,
    /// By hour: normalized units that reservations can cover, in units of 1e-18.
    units: Vec<i128>,
    /// What a normalized unit of them costs, bought and units.
    price: (i128, i128),
}

/// Usage of a look-back, and everything that covers it.
pub(super) struct State<'f> {
    facts: &'f Facts<'f>,
    rates: Rates<'f>,
    pub(super) hours: usize,
    metered: Vec<Metered>,
    /// Owner and place in `metered`.
    pub(super) slots: Vec<(u32, usize)>,
    places: HashMap<(u32, usize), usize>,
    owners: HashMap<u32, u32>,
    pub(super) pools: BTreeMap<String, Pool>,
    /// Quantities by hour, then slot: of all usage, and what reservations covered of it.
    pub(super) used: Vec<i128>,
    reserved: Vec<i128>,
    tariffs: Vec<Tariff>,
    plans: Vec<Plan>,
    /// How many of them the bill has; what is bought stands behind them.
    plans_owned: usize,
    /// By plan, then hour.
    commitments: Vec<Vec<i128>>,
    usages: Vec<Usage>,
    pub(super) order: Order,
    sharing: Sharing,
    /// What nothing covers, as the bill says and as the replay does, at effective prices.
    pub(super) uncovered: (i128, i128),
}

/// What the look-back costs on top of what was committed.
#[derive(Debug, Clone, Default)]
pub(super) struct Settled {
    /// Cost of what nothing covers.
    pub(super) on_demand: i128,
    /// Commitment that nobody uses: of plans, and of reservations.
    pub(super) unused: i128,
    /// Quantities that nothing covers, by hour, then slot; and by slot.
    left: Vec<i128>,
    pub(super) sums: Vec<i128>,
}

/// What nobody uses: units of each pool's reservations in units of 1e-18, and commitment of plans in units of 1e-12.
struct Unused {
    units: Vec<i128>,
    commitment: i128,
}

/// A move between slots.
pub(super) struct Placed {
    from: Option<usize>,
    to: Option<usize>,
    hourly: i128,
    pub(super) hours: [u64; MASK_WORDS],
}

impl Placed {
    /// What it adds to slots.
    pub(super) fn changes(&self) -> impl Iterator<Item = (usize, i128)> {
        self.from.map(|slot| (slot, -self.hourly)).into_iter().chain(self.to.map(|slot| (slot, self.hourly)))
    }
}

impl<'f> State<'f> {
    /// Of a look-back, with the forms that usage may take.
    pub(super) fn of(facts: &'f Facts<'f>, listed: Arc<Listed>, classes: &[Option<Class>], moves: &Moves) -> State<'f> {
        let hours = usize::try_from(facts.look_back.hours).unwrap_or(0);
        let mut state = State {
            facts,
            rates: Rates::of(facts.ledger, listed),
            hours,
            metered: Vec::new(),
            slots: Vec::new(),
            places: HashMap::new(),
            owners: HashMap::new(),
            pools: BTreeMap::new(),
            used: Vec::new(),
            reserved: Vec::new(),
            tariffs: Vec::new(),
            plans: Vec::new(),
            plans_owned: 0,
            commitments: Vec::new(),
            usages: Vec::new(),
            order: Order::of(&[], &[], &Sharing::ALL),
            sharing: Sharing::ALL,
            uncovered: (0, 0),
        };
        let bought = terms(facts.ledger);
        state.own(&bought);
        state.meter(classes, &moves.forms);
        state.place(classes, moves);
        let planned = state.fill(classes);
        state.pool(&bought);
        state.commit(&bought);
        state.price();
        state.share(&planned);
        state
    }

    /// Numbers the accounts that own plans, or would own what is bought.
    fn own(&mut self, bought: &BTreeMap<String, CommitmentTerms>) {
        let accounts = self.facts.ledger.names.pool(Text::SubAccountId);
        let owners = bought.values().filter(|one| one.is_plan).filter_map(|one| accounts.find(&one.owner));
        for account in owners.chain(self.facts.payer()) {
            let next = self.owners.len() as u32 + 1;
            self.owners.entry(account).or_insert(next);
        }
    }

    fn owner(&self, account: u32) -> u32 {
        self.owners.get(&account).copied().unwrap_or(OTHERS)
    }

    /// Products and forms with their prices.
    fn meter(&mut self, classes: &[Option<Class>], forms: &[Form]) {
        let ledger = self.facts.ledger;
        let count = classes.len();
        // Of what is on demand and of everything: on-demand value and quantity.
        let (mut free, mut all) = (vec![(0, 0); count], vec![(0, 0); count]);
        for ((series, _), cell) in ledger.demand.iter() {
            let key = ledger.series.key(series);
            if self.facts.is_in_look_back(key.bill) {
                let add = |sum: &mut (i128, i128)| *sum = (sum.0 + cell.on_demand(), sum.1 + cell.quantity());
                add(&mut all[key.product as usize]);
                if key.covered_by == 0 {
                    add(&mut free[key.product as usize]);
                }
            }
        }
        let mut paid = vec![(0, 0); count];
        for (key, cell) in ledger.resources.iter().filter(|(key, _)| self.facts.is_in_look_back(key.bill)) {
            if key.pricing == Pricing::Standard as u8 && classes[key.product as usize].is_some() {
                let sum: &mut (i128, i128) = &mut paid[key.product as usize];
                *sum = (sum.0 + cell.sums.costs.sum(Metric::EffectiveCost), sum.1 + cell.sums.quantity);
            }
        }
        let price = |(cost, quantity): (i128, i128)| scale_by(cost, QUANTITY_UNIT, quantity).filter(|_| quantity > 0);
        for (product, class) in classes.iter().enumerate() {
            let public = price(free[product]).or_else(|| price(all[product])).unwrap_or(0);
            let effective = price(paid[product]).unwrap_or(public);
            let usage_type = self.facts.products[product].usage_type.to_owned();
            let (product, class) = (product as u32, class.clone());
            self.metered.push(Metered { product, is_billed: true, usage_type, class, public, effective });
        }
        for form in forms {
            let from = &self.metered[form.product as usize];
            let scaled = |rate: i128| scale_by(rate, form.price.0, form.price.1).unwrap_or(rate);
            let class = from.class.as_ref();
            let class = class.and_then(|from| classify(&from.service, &form.usage_type, &from.operation, &from.region));
            let (public, effective) = (scaled(from.public), scaled(from.effective));
            let (product, usage_type) = (form.product, form.usage_type.clone());
            self.metered.push(Metered { product, is_billed: false, usage_type, class, public, effective });
        }
    }

    /// Slots for everything that is used, or will be.
    fn place(&mut self, classes: &[Option<Class>], moves: &Moves) {
        let ledger = self.facts.ledger;
        let used = ledger.series.iter().map(|(key, _)| key).filter(|key| self.facts.is_in_look_back(key.bill));
        let mut wanted: Vec<(u32, usize)> = used.map(|key| (self.owner(key.account), key.product as usize)).collect();
        for one in moves.effects.iter().flat_map(|effect| &effect.moves) {
            wanted.push((self.owner(one.account), one.product as usize));
            wanted.extend(one.to.map(|form| (self.owner(one.account), classes.len() + form)));
        }
        wanted.retain(|&(_, at)| self.metered[at].class.is_some() || !self.metered[at].is_billed);
        wanted.sort_unstable();
        wanted.dedup();
        self.places = wanted.iter().enumerate().map(|(place, &key)| (key, place)).collect();
        self.slots = wanted;
    }

    /// The bill's quantities; what plans covered comes back.
    fn fill(&mut self, classes: &[Option<Class>]) -> Vec<i128> {
        let ledger = self.facts.ledger;
        let cells = self.hours * self.slots.len();
        let (mut used, mut reserved, mut planned) = (vec![0; cells], vec![0; cells], vec![0; cells]);
        for ((series, hour), cell) in ledger.demand.iter() {
            let key = ledger.series.key(series);
            let Some(hour) = usize::try_from(hour).ok().filter(|&hour| hour < self.hours) else { continue };
            if classes[key.product as usize].is_none() || !self.facts.is_in_look_back(key.bill) {
                continue;
            }
            let Some(&slot) = self.places.get(&(self.owner(key.account), key.product as usize)) else { continue };
            let at = hour * self.slots.len() + slot;
            used[at] += cell.quantity();
            match key.covered_by {
                SAVINGS_PLAN => planned[at] += cell.quantity(),
                RESERVATION => reserved[at] += cell.quantity(),
                _ => {}
            }
        }
        (self.used, self.reserved) = (used, reserved);
        planned
    }

    /// Pools that reservations share, and what reservations can cover in each hour.
    fn pool(&mut self, bought: &BTreeMap<String, CommitmentTerms>) {
        for (slot, &(_, at)) in self.slots.iter().enumerate() {
            if let Some(class) = &self.metered[at].class {
                let pool = self.pools.entry(class.pool.clone()).or_default();
                pool.members.push((slot, i128::from(class.factor.max(1))));
            }
        }
        let mut unused: BTreeMap<String, Vec<i128>> = BTreeMap::new();
        let ledger = self.facts.ledger;
        for (key, cell) in ledger.commitments.iter() {
            if !self.facts.is_in_look_back(key.bill) {
                continue;
            }
            let arn = ledger.names.get(Text::CommitmentDiscountId, key.arn).unwrap_or_default();
            let Some(class) = bought.get(arn).and_then(|one| class_of_reserved(&one.scope)) else { continue };
            let Some(pool) = self.pools.get_mut(&class.pool) else { continue };
            pool.price = (pool.price.0 + cell.bought, pool.price.1 + cell.bought_units);
            if let Some(hour) = usize::try_from(key.hour).ok().filter(|&hour| hour < self.hours) {
                let unused = unused.entry(class.pool).or_insert_with(|| vec![0; self.hours]);
                unused[hour] += cell.unused_units * FACTORS;
            }
        }
        let (slots, nothing) = (self.slots.len(), Vec::new());
        for (name, pool) in &mut self.pools {
            pool.members.sort_by_key(|&(slot, factor)| (factor, slot));
            let unused = unused.get(name).unwrap_or(&nothing);
            let units = |quantities: &[i128], hour: usize| -> i128 {
                pool.members.iter().map(|&(slot, factor)| quantities[hour * slots + slot] * factor).sum()
            };
            let of_hour = |hour: usize| {
                let reserved = units(&self.reserved, hour);
                (reserved, units(&self.used, hour) - reserved, unused.get(hour).copied().unwrap_or(0))
            };
            let by_hour: Vec<(i128, i128, i128)> = (0..self.hours).map(of_hour).collect();
            // What is unused beside usage that it does not cover fits something else (a zone, an account) only.
            let stuck = by_hour.iter().map(|&(_, uncovered, unused)| unused.min(uncovered)).max().unwrap_or(0).max(0);
            pool.units = by_hour.iter().map(|&(reserved, _, unused)| reserved + (unused - stuck).max(0)).collect();
        }
    }

    /// The plans and what they commit to in each hour.
    fn commit(&mut self, bought: &BTreeMap<String, CommitmentTerms>) {
        let ledger = self.facts.ledger;
        let mut plans: BTreeMap<(u32, Tariff), Vec<i128>> = BTreeMap::new();
        for (key, cell) in ledger.commitments.iter().filter(|(_, cell)| cell.bought != 0) {
            let arn = ledger.names.get(Text::CommitmentDiscountId, key.arn).unwrap_or_default();
            let Some(one) = bought.get(arn).filter(|one| one.is_plan && self.facts.is_in_look_back(key.bill)) else {
                continue;
            };
            let (Some(kind), Ok(hour)) = (plan_kind(&one.scope), usize::try_from(key.hour)) else { continue };
            let account = ledger.names.pool(Text::SubAccountId).find(&one.owner);
            let owner = account.map_or(OTHERS, |account| self.owner(account));
            let payment = one.payment.unwrap_or(Payment::NoUpfront);
            let tariff = Tariff { kind, term_years: one.term_years.unwrap_or(1), payment };
            let by_hour = plans.entry((owner, tariff)).or_insert_with(|| vec![0; self.hours]);
            if let Some(sum) = by_hour.get_mut(hour) {
                *sum += cell.bought;
            }
        }
        for ((owner, tariff), by_hour) in plans {
            self.add_plan(owner, tariff, by_hour);
        }
        self.plans_owned = self.plans.len();
    }

    fn add_plan(&mut self, account: u32, tariff: Tariff, by_hour: Vec<i128>) {
        let is_ec2_instance = matches!(tariff.kind, OfferKind::Ec2InstanceSavingsPlan(_));
        let known = self.tariffs.iter().position(|known| *known == tariff);
        let number = known.unwrap_or(self.tariffs.len()) as u32;
        if known.is_none() {
            self.tariffs.push(tariff);
        }
        self.plans.push(Plan { account, tariff: number, is_ec2_instance, commitment: 0 });
        self.commitments.push(by_hour);
    }

    /// Rates of every slot under every tariff, and the order that follows.
    fn price(&mut self) {
        let by_tariff: Vec<_> = self.tariffs.iter().map(|tariff| self.rates.under(tariff, &self.metered)).collect();
        let usage = |&(account, at): &(u32, usize)| {
            let rates = by_tariff.iter().zip(0..).filter_map(|(rates, tariff)| rates[at].map(|rate| (tariff, rate)));
            let on_demand_rate = self.metered[at].public;
            let plans = rates.filter(|(_, rate)| *rate > 0).collect();
            Usage { account, exact: None, flexible: None, zone: None, factor: 0, plans, on_demand_rate, quantity: 0 }
        };
        self.usages = self.slots.iter().map(usage).collect();
        self.order = Order::of(&self.usages, &self.plans, &self.sharing);
    }

    /// Whether plans serve other accounts, by which comes nearer to the bill.
    fn share(&mut self, planned: &[i128]) {
        let billed: Vec<i128> =
            self.used.iter().zip(&self.reserved).zip(planned).map(|((used, ri), plan)| used - ri - plan).collect();
        let billed = self.cost(&self.sums(&billed));
        let mut replay = |sharing| {
            self.sharing = sharing;
            self.order = Order::of(&self.usages, &self.plans, &self.sharing);
            self.settle(&self.used, &Purchases::default()).on_demand
        };
        let (alone, shared) = (replay(Sharing::NONE), replay(Sharing::ALL));
        let is_shared = (shared - billed).abs() <= (alone - billed).abs();
        if !is_shared {
            replay(Sharing::NONE);
        }
        self.uncovered = (billed, if is_shared { shared } else { alone });
    }

    /// Quantities by slot.
    fn sums(&self, quantities: &[i128]) -> Vec<i128> {
        let mut sums = vec![0; self.slots.len()];
        for row in quantities.chunks(self.slots.len().max(1)) {
            sums.iter_mut().zip(row).for_each(|(sum, quantity)| *sum += quantity);
        }
        sums
    }

    /// Effective cost of quantities by slot on demand.
    fn cost(&self, sums: &[i128]) -> i128 {
        sums.iter().enumerate().map(|(slot, &sum)| self.cost_of(slot, sum)).sum()
    }

    pub(super) fn cost_of(&self, slot: usize, quantity: i128) -> i128 {
        scale_by(quantity, self.metered[self.slots[slot].1].effective, QUANTITY_UNIT).unwrap_or(0)
    }

    /// The bill's own usage.
    pub(super) fn usage(&self) -> Vec<i128> {
        self.used.clone()
    }

    /// Moves usage: what several rows do adds up in any order.
    pub(super) fn apply(&self, moves: &Moves, row: usize, usage: &mut [i128]) {
        for one in self.placed(moves, row) {
            for hour in hours_of(&one.hours).filter(|&hour| hour < self.hours) {
                let usage = &mut usage[hour * self.slots.len()..];
                one.changes().for_each(|(slot, quantity)| usage[slot] += quantity);
            }
        }
    }

    /// Where a row's moves take place.
    pub(super) fn placed(&self, moves: &Moves, row: usize) -> Vec<Placed> {
        let billed = self.metered.len() - moves.forms.len();
        let place = |one: &Move| {
            let owner = self.owner(one.account);
            let from = self.places.get(&(owner, one.product as usize)).copied();
            let to = one.to.and_then(|form| self.places.get(&(owner, billed + form)).copied());
            Placed { from, to, hourly: one.hourly, hours: one.hours }
        };
        moves.effects[row].moves.iter().map(place).collect()
    }

    /// Lays out purchases in place of those before; their tariffs get rates. Who pays the bill owns them, or an account without
    /// usage.
    pub(super) fn prepare(&mut self, lines: &[PlannedLine]) -> Purchases {
        let members = |products: &[u32]| {
            let fits = |at: usize| self.metered[at].is_billed && products.contains(&self.metered[at].product);
            let slots = self.slots.iter().enumerate().filter(|(_, (_, at))| fits(*at));
            let factor = |at: usize| self.metered[at].class.as_ref().map_or(1, |class| i128::from(class.factor.max(1)));
            let mut members: Members = slots.map(|(slot, &(_, at))| (slot, factor(at))).collect();
            members.sort_by_key(|&(slot, factor)| (factor, slot));
            members
        };
        let purchases = Purchases::of(lines, members);
        self.plans.truncate(self.plans_owned);
        self.commitments.truncate(self.plans_owned);
        let owner = self.facts.payer().map_or(u32::MAX, |payer| self.owner(payer));
        for (tariff, commitment) in &purchases.plans {
            self.add_plan(owner, tariff.clone(), vec![*commitment; self.hours]);
        }
        self.price();
        purchases
    }

    /// Covers usage hour by hour.
    pub(super) fn settle(&self, usage: &[i128], purchases: &Purchases) -> Settled {
        let mut left: Vec<i128> = usage.iter().map(|&quantity| quantity.max(0)).collect();
        let plans = self.plans_with(purchases);
        let by_hour: Vec<(usize, &mut [i128])> = left.chunks_mut(self.slots.len().max(1)).enumerate().collect();
        let unused = parallel::for_each(by_hour, |(hour, left)| self.cover(hour, purchases, plans, left));
        let worth = |(at, pool): (usize, &Pool)| {
            let units: i128 = unused.iter().map(|hour| hour.units[at]).sum();
            scale_by(pool.price.0, units / FACTORS, pool.price.1).unwrap_or(0)
        };
        let of_pools: i128 = self.pools.values().enumerate().map(worth).sum();
        let unused = of_pools + unused.iter().map(|hour| hour.commitment).sum::<i128>();
        let sums = self.sums(&left);
        Settled { on_demand: self.cost(&sums), unused, sums, left }
    }

    /// The bill's plans and those that are bought.
    pub(super) fn plans_with(&self, purchases: &Purchases) -> &[Plan] {
        &self.plans[..self.plans_owned + purchases.plans.len()]
    }

    /// Covers one hour's usage: what stays in `left` nothing covers.
    fn cover(&self, hour: usize, purchases: &Purchases, plans: &[Plan], left: &mut [i128]) -> Unused {
        let reserved = self.reserved_in(hour);
        let units = self.pools.values().map(|pool| pool.reserve(hour, reserved, left)).collect();
        for bought in &purchases.reservations {
            bought.cover(left);
        }
        let plans = self.plans_in(hour, plans);
        let commitment = replay_plans_hour(left, &plans, &self.order).iter().sum();
        Unused { units, commitment }
    }

    /// What reservations covered in an hour, by slot.
    pub(super) fn reserved_in(&self, hour: usize) -> &[i128] {
        &self.reserved[hour * self.slots.len()..(hour + 1) * self.slots.len()]
    }

    /// Plans with what they commit to in an hour.
    pub(super) fn plans_in(&self, hour: usize, plans: &[Plan]) -> Vec<Plan> {
        let in_hour = |(plan, by_hour): (&Plan, &Vec<i128>)| Plan { commitment: by_hour[hour], ..plan.clone() };
        plans.iter().zip(&self.commitments).map(in_hour).collect()
    }

    /// Usage of the bill's products that nothing covers: by product, the hour's place and the quantity.
    pub(super) fn left(&self, settled: &Settled) -> BTreeMap<u32, Vec<i128>> {
        let mut left: BTreeMap<u32, Vec<i128>> = BTreeMap::new();
        for (slot, &(_, at)) in self.slots.iter().enumerate().filter(|(_, (_, at))| self.metered[*at].is_billed) {
            let by_hour = left.entry(self.metered[at].product).or_insert_with(|| vec![0; self.hours]);
            let quantities = settled.left.iter().skip(slot).step_by(self.slots.len());
            by_hour.iter_mut().zip(quantities).for_each(|(sum, quantity)| *sum += quantity);
        }
        left
    }
}

impl Pool {
    /// Covers its usage: what was covered stays covered, and what is freed goes to the smallest first. What nobody uses.
    pub(super) fn reserve(&self, hour: usize, reserved: &[i128], left: &mut [i128]) -> i128 {
        let mut free = self.units[hour];
        if free <= 0 {
            return 0;
        }
        for &(slot, factor) in &self.members {
            let kept = reserved[slot].min(left[slot]).min(free / factor).max(0);
            left[slot] -= kept;
            free -= kept * factor;
        }
        for &(slot, factor) in &self.members {
            let more = left[slot].min(free / factor).max(0);
            left[slot] -= more;
            free -= more * factor;
        }
        free
    }
}

fn plan_kind(scope: &Scope) -> Option<OfferKind> {
    Some(match scope {
        Scope::Ec2Family { family, region } => OfferKind::Ec2InstanceSavingsPlan(format!("{family} {region}")),
        Scope::Compute => OfferKind::ComputeSavingsPlan,
        Scope::SageMaker => OfferKind::SageMakerSavingsPlan,
        Scope::Database => OfferKind::DatabaseSavingsPlan,
        Scope::Reserved { .. } => return None,
    })
}
