//! Plans for bills whose truth is known.

use farthing::analyze::commitments::coverage;
use farthing::catalog::commitments::Payment;
use farthing::planner::backtest::Strategy;
use farthing::planner::bill::Method;
use farthing::planner::caps::Caps;
use farthing::planner::eligible::Scope;
use farthing::planner::offers::{OfferKind, Sort};
use farthing::planner::proposal::Conditions;
use farthing::schema::charges::Text;
use farthing::{BillPlan, Costs, Metric, PlanRequest, PriceSource};
use farthing_fixtures::{Action, Config, Dialect, Scale, Shape, Taken};

use crate::support::{in_dialect, make, small, whole_months};

/// The hours of 2026-10.
const OCTOBER: (i64, i64) = (1_790_812_800 / 3_600, 1_790_812_800 / 3_600 + 744);

fn no_upfront(scope: Scope) -> PlanRequest {
    let conditions = Conditions { payments: vec![Payment::NoUpfront], ..Conditions::default() };
    PlanRequest { conditions, scope, ..PlanRequest::default() }
}

#[test]
fn nothing_that_could_be_covered_is_lost() {
    for dialect in [Dialect::Cur2, Dialect::Legacy, Dialect::Focus1_0] {
        let made = make(&whole_months(7), &in_dialect(dialect));
        let bill = made.bill();
        let scope = Scope { look_back_days: Some(1_096), ..Scope::default() };
        let plan = bill.plan(&PlanRequest { scope, ..PlanRequest::default() }).unwrap();
        // Spot is billed, and no part of what could be covered.
        let ledger = bill.ledger().unwrap();
        let is_spot = |product: u32| {
            let usage_type = ledger.names.get(Text::UsageType, ledger.products.key(product).usage_type);
            usage_type.is_some_and(|name| name.contains("SpotUsage"))
        };
        assert!((0..ledger.products.len() as u32).any(is_spot), "{}", dialect_name(dialect));
        assert!(ledger.demand.iter().all(|((series, _), _)| !is_spot(ledger.series.key(series).product)));
        let left_out =
            plan.skipped.iter().filter_map(|one| one.what.strip_prefix("usage of ")?.strip_suffix(" on demand"));
        let left_out: i128 = left_out.map(|text| farthing::money::from_text(text, 12).unwrap().units).sum();
        let eligible: i128 = coverage(bill.ledger().unwrap()).iter().map(|month| month.eligible).sum();
        assert_eq!(plan.uncovered + plan.covered + left_out, eligible, "{}", dialect_name(dialect));
        assert_eq!(plan.priced_by.values().sum::<i128>(), plan.uncovered, "every pool has an offer");
        let proposal = plan.proposal.as_ref().unwrap();
        let off = (proposal.on_demand_cost - plan.uncovered).abs();
        assert!(off < plan.uncovered / 1_000_000, "the plan is about all of it, off by {off}");
        assert!(proposal.cost < proposal.on_demand_cost && proposal.lower_bound <= proposal.cost);
        assert!(proposal.gap <= 0.02, "gap {}", proposal.gap);
    }
}

fn dialect_name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Cur2 => "CUR 2.0",
        Dialect::Legacy => "legacy",
        Dialect::Focus1_0 | Dialect::Focus1_2 => "FOCUS",
    }
}

#[test]
fn prices_are_the_bills_own_where_it_has_them() {
    let made = make(&whole_months(7), &in_dialect(Dialect::Cur2));
    let plan = made.bill().plan(&no_upfront(Scope::default())).unwrap();
    assert!(plan.priced_by[&PriceSource::Bill] > 0, "{:?}", plan.priced_by);
    // In FOCUS there are no terms, so every rate is the catalog's.
    let made = make(&whole_months(7), &in_dialect(Dialect::Focus1_0));
    let plan = made.bill().plan(&no_upfront(Scope::default())).unwrap();
    assert!(!plan.priced_by.contains_key(&PriceSource::Bill) && !plan.lines.is_empty(), "{:?}", plan.priced_by);
}

/// What is bought, as the factory buys it.
fn action(account: &str, plan: &BillPlan, at: usize) -> Option<Action> {
    let line = &plan.lines[at];
    let account = account.to_owned();
    let micros = |units: i128| i64::try_from(units / 1_000_000).unwrap();
    Some(match &line.line.kind {
        OfferKind::ComputeSavingsPlan => {
            let hourly_usd_micros = micros(line.line.hourly_commitment?);
            Action::BuySavingsPlan { account, family: None, hourly_usd_micros }
        }
        OfferKind::Ec2InstanceSavingsPlan(scope) => {
            let (family, region) = scope.split_once(' ')?;
            let family = Some((family.to_owned(), region.to_owned()));
            Action::BuySavingsPlan { account, family, hourly_usd_micros: micros(line.line.hourly_commitment?) }
        }
        _ => return None,
    })
}

#[test]
fn what_the_plan_displaces_is_what_the_bill_made_again_with_it_drops_by() {
    for seed in [7, 11] {
        // No plans yet, so rates are the catalog's, a little off the factory's.
        let config = Config { plans_from: 9, ..whole_months(seed) };
        let made = make(&config, &in_dialect(Dialect::Cur2));
        let bill = made.bill();
        let mut request = no_upfront(Scope { hours: Some(OCTOBER), ..Scope::default() });
        request.conditions.sorts = vec![Sort::ComputePlan, Sort::Ec2InstancePlan];
        let plan = bill.plan(&request).unwrap();
        let payer = made.truth["payer"].as_str().unwrap();
        let (mut actions, mut predicted) = (Vec::new(), 0);
        for at in 0..plan.lines.len() {
            if let Some(action) = action(payer, &plan, at) {
                actions.push(Taken { action, from_month: 2 });
                predicted += plan.lines[at].line.on_demand_displaced_monthly * plan.hours as i128 / 730;
            }
        }
        assert!(!actions.is_empty() && actions.len() == plan.lines.len(), "{:?}", plan.lines);
        let made_again = make(&Config { actions, ..config }, &in_dialect(Dialect::Cur2));
        let again = made_again.bill();
        let on_demand = |bill: &farthing::Bill| {
            let question = Costs::by(["x_LineItemType"]).metric(Metric::UnblendedCost).period("2026-10");
            let rows = bill.costs(&question.filter("x_LineItemType=Usage")).unwrap().rows;
            rows.iter().map(|row| row.cost.unwrap_or(0)).sum::<i128>()
        };
        let dropped = on_demand(&bill) - on_demand(&again);
        let off = (dropped - predicted) as f64 / predicted as f64;
        assert!(off.abs() < 0.05, "seed {seed}: {predicted} was predicted and {dropped} dropped, off by {off}");
    }
}

#[test]
fn what_is_excluded_is_in_no_line() {
    let made = make(&whole_months(7), &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let all = bill.plan(&no_upfront(Scope::default())).unwrap();
    let families_excluded = vec!["m5".to_owned(), "AmazonRDS".to_owned()];
    let some = bill.plan(&no_upfront(Scope { families_excluded, ..Scope::default() })).unwrap();
    assert!(some.uncovered < all.uncovered);
    let is_excluded = |covers: &str| covers.contains(" m5 ") || covers.contains("m5.") || covers.contains("RDS");
    assert!(all.lines.iter().any(|line| is_excluded(&line.covers)), "{:?}", all.lines);
    assert!(!some.lines.iter().any(|line| is_excluded(&line.covers)), "{:?}", some.lines);
    assert!(some.skipped.iter().any(|one| one.reason == "its family or service is excluded"));
    let accounts_excluded = vec![made.truth["payer"].as_str().unwrap().to_owned()];
    let some = bill.plan(&no_upfront(Scope { accounts_excluded, ..Scope::default() })).unwrap();
    assert!(some.uncovered < all.uncovered && some.skipped.iter().any(|one| one.reason == "its account is excluded"));
}

#[test]
fn hours_that_the_bill_lacks_are_not_idle_hours() {
    // A small bill has a few hours of each day.
    let made = make(&small(7), &in_dialect(Dialect::Cur2));
    let plan = made.bill().plan(&PlanRequest::default()).unwrap();
    assert!(plan.skipped.iter().any(|one| one.what.ends_with("hours of the window")), "{:?}", plan.skipped);
    assert!(!plan.lines.is_empty() && plan.lines.iter().all(|line| line.line.utilization.unwrap() > 0.5));
}

#[test]
fn every_line_says_how_it_is_bought() {
    let made = make(&whole_months(7), &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    for method in [Method::Optimal, Method::Aws] {
        let plan = bill.plan(&PlanRequest { method, ..PlanRequest::default() }).unwrap();
        assert_eq!(plan.proposal.is_some(), method == Method::Optimal);
        for line in plan.lines.iter().filter(|line| line.line.savings_monthly > 0) {
            let years = i128::from(line.line.term_years);
            assert_eq!(line.obligation, line.line.cost_monthly * 12 * years);
            assert!(line.command.starts_with("aws ") && line.command.contains("offering"), "{line:?}");
            let bought = match line.line.quantity {
                Some(quantity) => format!("count {quantity} "),
                None => "--commitment ".to_owned(),
            };
            assert!(line.command.contains(&bought), "{}", line.command);
            let pays = line.pays_after_months.unwrap();
            assert!(pays > 0.0 && pays < 12.0 * years as f64, "what saves pays within its term: {line:?}");
        }
    }
}

#[test]
fn limits_are_kept_and_certified() {
    let config = Config { plans_from: 9, ..whole_months(7) };
    let made = make(&config, &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let free = bill.plan(&no_upfront(Scope::default())).unwrap();
    let within = |caps: Caps| {
        let mut request = no_upfront(Scope::default());
        request.conditions.caps = caps;
        let plan = bill.plan(&request).unwrap();
        let proposal = plan.proposal.clone().unwrap();
        assert!(proposal.lower_bound <= proposal.cost && proposal.savings_monthly > 0, "{caps:?}");
        assert!(proposal.savings_monthly < free.proposal.as_ref().unwrap().savings_monthly, "{caps:?} costs something");
        plan
    };
    let hourly = |plan: &BillPlan| plan.lines.iter().map(|line| line.line.cost_monthly).sum::<i128>() as f64 / 730e12;
    let most = hourly(&free) / 2.0;
    let plan = within(Caps { spend_hourly_most: Some(most), ..Caps::default() });
    assert!(hourly(&plan) <= most * 1.000_001 && hourly(&plan) > most * 0.8, "{} of {most}", hourly(&plan));
    assert!(plan.proposal.unwrap().gap < 0.02);
    let now = free.coverage().0.unwrap();
    let most = (now + free.coverage().1.unwrap()) / 2.0;
    let plan = within(Caps { coverage_most: Some(most), ..Caps::default() });
    let reached = plan.coverage().1.unwrap();
    assert!(reached <= most + 1e-6 && reached > now, "{now} to {reached}, at most {most}");
    let latest = free.lines.iter().filter_map(|line| line.pays_after_months).fold(0.0, f64::max);
    let plan = within(Caps { pays_after_months_most: Some(latest * 0.9), ..Caps::default() });
    assert!(plan.lines.iter().all(|line| line.pays_after_months.unwrap() <= latest * 0.9 + 1e-6), "{:?}", plan.lines);
}

#[test]
fn the_decision_goes_from_the_best_purchase_down_and_says_what_a_fall_costs() {
    let config = Config { plans_from: 9, ..whole_months(7) };
    let made = make(&config, &in_dialect(Dialect::Cur2));
    let plan = made.bill().plan(&no_upfront(Scope::default())).unwrap();
    let decision = plan.decision.as_ref().unwrap();
    let saved = plan.proposal.as_ref().unwrap().savings_monthly as f64 / 1e12;
    let points = &decision.frontier;
    assert!(points.len() > 3 && (points[0].savings_monthly - saved).abs() < 0.01, "{points:?}");
    for pair in points.windows(2) {
        assert!(pair[1].spend_hourly < pair[0].spend_hourly && pair[1].margin > pair[0].margin, "{pair:?}");
        assert!(pair[1].savings_monthly <= pair[0].savings_monthly + 0.01, "the best is the first: {pair:?}");
        assert!(pair[1].pays_after_months.unwrap() < pair[0].pays_after_months.unwrap() + 1e-9, "{pair:?}");
        // What the dearer point adds saves at least its margin, and at most the next one's.
        let (saves, costs) = (
            (pair[0].displaced_monthly - pair[1].displaced_monthly) / 730.0,
            pair[0].spend_hourly - pair[1].spend_hourly,
        );
        let margins = pair[0].margin * 0.97..=pair[1].margin * 1.03;
        assert!(margins.contains(&(saves / costs)), "{} is not within {margins:?}", saves / costs);
    }
    let names: Vec<&str> = decision.scenarios.iter().map(|one| one.name.as_str()).collect();
    assert!(names.contains(&"all usage falls by 40 %") && names.iter().any(|name| name.ends_with("is modernized")));
    for one in &decision.scenarios {
        assert!(one.savings_monthly < saved && one.savings_monthly <= one.best_savings_monthly + 0.05, "{one:?}");
    }
    let falls: Vec<f64> = decision.scenarios[..3].iter().map(|one| one.savings_monthly).collect();
    assert!(falls.windows(2).all(|pair| pair[1] < pair[0]), "the deeper the fall the less is saved: {falls:?}");
    assert!(decision.ladder.first_year < decision.ladder.first_year_at_once);
    let ids: Vec<&str> = farthing::report::plan(&plan).sections.iter().map(|section| section.id).collect();
    assert_eq!(ids, ["plan", "frontier", "scenarios", "ladder", "plan_prices", "expiring", "plan_commands"]);
}

const SHAPES: [Shape; 4] = [Shape::Growth, Shape::Decline, Shape::Seasonal, Shape::Migration];

/// Regret of each strategy over all origins of bills of a shape, as a share of hindsight's cost.
fn regrets(shape: Shape, seeds: std::ops::RangeInclusive<u64>) -> Vec<(Strategy, f64)> {
    let mut sums = [(0.0, 0.0); Strategy::ALL.len()];
    for seed in seeds {
        let config = Config {
            seed,
            months: 5,
            shape,
            plans_from: 99,
            scale: Scale::Rows(150_000),
            truth: false,
            ..Config::default()
        };
        let made = make(&config, &in_dialect(Dialect::Cur2));
        let request = PlanRequest { backtest: true, without_decision: true, ..no_upfront(Scope::default()) };
        let plan = made.bill().plan(&request).unwrap();
        assert_eq!(plan.backtest.len(), 4 * Strategy::ALL.len(), "an origin at the second month and each later one");
        for one in &plan.backtest {
            // Hindsight is within its gap of the best.
            assert!(one.regret >= -0.02 * one.cost, "{shape:?} {seed}: {one:?}");
            let at = Strategy::ALL.iter().position(|known| *known == one.strategy).unwrap();
            sums[at] = (sums[at].0 + one.regret, sums[at].1 + one.cost - one.regret);
        }
    }
    Strategy::ALL.into_iter().zip(sums.map(|(regret, hindsight)| regret / hindsight)).collect()
}

#[test]
fn months_that_the_plan_has_not_seen_cost_least_with_it() {
    let mut all = [0.0; Strategy::ALL.len()];
    for shape in SHAPES {
        let found = regrets(shape, 1..=1);
        println!("{shape:?}: {found:?}");
        found.iter().zip(&mut all).for_each(|((_, regret), sum)| *sum += regret / SHAPES.len() as f64);
    }
    let of = |strategy| all[Strategy::ALL.iter().position(|known| *known == strategy).unwrap()];
    println!("mean: {all:?}");
    assert_eq!(of(Strategy::Hindsight), 0.0);
    for other in [Strategy::Aws, Strategy::Coverage, Strategy::Nothing] {
        assert!(of(Strategy::Plan) < of(other), "{other:?}: {all:?}");
        assert!(of(Strategy::Outlook) < of(other), "{other:?}: {all:?}");
    }
}

#[test]
#[ignore = "minutes of bills; run by hand, and its figures noted in DECISIONS.md"]
fn the_backtest_over_twenty_seeds() {
    for shape in SHAPES {
        println!("{shape:?}: {:?}", regrets(shape, 1..=20));
    }
}

#[test]
fn nothing_is_committed_to_what_is_about_to_go() {
    let config = Config { waste: farthing_fixtures::Waste::Planted, ..whole_months(7) };
    let made = make(&config, &in_dialect(Dialect::Cur2));
    let bill = made.bill();
    let request = PlanRequest { without_decision: true, ..PlanRequest::default() };
    let (all, left) = (bill.plan(&request).unwrap(), bill.plan_after_advice(&request, &Default::default()).unwrap());
    let gone = left.skipped.iter().find(|one| one.reason == "its resource is to be stopped or changed first").unwrap();
    let gone = gone.what.strip_prefix("usage of ").unwrap().strip_suffix(" on demand").unwrap();
    let gone = farthing::money::from_text(gone, 12).unwrap().units;
    assert!(
        gone > 0 && (all.uncovered - left.uncovered - gone).abs() < gone / 50,
        "{} {}",
        all.uncovered,
        left.uncovered
    );
    let advice = bill.recommend(&farthing::Request { plan: true, ..Default::default() }).unwrap();
    let row = advice.rows.iter().find(|row| row.detector == "plan").unwrap();
    let scope = Scope { hours: Some(OCTOBER), ..Scope::default() };
    let request = PlanRequest { scope, ..request };
    let month = bill.plan_after_advice(&request, &Default::default()).unwrap().proposal.unwrap().savings_monthly;
    let off = (row.savings_monthly - month) as f64 / month as f64;
    assert!(off.abs() < 0.15, "{} is simulated, {month} is what a plan by itself saves", row.savings_monthly);
    // Alternatives are what a plan by itself saves; what the joint one does to plans that are there is simulated.
    assert!(row.alternatives.iter().all(|(_, alone)| *alone <= row.savings_monthly + row.savings_monthly / 8));
    assert!(
        advice.certificate.checks.iter().any(|check| check.id == "R20" && check.verdict == farthing::Verdict::Pass)
    );
    let without = bill.recommend(&farthing::Request::default()).unwrap();
    let is_not_now = |id: &str| {
        let same = advice.rows.iter().find(|row| row.id() == id);
        same.is_some_and(|row| row.assumptions.iter().any(|text| text.starts_with("Not now")))
    };
    let counted = without.rows.iter().filter(|row| row.grade.is_in_total());
    let kept: i128 = counted.filter(|row| !is_not_now(&row.id())).map(|row| row.savings_monthly).sum();
    assert_eq!(advice.savings_monthly, kept + row.savings_monthly);
}
