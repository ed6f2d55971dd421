//! What is to be fetched, known before it is: which resources, in which batches, what it costs, and what is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::ask::Asked;
use super::kept::{Spans, key};
use super::session::CloudWatch;
use crate::error::s3::{Result, S3Error};
use crate::ingest::metrics::wanted::{AGENTS, Agent, WantedResource};

/// Metrics of one question, by AWS's limit.
pub const QUERIES_MAX: usize = 500;
/// Values of one page of an answer, by AWS's limit.
pub const DATAPOINTS_MAX: u64 = 100_800;
/// Values of all pages of one answer, which are held at once: 500 metrics of 14 days every five minutes.
const BATCH_DATAPOINTS_MAX: u64 = 2_016_000;
/// Seconds between values, and where peaks do not matter or AWS has no finer ones any more.
const FINE: i64 = 300;
const COARSE: i64 = 3_600;
/// AWS keeps values of five minutes for so many days.
const FINE_DAYS_MAX: u32 = 63;
const DAY: i64 = 86_400;

/// How far back, and from when.
#[derive(Debug, Clone, Copy)]
pub struct MetricsRequest {
    /// Days.
    pub look_back_days: u32,
    /// Now, in seconds since 1970. Only days that are over for an hour are fetched, since the last values come late.
    pub now: i64,
}

impl MetricsRequest {
    /// The days that are wanted, in seconds since 1970, the end excluded.
    pub fn span(&self) -> (i64, i64) {
        let end = (self.now - COARSE).div_euclid(DAY) * DAY;
        (end - i64::from(self.look_back_days) * DAY, end)
    }

    fn period(&self, is_fine: bool) -> i64 {
        if is_fine && self.look_back_days <= FINE_DAYS_MAX { FINE } else { COARSE }
    }
}

/// A resource with what is asked of it.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) resource_id: String,
    pub(super) region: String,
    /// The name under which its measurements are kept.
    pub(super) name: String,
    pub(super) asked: Vec<Asked>,
}

/// Metrics of a few resources of one region over one span: one question.
#[derive(Debug, Clone)]
pub struct Batch {
    pub(super) region: String,
    pub(super) span: (i64, i64),
    pub(super) resources: Vec<Planned>,
}

impl Batch {
    /// How many metrics it asks for.
    pub fn queries(&self) -> usize {
        self.resources.iter().map(|one| one.asked.len()).sum()
    }

    fn datapoints(&self) -> u64 {
        self.resources.iter().map(|one| datapoints(&one.asked, self.span)).sum()
    }

    /// In how many pages its answer comes, if every value is there.
    pub fn pages(&self) -> u64 {
        self.datapoints().div_ceil(DATAPOINTS_MAX).max(1)
    }
}

/// What is asked of a region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegionPlan {
    /// Its name.
    pub region: String,
    /// Resources, those included of which all is there.
    pub resources: usize,
    /// Metrics to fetch.
    pub queries: usize,
    /// Metrics that are there from before.
    pub queries_kept: usize,
    /// Questions.
    pub batches: usize,
    /// Pages of their answers.
    pub pages: u64,
}

/// An account that these credentials cannot ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The account.
    pub sub_account_id: String,
    /// Resources that would have been asked about.
    pub resources: usize,
    /// What they cost a month, in units of 1e-12.
    pub cost_monthly: i128,
}

/// What is to be fetched.
#[derive(Debug, Clone)]
pub struct MetricsPlan {
    /// The account.
    pub account: String,
    /// The days, in seconds since 1970, the end excluded.
    pub span: (i64, i64),
    /// By region.
    pub regions: Vec<RegionPlan>,
    /// Other accounts, those with the highest cost first.
    pub left_out: Vec<LeftOut>,
    /// What could not be found out, and why.
    pub notes: Vec<String>,
    /// The questions.
    pub batches: Vec<Batch>,
    pub(super) resources: Vec<Planned>,
}

impl MetricsPlan {
    fn sum<T: std::iter::Sum>(&self, of: impl Fn(&RegionPlan) -> T) -> T {
        self.regions.iter().map(of).sum()
    }

    /// Metrics to fetch: what AWS bills.
    pub fn queries(&self) -> usize {
        self.sum(|region| region.queries)
    }

    /// Metrics that are there from before.
    pub fn queries_kept(&self) -> usize {
        self.sum(|region| region.queries_kept)
    }

    /// Resources.
    pub fn resources(&self) -> usize {
        self.sum(|region| region.resources)
    }

    /// Pages of all answers.
    pub fn pages(&self) -> u64 {
        self.sum(|region| region.pages)
    }

    /// Metrics, each as often as its answer has pages: what AWS would bill if it counted every page anew.
    pub fn queries_by_page(&self) -> u64 {
        self.batches.iter().map(|batch| batch.queries() as u64 * batch.pages()).sum()
    }
}

impl CloudWatch {
    /// Plans to fetch what is wanted of the account's resources and is not there from before. Asks each region with instances
    /// or functions of which of them an agent reports.
    ///
    /// # Errors
    /// [`S3Error::Cache`], and the errors of every request.
    pub fn plan(&self, wanted: Vec<WantedResource>, request: &MetricsRequest) -> Result<MetricsPlan> {
        let account = self.account().to_owned();
        let (mut own, others): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|one| one.sub_account_id == account);
        let mut notes = Vec::new();
        let placed = own.len();
        own.retain(|one| is_region(&one.region_id));
        if own.len() < placed {
            notes.push(format!("{} resources have no region in the bill, and are not asked about", placed - own.len()));
        }
        for agent in &AGENTS {
            self.add_agent(agent, &mut own, &mut notes)?;
        }
        // Two accounts of one name cannot be, but a resource of two regions can.
        own.sort_by(|a, b| (&a.resource_id, &a.region_id).cmp(&(&b.resource_id, &b.region_id)));
        own.dedup_by(|later, kept| later.resource_id == kept.resource_id);
        let planned = |one: WantedResource| {
            let asked = one.queries.into_iter().map(|query| Asked { period: request.period(query.is_fine), query });
            let name = self.inner.kept.name(&account, &one.region_id, &one.resource_id);
            Planned { name, resource_id: one.resource_id, region: one.region_id, asked: asked.collect() }
        };
        let resources: Vec<Planned> = own.into_iter().map(planned).collect();
        let span = request.span();
        let mut missing: BTreeMap<(String, i64), Vec<Planned>> = BTreeMap::new();
        let mut regions: BTreeMap<&str, RegionPlan> = BTreeMap::new();
        for one in &resources {
            let region = regions.entry(&one.region).or_default();
            region.resources += 1;
            region.queries_kept += one.asked.len();
            for (start, asked) in lacking(one, &self.inner.kept.spans(&one.name)?, span) {
                region.queries_kept -= asked.len();
                let part = Planned { asked, ..one.clone() };
                missing.entry((one.region.clone(), start)).or_default().push(part);
            }
        }
        let mut batches = Vec::new();
        for ((region, start), parts) in missing {
            batches.extend(packed(&region, (start, span.1), parts));
        }
        let regions = regions.into_iter().map(|(name, known)| counted(name, known, &batches)).collect();
        Ok(MetricsPlan { account, span, regions, left_out: left_out(&others), notes, batches, resources })
    }

    /// Adds what an agent reports to the resources that have it.
    fn add_agent(&self, agent: &'static Agent, own: &mut [WantedResource], notes: &mut Vec<String>) -> Result<()> {
        let may_have = |one: &WantedResource| one.queries.iter().any(|query| query.namespace == agent.beside);
        let regions: BTreeSet<String> =
            own.iter().filter(|one| may_have(one)).map(|one| one.region_id.clone()).collect();
        for region in regions {
            let found = match self.agent_metrics(&region, agent) {
                Err(error @ S3Error::Denied { .. }) => {
                    notes.push(format!("{} is not known: {error}", agent.of));
                    continue;
                }
                other => other?,
            };
            for one in own.iter_mut().filter(|one| one.region_id == region && may_have(one)) {
                let name = one.resource_id.rsplit(['/', ':']).next().unwrap_or_default();
                one.queries.extend(found.get(name).into_iter().flatten().cloned());
            }
        }
        Ok(())
    }
}

/// Whether this can stand in a host's name as a region.
fn is_region(name: &str) -> bool {
    crate::ingest::s3::fault::is_region(name) && name != "global"
}

/// What is not there from before, by where it begins.
fn lacking(one: &Planned, kept: &Spans, (start, end): (i64, i64)) -> BTreeMap<i64, Vec<Asked>> {
    let mut lacking: BTreeMap<i64, Vec<Asked>> = BTreeMap::new();
    for asked in &one.asked {
        let begin = match kept.get(&key(asked)) {
            Some(&(from, to)) if from <= start && to > start => to,
            _ => start,
        };
        if begin < end {
            lacking.entry(begin).or_default().push(asked.clone());
        }
    }
    lacking
}

fn datapoints(asked: &[Asked], (start, end): (i64, i64)) -> u64 {
    asked.iter().map(|one| ((end - start) / one.period).unsigned_abs()).sum()
}

/// Whole resources to a batch, up to what one question may hold.
fn packed(region: &str, span: (i64, i64), parts: Vec<Planned>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for part in parts {
        let fits = |batch: &&mut Batch| {
            batch.queries() + part.asked.len() <= QUERIES_MAX
                && batch.datapoints() + datapoints(&part.asked, span) <= BATCH_DATAPOINTS_MAX
        };
        match batches.last_mut().filter(fits) {
            Some(batch) => batch.resources.push(part),
            None => batches.push(Batch { region: region.to_owned(), span, resources: vec![part] }),
        }
    }
    batches
}

fn counted(name: &str, known: RegionPlan, batches: &[Batch]) -> RegionPlan {
    let own: Vec<&Batch> = batches.iter().filter(|batch| batch.region == name).collect();
    RegionPlan {
        region: name.to_owned(),
        queries: own.iter().map(|batch| batch.queries()).sum(),
        batches: own.len(),
        pages: own.iter().map(|batch| batch.pages()).sum(),
        ..known
    }
}

fn left_out(others: &[WantedResource]) -> Vec<LeftOut> {
    let mut accounts: BTreeMap<&str, LeftOut> = BTreeMap::new();
    for one in others {
        let account = accounts.entry(&one.sub_account_id).or_insert_with(|| LeftOut {
            sub_account_id: one.sub_account_id.clone(),
            resources: 0,
            cost_monthly: 0,
        });
        account.resources += 1;
        account.cost_monthly += one.cost_monthly;
    }
    let mut accounts: Vec<LeftOut> = accounts.into_values().collect();
    accounts.sort_by_key(|one| std::cmp::Reverse(one.cost_monthly));
    accounts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::metrics::series::Statistic;
    use crate::ingest::metrics::wanted::MetricQuery;

    fn planned(id: usize, metrics: usize, period: i64) -> Planned {
        let query = |at: usize| MetricQuery {
            namespace: "AWS/EC2".to_owned(),
            metric: format!("Metric{at}"),
            dimensions: vec![("InstanceId".to_owned(), format!("i-{id}"))],
            statistic: Statistic::Maximum,
            unit: "Percent".to_owned(),
            is_fine: period == FINE,
            is_counted: false,
        };
        let asked = (0..metrics).map(|at| Asked { query: query(at), period }).collect();
        Planned { resource_id: format!("i-{id}"), region: "eu-west-1".to_owned(), name: id.to_string(), asked }
    }

    #[test]
    fn batches_hold_whole_resources_up_to_500_metrics() {
        let batches = packed("eu-west-1", (0, 14 * DAY), (0..130).map(|id| planned(id, 9, FINE)).collect());
        let counts: Vec<usize> = batches.iter().map(Batch::queries).collect();
        assert_eq!(counts, [495, 495, 180]);
        assert_eq!(batches[0].pages(), (495_u64 * 4_032).div_ceil(100_800));
        // 32 days are more than what is held at once, hours less.
        let batches = packed("eu-west-1", (0, 32 * DAY), (0..60).map(|id| planned(id, 9, FINE)).collect());
        assert_eq!(batches.iter().map(Batch::queries).collect::<Vec<_>>(), [216, 216, 108]);
        let batches = packed("eu-west-1", (0, 93 * DAY), (0..60).map(|id| planned(id, 9, COARSE)).collect());
        assert_eq!(batches.iter().map(Batch::queries).collect::<Vec<_>>(), [495, 45]);
    }

    #[test]
    fn only_what_is_missing_is_asked_for() {
        let one = planned(1, 3, FINE);
        let span = (10 * DAY, 24 * DAY);
        let keys: Vec<String> = one.asked.iter().map(key).collect();
        let starts = |kept: &[(usize, i64, i64)]| {
            let kept: Spans =
                kept.iter().map(|&(at, start, end)| (keys[at].clone(), (start * DAY, end * DAY))).collect();
            let lacking = lacking(&one, &kept, span);
            lacking.into_iter().map(|(start, asked)| (start / DAY, asked.len())).collect::<Vec<_>>()
        };
        assert_eq!(starts(&[]), [(10, 3)]);
        assert_eq!(starts(&[(0, 10, 24), (1, 0, 40), (2, 9, 24)]), []);
        assert_eq!(starts(&[(0, 9, 23), (1, 10, 24)]), [(10, 1), (23, 1)]);
        assert_eq!(
            starts(&[(0, 11, 24), (1, 0, 10), (2, 30, 40)]),
            [(10, 3)],
            "what begins later or ended before does not do"
        );
    }

    #[test]
    fn days_are_whole_and_over() {
        let request = |days, now| MetricsRequest { look_back_days: days, now };
        assert_eq!(request(14, 30 * DAY + 3_600).span(), (16 * DAY, 30 * DAY));
        assert_eq!(request(14, 30 * DAY + 3_599).span(), (15 * DAY, 29 * DAY));
        assert_eq!([14, 32, 93].map(|days| request(days, 0).period(true)), [300, 300, 3_600]);
        assert_eq!(request(14, 0).period(false), 3_600);
    }
}
