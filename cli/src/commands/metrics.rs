//! `farthing metrics fetch`: what CloudWatch measured of the bill's resources, priced and asked about before it is fetched.

use std::io::{self, BufRead, IsTerminal, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use farthing::detector::watched::MetricsWanted;
use farthing::ingest::cloudwatch::{CloudWatch, MetricsPlan, MetricsRequest, custom_endpoints};
use farthing::money::{display_cents, to_text};
use farthing::render::counted;
use farthing::schema::values::day_text;

use super::{Outcome, Problem, open};
use crate::args::Everywhere;
use crate::measuring::{Action, Fetch, Metrics};
use crate::terminal::Screen;
use crate::terminal::progress::{AskingBar, ReadingBar};
use crate::terminal::staged::Staged;

/// Accounts that are named when they are left out.
const ACCOUNTS_NAMED_MAX: usize = 5;
const DAY: i64 = 86_400;
/// Nothing was fetched, because nobody agreed to pay for it.
const NOT_AGREED: u8 = 2;

pub(super) fn run(args: &Metrics, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    match &args.action {
        Action::Fetch(args) => fetch(args, everywhere, screen),
    }
}

fn fetch(args: &Fetch, everywhere: &Everywhere, screen: &Screen) -> Outcome {
    let wanted = wanted(args, everywhere, screen)?;
    let Some(region) = dearest_region(&wanted) else {
        let message = "the bill has no resources that CloudWatch measures: nothing to fetch".to_owned();
        return Err(Problem { message, code: 1 });
    };
    let options = args.sources.s3.reach("metrics")?;
    let folder = options.cache_dir.clone();
    for (service, endpoint) in custom_endpoints(&options)? {
        screen.note(&format!("{service} endpoint: {endpoint}"));
    }
    let cloudwatch = CloudWatch::connect(&region, &folder, options)?;
    let request = MetricsRequest { look_back_days: args.look_back, now: now() };
    let plan = cloudwatch.plan(wanted.resources.clone(), &request)?;
    // What is to be agreed to is shown even when quiet.
    let is_asking = plan.queries() > 0 && !args.yes;
    for line in told(&plan, &wanted) {
        if is_asking { screen.message(&line) } else { screen.note(&line) }
    }
    if plan.resources() == 0 {
        let account = cloudwatch.account();
        let message = format!(
            "nothing of this bill is in account {account}, whose credentials these are: use those of an account above"
        );
        return Err(Problem { message, code: 1 });
    }
    if is_asking {
        agreed()?;
    }
    let bar = AskingBar::new(screen);
    let follow = bar.follow();
    let fetched = cloudwatch.fetch(&plan, Some(&follow))?;
    drop(bar);
    let staged = Staged::beside(&args.file)?;
    let rows = cloudwatch.write(&plan, staged.place())?;
    staged.finish()?;
    let (queries, requests, retries) = (fetched.queries, fetched.requests, fetched.retries);
    screen.note(&format!("fetched {queries} metrics in {requests} requests, of which {retries} were tried again"));
    screen.note(&format!("wrote {}: {rows} rows", args.file.display()));
    Ok(0)
}

/// Seconds since 1970: what CloudWatch has ends now, whenever the bill does. The engine is told, and asks no clock.
#[allow(clippy::disallowed_methods)]
fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    i64::try_from(now).unwrap_or(i64::MAX)
}

/// What is worth asking of the bill's resources.
fn wanted(args: &Fetch, everywhere: &Everywhere, screen: &Screen) -> Result<MetricsWanted, Problem> {
    let bar = ReadingBar::new(screen);
    let bill = open(&args.sources, None, everywhere, screen, &bar)?;
    let wanted = bill.metrics_wanted()?;
    bar.clear();
    Ok(wanted)
}

/// The region that most is spent in: one that the credentials' account has surely opened.
fn dearest_region(wanted: &MetricsWanted) -> Option<String> {
    let placed = wanted.resources.iter().filter(|one| !one.region_id.is_empty() && one.region_id != "global");
    let mut regions = std::collections::BTreeMap::<&str, i128>::new();
    placed.for_each(|one| *regions.entry(&one.region_id).or_default() += one.cost_monthly);
    regions.into_iter().max_by_key(|(_, cost)| *cost).map(|(region, _)| region.to_owned())
}

/// What is about to be asked, and what it costs.
fn told(plan: &MetricsPlan, wanted: &MetricsWanted) -> Vec<String> {
    let day = |seconds: i64| day_text(i32::try_from(seconds / DAY).unwrap_or_default());
    let (first, last) = (day(plan.span.0), day(plan.span.1 - DAY));
    let mut lines = vec![format!("CloudWatch of account {}, {first} to {last}:", plan.account)];
    for region in &plan.regions {
        let (resources, queries, kept) =
            (counted(region.resources as u64, "resource"), region.queries, region.queries_kept);
        let (questions, pages) = (batches(region.batches), counted(region.pages, "request"));
        lines.push(format!(
            "  {}: {resources}, {queries} metrics to fetch in {questions} ({pages}), {kept} kept from before",
            region.region
        ));
    }
    lines.extend(plan.notes.iter().map(|note| format!("  {note}")));
    lines.extend(left_out(plan));
    if plan.queries() == 0 {
        lines.push("nothing is to be fetched, and nothing is billed".to_owned());
        return lines;
    }
    lines.push(format!(
        "in all: {} metrics in {} of up to 500, {}; one that is throttled or fails is tried up to 10 times, 0.5 to 20 s apart",
        plan.queries(),
        batches(plan.batches.len()),
        counted(plan.pages(), "request")
    ));
    let cost = |metrics: u64| to_text(i128::from(metrics) * wanted.price, 12, 2);
    let (once, most) = (plan.queries() as u64, plan.queries_by_page());
    let mut price = format!(
        "estimated cost: {} USD, at {} USD for 1,000 metrics by {}",
        cost(once),
        cost(1_000),
        wanted.price_source
    );
    if most > once {
        price.push_str(&format!("; {} USD if AWS counts each page of an answer anew", cost(most)));
    }
    lines.push(price);
    lines
}

fn batches(count: usize) -> String {
    if count == 1 { "1 batch".to_owned() } else { format!("{count} batches") }
}

/// The accounts that these credentials cannot ask about.
fn left_out(plan: &MetricsPlan) -> Vec<String> {
    if plan.left_out.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![
        "left out, because only the account of the credentials can be asked (run this once for each account):"
            .to_owned(),
    ];
    for one in plan.left_out.iter().take(ACCOUNTS_NAMED_MAX) {
        let (account, resources) = (&one.sub_account_id, counted(one.resources as u64, "resource"));
        lines.push(format!("  account {account}: {resources}, {} a month", display_cents(one.cost_monthly)));
    }
    let rest = plan.left_out.len().saturating_sub(ACCOUNTS_NAMED_MAX);
    if rest > 0 {
        lines.push(format!("  and {rest} more accounts"));
    }
    lines
}

/// Asks whether what is billed may be fetched.
fn agreed() -> Result<(), Problem> {
    let refused = |message: &str| Err(Problem { message: message.to_owned(), code: NOT_AGREED });
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return refused(
            "nothing was fetched: this is billed, and there is no terminal to ask on; add --yes to agree to the cost above",
        );
    }
    let _ = write!(io::stderr().lock(), "fetch? [y/N] ");
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => refused("nothing was fetched"),
    }
}
