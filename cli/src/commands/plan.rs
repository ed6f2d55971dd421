//! `farthing plan`: what to buy, jointly with a certificate, or offer by offer as AWS recommends.

use std::sync::Arc;

use farthing::PlanRequest;
use farthing::catalog::commitments;
use farthing::planner::aws::recommend;
use farthing::planner::bill;
use farthing::planner::caps::Caps;
use farthing::planner::demand::Demand;
use farthing::planner::eligible::Scope;
use farthing::planner::offers::{self, Offer, read_offers};
use farthing::planner::proposal::{Conditions, propose};
use farthing::render::json;
use farthing::render::plans::{self, Plans};

use super::catalog::with_lists;
use super::{Outcome, Problem, USAGE, exit_code, open_paths, request, withheld};
use crate::args::{Everywhere, Format};
use crate::planning::{After, Method, Payment, Plan, Sort};
use crate::terminal::progress::ReadingBar;
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &Plan, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    if args.after.is_none() && !(args.advice.metrics.is_empty() && args.advice.config.is_none()) {
        let message = "--metrics and --config are what advice rests on: they go with --after recommend".to_owned();
        return Err(Problem { message, code: USAGE });
    }
    let Some((demand, offers)) = args.demand.as_deref().zip(args.offers.as_deref()) else {
        return of_bill(args, everywhere, screen);
    };
    let offers = read_offers(offers)?;
    let demand = Demand::read(demand)?;
    match args.method {
        Method::Optimal => {
            let proposal = propose(&demand, &offers, &conditions(args))?;
            show(Plans::Optimal(&proposal), args, screen)
        }
        Method::Aws => {
            let allowed: Vec<Offer> = offers.into_iter().filter(|offer| is_asked(args, offer)).collect();
            show(Plans::Aws(&recommend(&demand, &allowed)), args, screen)
        }
    }
}

fn of_bill(args: &Plan, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    // What a team agreed on is read only where it counts.
    let advice = args.after.map(|After::Recommend| request(&args.advice)).transpose()?;
    let bar = ReadingBar::new(screen);
    let bill = open_paths(&args.sources, &args.s3, None, everywhere, screen, &bar)?;
    let plan_request = PlanRequest {
        conditions: conditions(args),
        scope: Scope {
            accounts_excluded: args.accounts_excluded.clone(),
            families_excluded: args.families_excluded.clone(),
            look_back_days: args.look_back,
            ..Scope::default()
        },
        outlook_weeks: args.outlook,
        without_decision: false,
        backtest: args.backtest,
        method: match args.method {
            Method::Optimal => bill::Method::Optimal,
            Method::Aws => bill::Method::Aws,
        },
        catalog: Some(Arc::new(with_lists(&args.advice.folder))),
    };
    let plan = match &advice {
        Some(advice) => bill.plan_after_advice(&plan_request, advice)?,
        None => bill.plan(&plan_request)?,
    };
    bar.clear();
    if !plan.certificate.figures_allowed() {
        return Ok(withheld(&plan.certificate, screen));
    }
    show(Plans::Bill(&plan), args, screen)?;
    screen.certificate(&plan.certificate);
    Ok(exit_code(&plan.certificate, !plan.skipped.is_empty(), everywhere.strict))
}

fn show(plan: Plans<'_>, args: &Plan, screen: &Screen) -> Outcome {
    let text = match args.output.format() {
        Format::Table => pages::plan(plan, screen.look(args.output.file.is_some())),
        Format::Json => json::text(&plans::json(plan)),
        Format::Csv => plans::csv(plan),
        Format::Markdown => plans::markdown(plan),
    };
    screen.emit(&text, args.output.file.as_deref())?;
    Ok(0)
}

fn conditions(args: &Plan) -> Conditions {
    let usual = Conditions::default();
    let payments: Vec<commitments::Payment> = args.payments.iter().map(|&payment| meant(payment)).collect();
    Conditions {
        terms_years: if args.terms.is_empty() { usual.terms_years } else { args.terms.clone() },
        payments: if payments.is_empty() { usual.payments } else { payments },
        sorts: if args.sorts.is_empty() { usual.sorts } else { args.sorts.iter().map(|&sort| sort_of(sort)).collect() },
        capital_cost_yearly: args.capital_cost,
        commitment_most: args.max_commitment,
        caps: Caps {
            spend_hourly_most: args.max_spend,
            coverage_most: args.max_coverage,
            pays_after_months_most: args.max_break_even,
            ..Caps::default()
        },
        ..usual
    }
}

/// AWS answers for the term and payment that it is asked for; without a choice every offer is answered.
fn is_asked(args: &Plan, offer: &Offer) -> bool {
    let has_payment = args.payments.iter().any(|&payment| meant(payment) == offer.payment);
    let has_sort = args.sorts.is_empty() || args.sorts.iter().any(|&sort| sort_of(sort) == offer.kind.sort());
    has_sort
        && (args.terms.is_empty() || args.terms.contains(&offer.term_years))
        && (args.payments.is_empty() || has_payment)
}

fn sort_of(sort: Sort) -> offers::Sort {
    match sort {
        Sort::Reservation => offers::Sort::Reservation,
        Sort::Ec2Sp => offers::Sort::Ec2InstancePlan,
        Sort::ComputeSp => offers::Sort::ComputePlan,
        Sort::SagemakerSp => offers::Sort::SageMakerPlan,
        Sort::DatabaseSp => offers::Sort::DatabasePlan,
    }
}

fn meant(payment: Payment) -> commitments::Payment {
    match payment {
        Payment::No => commitments::Payment::NoUpfront,
        Payment::Partial => commitments::Payment::PartialUpfront,
        Payment::All => commitments::Payment::AllUpfront,
    }
}
