//! `farthing plan`: what to buy, jointly with a certificate, or offer by offer as AWS recommends.

use farthing::planner::aws::recommend;
use farthing::planner::demand::Demand;
use farthing::planner::offers::{self, Offer, read_offers};
use farthing::planner::proposal::{Conditions, propose};
use farthing::render::json;
use farthing::render::plans::{self, Plans};

use super::Outcome;
use crate::args::{Everywhere, Format};
use crate::planning::{Method, Payment, Plan};
use crate::terminal::{Screen, pages};

pub(super) fn run(args: &Plan, _: &Everywhere, screen: &Screen) -> Outcome {
    let offers = read_offers(&args.offers)?;
    let demand = Demand::read(&args.demand)?;
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
    let payments: Vec<offers::Payment> = args.payments.iter().map(|&payment| meant(payment)).collect();
    Conditions {
        terms_years: if args.terms.is_empty() { usual.terms_years } else { args.terms.clone() },
        payments: if payments.is_empty() { usual.payments } else { payments },
        capital_cost_yearly: args.capital_cost,
        commitment_most: args.max_commitment,
        effort: usual.effort,
    }
}

/// AWS answers for the term and payment that it is asked for; without a choice every offer is answered.
fn is_asked(args: &Plan, offer: &Offer) -> bool {
    let has_payment = args.payments.iter().any(|&payment| meant(payment) == offer.payment);
    (args.terms.is_empty() || args.terms.contains(&offer.term_years)) && (args.payments.is_empty() || has_payment)
}

fn meant(payment: Payment) -> offers::Payment {
    match payment {
        Payment::No => offers::Payment::NoUpfront,
        Payment::Partial => offers::Payment::PartialUpfront,
        Payment::All => offers::Payment::AllUpfront,
    }
}
