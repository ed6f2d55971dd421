//! A bill that was opened: its inventory, and its ledger once something is asked.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::array::RecordBatch;

use crate::analyze::request::{CostTable, Costs};
use crate::analyze::{costs, scan};
use crate::error::{Error, Result};
use crate::ingest::file::{self, BillFile};
use crate::ingest::source::discover;
use crate::ingest::{Delivery, Inventory, capabilities};
use crate::ledger::Ledger;
use crate::ledger::pass::{PassFile, PassOptions, Progress, gather, hashes};
use crate::reconcile::certificate::Certificate;
use crate::reconcile::reconcile;
use crate::report::Report;

/// How a bill is opened.
#[derive(Clone, Default)]
pub struct BillOptions {
    pass: PassOptions,
    periods: Vec<String>,
}

impl BillOptions {
    /// Reads with so many threads; 0 is one for each core. The answer does not depend on it.
    pub fn threads(mut self, threads: usize) -> BillOptions {
        self.pass.threads = threads;
        self
    }

    /// Reads only deliveries of these billing periods (`2026-10`), where a manifest or folder states them.
    pub fn periods<I: IntoIterator<Item = S>, S: Into<String>>(mut self, periods: I) -> BillOptions {
        self.periods = periods.into_iter().map(Into::into).collect();
        self
    }

    /// Calls `progress` now and then while the bill is read, on the reading threads; `Break` stops with
    /// [`Error::Interrupted`].
    pub fn progress(mut self, progress: impl Fn(Progress) -> ControlFlow<()> + Send + Sync + 'static) -> BillOptions {
        self.pass.progress = Some(Arc::new(progress));
        self
    }

    /// Finds the deliveries and reads their footers; no row is read yet.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NoBill`], [`Error::Manifest`], [`Error::Unreadable`], [`Error::NotABill`] and
    /// [`Error::Column`], each naming what is at fault.
    pub fn open<P: AsRef<Path>>(self, sources: impl IntoIterator<Item = P>) -> Result<Bill> {
        let paths: Vec<PathBuf> = sources.into_iter().map(|path| path.as_ref().to_path_buf()).collect();
        let mut discovery = discover(&paths)?;
        if !self.periods.is_empty() {
            discovery.deliveries = chosen(discovery.deliveries, &self.periods)?;
        }
        let mut inventory = Inventory { notes: discovery.notes, ..Inventory::default() };
        let mut files = Vec::new();
        for found in discovery.deliveries {
            let opened = found.files.iter().map(|path| file::open(path)).collect::<Result<Vec<_>>>()?;
            // Two dialects in one folder are two deliveries of the same spend.
            let mut dialects: Vec<_> = opened.iter().map(|file| file.dialect).collect();
            dialects.sort();
            dialects.dedup();
            for dialect in dialects {
                let of_dialect = opened.iter().filter(|file| file.dialect == dialect);
                let delivery = inventory.deliveries.len() as u32;
                inventory.deliveries.push(Delivery {
                    export: found.export.clone(),
                    manifest: found.manifest.clone(),
                    period: found.period.clone(),
                    dialect,
                    files: of_dialect.clone().map(|file| file.footer.clone()).collect(),
                });
                inventory.notes.extend(of_dialect.clone().flat_map(|file| file.notes.iter().cloned()));
                files.extend(of_dialect.map(|file| PassFile { file: Arc::new(file.clone()), delivery }));
            }
        }
        let columns: Vec<&BillFile> = files.iter().map(|file| file.file.as_ref()).collect();
        inventory.capabilities = capabilities::capabilities(&columns);
        Ok(Bill {
            inventory,
            files,
            pass: self.pass,
            ledger: OnceLock::new(),
            hashes: OnceLock::new(),
            gathering: Mutex::new(()),
        })
    }
}

/// The deliveries of some periods. A delivery whose period is not stated cannot be left out unread.
fn chosen(
    deliveries: Vec<crate::ingest::source::Found>,
    periods: &[String],
) -> Result<Vec<crate::ingest::source::Found>> {
    let stated: Vec<String> = deliveries.iter().filter_map(|delivery| delivery.period.clone()).collect();
    let unstated = deliveries.iter().any(|delivery| delivery.period.is_none());
    if let Some(missing) = periods.iter().find(|period| !stated.contains(period) && !unstated) {
        return Err(Error::UnknownName {
            what: "billing period",
            name: missing.clone(),
            hint: format!("the source has {}", stated.join(", ")),
        });
    }
    let keep = |delivery: &crate::ingest::source::Found| {
        delivery.period.as_ref().is_none_or(|period| periods.contains(period))
    };
    Ok(deliveries.into_iter().filter(keep).collect())
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
    files: Vec<PassFile>,
    pass: PassOptions,
    ledger: OnceLock<Ledger>,
    hashes: OnceLock<Vec<String>>,
    gathering: Mutex<()>,
}

impl std::fmt::Debug for Bill {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Bill").field("inventory", &self.inventory).finish_non_exhaustive()
    }
}

impl Bill {
    /// Opens a parquet or csv file, a folder (a month, a delivery, a whole export) or a manifest.
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
        self.once(&self.ledger, || gather(&self.files, &self.pass))
    }

    /// SHA-256 of every file, in order.
    fn hashes(&self) -> Result<&Vec<String>> {
        self.once(&self.hashes, || hashes(&self.files, self.pass.threads))
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
    /// payer, invoice_id, amount and currency) it is tied to what finance was billed.
    ///
    /// # Errors
    /// As [`Bill::ledger`], and [`Error::Invoice`].
    pub fn reconcile(&self, invoice: Option<&Path>) -> Result<Certificate> {
        reconcile(self.ledger()?, &self.inventory, self.hashes()?, invoice)
    }

    /// Answers a cost question: from the ledger, or by reading the bill again when the ledger does not keep the
    /// columns together (the answer says which).
    ///
    /// # Errors
    /// As [`Bill::ledger`]; [`Error::UnknownName`], [`Error::Filter`] and [`Error::Currencies`].
    pub fn costs(&self, question: &Costs) -> Result<CostTable> {
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
        scan::from_bill(self.ledger()?, question, &self.files, &self.pass)
    }

    /// The charges that meet a filter, row by row, with FOCUS columns; all columns unless some are named.
    ///
    /// # Errors
    /// [`Error::UnknownName`], [`Error::Filter`], and as [`Bill::ledger`].
    pub fn charges(&self, filter: &str, columns: Option<&[String]>) -> Result<Vec<RecordBatch>> {
        scan::charges(&self.files, filter, columns, &self.pass)
    }

    /// The monthly report.
    ///
    /// # Errors
    /// As [`Bill::reconcile`]; [`Error::Currencies`] for a bill in several currencies.
    pub fn report(&self, invoice: Option<&Path>) -> Result<Report> {
        let certificate = self.reconcile(invoice)?;
        crate::report::report(self.ledger()?, certificate)
    }
}
