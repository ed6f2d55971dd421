//! The best commitments for given reserved units, spent as AWS spends them: layer by layer, highest saving first.

use super::market::{Market, sum};

/// Bisections of a commitment: the remaining range is below the rounding of a double.
const BISECTIONS: usize = 52;

/// A market laid out for going through it hour by hour, and the plans that may be bought.
#[derive(Debug)]
pub(super) struct ByHour<'a> {
    market: &'a Market,
    /// Usage by hour, then pool.
    usage: Vec<f64>,
    on_demand: Vec<f64>,
    /// The plans that may be bought with their members, in the order in which they are applied.
    chosen: Vec<(usize, Vec<(usize, f64)>)>,
}

/// A real purchase: what it costs, and what plan money is worth at its margin.
#[derive(Debug, Clone)]
pub(super) struct Response {
    /// Reserved units by pool.
    pub(super) levels: Vec<f64>,
    /// Hourly commitment by plan.
    pub(super) commitments: Vec<f64>,
    /// Cost of the window.
    pub(super) cost: f64,
    /// Worth of a dollar of commitment by plan and hour.
    pub(super) prices: Vec<f64>,
}

impl<'a> ByHour<'a> {
    /// Lays out a market; of each group's plans the one is chosen that saves most by itself.
    pub(super) fn new(market: &'a Market) -> ByHour<'a> {
        let pools = market.pools.len();
        let mut usage = vec![0.0; market.usage.len()];
        for pool in 0..pools {
            for (hour, &used) in market.usage_of(pool).iter().enumerate() {
                usage[hour * pools + pool] = used;
            }
        }
        let on_demand = market.pools.iter().map(|pool| pool.on_demand).collect();
        let mut by_hour = ByHour { market, usage, on_demand, chosen: Vec::new() };
        by_hour.chosen = by_hour.choose();
        by_hour
    }

    /// The places of the chosen plans.
    pub(super) fn chosen(&self) -> impl Iterator<Item = usize> {
        self.chosen.iter().map(|(plan, _)| *plan)
    }

    fn choose(&self) -> Vec<(usize, Vec<(usize, f64)>)> {
        let mut best: std::collections::BTreeMap<(u8, usize), (f64, usize)> = std::collections::BTreeMap::new();
        let nothing = vec![0.0; self.market.pools.len()];
        let options = |group| self.market.plans.iter().filter(|plan| plan.group == group).count();
        for (at, plan) in self.market.plans.iter().enumerate() {
            let members = self.market.members(at);
            if members.is_empty() {
                continue;
            }
            let cost = if options(plan.group) == 1 { 0.0 } else { self.alone(&nothing, at, members).cost };
            let known = best.entry((plan.layer, plan.group)).or_insert((f64::INFINITY, at));
            if cost < known.0 {
                *known = (cost, at);
            }
        }
        best.into_values().map(|(_, plan)| (plan, self.market.members(plan))).collect()
    }

    /// The best commitment to one plan alone.
    fn alone(&self, levels: &[f64], plan: usize, members: Vec<(usize, f64)>) -> Response {
        self.respond_with(levels, &[(plan, members)], None)
    }

    /// The best commitment to each chosen plan alone.
    pub(super) fn each_alone(&self) -> impl Iterator<Item = Response> {
        let nothing = vec![0.0; self.market.pools.len()];
        self.chosen.iter().map(move |(plan, members)| self.alone(&nothing, *plan, members.clone()))
    }

    /// The best commitments for given reserved units. A plan of layer 0 counts what it covers at no more than what the
    /// plans above it would pay at `prices`.
    pub(super) fn respond(&self, levels: &[f64], prices: Option<&[f64]>) -> Response {
        self.respond_with(levels, &self.chosen, prices)
    }

    /// What reserved units cost without any plan.
    pub(super) fn without_plans(&self, levels: &[f64]) -> Response {
        self.respond_with(levels, &[], None)
    }

    fn respond_with(&self, levels: &[f64], plans: &[(usize, Vec<(usize, f64)>)], prices: Option<&[f64]>) -> Response {
        let (market, pools, hours) = (self.market, self.market.pools.len(), self.market.hours);
        let mut left: Vec<f64> = Vec::with_capacity(self.usage.len());
        for row in self.usage.chunks(pools.max(1)) {
            left.extend(row.iter().zip(levels).map(|(used, level)| (used - level).max(0.0)));
        }
        let mut found = Response {
            levels: levels.to_vec(),
            commitments: vec![0.0; market.plans.len()],
            cost: 0.0,
            prices: vec![0.0; market.plans.len() * hours],
        };
        for (plan, members) in plans {
            let others = prices.filter(|_| market.plans[*plan].layer == 0);
            let margin = Margin::new(self, *plan, members, &left, others);
            let commitment = margin.best().min(market.plans[*plan].most);
            margin.prices(commitment, &mut found.prices[plan * hours..(plan + 1) * hours]);
            margin.spend(commitment, &mut left);
            found.commitments[*plan] = commitment;
        }
        found.cost = self.cost(&found, &left);
        found
    }

    fn cost(&self, purchase: &Response, left: &[f64]) -> f64 {
        let hours = self.market.hours as f64;
        let reserved: f64 = self
            .market
            .pools
            .iter()
            .zip(&purchase.levels)
            .map(|(pool, level)| level * pool.reservation.unwrap_or(0.0) * hours)
            .sum();
        let committed: f64 =
            self.market.plans.iter().zip(&purchase.commitments).map(|(plan, money)| plan.price * money * hours).sum();
        let rest = left
            .chunks(self.on_demand.len().max(1))
            .map(|row| row.iter().zip(&self.on_demand).map(|(left, rate)| left * rate).sum::<f64>());
        reserved + committed + rest.sum::<f64>()
    }
}

/// Prices of another plan by hour, and its rate.
type OtherPlan<'a> = Option<(&'a [f64], f64)>;

/// What a plan's commitment buys in every hour: its members' usage in the order of application.
struct Margin<'a> {
    by_hour: &'a ByHour<'a>,
    plan: usize,
    members: &'a [(usize, f64)],
    /// By hour, then member: the commitment that covers the member and those before it.
    covered: Vec<f64>,
    /// By member: the plan of a higher layer, with its rate, and its prices by hour.
    others: Option<Vec<OtherPlan<'a>>>,
}

impl<'a> Margin<'a> {
    fn new(
        by_hour: &'a ByHour<'a>,
        plan: usize,
        members: &'a [(usize, f64)],
        left: &[f64],
        prices: Option<&'a [f64]>,
    ) -> Margin<'a> {
        let mut covered = Vec::with_capacity(by_hour.market.hours * members.len());
        for row in left.chunks(by_hour.on_demand.len().max(1)) {
            let mut money = 0.0;
            covered.extend(members.iter().map(|&(pool, rate)| {
                money += row[pool] * rate;
                money
            }));
        }
        let others = prices.map(|prices| members.iter().map(|&(pool, _)| by_hour.other(plan, pool, prices)).collect());
        Margin { by_hour, plan, members, covered, others }
    }

    fn row(&self, hour: usize) -> &[f64] {
        &self.covered[hour * self.members.len()..(hour + 1) * self.members.len()]
    }

    /// What a dollar saves at the member's turn.
    fn worth(&self, hour: usize, member: usize) -> f64 {
        let Some(&(pool, rate)) = self.members.get(member) else { return 0.0 };
        let on_demand = self.by_hour.on_demand[pool];
        let other = self.others.as_ref().and_then(|others| others[member]);
        other.map_or(on_demand, |(prices, other_rate)| on_demand.min(prices[hour] * other_rate)) / rate
    }

    /// What the next dollar above a commitment saves in an hour.
    fn above(&self, hour: usize, commitment: f64) -> f64 {
        self.worth(hour, self.row(hour).partition_point(|&covered| covered <= commitment))
    }

    /// What the last dollar of a commitment saves in an hour.
    fn below(&self, hour: usize, commitment: f64) -> f64 {
        self.worth(hour, self.row(hour).partition_point(|&covered| covered < commitment))
    }

    /// The least commitment above which another dollar saves no more than it costs: the optimum, for the cost is convex.
    fn best(&self) -> f64 {
        let hours = self.by_hour.market.hours;
        let needed = self.by_hour.market.plans[self.plan].price * hours as f64;
        let saves = |commitment: f64| (0..hours).map(|hour| self.above(hour, commitment)).sum::<f64>() > needed;
        if !saves(0.0) {
            return 0.0;
        }
        let (mut low, mut high) = (0.0, self.covered.iter().copied().fold(0.0, f64::max));
        for _ in 0..BISECTIONS {
            let middle = 0.5 * (low + high);
            if saves(middle) { low = middle } else { high = middle }
        }
        loop {
            let next = (0..hours).filter_map(|hour| {
                let row = self.row(hour);
                row.get(row.partition_point(|&covered| covered <= low)).copied()
            });
            let next = next.fold(f64::INFINITY, f64::min);
            if !next.is_finite() || !saves(next) {
                return if next.is_finite() { next } else { low };
            }
            low = next;
        }
    }

    /// Prices of an hour's plan money at a commitment: between what the last and the next dollar save, such that they
    /// sum to what the commitment costs.
    fn prices(&self, commitment: f64, prices: &mut [f64]) {
        let needed = self.by_hour.market.plans[self.plan].price * prices.len() as f64;
        let above: Vec<f64> = (0..prices.len()).map(|hour| self.above(hour, commitment)).collect();
        let below: Vec<f64> = (0..prices.len()).map(|hour| self.below(hour, commitment)).collect();
        let (most, least) = (sum(&below), sum(&above));
        let share = if most > least { ((needed - least) / (most - least)).clamp(0.0, 1.0) } else { 0.0 };
        for (price, (below, above)) in prices.iter_mut().zip(below.iter().zip(&above)) {
            *price = share * below + (1.0 - share) * above;
        }
    }

    /// Takes away what the commitment covers, the last member in part.
    fn spend(&self, commitment: f64, left: &mut [f64]) {
        if commitment == 0.0 {
            return;
        }
        for (hour, row) in left.chunks_mut(self.by_hour.on_demand.len()).enumerate() {
            let mut before = 0.0;
            for (&(pool, rate), &covered) in self.members.iter().zip(self.row(hour)) {
                if covered <= commitment {
                    row[pool] = 0.0;
                } else {
                    row[pool] = (row[pool] - (commitment - before) / rate).max(0.0);
                    break;
                }
                before = covered;
            }
        }
    }
}

impl ByHour<'_> {
    /// The chosen plan of a higher layer that covers a pool: its prices and rate.
    fn other<'p>(&self, plan: usize, pool: usize, prices: &'p [f64]) -> OtherPlan<'p> {
        let hours = self.market.hours;
        let higher =
            |other: &&(usize, Vec<(usize, f64)>)| self.market.plans[other.0].layer > self.market.plans[plan].layer;
        let mut found = self.chosen.iter().filter(higher).filter_map(|(other, _)| {
            self.market.rate(pool, *other).map(|rate| (&prices[other * hours..(other + 1) * hours], rate))
        });
        found.next()
    }
}
