//! The files that a bill's rows lie in: open, or, where the store knows all about them, fetched once rows are wanted.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::error::Result;
use crate::ingest::file::BillFile;
use crate::ingest::objects::{Objects, same_objects};
use crate::ingest::opening::{Finding, Opened};
use crate::ingest::{Delivery, Inventory, capabilities};
use crate::ledger::pass::PassFile;

/// Files whose footers were read, and the objects they are in.
struct Open {
    files: Vec<PassFile>,
    objects: Objects,
}

/// The files of a bill.
pub(super) struct Rows {
    open: OnceLock<Open>,
    /// What is to be fetched first, and what was found in it when it was read before.
    later: Option<(Finding, Inventory)>,
    opening: Mutex<()>,
}

impl Rows {
    /// Opens what was found, and says what it is.
    ///
    /// # Errors
    /// Those of fetching and of footers.
    pub(super) fn of(finding: &mut Finding) -> Result<(Rows, Inventory)> {
        let (open, inventory) = look_through(finding.open()?);
        let rows = Rows { open: OnceLock::from(open), later: None, opening: Mutex::default() };
        Ok((rows, inventory))
    }

    /// What was found is opened when its rows are wanted; `inventory` is what it was when it was read before.
    pub(super) fn later(finding: Finding, inventory: Inventory) -> Rows {
        Rows { open: OnceLock::new(), later: Some((finding, inventory)), opening: Mutex::default() }
    }

    /// The files as far as they are open.
    pub(super) fn files(&self) -> &[PassFile] {
        self.open.get().map_or(&[], |open| &open.files)
    }

    /// Hands the files to what reads them, while their objects are in the cache.
    ///
    /// # Errors
    /// Those of `read`, of fetching and of footers; [`crate::error::s3::S3Error::Changed`] for an object that is no
    /// longer what it was when the bill was opened.
    pub(super) fn read<T>(&self, read: impl Fn(&[PassFile]) -> Result<T>) -> Result<T> {
        let open = self.open()?;
        open.objects.while_here(|| read(&open.files))
    }

    fn open(&self) -> Result<&Open> {
        let _one_at_a_time = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if self.open.get().is_none()
            && let Some((finding, before)) = &self.later
        {
            let (open, inventory) = look_through(finding.open_as_found()?);
            same_objects(&before.fetched, &inventory.fetched)?;
            return Ok(self.open.get_or_init(|| open));
        }
        Ok(self.open.get_or_init(|| Open { files: Vec::new(), objects: Objects::default() }))
    }

    /// Whether objects leave the cache once the bill was folded.
    pub(super) fn leave_once_folded(&self) -> bool {
        self.open.get().is_some_and(|open| open.objects.leave_once_folded())
    }

    /// Says that the bill was folded.
    pub(super) fn folded(&self) {
        if let Some(open) = self.open.get() {
            open.objects.folded();
        }
    }
}

/// What was opened, as files of numbered deliveries, and the inventory of it.
fn look_through(opened: Opened) -> (Open, Inventory) {
    let mut inventory = Inventory { notes: opened.notes, fetched: opened.objects.facts(), ..Inventory::default() };
    let mut files = Vec::new();
    for (found, opened) in opened.deliveries {
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
            files.extend(of_dialect.map(|file| PassFile {
                file: Arc::new(file.clone()),
                delivery,
                has_manifest: found.manifest.is_some(),
            }));
        }
    }
    let columns: Vec<&BillFile> = files.iter().map(|file| file.file.as_ref()).collect();
    inventory.capabilities = capabilities::capabilities(&columns);
    (Open { files, objects: opened.objects }, inventory)
}
