//! The least risky advice that saves as much as is wanted: a choice of one option at most for each resource, with the
//! least sum of risks, exactly.

use crate::detector::settings::find;
use crate::detectors::ALL;
use crate::error::{Error, Result};
use crate::schema::money::{MONEY_SCALE, from_text, scale_by};
use crate::schema::recommendations::Recommendation;

/// What is to be saved a month: a part of the bill, or an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A part of the bill's cost, in units of 1e-12 percent.
    Percent(i128),
    /// An amount in units of 1e-12 of the bill's currency.
    Amount(i128),
}

impl std::str::FromStr for Target {
    type Err = Error;

    /// # Errors
    /// [`Error::Goal`] for what is neither a percentage nor an amount above 0.
    fn from_str(text: &str) -> Result<Target> {
        let fail = |detail: &str| Error::Goal { goal: text.to_owned(), detail: detail.to_owned() };
        let percent = text.trim().strip_suffix('%').map(str::trim_end);
        let number = percent.unwrap_or(text.trim());
        let units = from_text(number, MONEY_SCALE).map(|amount| amount.units).filter(|&units| units > 0);
        let units = units.ok_or_else(|| fail("it is no number above 0"))?;
        match percent {
            Some(_) if units > 100 * 10_i128.pow(MONEY_SCALE) => Err(fail("no bill is lower by more than 100%")),
            Some(_) => Ok(Target::Percent(units)),
            None => Ok(Target::Amount(units)),
        }
    }
}

/// One thing that is chosen to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// The row, a place in [`super::recommendations::Recommendations::rows`].
    pub row: usize,
    /// The detector whose advice is followed: the row's own or that of an alternative.
    pub detector: &'static str,
    /// What that saves a month.
    pub savings_monthly: i128,
    /// Its risk, 0 to 4.
    pub risk: u8,
}

/// A choice of advice that reaches a goal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    /// What was to be saved a month.
    pub target: i128,
    /// What the choice saves a month.
    pub savings_monthly: i128,
    /// The sum of its risks: no other choice that reaches the goal has a lower one.
    pub risk: u32,
    /// Whether the goal is reached; if not, the choice is the one that saves most.
    pub is_reached: bool,
    /// What to do, in the order of the rows.
    pub choices: Vec<Choice>,
}

/// The least risky choice among rows that saves `target` of a bill that costs so much.
pub(super) fn reach(rows: &[Recommendation], target: Target, cost: i128) -> Result<Goal> {
    let target = match target {
        Target::Amount(units) => units,
        Target::Percent(units) => scale_by(cost, units, 100 * 10_i128.pow(MONEY_SCALE)).unwrap_or(i128::MAX),
    };
    let mut groups: Vec<Vec<Choice>> = Vec::new();
    for (row, one) in rows.iter().enumerate().filter(|(_, row)| row.grade.is_in_total()) {
        let mut group =
            vec![Choice { row, detector: one.detector, savings_monthly: one.savings_monthly, risk: one.risk }];
        for &(id, savings_monthly) in &one.alternatives {
            // Other purchases of a plan are no detector's.
            let Ok(detector) = find(ALL, id) else { continue };
            let risk = detector.advice.risk;
            if detector.grade.is_in_total() {
                group.push(Choice { row, detector: detector.id, savings_monthly, risk });
            }
        }
        group.retain(|choice| choice.savings_monthly > 0);
        groups.push(group);
    }
    let (choices, is_reached) = match least_risk(&groups, target) {
        Some(choices) => (choices, true),
        None => (groups.iter().filter_map(|group| most(group)).collect(), false),
    };
    Ok(Goal {
        target,
        savings_monthly: choices.iter().map(|choice| choice.savings_monthly).sum(),
        risk: choices.iter().map(|choice| u32::from(choice.risk)).sum(),
        is_reached,
        choices,
    })
}

/// The option that saves most, of equals the least risky.
fn most(group: &[Choice]) -> Option<Choice> {
    group.iter().copied().max_by_key(|choice| (choice.savings_monthly, std::cmp::Reverse(choice.risk)))
}

/// The greatest risk of one option.
const RISK_MAX: usize = 4;

/// The choice with the least sum of risks that saves `goal`; of several the one that saves most, without what is not
/// needed. `None` when all together do not save it.
///
/// Savings by sum of risks are built up as in a knapsack: groups with several options one by one, the others by risk,
/// for of equal risks the greater saving always goes first, which makes the sums of a class concave.
fn least_risk(groups: &[Vec<Choice>], goal: i128) -> Option<Vec<Choice>> {
    let reachable: i128 = groups.iter().filter_map(|group| most(group)).map(|choice| choice.savings_monthly).sum();
    if reachable < goal {
        return None;
    }
    let mut classes: [Vec<Choice>; RISK_MAX + 1] = Default::default();
    let mut several: Vec<&Vec<Choice>> = Vec::new();
    for group in groups {
        match group.as_slice() {
            [] => {}
            [one] => classes[usize::from(one.risk).min(RISK_MAX)].push(*one),
            _ => several.push(group),
        }
    }
    classes
        .iter_mut()
        .for_each(|class| class.sort_by_key(|choice| (std::cmp::Reverse(choice.savings_monthly), choice.row)));
    let free: i128 = classes[0].iter().map(|choice| choice.savings_monthly).sum();
    let risk_max = groups.iter().filter_map(|group| most(group)).map(|choice| usize::from(choice.risk)).sum::<usize>();
    let mut table = Table { best: vec![free; risk_max + 1] };
    let picks: Vec<Vec<u8>> = several.iter().map(|group| table.add_group(group)).collect();
    let counts: Vec<Vec<u32>> = (1..=RISK_MAX).map(|risk| table.add_class(&classes[risk], risk)).collect();
    let mut risk = table.best.iter().position(|&savings| savings >= goal)?;
    let mut chosen = Vec::new();
    for (class, counts) in counts.iter().enumerate().map(|(at, counts)| (at + 1, counts)).rev() {
        let count = counts[risk] as usize;
        chosen.extend(&classes[class][..count.min(classes[class].len())]);
        risk -= count * class;
    }
    for (group, picks) in several.iter().zip(&picks).rev() {
        if let Some(choice) = usize::from(picks[risk]).checked_sub(1).map(|at| group[at]) {
            chosen.push(choice);
            risk -= usize::from(choice.risk);
        }
    }
    let mut missing = goal - chosen.iter().map(|choice| choice.savings_monthly).sum::<i128>();
    // Of what has no risk no more than it takes.
    for choice in &classes[0] {
        if missing > 0 {
            missing -= choice.savings_monthly;
            chosen.push(*choice);
        }
    }
    chosen.sort_by_key(|choice| choice.row);
    Some(chosen)
}

/// The greatest savings by sum of risks up to each.
struct Table {
    best: Vec<i128>,
}

impl Table {
    /// Adds a group of which one option can be taken; by sum of risks the option and one, or 0 for none.
    fn add_group(&mut self, group: &[Choice]) -> Vec<u8> {
        let mut picks = vec![0; self.best.len()];
        for risk in (0..self.best.len()).rev() {
            let before = self.best[risk];
            for (at, choice) in group.iter().enumerate().take(usize::from(u8::MAX) - 1) {
                let Some(rest) = risk.checked_sub(usize::from(choice.risk)) else { continue };
                // Options of risk 0 must not see what this loop has put in their place.
                let rest = if rest == risk { before } else { self.best[rest] };
                if rest + choice.savings_monthly > self.best[risk] {
                    self.best[risk] = rest + choice.savings_monthly;
                    picks[risk] = at as u8 + 1;
                }
            }
        }
        picks
    }

    /// Adds options of one risk, the greatest saving first; by sum of risks how many of them are taken.
    fn add_class(&mut self, class: &[Choice], risk: usize) -> Vec<u32> {
        let sums: Vec<i128> = std::iter::once(0)
            .chain(class.iter().scan(0, |sum, choice| {
                *sum += choice.savings_monthly;
                Some(*sum)
            }))
            .collect();
        let of = |count: usize| sums[count.min(class.len())];
        let before = std::mem::take(&mut self.best);
        self.best.clone_from(&before);
        let mut counts = vec![0; before.len()];
        for first in 0..risk.min(before.len()) {
            let places: Vec<usize> = (first..before.len()).step_by(risk).collect();
            let mut spans = vec![(0, places.len(), 0, places.len())];
            // Sums of a class are concave, so the best place to come from never moves back.
            while let Some((low, high, from, to)) = spans.pop() {
                if low >= high {
                    continue;
                }
                let middle = usize::midpoint(low, high);
                let candidates = from..to.min(middle + 1);
                let value = |at: usize| before[places[at]] + of(middle - at);
                let best = candidates.max_by_key(|&at| (value(at), at)).unwrap_or(from);
                self.best[places[middle]] = value(best);
                counts[places[middle]] = (middle - best).min(class.len()) as u32;
                spans.push((low, middle, from, best + 1));
                spans.push((middle + 1, high, best, to));
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(row: usize, savings: i128, risk: u8) -> Choice {
        Choice { row, detector: "gp2-to-gp3", savings_monthly: savings, risk }
    }

    /// The least sum of risks by trying everything.
    fn brute(groups: &[Vec<Choice>], goal: i128) -> Option<u32> {
        let mut all: Vec<(i128, u32)> = vec![(0, 0)];
        for group in groups {
            let before = all.clone();
            for choice in group {
                let with =
                    |&(savings, risk): &(i128, u32)| (savings + choice.savings_monthly, risk + u32::from(choice.risk));
                all.extend(before.iter().map(with));
            }
        }
        all.into_iter().filter(|one| one.0 >= goal).map(|one| one.1).min()
    }

    #[test]
    fn risk_is_least_by_trying_everything() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..3_000 {
            let groups: Vec<Vec<Choice>> = (0..random.usize(0..8))
                .map(|row| {
                    let options = if random.bool() { 1 } else { random.usize(1..4) };
                    (0..options).map(|_| option(row, i128::from(random.u32(1..40)), random.u8(0..5))).collect()
                })
                .collect();
            let goal = i128::from(random.u32(1..160));
            let found = least_risk(&groups, goal);
            let risk = found.as_ref().map(|found| found.iter().map(|choice| u32::from(choice.risk)).sum::<u32>());
            assert_eq!(risk, brute(&groups, goal), "{groups:?} {goal}");
            if let Some(found) = found {
                assert!(found.iter().map(|choice| choice.savings_monthly).sum::<i128>() >= goal, "{found:?}");
                assert!(found.windows(2).all(|two| two[0].row < two[1].row), "one option a group: {found:?}");
            }
        }
    }

    #[test]
    fn many_rows_are_no_trouble() {
        let groups: Vec<Vec<Choice>> =
            (0..50_000).map(|row| vec![option(row, 1 + (row as i128 * 7_919) % 1_000, (row % 5) as u8)]).collect();
        let half = groups.iter().map(|group| group[0].savings_monthly).sum::<i128>() / 2;
        let found = least_risk(&groups, half).expect("half of it can be saved");
        let saved: i128 = found.iter().map(|choice| choice.savings_monthly).sum();
        let least =
            found.iter().filter(|choice| choice.risk > 0).map(|choice| choice.savings_monthly).min().unwrap_or(0);
        assert!(saved >= half && saved - half < least.max(1_000), "{saved} of {half}");
    }

    #[test]
    fn goals_are_parts_or_amounts() {
        assert_eq!("15 %".parse::<Target>().unwrap(), Target::Percent(15_000_000_000_000));
        assert_eq!("500.5".parse::<Target>().unwrap(), Target::Amount(500_500_000_000_000));
        for bad in ["", "%", "-5", "0", "101%", "much"] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }
}
