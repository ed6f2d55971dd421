//! From today's run rate down: remove what is idle, rightsize, modernize, and commit on what is left.

use std::sync::Arc;

use super::bought::Purchases;
use super::moves::Moves;
use super::spared::spared;
use super::state::{Placed, Settled, State};
use crate::analyze::classes::class_of;
use crate::catalog::listed::Listed;
use crate::catalog::pools::Class;
use crate::catalog::quotes::Catalog;
use crate::detector::facts::Facts;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::planner::bill::{BillPlan, PlanRequest, PlannedLine, plan_usage};
use crate::planner::eligible::{Eligible, Scope, eligible_of};
use crate::planner::pricing::listed;
use crate::reconcile::certificate::Certificate;
use crate::schema::charges::Metric;
use crate::schema::recommendations::{Kind, Recommendation};

/// One step down. Money in units of 1e-12, per month of 730 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What kind of advice is followed.
    pub kind: Kind,
    /// How many rows.
    pub rows: usize,
    /// What the rows save, each by itself.
    pub alone_monthly: i128,
    /// What following them saves after the steps before.
    pub saved_monthly: i128,
    /// What is left of the run rate.
    pub left_monthly: i128,
    /// Commitments that nobody uses because of it; below nothing where it uses what was unused. Part of what is left.
    pub wasted_monthly: i128,
}

/// The bill of the look-back with advice followed step by step, as a month of 730 hours. Money in units of 1e-12.
///
/// Usage that a commitment could cover is replayed: what reservations and Savings Plans covered of something that goes
/// covers something else, or nothing. Everything else saves what its row says. What all steps save together is what the
/// bill with all of them saves, exactly, and does not depend on their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waterfall {
    /// Effective cost of the look-back.
    pub cost_monthly: i128,
    /// What is done, in order; steps without rows are left out.
    pub steps: Vec<Step>,
    /// What the replay of the bill as it is leaves on demand, less what the bill does: the error of the replay.
    pub replay_off_monthly: i128,
}

impl Waterfall {
    /// What all steps save together.
    pub fn saved_monthly(&self) -> i128 {
        self.steps.iter().map(|step| step.saved_monthly).sum()
    }

    /// What the rows of all steps save, each by itself.
    pub fn alone_monthly(&self) -> i128 {
        self.steps.iter().map(|step| step.alone_monthly).sum()
    }

    /// What is left of the run rate.
    pub fn left_monthly(&self) -> i128 {
        self.cost_monthly - self.saved_monthly()
    }
}

/// Follows rows of a ledger's last look-back that count, in an order of kinds; [`Kind::Commit`] buys the lines of a plan.
///
/// # Errors
/// [`crate::Error::Currencies`] for a bill in several; [`crate::Error::Table`] for a damaged price list.
pub fn simulate(
    ledger: &Ledger,
    catalog: &Catalog,
    rows: &[Recommendation],
    purchases: &[PlannedLine],
    order: &[Kind],
) -> Result<Waterfall> {
    ledger.currency()?;
    let facts = Facts::of(ledger, None);
    let mut simulation = Simulation::of(&facts, rows, catalog)?;
    for &kind in order {
        match kind {
            Kind::Commit => simulation.buy(purchases),
            kind => simulation.follow(kind),
        }
    }
    Ok(simulation.into_waterfall())
}

/// A look-back with the advice that counts, ready to be followed.
pub(crate) struct Simulation<'f> {
    facts: &'f Facts<'f>,
    listed: Arc<Listed>,
    state: State<'f>,
    moves: Moves,
    /// By row: the kind of advice, what it saves by itself, and whether it counts.
    rows: Vec<(Kind, i128, bool)>,
    usage: Vec<i128>,
    purchases: Purchases,
    base: Settled,
    now: Settled,
    /// What the rows that were followed save beside the replay.
    direct: i128,
    steps: Vec<Step>,
}

impl<'f> Simulation<'f> {
    /// Of rows as they stand in an answer.
    ///
    /// # Errors
    /// [`crate::Error::Table`] for a damaged price list.
    pub(crate) fn of(facts: &'f Facts<'f>, rows: &[Recommendation], catalog: &Catalog) -> Result<Simulation<'f>> {
        let ledger = facts.ledger;
        let classes: Vec<Option<Class>> = ledger.products.iter().map(|(key, _)| class_of(ledger, key)).collect();
        let moves = Moves::of(facts, rows, &classes);
        let becoming = moves.forms.iter().map(|form| (form.product, form.usage_type.as_str()));
        let listed = Arc::new(listed(ledger, catalog, becoming)?);
        let state = State::of(facts, listed.clone(), &classes, &moves);
        let usage = state.usage();
        let base = state.settle(&usage, &Purchases::default());
        let rows = rows.iter().map(|row| (row.kind, row.savings_monthly, row.grade.is_in_total())).collect();
        let (now, purchases, steps) = (base.clone(), Purchases::default(), Vec::new());
        Ok(Simulation { facts, listed, state, moves, rows, usage, purchases, now, base, direct: 0, steps })
    }

    /// Does not follow a row.
    pub(crate) fn leave_out(&mut self, row: usize) {
        self.rows[row].2 = false;
    }

    /// What a row saves beside the replay.
    fn direct_of(&self, row: usize) -> i128 {
        self.rows[row].1 - self.facts.monthly(self.moves.effects[row].replayed)
    }

    /// Follows the rows of a kind.
    pub(crate) fn follow(&mut self, kind: Kind) {
        let rows: Vec<usize> = (0..self.rows.len()).filter(|&at| self.rows[at].0 == kind && self.rows[at].2).collect();
        if rows.is_empty() {
            return;
        }
        let before = self.saved();
        for &row in &rows {
            self.state.apply(&self.moves, row, &mut self.usage);
            self.direct += self.direct_of(row);
        }
        let alone = rows.iter().map(|&row| self.rows[row].1).sum();
        let settled = self.state.settle(&self.usage, &self.purchases);
        self.step(kind, (rows.len(), alone), before, settled);
    }

    fn step(&mut self, kind: Kind, (rows, alone_monthly): (usize, i128), before: i128, settled: Settled) {
        let wasted_monthly = self.facts.monthly(settled.unused) - self.facts.monthly(self.now.unused);
        self.now = settled;
        let saved_monthly = self.saved() - before;
        let left_monthly = self.cost_monthly() - self.saved();
        self.steps.push(Step { kind, rows, alone_monthly, saved_monthly, left_monthly, wasted_monthly });
    }

    /// What everything that was followed saves.
    fn saved(&self) -> i128 {
        self.direct + self.facts.monthly(self.base.on_demand) - self.facts.monthly(self.now.on_demand)
    }

    fn cost_monthly(&self) -> i128 {
        self.facts.monthly(self.facts.cost(Metric::EffectiveCost))
    }

    /// What is left of the look-back's usage. What usage becomes in another form is left out: it has not been seen yet.
    pub(crate) fn left(&self, scope: &Scope) -> Eligible {
        let window = (self.facts.look_back.start, self.facts.look_back.start + self.facts.look_back.hours);
        eligible_of(self.facts.ledger, scope, window, &self.state.left(&self.now))
    }

    /// What to buy for usage that is left.
    ///
    /// # Errors
    /// Those of [`crate::planner::bill::plan`].
    pub(crate) fn plan(&self, certificate: Certificate, request: &PlanRequest, left: Eligible) -> Result<BillPlan> {
        plan_usage(self.facts.ledger, certificate, request, left, &self.listed)
    }

    /// What buying a plan would save as the next step.
    pub(crate) fn worth(&mut self, lines: &[PlannedLine]) -> i128 {
        self.bought(lines).2
    }

    /// Buys a plan as the next step.
    pub(crate) fn buy(&mut self, lines: &[PlannedLine]) {
        let before = self.saved();
        let (purchases, settled, saved) = self.bought(lines);
        self.direct -= purchases.cost_monthly;
        self.purchases = purchases;
        self.step(Kind::Commit, (1, saved), before, settled);
    }

    /// A purchase, the look-back with it, and what it saves.
    fn bought(&mut self, lines: &[PlannedLine]) -> (Purchases, Settled, i128) {
        let purchases = self.state.prepare(lines);
        let settled = self.state.settle(&self.usage, &purchases);
        let spared = self.facts.monthly(self.now.on_demand) - self.facts.monthly(settled.on_demand);
        let saved = spared - purchases.cost_monthly;
        (purchases, settled, saved)
    }

    /// Leaves what was bought last out of the answer.
    pub(crate) fn buy_nothing(&mut self) {
        self.steps.retain(|step| step.kind != Kind::Commit);
    }

    /// What the hours are worth that a row frees of commitments, were it followed alone: by row that frees some.
    pub(crate) fn freed(&self, rows: &[Recommendation]) -> Vec<(usize, i128)> {
        let frees = |row: &(usize, &Recommendation)| {
            row.1.evidence.iter().any(|(key, _)| *key == "frees_commitment")
                && !self.moves.effects[row.0].moves.is_empty()
        };
        let rows: Vec<usize> = rows.iter().enumerate().filter(frees).map(|(at, _)| at).collect();
        let changes: Vec<Vec<Placed>> = rows.iter().map(|&row| self.state.placed(&self.moves, row)).collect();
        let spared = spared(&self.state, &self.base, &changes);
        let worth = |(row, spared): (usize, i128)| {
            (row, self.facts.monthly(spared) - self.facts.monthly(self.moves.effects[row].replayed))
        };
        rows.into_iter().zip(spared).map(worth).collect()
    }

    /// The waterfall.
    pub(crate) fn into_waterfall(self) -> Waterfall {
        let (billed, replayed) = self.state.uncovered;
        Waterfall {
            cost_monthly: self.cost_monthly(),
            replay_off_monthly: self.facts.monthly(replayed) - self.facts.monthly(billed),
            steps: self.steps,
        }
    }
}
