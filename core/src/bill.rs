//! A bill that was opened: its inventory, and its ledger once something is asked.

mod rows;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::RecordBatch;

use self::rows::Rows;
use crate::analyze::commitments::Step;
use crate::analyze::request::{CostTable, Costs};
use crate::analyze::{costs, scan};
use crate::catalog::lines::PriceLine;
use crate::catalog::quotes::Catalog;
use crate::detector::watched::MetricsWanted;
#[cfg(doc)]
use crate::error::Error;
use crate::error::Result;
use crate::ingest::Inventory;
use crate::ingest::metrics::Metrics;
use crate::ingest::opening::{Finding, Opening};
#[cfg(feature = "s3")]
use crate::ingest::s3::{FetchProgress, S3Options};
use crate::ledger::Ledger;
use crate::ledger::pass::{PassFile, PassOptions, Progress, gather, hashes};
use crate::ledger::store::{Keeping, Store};
use crate::planner::bill::{BillPlan, PlanRequest};
use crate::reconcile::certificate::Certificate;
use crate::reconcile::reconcile;
use crate::replay::bill::{Comparison, REPLAY_COLUMNS, WhoShares, replay};
use crate::report::gates::{Gate, GateResult};
use crate::report::recommendations::{Recommendations, Request, recommendations};
use crate::report::{Report, ReportRequest};
use crate::rightsize::fleet::Fleet;
use crate::rightsize::preferences::Preferences;

/// What the store remembers certificates as.
const CERTIFICATE: &str = "certificate";

/// How a bill is opened.
#[derive(Clone, Default)]
pub struct BillOptions {
    pass: PassOptions,
    opening: Opening,
    store: Option<PathBuf>,
}

impl BillOptions {
    /// Reads with so many threads; 0 is one for each core. The answer does not depend on it.
    pub fn threads(mut self, threads: usize) -> BillOptions {
        self.pass.threads = threads;
        self
    }

    /// Reads only deliveries of these billing periods (`2026-10`), where a manifest or folder states them.
    pub fn periods<I: IntoIterator<Item = S>, S: Into<String>>(mut self, periods: I) -> BillOptions {
        self.opening.periods = periods.into_iter().map(Into::into).collect();
        self
    }

    /// Calls `progress` now and then while the bill is read, on the reading threads; `Break` stops with
    /// [`Error::Interrupted`].
    pub fn progress(mut self, progress: impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'static) -> BillOptions {
        self.pass.progress = Some(Arc::new(progress));
        self
    }

    /// Keeps ledgers in this folder, and takes from it those of deliveries that did not change: their files are not read.
    /// A file is taken for unchanged when its path, size, time of writing and footer are, an object of S3 when its ETag is.
    /// A store that cannot be used is no error: [`Bill::store_notes`] says why.
    pub fn store(mut self, folder: impl Into<PathBuf>) -> BillOptions {
        self.store = Some(folder.into());
        self
    }

    /// How `s3://` sources are reached, and where their objects are kept.
    #[cfg(feature = "s3")]
    pub fn s3(mut self, options: S3Options) -> BillOptions {
        self.opening.s3 = Some(options);
        self
    }

    /// Calls `progress` now and then while objects are fetched from S3: by [`BillOptions::open`], and by questions
    /// after objects left the cache. It is called on the thread that opens or asks; `Break` stops with
    /// [`Error::Interrupted`].
    #[cfg(feature = "s3")]
    pub fn on_fetch(
        mut self,
        progress: impl Fn(FetchProgress) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> BillOptions {
        self.opening.on_fetch = Some(Arc::new(progress));
        self
    }

    /// Finds the deliveries and reads their footers; no row is read yet. Sources are paths and, with
    /// [`BillOptions::s3`], addresses like `s3://bucket/folder`: a bill on S3 is fetched now, and begun with again up to
    /// three times when it changes meanwhile. One whose ledgers are all in the store is only listed; it is fetched, as
    /// it was listed, when a question needs its rows.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NoBill`], [`Error::Manifest`], [`Error::Unreadable`], [`Error::NotABill`] and
    /// [`Error::Column`], each naming what is at fault; [`Error::S3`].
    pub fn open<P: AsRef<Path>>(self, sources: impl IntoIterator<Item = P>) -> Result<Bill> {
        let sources: Vec<PathBuf> = sources.into_iter().map(|path| path.as_ref().to_path_buf()).collect();
        let mut finding = Finding::of(sources, self.opening)?;
        let mut store_notes = Vec::new();
        let store = self.store.as_ref().and_then(|folder| {
            Store::open(folder).map_err(|error| store_notes.push(format!("{error}; no ledger is kept"))).ok()
        });
        let known = store.as_ref().and_then(|store| Keeping::of_opening(store, &finding.identity()?));
        let (rows, inventory, keeping) = match known {
            Some((inventory, keeping)) => (Rows::later(finding, inventory.clone()), inventory, Some(keeping)),
            None => {
                let (rows, inventory) = Rows::of(&mut finding)?;
                let mut keeping = None;
                if let Some(store) = store {
                    match Keeping::open(store, &inventory, rows.files(), finding.identity()) {
                        Ok(opened) => keeping = Some(opened),
                        Err(error) => store_notes.push(format!("{error}; no ledger is kept")),
                    }
                }
                (rows, inventory, keeping)
            }
        };
        Ok(Bill {
            inventory,
            rows,
            pass: self.pass,
            keeping,
            store_notes,
            ledger: OnceLock::new(),
            hashes: OnceLock::new(),
            certificate: OnceLock::new(),
            gathering: Mutex::new(()),
        })
    }
}

/// A bill: what was delivered, and the ledger of it, which is gathered when first asked for.
///
/// ```no_run
/// use farthing::{Bill, Costs, Metric};
/// let bill = Bill::open("bill/")?;
/// for row in bill.costs(&Costs::by(["ServiceName"]).metric(Metric::BilledCost).monthly())?.rows {
///     println!("{:?} {:?}", row.keys, row.cost);
/// }
/// # Ok::<(), farthing::Error>(())
/// ```
pub struct Bill {
    inventory: Inventory,
    rows: Rows,
    pass: PassOptions,
    keeping: Option<Keeping>,
    store_notes: Vec<String>,
    ledger: OnceLock<Ledger>,
    hashes: OnceLock<Vec<String>>,
    /// Without an invoice.
    certificate: OnceLock<Certificate>,
    gathering: Mutex<()>,
}

impl std::fmt::Debug for Bill {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Bill").field("inventory", &self.inventory).finish_non_exhaustive()
    }
}

impl Bill {
    /// Opens a parquet or csv file, a folder (a month, a delivery, a whole export) or a manifest, on disk.
    ///
    /// # Errors
    /// As [`BillOptions::open`].
    pub fn open(source: impl AsRef<Path>) -> Result<Bill> {
        Bill::options().open([source])
    }

    /// Options, for several sources, threads or progress.
    pub fn options() -> BillOptions {
        BillOptions::default()
    }

    /// What is there, from manifests, footers and headers.
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// The ledger, gathered in one pass over the bill at the first call.
    ///
    /// # Errors
    /// [`Error::Unreadable`] and [`Error::Column`] for what cannot be read, [`Error::Interrupted`].
    pub fn ledger(&self) -> Result<&Ledger> {
        self.once(&self.ledger, || match &self.keeping {
            Some(keeping) => {
                let with_files = |read: &dyn Fn(&[PassFile]) -> Result<Ledger>| self.rows.read(read);
                let ledger = keeping.ledger(&self.inventory, &self.pass, &with_files)?;
                self.rows.folded();
                Ok(ledger)
            }
            None => self.rows.read(|files| {
                let ledger = gather(files, &PassOptions { is_whole: true, ..self.pass.clone() })?;
                if self.rows.leave_once_folded() {
                    // Hashed while they are here.
                    let hashes = hashes(files, self.pass.threads)?;
                    self.hashes.get_or_init(|| hashes);
                    self.rows.folded();
                }
                Ok(ledger)
            }),
        })
    }

    /// What was found in the store and could not be used, and what could not be kept there. It changes no answer.
    pub fn store_notes(&self) -> Vec<String> {
        let kept = self.keeping.as_ref().map(Keeping::notes);
        self.store_notes.iter().cloned().chain(kept.unwrap_or_default()).collect()
    }

    /// SHA-256 of every file, in order.
    fn hashes(&self) -> Result<&Vec<String>> {
        self.once(&self.hashes, || match &self.keeping {
            Some(keeping) => {
                let with_files = |read: &dyn Fn(&[PassFile]) -> Result<Vec<String>>| self.rows.read(read);
                keeping.hashes(self.pass.threads, &with_files)
            }
            None => self.rows.read(|files| hashes(files, self.pass.threads)),
        })
    }

    /// What was made before, or else is made now, while nobody else makes anything.
    fn once<'a, T>(&self, known: &'a OnceLock<T>, make: impl FnOnce() -> Result<T>) -> Result<&'a T> {
        if let Some(known) = known.get() {
            return Ok(known);
        }
        let _one_at_a_time = self.gathering.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get() {
            return Ok(known);
        }
        let made = make()?;
        Ok(known.get_or_init(|| made))
    }

    /// The certificate: every check that can run, its figure and its verdict. With an invoice file (csv with
    /// payer, invoice_id, amount and currency) it is tied to what finance was billed. Without one it is made once.
    ///
    /// # Errors
    /// As [`Bill::ledger`], and [`Error::Invoice`].
    pub fn reconcile(&self, invoice: Option<&Path>) -> Result<Certificate> {
        if invoice.is_some() {
            return self.certify(invoice);
        }
        if let Some(known) = self.certificate.get() {
            return Ok(known.clone());
        }
        let remembered = self.keeping.as_ref().and_then(|keeping| keeping.remembered(&self.inventory, CERTIFICATE));
        let certificate = match remembered {
            Some(known) => known,
            None => {
                let made = self.certify(None)?;
                if let Some(keeping) = &self.keeping {
                    keeping.remember(&self.inventory, CERTIFICATE, &made);
                }
                made
            }
        };
        Ok(self.certificate.get_or_init(|| certificate).clone())
    }

    fn certify(&self, invoice: Option<&Path>) -> Result<Certificate> {
        let ledger = self.ledger()?;
        let history = self.keeping.as_ref().map(Keeping::history).unwrap_or_default();
        reconcile(ledger, &self.inventory, self.hashes()?, &history, invoice)
    }

    /// Answers a cost question: from the ledger, or by reading the bill again when the ledger does not keep the
    /// columns together (the answer says which).
    ///
    /// # Errors
    /// As [`Bill::ledger`]; [`Error::UnknownName`], [`Error::Filter`] and [`Error::Currencies`].
    pub fn costs(&self, question: &Costs) -> Result<CostTable> {
        if self.ledger.get().is_none()
            && let Some(saved) = self.keeping.as_ref().and_then(Keeping::readers)
            && let Some(answer) = costs::from_saved(&saved, question)?
        {
            return Ok(answer);
        }
        let ledger = self.ledger()?;
        match costs::from_ledger(ledger, question)? {
            Some(answer) => Ok(answer),
            None => self.costs_from_bill(question),
        }
    }

    /// Answers a cost question by reading the bill again, whatever the ledger keeps.
    ///
    /// # Errors
    /// As [`Bill::costs`].
    pub fn costs_from_bill(&self, question: &Costs) -> Result<CostTable> {
        let ledger = self.ledger()?;
        self.rows.read(|files| scan::from_bill(ledger, question, files, &self.pass))
    }

    /// The charges that meet a filter, row by row, with FOCUS columns; all columns unless some are named.
    ///
    /// # Errors
    /// [`Error::UnknownName`], [`Error::Filter`], and as [`Bill::ledger`].
    pub fn charges(&self, filter: &str, columns: Option<&[String]>) -> Result<Vec<RecordBatch>> {
        self.rows.read(|files| scan::charges(files, filter, columns, &self.pass))
    }

    /// Commitments: what was bought, used and unused, coverage, utilization and effective savings, by step of time.
    ///
    /// # Errors
    /// As [`Bill::reconcile`]; [`Error::Currencies`] for a bill in several currencies.
    pub fn commitments(&self, step: Step) -> Result<Report> {
        let certificate = self.reconcile(None)?;
        crate::report::commitments(self.ledger()?, certificate, step)
    }

    /// Replays the bill's reservations and Savings Plans hour by hour and compares; reads the bill once more.
    ///
    /// # Errors
    /// As [`Bill::charges`]; [`Error::NotAvailable`]; [`Error::UnknownName`] for an account that the bill does not know.
    pub fn replay(&self, sharing: &WhoShares) -> Result<Comparison> {
        let columns = REPLAY_COLUMNS.map(str::to_owned);
        replay(self.ledger()?, &self.charges("", Some(&columns))?, sharing)
    }

    /// What to buy on top of what the bill owns: reservations and Savings Plans for what nothing covers yet, jointly, with
    /// a bound on how much better any purchase could be. Without lines when the certificate forbids figures.
    ///
    /// # Errors
    /// As [`Bill::reconcile`]; [`Error::Currencies`] for a bill in several currencies, [`Error::NotAvailable`] for one
    /// that is daily, or when nothing that is sold meets the request.
    pub fn plan(&self, request: &PlanRequest) -> Result<BillPlan> {
        let certificate = self.reconcile(None)?;
        crate::planner::bill::plan(self.ledger()?, certificate, request)
    }

    /// The plan for what is left once advice was followed: usage of resources that [`Bill::recommend`] counts a saving on is
    /// left out, so that nothing is committed to what is about to be stopped or changed. What the request for advice excepts
    /// stays.
    ///
    /// # Errors
    /// As [`Bill::plan`] and [`Bill::recommend`].
    pub fn plan_after_advice(&self, request: &PlanRequest, advice: &Request) -> Result<BillPlan> {
        let advice = self.recommend(&Request { plan: false, ..advice.clone() })?;
        let mut request = request.clone();
        request.scope.resources_excluded.extend(advice.resources());
        self.plan(&request)
    }

    /// The monthly report, with what could be saved and what came of gates.
    ///
    /// # Errors
    /// As [`Bill::recommend`]; [`Error::Invoice`].
    pub fn report(&self, request: &ReportRequest) -> Result<Report> {
        // What was asked is looked at before the bill is read.
        request.advice.check()?;
        let certificate = self.reconcile(request.invoice.as_deref())?;
        crate::report::report(self.ledger()?, certificate, request)
    }

    /// Looks at the last month through gates: conditions under which a job fails, without a report.
    ///
    /// # Errors
    /// As [`Bill::reconcile`]; [`Error::Currencies`] for a bill in several currencies.
    pub fn gates(&self, gates: &[Gate]) -> Result<Vec<GateResult>> {
        let savings = match gates.iter().any(Gate::needs_savings) {
            true => Some(self.recommend(&Request { plan: true, ..Request::default() })?.together_monthly()),
            false => None,
        };
        crate::report::gates::gates(self.ledger()?, gates, savings)
    }

    /// Every saving that the bill itself shows, ranked, each resource counted once, with what was skipped and why.
    ///
    /// # Errors
    /// As [`Bill::reconcile`]; [`Error::Currencies`] for a bill in several currencies, [`Error::UnknownName`] and
    /// [`Error::Threshold`] for what was asked.
    pub fn recommend(&self, request: &Request) -> Result<Recommendations> {
        // What was asked is looked at before the bill is read.
        request.check()?;
        let certificate = self.reconcile(None)?;
        recommendations(self.ledger()?, certificate, request)
    }

    /// The resources of the bill that CloudWatch can be asked about, with the metrics that [`Bill::recommend`] and
    /// [`Bill::rightsize`] read of them, and what asking costs.
    ///
    /// # Errors
    /// As [`Bill::ledger`]; [`Error::NotAvailable`] for a bill without resource ids or usage types.
    pub fn metrics_wanted(&self) -> Result<MetricsWanted> {
        crate::detector::watched::of_bill(self.ledger()?)
    }

    /// Public on-demand prices of an hour of an instance type in a region, as the bill's last whole month states them.
    ///
    /// # Errors
    /// As [`Bill::ledger`]; [`Error::NotAvailable`] for a bill that is not in US dollars, [`Error::Currencies`] for one in
    /// several currencies.
    pub fn price_lines(&self, instance_type: &str, region: &str) -> Result<Vec<PriceLine>> {
        crate::detector::billed::price_lines(self.ledger()?, instance_type, region)
    }

    /// The services and regions of the bill that price lists are of use for: of what a commitment could cover, and of volumes.
    ///
    /// # Errors
    /// As [`Bill::ledger`].
    #[cfg(feature = "s3")]
    pub fn prices_wanted(&self) -> Result<crate::ingest::prices::PricesWanted> {
        Ok(crate::analyze::classes::priced_by_lists(self.ledger()?))
    }

    /// Sizes the bill's EC2 instances by what was measured of them: which are too large or too small, which types would do,
    /// what that saves after commitments, and how far it holds.
    ///
    /// ```no_run
    /// use farthing::catalog::quotes::Catalog;
    /// use farthing::ingest::metrics::Metrics;
    /// use farthing::rightsize::preferences::Preferences;
    /// let metrics = Metrics::read(&["cloudwatch.parquet"], 14)?;
    /// let fleet = farthing::Bill::open("bill/")?.rightsize(&metrics, &Catalog::bundled(), Preferences::default())?;
    /// for machine in &fleet.machines {
    ///     println!("{} {}", machine.resource_id, machine.assessment.verdict.name());
    /// }
    /// # Ok::<(), farthing::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Bill::reconcile`]; [`Error::Currencies`] for a bill in several currencies, [`Error::NotAvailable`] for one
    /// without resource ids, usage types or 14 days of usage, [`Error::Table`] for price lists that are damaged.
    pub fn rightsize(&self, metrics: &Metrics, catalog: &Catalog, preferences: Preferences) -> Result<Fleet> {
        let certificate = self.reconcile(None)?;
        crate::rightsize::fleet::of_bill(self.ledger()?, certificate, metrics, catalog, preferences)
    }
}
